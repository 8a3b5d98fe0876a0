//! A secret's life over HTTPS: the twelve operations, their codes and their shapes.

use reqwest::{Method, StatusCode};
use serde_json::json;

use crate::support::TestVault;

#[tokio::test]
async fn a_secret_is_set_got_updated_and_listed() {
    let vault = TestVault::start().await;
    let body = json!({
        "value": "hunter2", "contentType": "text/plain", "tags": {"team": "a"},
        "attributes": {"nbf": 1_700_000_000, "exp": 1_900_000_000},
    });
    let set = vault.admin(Method::PUT, "/secrets/DB-Password", Some(body)).await;
    assert_eq!(set.status, StatusCode::OK, "{set:?}");
    let port = vault.running.addresses().data.port();
    let base = format!("https://prod.team-a.svc:{port}/secrets/db-password");
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
