//! A vault with the keys that the rows are about, made anew as often as one of them changed what there is.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use strongroom_testing::vault::{Answer, KEYS, Vault, allow};

use super::rows::Row;
use crate::support::attestation::{Attestation, claims, policy, runtime_key};

/// Who asks.
pub(super) const CALLER: &str = "shop/api";

/// The keys that rows are about, and the name that one of them takes.
pub(super) const NAMES: [&str; 5] = ["there", "gone", "free", "back", "secure"];

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
        for name in NAMES {
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
    pub(super) async fn ask(&self, row: &Row) -> Answer {
        let body = if row.body["value"] == "BACKUP" {
            Some(json!({"value": self.backup}))
        } else if row.body["target"] == "TOKEN" {
            let keys = [runtime_key(&self.vault, "there").await];
            let claims = claims(self.vault.files.clock.now(), &keys);
            Some(json!({"target": self.attestation.token(&claims)}))
        } else {
            Some(row.body.clone()).filter(|body| !body.is_null())
        };
        let path = self.path(row).await;
        self.vault.request(CALLER, row.method.clone(), &path, body).await
    }

    /// The path of a row, with the current version of the key that it names.
    async fn path(&self, row: &Row) -> String {
        let Some((key, _)) = row.path.split_once("/VERSION") else {
            return row.path.clone();
        };
        let got = self.vault.get(key).await;
        let (_, version) = got.body["key"]["kid"].as_str().unwrap().rsplit_once('/').unwrap();
        row.path.replace("VERSION", version)
    }

    /// The operation of the last request that policy allowed, as the audit log names it: of many that it refuses, the log
    /// counts some.
    pub(super) fn last_allowed(&self) -> String {
        let mut lines = self.vault.files.audit_lines();
        lines.retain(|line| line["type"] == "request" && line["properties"]["httpStatusCode"] != 403);
        lines.last().unwrap()["operationName"]
            .as_str()
            .unwrap()
            .to_owned()
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
