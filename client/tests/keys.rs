//! The client of keys: against a vault in this process, and against one that is not honest.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking, also in what its functions call"
)]

#[path = "vault/server.rs"]
mod server;

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, SystemTime},
};

use axum::{
    Json, Router,
    response::{IntoResponse, Response},
    routing::any,
};
use http::StatusCode;
use serde_json::{Value, json};
use strongroom_client::{
    Retry, Route, Server, Trust,
    identity::VaultToken,
    vault::{
        Key, KeyChange, KeyImport, KeyInput, KeyWork, Keys, NewAttributes, NewKey, Octets, PrivateJwk,
        Secrets, VaultClient, VaultError, VaultKind, Verification,
    },
};
use strongroom_core::{Delays, ObjectName};
use strongroom_testing::{Authority, TlsServer, vault::Vault};
use zeroize::Zeroizing;

use server::{HOST, client};

const VERSION: &str = "0123456789abcdef0123456789abcdef";

fn name(text: &str) -> ObjectName {
    text.parse().unwrap()
}

fn octets(bytes: &[u8]) -> Octets {
    Zeroizing::new(bytes.to_vec()).into()
}

fn ec() -> NewKey {
    NewKey {
        kty: "EC".to_owned(),
        ..NewKey::default()
    }
}

fn input(algorithm: &str, value: &[u8]) -> KeyInput {
    KeyInput {
        algorithm: algorithm.to_owned(),
        value: octets(value),
        ..KeyInput::default()
    }
}

/// A vault, its client and a token of who may do everything.
async fn real() -> (Vault, VaultClient, VaultToken) {
    let vault = Vault::start().await;
    let ca = std::fs::read(vault.files.path("ca.crt")).unwrap();
    let server = Server::new(HOST).by(Route::Socket(vault.running.addresses().data));
    let client = VaultClient::new(&server, Trust::from_pem(&ca).unwrap());
    let until = SystemTime::now() + Duration::from_mins(1);
    let token = VaultToken::new(vault.token("team-a/admin").into(), until);
    (vault, client, token)
}

#[tokio::test]
async fn a_key_is_made_used_changed_and_rotated() {
    let (_vault, client, token) = real().await;
    let signer = name("signer");
    let made = client.create_key(&token, &signer, &ec()).await.unwrap();
    assert_eq!(
        (made.key.kty.as_str(), made.key.crv.as_deref()),
        ("EC", Some("P-256"))
    );
    let result = client
        .use_key(&token, &signer, None, KeyWork::Sign, &input("ES256", &[7; 32]))
        .await
        .unwrap();
    assert_eq!(result.kid, made.key.kid);
    for (digest, is_valid) in [([7; 32], true), ([8; 32], false)] {
        let verification = Verification {
            algorithm: "ES256".to_owned(),
            digest: octets(&digest),
            signature: result.value.clone(),
        };
        let version = made.key.kid.version;
        let verified = client
            .verify(&token, &signer, version.as_ref(), &verification)
            .await;
        assert_eq!(verified.unwrap(), is_valid);
    }
    let change = KeyChange {
        attributes: NewAttributes {
            enabled: Some(false),
            ..NewAttributes::default()
        },
        ..KeyChange::default()
    };
    let changed = client.update_key(&token, &signer, None, &change).await.unwrap();
    assert_eq!(changed.attributes.common.enabled, Some(false));
    let rotated = client.rotate_key(&token, &signer).await.unwrap();
    assert_ne!(rotated.key.kid, made.key.kid);
    assert_eq!(client.get_key(&token, &signer, None).await.unwrap(), rotated);
    let mut policy = client.rotation_policy(&token, &signer).await.unwrap();
    assert_eq!(policy.attributes, None);
    policy.lifetime_actions[0].trigger.time_before_expiry = Some("P20D".to_owned());
    let set = client
        .set_rotation_policy(&token, &signer, &policy)
        .await
        .unwrap();
    assert_eq!(set.lifetime_actions, policy.lifetime_actions);
}

/// A symmetric key of these bytes.
fn oct(bytes: &[u8]) -> KeyImport {
    KeyImport {
        key: PrivateJwk {
            kty: "oct".to_owned(),
            key_ops: Some(vec!["sign".to_owned()]),
            members: [("k", octets(bytes))].into(),
            ..PrivateJwk::default()
        },
        attributes: NewAttributes {
            exp: Some(1_893_456_000),
            ..NewAttributes::default()
        },
        tags: Some([("team".to_owned(), "a".to_owned())].into()),
    }
}

#[tokio::test]
async fn a_key_is_imported_with_what_is_said_of_it_and_does_not_print() {
    let (_vault, client, token) = real().await;
    let import = oct(b"CANARYCANARYCANA");
    assert!(!format!("{import:?}").contains("CANARY"), "{import:?}");
    let made = client.import_key(&token, &name("mac"), &import).await.unwrap();
    assert_eq!(
        (made.key.kty.as_str(), &made.key.key_ops[..]),
        ("oct", &["sign".to_owned()][..])
    );
    assert_eq!(made.attributes.common.exp, import.attributes.exp);
    assert_eq!(Some(made.tags), import.tags);
    let refused = client
        .import_key(&token, &name("mac"), &oct(b"x"))
        .await
        .unwrap_err();
    assert_eq!(refused.refusal().unwrap().status, StatusCode::BAD_REQUEST);
}

