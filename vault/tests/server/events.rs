//! Events of objects over HTTPS: each way to a new version has one, and each end.

use reqwest::{Method, StatusCode};
use serde_json::json;
use strongroom_testing::vault::{HOST, Vault};
use strongroom_wire::{admin::path, cloud_event::CloudEvent};

use crate::{
    key_rotation::{DAY, action, advance, create, put, work_off},
    silence::operator_client,
};

/// What happened to what, oldest first.
async fn events(vault: &Vault) -> Vec<CloudEvent> {
    let port = vault.running.addresses().admin.port();
    let url = format!("https://{HOST}:{port}{}?max=500", path::EVENTS);
    let listed = operator_client(vault).get(url).send().await.unwrap();
    assert_eq!(listed.status(), StatusCode::OK);
    listed.json().await.unwrap()
}

/// The words of what happened to `name`.
async fn words(vault: &Vault, name: &str) -> Vec<String> {
    let events = events(vault).await.into_iter();
    let of = events.filter(|event| event.subject == name);
    of.map(|event| {
        let word = event.event_type.strip_prefix("Microsoft.KeyVault.");
        word.unwrap().to_owned()
    })
    .collect()
}

#[tokio::test]
async fn each_way_to_a_new_version_of_a_key_has_its_event() {
    let vault = Vault::start().await;
    let made = create(&vault, "k", json!({"kty": "EC"})).await;
    create(&vault, "k", json!({"kty": "EC"})).await;
    let rotated = vault.admin(Method::POST, "/keys/k/rotate", None).await;
    assert_eq!(rotated.status, StatusCode::OK, "{rotated:?}");
    let policy = json!({"lifetimeActions": [action("Rotate", "timeAfterCreate", "P10D")]});
    put(&vault, "k", policy).await;
    assert_eq!(words(&vault, "k").await, vec!["KeyNewVersionCreated"; 3]);
    advance(&vault, 11 * DAY).await;
    work_off(&vault).await;
    work_off(&vault).await;
    assert_eq!(words(&vault, "k").await, vec!["KeyNewVersionCreated"; 4]);

    let key = json!({"key": {"kty": "oct", "k": "AAAAAAAAAAAAAAAAAAAAAA"}});
    let imported = vault.admin(Method::PUT, "/keys/i", Some(key)).await;
    assert_eq!(imported.status, StatusCode::OK, "{imported:?}");
    assert_eq!(words(&vault, "i").await, ["KeyNewVersionCreated"]);

    let first = events(&vault).await.remove(0);
    let version = made.body["key"]["kid"].as_str().unwrap().rsplit('/').next();
    assert_eq!(Some(first.data.version.as_str()), version);
    assert_eq!(first.data.object_type, "Key");
    assert_eq!(
        first.data.id,
        format!("https://prod.team-a.svc/keys/k/{}", first.data.version)
    );
}

#[tokio::test]
async fn the_end_of_a_key_and_of_a_secret_is_near_and_comes_once_each_though_the_vault_sleeps() {
    let vault = Vault::start().await;
    let end = vault.files.clock.now() + 70 * DAY;
    create(&vault, "k", json!({"kty": "EC", "attributes": {"exp": end}})).await;
    let notify = action("Notify", "timeBeforeExpiry", "P60D");
    put(&vault, "k", json!({"lifetimeActions": [notify]})).await;
    let secret = json!({"value": "v", "attributes": {"exp": end}});
    vault.admin(Method::PUT, "/secrets/s", Some(secret)).await;
    for (days, of_key, of_secret) in [(9, 1, 1), (2, 2, 1), (28, 2, 1), (2, 2, 2)] {
        advance(&vault, days * DAY).await;
        work_off(&vault).await;
        let told = (words(&vault, "k").await.len(), words(&vault, "s").await.len());
        assert_eq!(told, (of_key, of_secret), "after {days} more days");
    }
    let before = events(&vault).await;
    let Vault { running, files, .. } = vault;
    assert!(running.stop().await);
    files.clock.advance(35 * DAY);
    let vault = Vault::open(files).await;
    advance(&vault, 0).await;
    work_off(&vault).await;
    work_off(&vault).await;
    assert_eq!(
        words(&vault, "k").await,
        ["KeyNewVersionCreated", "KeyNearExpiry", "KeyExpired"]
    );
    assert_eq!(
        words(&vault, "s").await,
        ["SecretNewVersionCreated", "SecretNearExpiry", "SecretExpired"]
    );
    let after = events(&vault).await;
    assert_eq!(after[..before.len()], before);
    let expired = after.last().unwrap();
    assert_eq!(expired.data.expires, u64::try_from(end).ok());
}

#[tokio::test]
async fn no_token_opens_the_list_of_events_on_the_data_port() {
    let vault = Vault::start().await;
    vault.set("a", "v").await;
    let answer = vault.get(path::EVENTS).await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND, "{answer:?}");
}
