//! Every operation on keys with the permission that it needs and no other, and with every other and not that one.

mod case;

use std::collections::BTreeSet;

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use reqwest::Method;
use serde_json::{Value, json};
use strongroom_core::{ObjectKind, Permission};
use strongroom_testing::vault::KEYS;

use self::case::{CALLER, case};

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
        case.make_keys().await;
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