/// Everything that is done alike with objects of each kind.
async fn lives<K: VaultKind>(client: &VaultClient, token: &VaultToken, object: &ObjectName) {
    assert_eq!(client.list_all::<K>(token, 10).await.unwrap().len(), 1);
    assert_eq!(
        client.list_versions::<K>(token, object, 10).await.unwrap().len(),
        1
    );
    let backup = client.backup::<K>(token, object).await.unwrap();
    let deleted = client.delete::<K>(token, object).await.unwrap();
    assert!(deleted.scheduled_purge_date > deleted.deleted_date);
    assert!(client.list_all::<K>(token, 10).await.unwrap().is_empty());
    let listed = client.list_deleted::<K>(token, 10).await.unwrap();
    assert_eq!(listed.len(), 1);
    assert_eq!(listed[0].deleted_date, deleted.deleted_date);
    client.get_deleted::<K>(token, object).await.unwrap();
    client.recover_deleted::<K>(token, object).await.unwrap();
    let conflict = client.restore::<K>(token, &backup).await.unwrap_err();
    assert_eq!(conflict.refusal().unwrap().status, StatusCode::CONFLICT);
    client.delete::<K>(token, object).await.unwrap();
    client.purge_deleted::<K>(token, object).await.unwrap();
    assert!(client.list_deleted::<K>(token, 10).await.unwrap().is_empty());
    client.restore::<K>(token, &backup).await.unwrap();
    assert_eq!(client.list_all::<K>(token, 10).await.unwrap().len(), 1);
}

#[tokio::test]
async fn keys_and_secrets_are_listed_deleted_recovered_backed_up_and_restored_alike() {
    let (vault, client, token) = real().await;
    vault.set("db", "value").await;
    client.create_key(&token, &name("signer"), &ec()).await.unwrap();
    lives::<Secrets>(&client, &token, &name("db")).await;
    lives::<Keys>(&client, &token, &name("signer")).await;
}

/// A vault that answers everything by `answer`, and counts.
async fn scripted(
    answer: impl Fn(usize) -> Response + Clone + Send + Sync + 'static,
) -> (VaultClient, Arc<AtomicUsize>, TlsServer) {
    let count = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&count);
    let router = Router::new().fallback(any(async move || answer(counter.fetch_add(1, Ordering::SeqCst))));
    let authority = Authority::new("strongroom");
    let served = TlsServer::start(&authority, HOST, router).await;
    let retry = Retry {
        attempts: 3,
        delays: Delays {
            first: Duration::from_millis(5),
            longest: Duration::from_secs(1),
        },
    };
    (client(&authority, &served).with_retry(retry), count, served)
}

fn token() -> VaultToken {
    VaultToken::new("t".into(), SystemTime::now() + Duration::from_mins(1))
}

fn key(name: &str) -> Value {
    let kid = format!("https://{HOST}/keys/{name}/{VERSION}");
    json!({ "key": { "kid": kid, "kty": "oct" }, "attributes": { "enabled": true } })
}

fn result(name: &str) -> Value {
    json!({ "kid": format!("https://{HOST}/keys/{name}/{VERSION}"), "value": "Q0FOQVJZ" })
}

#[tokio::test]
async fn work_is_repeated_and_the_making_of_a_key_that_may_have_happened_is_not() {
    let unavailable = |body: Value| {
        move |count: usize| match count {
            0 => StatusCode::SERVICE_UNAVAILABLE.into_response(),
            _ => Json(body.clone()).into_response(),
        }
    };
    let (client, count, _served) = scripted(unavailable(result("k"))).await;
    let signed = client
        .use_key(&token(), &name("k"), None, KeyWork::Sign, &input("HS256", b"x"))
        .await
        .unwrap();
    assert_eq!(signed.value.as_bytes(), b"CANARY");
    assert!(!format!("{signed:?}").contains("CANARY"));
    assert_eq!(count.load(Ordering::SeqCst), 2);

    let (client, count, _served) = scripted(unavailable(key("k"))).await;
    let error = client.create_key(&token(), &name("k"), &ec()).await.unwrap_err();
    assert!(error.is_retryable());
    let error = client.rotate_key(&token(), &name("k")).await;
    assert!(error.is_ok(), "{error:?}");
    assert_eq!(count.load(Ordering::SeqCst), 2);

    let (client, count, _served) = scripted(unavailable(key("k"))).await;
    let error = client
        .import_key(&token(), &name("k"), &oct(&[7; 16]))
        .await
        .unwrap_err();
    assert!(error.is_retryable());
    assert_eq!(count.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn an_answer_about_another_key_or_of_another_form_is_refused_without_its_text() {
    let answers: [fn() -> Response; 5] = [
        || Json(result("other")).into_response(),
        || Json(json!({ "kid": format!("https://{HOST}/secrets/k"), "value": "Q0FOQVJZ" })).into_response(),
        || Json(json!({ "kid": format!("https://{HOST}/keys/k"), "value": "CANARY!" })).into_response(),
        || Json(json!({ "value": true })).into_response(),
        || "x".repeat(300 << 10).into_response(),
    ];
    for answer in answers {
        let (client, _, _served) = scripted(move |_| answer()).await;
        let error = client
            .use_key(
                &token(),
                &name("k"),
                None,
                KeyWork::Decrypt,
                &input("RSA-OAEP", b"x"),
            )
            .await
            .unwrap_err();
        assert!(!format!("{error} {error:?}").contains("CANARY"), "{error:?}");
        assert!(!error.is_retryable(), "{error:?}");
    }
    let (client, _, _served) = scripted(|_| Json(key("other")).into_response()).await;
    let refused: Result<Key, VaultError> = client.get_key(&token(), &name("k"), None).await;
    assert!(matches!(refused, Err(VaultError::OtherObject)));
    let (client, _, _served) = scripted(|_| Json(key("k")).into_response()).await;
    let another = "f".repeat(32).parse().unwrap();
    let refused = client.get_key(&token(), &name("k"), Some(&another)).await;
    assert!(matches!(refused, Err(VaultError::OtherObject)));
}
