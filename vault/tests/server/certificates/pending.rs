//! The operation that makes a version, while it is there.

use reqwest::{Method, StatusCode};
use serde_json::json;
use strongroom_testing::vault::Vault;

use super::{ask, assert_refused, begin, elsewhere, end, id, make, own, version};

const TO_MERGE: &str = "Pending certificate created. Please Perform Merge to complete the request.";

#[tokio::test]
async fn an_operation_says_how_far_it_is_and_who_issues() {
    let vault = Vault::start().await;
    let mut policy = elsewhere("CN=a");
    policy["issuer"]["name"] = json!("unknown");
    let begun = begin(&vault, "A", policy).await;
    assert_eq!(begun.body["issuer"]["name"], "unknown", "as it was sent");
    let pending = vault.get("/certificates/a/pending").await;
    assert_eq!(pending.body, begun.body);
    assert_eq!(pending.body["status_details"], TO_MERGE);
    assert_eq!(pending.headers["retry-after"], "2");
    assert!(!pending.headers.contains_key("location"));
    let request = begun.body["request_id"].as_str().unwrap();
    for (id, status) in [
        (request.to_owned(), StatusCode::OK),
        (request.to_uppercase(), StatusCode::OK),
        ("0".repeat(32), StatusCode::NOT_FOUND),
        ("x".to_owned(), StatusCode::NOT_FOUND),
    ] {
        let path = format!("/certificates/a/pending?api-version=7.4&request_id={id}");
        assert_eq!(vault.get(&path).await.status, status, "{id}");
    }
    // Nobody issues it here.
    vault.files.clock.advance(60);
    strongroom_vault::rotation::rotate_due(vault.running.service()).await;
    assert_eq!(vault.get("/certificates/a/pending").await.body, begun.body);
}

#[tokio::test]
async fn a_certificate_that_is_not_issued_is_read_changed_and_deleted_all_the_same() {
    let vault = Vault::start().await;
    begin(&vault, "a", elsewhere("CN=a")).await;
    let latest = vault.get("/certificates/a").await;
    let attributes = &latest.body["attributes"];
    assert_eq!(attributes["enabled"], false);
    let (begin, end) = (
        attributes["nbf"].as_i64().unwrap(),
        attributes["exp"].as_i64().unwrap(),
    );
    assert!(end - begin > 360 * 24 * 60 * 60, "{latest:?}");
    for member in ["kid", "sid", "x5t", "cer"] {
        assert!(latest.body.get(member).is_none(), "{member}");
    }
    let named = vault.get(&format!("/certificates/a/{}", version(&latest))).await;
    assert_eq!(named.body, latest.body);
    let policy = vault.get("/certificates/a/policy").await;
    assert_eq!(policy.body, latest.body["policy"]);
    let tagged = vault
        .admin(
            Method::PATCH,
            "/certificates/a",
            Some(json!({"tags": {"a": "b"}})),
        )
        .await;
    assert_eq!(
        (tagged.status, &tagged.body["tags"]),
        (StatusCode::OK, &json!({"a": "b"}))
    );
    for path in ["/keys/a", "/secrets/a"] {
        assert_eq!(vault.get(path).await.status, StatusCode::NOT_FOUND, "{path}");
    }
    let deleted = vault.admin(Method::DELETE, "/certificates/a", None).await;
    assert_eq!(
        (deleted.status, &deleted.body["id"]),
        (StatusCode::OK, &latest.body["id"])
    );
}

#[tokio::test]
async fn nothing_is_created_or_imported_while_an_operation_is_in_progress() {
    let vault = Vault::start().await;
    begin(&vault, "a", elsewhere("CN=a")).await;
    let sentence = "A new key vault certificate can not be created or imported while a pending key vault certificate's status is inProgress.";
    let import = json!({"value": super::imports::PEM, "policy": {}});
    for refused in [
        ask(&vault, "a", json!({"policy": own("CN=b")})).await,
        ask(&vault, "a", json!({})).await,
        vault
            .admin(Method::POST, "/certificates/a/import", Some(import))
            .await,
    ] {
        assert_refused(&refused, 409, "Forbidden", "");
        assert_eq!(refused.message(), sentence);
    }
}

