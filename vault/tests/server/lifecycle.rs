//! A secret's life over HTTPS: the twelve operations, their codes and their shapes.

use std::sync::Arc;

use reqwest::{Method, StatusCode};
use serde_json::json;

use strongroom_testing::vault::Vault;

#[tokio::test]
async fn a_secret_is_set_got_updated_and_listed() {
    let vault = Vault::start().await;
    let body = json!({
        "value": "hunter2", "contentType": "text/plain", "tags": {"team": "a"},
        "attributes": {"nbf": 1_700_000_000, "exp": 1_900_000_000},
    });
    let set = vault.admin(Method::PUT, "/secrets/DB-Password", Some(body)).await;
    assert_eq!(set.status, StatusCode::OK, "{set:?}");
    let port = vault.running.addresses().data.port();
    let base = format!("https://prod.team-a.svc:{port}/secrets/DB-Password");
    let id = set.body["id"].as_str().unwrap();
    assert!(
        id.starts_with(&format!("{base}/")) && id.len() == base.len() + 33,
        "{id}"
    );
    assert_eq!(set.body["attributes"]["recoveryLevel"], "Recoverable+Purgeable");
    assert_eq!(set.body["attributes"]["recoverableDays"], 90);

    for path in [
        "/secrets/db-password",
        "/secrets/DB-PASSWORD/",
        &id[base.len() - "/secrets/db-password".len()..],
    ] {
        let got = vault.get(path).await;
        assert_eq!(got.body["value"], "hunter2", "{path}: {got:?}");
        assert_eq!(got.body["id"], id);
        assert_eq!(got.body["tags"]["team"], "a");
        assert_eq!(got.body["attributes"]["exp"], 1_900_000_000);
    }

    let update = json!({"attributes": {"enabled": false}});
    let updated = vault
        .admin(Method::PATCH, "/secrets/db-password/", Some(update))
        .await;
    assert_eq!(updated.status, StatusCode::OK);
    assert!(updated.body.get("value").is_none());
    let disabled = vault.get("/secrets/db-password").await;
    assert_eq!(
        (disabled.status, disabled.code(), disabled.inner()),
        (StatusCode::FORBIDDEN, "Forbidden", "SecretDisabled")
    );

    let list = vault.get("/secrets").await;
    assert_eq!(list.body["value"][0]["id"], base);
    assert!(list.body["nextLink"].is_null());
    assert!(list.body["value"][0].get("value").is_none());
    let versions = vault.get("/secrets/db-password/versions").await;
    assert_eq!(versions.body["value"][0]["id"], id);
}

