//! A vault with the keys that the rows are about, made anew as often as one of them changed what there is.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use strongroom_testing::vault::{Answer, KEYS, Vault, allow};

use super::Row;
use crate::support::attestation::{Attestation, claims, policy, runtime_key};

/// Who asks.
pub(super) const CALLER: &str = "shop/api";

/// A vault, what is in force, and the backup that a row restores.
pub(super) struct Case {
    pub(super) vault: Vault,
    attestation: Attestation,
    generation: u64,
    pub(super) backup: String,
}

impl Case {
    async fn admin(&self, method: Method, path: &str, body: Option<Value>) -> Answer {
        self.vault.admin(method, path, body).await
    }

    /// The account may do these with the keys of these patterns, and the officer everything.
    pub(super) async fn permit(&mut self, objects: &[&str], permissions: &[&str]) {
        self.generation += 1;
        let mut policies = vec![allow("officers", "team-a/admin", &["*"], KEYS)];
        if !permissions.is_empty() {
            policies.push(allow("caller", CALLER, objects, permissions));
        }
        self.vault.policy(self.generation, policies).await;
    }

    /// Makes the keys that the rows are about, whatever became of them before.
    pub(super) async fn make_keys(&mut self) {
        for name in ["there", "gone", "free", "back", "secure"] {
            self.admin(Method::POST, &format!("/deletedkeys/{name}/recover"), None)
                .await;
            self.admin(Method::DELETE, &format!("/keys/{name}"), None).await;
            self.admin(Method::DELETE, &format!("/deletedkeys/{name}"), None)
                .await;
        }
        let exportable = json!({"exportable": true});
        for (name, body) in [
            (
                "there",
                json!({"kty": "RSA", "attributes": exportable, "release_policy": policy(false)}),
            ),
            ("gone", json!({"kty": "EC"})),
            ("back", json!({"kty": "EC"})),
            (
                "secure",
                json!({"kty": "EC", "key_ops": ["secureWrapKey", "secureUnwrapKey"]}),
            ),
        ] {
            let path = format!("/keys/{name}/create");
            let made = self.admin(Method::POST, &path, Some(body)).await;
            assert_eq!(made.status, StatusCode::OK, "{made:?}");
        }
        let backup = self.admin(Method::POST, "/keys/back/backup", None).await;
        self.backup = backup.body["value"].as_str().unwrap().to_owned();
        for name in ["gone", "back"] {
            self.admin(Method::DELETE, &format!("/keys/{name}"), None).await;
        }
        self.admin(Method::DELETE, "/deletedkeys/back", None).await;
    }

    /// What the caller is answered.
    pub(super) async fn ask(&self, (_, method, path, body, _): &Row) -> Answer {
        let body = if body["value"] == "BACKUP" {
            Some(json!({"value": self.backup}))
        } else if body["target"] == "TOKEN" {
            let keys = [runtime_key(&self.vault, "there").await];
            let claims = claims(self.vault.files.clock.now(), &keys);
            Some(json!({"target": self.attestation.token(&claims)}))
        } else {
            Some(body.clone()).filter(|body| !body.is_null())
        };
        self.vault.request(CALLER, method.clone(), path, body).await
    }
}

/// A vault with the keys that the rows are about.
pub(super) async fn case() -> Case {
    let attestation = Attestation::new();
    let mut case = Case {
        vault: Vault::start_with(&["--account-rate=1000000", &attestation.argument()]).await,
        attestation,
        generation: 1,
        backup: String::new(),
    };
    case.make_keys().await;
    case
}
