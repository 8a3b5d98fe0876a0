//! A certificate is deleted, recovered, purged, backed up and restored with its key and its secret.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use strongroom_testing::vault::Vault;

use super::{
    ask, assert_refused, begin, elsewhere,
    imports::{PEM, import},
    make, own, version,
};

/// The paths of a certificate and its parts, among the live ones or with `deleted` among the deleted ones.
fn paths(prefix: &str) -> [String; 3] {
    ["certificates", "keys", "secrets"].map(|collection| format!("/{prefix}{collection}/a"))
}

#[tokio::test]
async fn the_three_are_deleted_recovered_and_purged_together() {
    let vault = Vault::start().await;
    let made = make(&vault, "A", own("CN=a")).await;
    vault.files.clock.advance(10);
    let deleted = vault.admin(Method::DELETE, "/certificates/a", None).await;
    assert_eq!(deleted.status, StatusCode::OK, "{deleted:?}");
    let recovery = deleted.body["recoveryId"].as_str().unwrap();
    assert!(recovery.ends_with("/deletedcertificates/A"), "{recovery}");
    for (member, value) in made.body.as_object().unwrap() {
        assert_eq!(deleted.body[member], *value, "{member}");
    }
    assert_eq!(vault.get("/deletedcertificates/a").await.body, deleted.body);
    for path in paths("") {
        assert_eq!(vault.get(&path).await.status, StatusCode::NOT_FOUND, "{path}");
    }
    for path in paths("deleted") {
        assert_eq!(vault.get(&path).await.status, StatusCode::OK, "{path}");
    }
    for refused in [
        ask(&vault, "a", json!({"policy": own("CN=b")})).await,
        import(&vault, "a", json!({"value": PEM})).await,
    ] {
        assert_refused(&refused, 409, "Conflict", "ObjectIsDeletedButRecoverable");
        assert_eq!(
            refused.message(),
            "Certificate a is currently in a deleted but recoverable state, and its name cannot be reused; in this state, the certificate can only be recovered or purged."
        );
    }

    let recovered = vault
        .admin(Method::POST, "/deletedcertificates/a/recover", None)
        .await;
    assert_eq!((recovered.status, &recovered.body), (StatusCode::OK, &made.body));
    for path in paths("") {
        assert_eq!(vault.get(&path).await.status, StatusCode::OK, "{path}");
    }

    vault.admin(Method::DELETE, "/certificates/a", None).await;
    let purged = vault.admin(Method::DELETE, "/deletedcertificates/a", None).await;
    assert_eq!(
        (purged.status, purged.body),
        (StatusCode::NO_CONTENT, Value::Null)
    );
    for path in paths("deleted") {
        assert_eq!(vault.get(&path).await.status, StatusCode::NOT_FOUND, "{path}");
    }
    for (method, path) in [
        (Method::GET, "/deletedcertificates/A"),
        (Method::DELETE, "/deletedcertificates/A"),
        (Method::POST, "/deletedcertificates/A/recover"),
    ] {
        let missing = vault.admin(method, path, None).await;
        assert_refused(&missing, 404, "CertificateNotFound", "");
        assert_eq!(missing.message(), "Deleted Certificate not found: A");
    }
    make(&vault, "a", own("CN=a")).await;
}

#[tokio::test]
async fn a_backup_brings_all_versions_back_with_policy_key_and_secret() {
    let vault = Vault::start().await;
    let first = make(&vault, "A", own("CN=one")).await;
    let second = make(&vault, "a", own("CN=two")).await;
    let secret = vault.get("/secrets/a").await;
    let backup = vault.admin(Method::POST, "/certificates/a/backup", None).await;
    assert_eq!(backup.status, StatusCode::OK, "{backup:?}");
    let restore = || vault.admin(Method::POST, "/certificates/restore", Some(backup.body.clone()));
    assert_refused(&restore().await, 409, "Conflict", "");
    vault.admin(Method::DELETE, "/certificates/a", None).await;
    let taken = restore().await;
    assert_eq!((taken.status, taken.code()), (StatusCode::CONFLICT, "Conflict"));
    vault.admin(Method::DELETE, "/deletedcertificates/a", None).await;

    let restored = restore().await;
    assert_eq!(restored.status, StatusCode::OK, "{restored:?}");
    for member in ["id", "kid", "sid", "x5t", "cer", "policy"] {
        assert_eq!(restored.body[member], second.body[member], "{member}");
    }
    assert_eq!(vault.get("/certificates/a").await.body, restored.body);
    let old = vault.get(&format!("/certificates/a/{}", version(&first))).await;
    assert_eq!(old.body["cer"], first.body["cer"]);
    assert_eq!(vault.get("/secrets/a").await.body["value"], secret.body["value"]);
    let key = vault.get(&format!("/keys/a/{}", version(&first))).await;
    assert_eq!((key.status, &key.body["managed"]), (StatusCode::OK, &json!(true)));
    make(&vault, "a", own("CN=three")).await;
}

#[tokio::test]
async fn what_is_no_backup_of_a_certificate_is_refused() {
    let vault = Vault::start().await;
    let zeros = BASE64_URL_SAFE_NO_PAD.encode([0; 4728]);
    let restore = |value: Value| {
        vault.admin(
            Method::POST,
            "/certificates/restore",
            Some(json!({ "value": value })),
        )
    };
    let refused = restore(json!(zeros)).await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{refused:?}");
    assert_eq!(
        refused.message(),
        "Backup blob contains invalid or corrupt version."
    );
    vault.set("s", "v").await;
    let backup = vault.admin(Method::POST, "/secrets/s/backup", None).await;
    assert_eq!(
        restore(backup.body["value"].clone()).await.status,
        StatusCode::BAD_REQUEST
    );
    begin(&vault, "a", elsewhere("CN=a")).await;
    let nothing = vault.admin(Method::POST, "/certificates/a/backup", None).await;
    assert_refused(&nothing, 404, "CertificateNotFound", "");
}

#[tokio::test]
async fn a_name_is_of_a_certificate_or_of_a_key_and_a_secret() {
    let vault = Vault::start().await;
    vault.set("secret", "v").await;
    vault.set("gone", "v").await;
    vault.admin(Method::DELETE, "/secrets/gone", None).await;
    vault
        .admin(Method::POST, "/keys/key/create", Some(json!({"kty": "EC"})))
        .await;
    for name in ["secret", "gone", "key"] {
        let asked = ask(&vault, name, json!({"policy": own("CN=a")})).await;
        assert_refused(&asked, 409, "Conflict", "");
        let imported = import(&vault, name, json!({"value": PEM})).await;
        assert_refused(&imported, 409, "Conflict", "");
    }
    // The names of its key and of its secret are taken from the begin on.
    begin(&vault, "a", elsewhere("CN=a")).await;
    let set = vault.set("a", "v").await;
    assert_refused(&set, 403, "Forbidden", "SecretManagedByKeyVault");
    let created = vault
        .admin(Method::POST, "/keys/a/create", Some(json!({"kty": "EC"})))
        .await;
    assert_refused(&created, 403, "Forbidden", "KeyManagedByKeyVault");
}