#[tokio::test]
async fn a_secret_that_is_missing_or_deleted_has_no_versions() {
    let vault = Vault::start().await;
    vault.set("deleted", "v").await;
    vault.admin(Method::DELETE, "/secrets/deleted", None).await;
    for name in ["missing", "deleted"] {
        let versions = vault.get(&format!("/secrets/{name}/versions")).await;
        assert_eq!(versions.status, StatusCode::OK, "{versions:?}");
        assert_eq!(versions.body, json!({"value": [], "nextLink": null}), "{name}");
    }
    let malformed = vault
        .get("/secrets/missing/versions?api-version=7.4&maxresults=0")
        .await;
    assert_eq!(malformed.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn ids_show_the_spelling_in_which_the_secret_was_created() {
    let vault = Vault::start().await;
    let value = |text: &str| Some(json!({ "value": text }));
    vault.admin(Method::PUT, "/secrets/Api-Key", value("one")).await;
    let set = vault.admin(Method::PUT, "/secrets/API-KEY", value("two")).await;
    let got = vault.get("/secrets/api-key").await;
    let list = vault.get("/secrets").await;
    let deleted = vault.admin(Method::DELETE, "/secrets/api-key", None).await;
    let found = vault.get("/deletedsecrets/aPI-kEY").await;
    let all = vault.get("/deletedsecrets").await;
    for id in [
        &set.body["id"],
        &got.body["id"],
        &list.body["value"][0]["id"],
        &deleted.body["id"],
        &found.body["id"],
        &all.body["value"][0]["id"],
    ] {
        assert!(id.as_str().unwrap().contains("/secrets/Api-Key"), "{id}");
    }
    for recovery in [&deleted.body["recoveryId"], &all.body["value"][0]["recoveryId"]] {
        let recovery = recovery.as_str().unwrap();
        assert!(recovery.ends_with("/deletedsecrets/Api-Key"), "{recovery}");
    }
    let recovered = vault
        .admin(Method::POST, "/deletedsecrets/api-key/recover", None)
        .await;
    assert!(
        recovered.body["id"]
            .as_str()
            .unwrap()
            .contains("/secrets/Api-Key/")
    );
}

#[tokio::test]
async fn a_deleted_secret_blocks_its_name_until_it_is_recovered_or_purged() {
    let vault = Vault::start().await;
    vault.set("a", "v").await;
    let deleted = vault.admin(Method::DELETE, "/secrets/a", None).await;
    let port = vault.running.addresses().data.port();
    assert_eq!(
        deleted.body["recoveryId"],
        format!("https://prod.team-a.svc:{port}/deletedsecrets/a")
    );
    assert!(deleted.body["scheduledPurgeDate"].as_i64() > deleted.body["deletedDate"].as_i64());
    let blocked = vault.set("A", "w").await;
    assert_eq!(
        (blocked.status, blocked.code(), blocked.inner()),
        (StatusCode::CONFLICT, "Conflict", "ObjectIsDeletedButRecoverable")
    );
    let missing = vault.get("/secrets/a").await;
    assert_eq!(
        (missing.status, missing.code()),
        (StatusCode::NOT_FOUND, "SecretNotFound")
    );
    let shown = vault.get("/deletedsecrets/a").await;
    assert!(shown.status == StatusCode::OK && shown.body.get("value").is_none());
    assert_eq!(
        vault.get("/deletedsecrets").await.body["value"]
            .as_array()
            .unwrap()
            .len(),
        1
    );

    assert_eq!(
        vault
            .admin(Method::POST, "/deletedsecrets/a/recover", None)
            .await
            .status,
        StatusCode::OK
    );
    assert_eq!(vault.get("/secrets/a").await.body["value"], "v");
    vault.admin(Method::DELETE, "/secrets/a", None).await;
    let purged = vault.admin(Method::DELETE, "/deletedsecrets/a", None).await;
    assert_eq!(purged.status, StatusCode::NO_CONTENT);
    assert_eq!(vault.get("/deletedsecrets/a").await.status, StatusCode::NOT_FOUND);
    assert_eq!(vault.set("a", "new").await.status, StatusCode::OK);
}

#[tokio::test]
async fn purge_protection_and_a_short_retention_show_in_every_answer() {
    let vault = Vault::start_with(&["--purge-protection", "--retention-days", "7"]).await;
    let set = vault.set("a", "v").await;
    assert_eq!(set.body["attributes"]["recoveryLevel"], "CustomizedRecoverable");
    assert_eq!(set.body["attributes"]["recoverableDays"], 7);
    vault.admin(Method::DELETE, "/secrets/a", None).await;
    let purge = vault.admin(Method::DELETE, "/deletedsecrets/a", None).await;
    assert_eq!(
        (purge.status, purge.code(), purge.inner()),
        (StatusCode::FORBIDDEN, "Forbidden", "")
    );
    assert!(
        purge
            .message()
            .contains("purge protection is enabled for this vault"),
        "{purge:?}"
    );
}

/// A Vault that was deleted and made again has another spec, and the same store.
#[tokio::test]
async fn purge_protection_and_retention_outlive_a_start_that_does_not_ask_for_them() {
    let vault = Vault::start_with(&["--purge-protection", "--retention-days", "30"]).await;
    vault.set("a", "v").await;
    vault.admin(Method::DELETE, "/secrets/a", None).await;
    let Vault { running, files, .. } = vault;
    assert!(running.stop().await);
    let files = Arc::into_inner(files).unwrap().with_no_more();
    let vault = Vault::open(Arc::new(files)).await;
    let purge = vault.admin(Method::DELETE, "/deletedsecrets/a", None).await;
    assert_eq!(
        (purge.status, purge.code(), purge.inner()),
        (StatusCode::FORBIDDEN, "Forbidden", "")
    );
    let set = vault.set("b", "v").await;
    assert_eq!(set.body["attributes"]["recoveryLevel"], "CustomizedRecoverable");
    assert_eq!(set.body["attributes"]["recoverableDays"], 30);
}

#[tokio::test]
async fn a_backup_brings_every_version_back_once_the_name_is_free() {
    let vault = Vault::start().await;
    let first = vault.set("a", "one").await.body["id"]
        .as_str()
        .unwrap()
        .to_owned();
    vault.set("a", "two").await;
    let backup = vault.admin(Method::POST, "/secrets/a/backup", None).await.body;
    let restore = async || {
        vault
            .admin(Method::POST, "/secrets/restore", Some(backup.clone()))
            .await
    };
    let taken = restore().await;
    assert_eq!((taken.status, taken.code()), (StatusCode::CONFLICT, "Conflict"));
    vault.admin(Method::DELETE, "/secrets/a", None).await;
    assert_eq!(restore().await.status, StatusCode::CONFLICT);
    vault.admin(Method::DELETE, "/deletedsecrets/a", None).await;
    assert_eq!(restore().await.status, StatusCode::OK);
    assert_eq!(
        vault.get(&first[first.find("/secrets/").unwrap()..]).await.body["value"],
        "one"
    );
    assert_eq!(vault.get("/secrets/a").await.body["value"], "two");
}