#[tokio::test]
async fn an_operation_is_cancelled_soon_after_it_was_asked_for() {
    let vault = Vault::start().await;
    begin(&vault, "a", own("CN=a")).await;
    let cancel = |requested: bool| {
        let body = json!({"cancellation_requested": requested});
        vault.admin(Method::PATCH, "/certificates/a/pending", Some(body))
    };
    let kept = cancel(false).await;
    assert_eq!(kept.body["cancellation_requested"], false, "{kept:?}");
    let asked = cancel(true).await;
    assert_eq!(asked.status, StatusCode::OK, "{asked:?}");
    assert_eq!(
        (&asked.body["status"], &asked.body["cancellation_requested"]),
        (&json!("inProgress"), &json!(true))
    );
    let ended = end(&vault, "a").await;
    assert_eq!(ended.body["status"], "cancelled");
    assert!(ended.body.get("status_details").is_none() && ended.body.get("error").is_none());
    let refused = cancel(true).await;
    assert_refused(&refused, 403, "Forbidden", "");
    assert_eq!(
        refused.message(),
        "Pending status must be in progress to allow update."
    );
    assert_eq!(
        vault.get("/certificates/a").await.body["attributes"]["enabled"],
        false
    );
    make(&vault, "a", own("CN=a")).await;
}

#[tokio::test]
async fn who_issues_elsewhere_is_not_stopped_by_a_cancellation() {
    let vault = Vault::start().await;
    begin(&vault, "a", elsewhere("CN=a")).await;
    let body = json!({"cancellation_requested": true});
    vault
        .admin(Method::PATCH, "/certificates/a/pending", Some(body))
        .await;
    strongroom_vault::rotation::rotate_due(vault.running.service()).await;
    let pending = vault.get("/certificates/a/pending").await;
    assert_eq!(
        (&pending.body["status"], &pending.body["cancellation_requested"]),
        (&json!("inProgress"), &json!(true))
    );
}

#[tokio::test]
async fn an_operation_is_forgotten_whatever_its_state() {
    let vault = Vault::start().await;
    let path = "/certificates/A/pending";
    let begun = begin(&vault, "A", own("CN=a")).await;
    let forgotten = vault.admin(Method::DELETE, path, None).await;
    assert_eq!((forgotten.status, &forgotten.body), (StatusCode::OK, &begun.body));
    let missing = "Pending certificate not found: A";
    for method in [Method::GET, Method::DELETE, Method::PATCH] {
        let body = (method == Method::PATCH).then(|| json!({"cancellation_requested": true}));
        let refused = vault.admin(method, path, body).await;
        assert_refused(&refused, 404, "PendingCertificateNotFound", "");
        assert_eq!(refused.message(), missing);
    }
    let left = vault.get("/certificates/a").await;
    assert_eq!(left.body["attributes"]["enabled"], false);
    assert!(left.body.get("pending").is_none(), "{left:?}");

    let made = make(&vault, "a", own("CN=a")).await;
    let completed = vault.admin(Method::DELETE, path, None).await;
    assert_eq!(completed.body["status"], "completed");
    assert_eq!(completed.body["target"], id(&vault, "/certificates/A"));
    let left = vault.get("/certificates/a").await;
    assert_eq!(left.body["cer"], made.body["cer"]);
    assert!(left.body.get("pending").is_none(), "{left:?}");
}

#[tokio::test]
async fn the_version_before_stays_the_latest_until_the_next_is_issued() {
    let vault = Vault::start().await;
    let first = make(&vault, "a", own("CN=one")).await;
    begin(&vault, "a", elsewhere("CN=two")).await;
    let meanwhile = vault.get("/certificates/a").await;
    assert_eq!(
        (&meanwhile.body["id"], &meanwhile.body["cer"]),
        (&first.body["id"], &first.body["cer"])
    );
    assert_eq!(meanwhile.body["policy"]["x509_props"]["subject"], "CN=two");
    let versions = vault.get("/certificates/a/versions").await;
    assert_eq!(versions.body["value"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_deleted_certificate_is_not_issued() {
    let vault = Vault::start().await;
    begin(&vault, "a", own("CN=a")).await;
    let deleted = vault.admin(Method::DELETE, "/certificates/a", None).await;
    assert_eq!(deleted.status, StatusCode::OK, "{deleted:?}");
    vault.files.clock.advance(60);
    let looked = strongroom_vault::rotation::rotate_due(vault.running.service()).await;
    assert_eq!(looked.failed, 0);
    let still = vault.get("/deletedcertificates/a").await;
    assert_eq!(still.body, deleted.body);
}
