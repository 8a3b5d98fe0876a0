//! Every operation on keys with the permission that it needs and no other, and with every other and not that one.

use std::collections::BTreeSet;

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use strongroom_core::{ObjectKind, Permission};
use strongroom_testing::vault::{Answer, KEYS, Vault, allow};

use crate::support::attestation::{Attestation, claims, policy, runtime_key};

/// Who asks.
const CALLER: &str = "shop/api";

/// The permission that it needs, its method and path, its body, and its status when it is allowed.
type Row = (&'static str, Method, &'static str, Value, u16);

/// What is asked about the key `there`, the deleted key `gone` and the free name `free`. `BACKUP` is that of a key that is
/// there no more.
fn rows() -> Vec<Row> {
    let digest = json!({"alg": "RS256", "value": base64(&[1; 32])});
    let hidden = json!({"alg": "RSA-OAEP", "value": base64(&[1; 256])});
    let plain = json!({"alg": "RSA-OAEP", "value": "AAAA"});
    let verified = json!({"alg": "RS256", "digest": base64(&[1; 32]), "value": base64(&[1; 256])});
    // No algorithm does it: the vault looked, so policy allowed it.
    let secure = json!({"alg": "RSA-OAEP", "target": "t", "value": "AAAA"});
    let symmetric = json!({"key": {"kty": "oct", "k": base64(&[7; 32])}});
    vec![
        (
            "create",
            Method::POST,
            "/keys/free/create",
            json!({"kty": "EC"}),
            200,
        ),
        ("import", Method::PUT, "/keys/free", symmetric, 200),
        ("rotate", Method::POST, "/keys/there/rotate", Value::Null, 200),
        (
            "getrotationpolicy",
            Method::GET,
            "/keys/there/rotationpolicy",
            Value::Null,
            200,
        ),
        (
            "setrotationpolicy",
            Method::PUT,
            "/keys/there/rotationpolicy",
            json!({}),
            200,
        ),
        ("get", Method::GET, "/keys/there", Value::Null, 200),
        ("update", Method::PATCH, "/keys/there", json!({}), 200),
        ("list", Method::GET, "/keys", Value::Null, 200),
        ("list", Method::GET, "/keys/there/versions", Value::Null, 200),
        ("list", Method::GET, "/deletedkeys", Value::Null, 200),
        ("get", Method::GET, "/deletedkeys/gone", Value::Null, 200),
        ("encrypt", Method::POST, "/keys/there/encrypt", plain.clone(), 200),
        // What this key did not encrypt: the vault looked, so policy allowed it.
        (
            "decrypt",
            Method::POST,
            "/keys/there/decrypt",
            hidden.clone(),
            400,
        ),
        ("wrapKey", Method::POST, "/keys/there/wrapkey", plain, 200),
        ("unwrapKey", Method::POST, "/keys/there/unwrapkey", hidden, 400),
        ("sign", Method::POST, "/keys/there/sign", digest, 200),
        ("verify", Method::POST, "/keys/there/verify", verified, 200),
        (
            "release",
            Method::POST,
            "/keys/there/release",
            json!({"target": "TOKEN"}),
            200,
        ),
        ("get", Method::GET, "/keys/there/attestation", Value::Null, 200),
        (
            "wrapKey",
            Method::POST,
            "/keys/secure/securewrapkey",
            secure.clone(),
            400,
        ),
        (
            "unwrapKey",
            Method::POST,
            "/keys/secure/secureunwrapkey",
            secure,
            400,
        ),
        ("backup", Method::POST, "/keys/there/backup", Value::Null, 200),
        (
            "restore",
            Method::POST,
            "/keys/restore",
            json!({"value": "BACKUP"}),
            200,
        ),
        (
            "recover",
            Method::POST,
            "/deletedkeys/gone/recover",
            Value::Null,
            200,
        ),
        ("purge", Method::DELETE, "/deletedkeys/gone", Value::Null, 204),
        ("delete", Method::DELETE, "/keys/there", Value::Null, 200),
    ]
}

fn base64(bytes: &[u8]) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}

/// A vault, and what is in force.
struct Case {
    vault: Vault,
    attestation: Attestation,
    generation: u64,
    backup: String,
}

impl Case {
    async fn admin(&self, method: Method, path: &str, body: Option<Value>) -> Answer {
        self.vault.admin(method, path, body).await
    }

    /// The account may do these with the keys of these patterns, and the officer everything.
    async fn permit(&mut self, objects: &[&str], permissions: &[&str]) {
        self.generation += 1;
        let mut policies = vec![allow("officers", "team-a/admin", &["*"], KEYS)];
        if !permissions.is_empty() {
            policies.push(allow("caller", CALLER, objects, permissions));
        }
        self.vault.policy(self.generation, policies).await;
    }

    /// Makes the keys that the rows are about, whatever became of them before.
    async fn make(&mut self) {
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

    async fn ask(&self, (_, method, path, body, _): &Row) -> Answer {
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

async fn case() -> Case {
    let attestation = Attestation::new();
    let mut case = Case {
        vault: Vault::start_with(&["--account-rate=1000000", &attestation.argument()]).await,
        attestation,
        generation: 1,
        backup: String::new(),
    };
    case.make().await;
    case
}

#[tokio::test]
async fn each_operation_is_allowed_by_its_own_permission_and_by_no_other() {
    let mut case = case().await;
    for row in rows() {
        let (permission, _, path, _, status) = &row;
        let needed = format!("keys/{permission}");
        let others: Vec<_> = KEYS.iter().copied().filter(|other| *other != needed).collect();
        case.permit(&["*"], &others).await;
        let refused = case.ask(&row).await;
        assert_eq!(
            refused.inner(),
            "ForbiddenByPolicy",
            "{path} without {needed}: {refused:?}"
        );
        case.permit(&["there", "gone", "free", "back", "secure"], &[&needed])
            .await;
        let allowed = case.ask(&row).await;
        assert_eq!(
            allowed.status.as_u16(),
            *status,
            "{path} with {needed}: {allowed:?}"
        );
        case.make().await;
    }
}

#[test]
fn the_rows_need_every_permission_on_keys() {
    let needed: BTreeSet<_> = rows().iter().map(|row| row.0).collect();
    let all = Permission::ALL
        .iter()
        .filter(|permission| permission.kind() == ObjectKind::Keys);
    let all: BTreeSet<_> = all.map(|permission| permission.name()).collect();
    assert_eq!(all, needed);
}

#[tokio::test]
async fn a_list_holds_the_keys_that_the_caller_may_list_and_a_restore_is_decided_by_the_name_in_the_backup() {
    let mut case = case().await;
    case.permit(&["th*"], &["keys/list", "keys/restore"]).await;
    let list = case.vault.request(CALLER, Method::GET, "/keys", None).await;
    assert_eq!(list.body["value"].as_array().unwrap().len(), 1);
    let deleted = case
        .vault
        .request(CALLER, Method::GET, "/deletedkeys", None)
        .await;
    assert_eq!(deleted.body["value"], json!([]));
    let restore = json!({"value": case.backup});
    let refused = case
        .vault
        .request(CALLER, Method::POST, "/keys/restore", Some(restore))
        .await;
    assert_eq!(refused.inner(), "ForbiddenByPolicy", "{refused:?}");
}
