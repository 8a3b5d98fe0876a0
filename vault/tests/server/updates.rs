//! PATCH: what is not in the body stays, what is null is cleared, and the dates of a secret only inform.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use strongroom_testing::vault::Vault;

async fn patch(vault: &Vault, body: Value) -> Value {
    let answer = vault.admin(Method::PATCH, "/secrets/a", Some(body)).await;
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    answer.body
}

/// A vault whose secret `a` has all that a secret can have.
async fn full() -> Vault {
    let vault = Vault::start().await;
    let body = json!({
        "value": "v", "contentType": "text/plain", "tags": {"team": "a"},
        "attributes": {"nbf": 1_700_000_000, "exp": 1_900_000_000},
    });
    let set = vault.admin(Method::PUT, "/secrets/a", Some(body)).await;
    assert_eq!(set.status, StatusCode::OK, "{set:?}");
    vault
}

#[tokio::test]
async fn an_update_changes_what_it_gives_and_keeps_the_rest() {
    let vault = full().await;
    let changed = patch(&vault, json!({"contentType": "application/json"})).await;
    assert_eq!(changed["contentType"], "application/json");
    assert!(changed.get("value").is_none());
    let changed = patch(&vault, json!({"attributes": {"exp": 1_900_000_001}})).await;
    assert_eq!(changed["attributes"]["exp"], 1_900_000_001);
    let changed = patch(&vault, json!({"tags": {"team": "b"}})).await;
    assert_eq!(changed["tags"], json!({"team": "b"}));
    let got = vault.get("/secrets/a").await.body;
    assert_eq!(
        (&got["value"], &got["contentType"], &got["tags"]),
        (&json!("v"), &json!("application/json"), &json!({"team": "b"}))
    );
    assert_eq!(got["attributes"]["nbf"], 1_700_000_000);
    assert_eq!(got["attributes"]["exp"], 1_900_000_001);
    assert_eq!(got["attributes"]["enabled"], true);
}

#[tokio::test]
async fn an_update_of_one_version_changes_no_other() {
    let vault = full().await;
    let first = vault.get("/secrets/a").await.body["id"].clone();
    let id = first.as_str().unwrap();
    let version = &id[id.find("/secrets/").unwrap()..];
    vault.set("a", "second").await;
    let body = json!({"contentType": "old", "attributes": {"exp": null}});
    let changed = vault.admin(Method::PATCH, version, Some(body)).await.body;
    assert_eq!((&changed["id"], &changed["contentType"]), (&first, &json!("old")));
    assert!(changed["attributes"].get("exp").is_none());
    assert!(vault.get("/secrets/a").await.body.get("contentType").is_none());
}

#[tokio::test]
async fn null_clears_and_what_is_absent_stays() {
    let vault = full().await;
    for untouched in [json!({}), json!({"attributes": {}}), json!({"attributes": null})] {
        let kept = patch(&vault, untouched).await;
        assert_eq!(kept["attributes"]["exp"], 1_900_000_000);
    }
    let cleared = patch(&vault, json!({"attributes": {"exp": null, "enabled": null}})).await;
    assert!(cleared["attributes"].get("exp").is_none(), "{cleared}");
    assert_eq!(cleared["attributes"]["nbf"], 1_700_000_000);
    assert_eq!(cleared["attributes"]["enabled"], true);
    let cleared = patch(&vault, json!({"attributes": {"nbf": null}})).await;
    assert!(cleared["attributes"].get("nbf").is_none(), "{cleared}");
    assert_eq!(
        (&cleared["contentType"], &cleared["tags"]),
        (&json!("text/plain"), &json!({"team": "a"}))
    );
    let cleared = patch(&vault, json!({"contentType": null})).await;
    assert!(cleared.get("contentType").is_none(), "{cleared}");
    assert_eq!(cleared["tags"], json!({"team": "a"}));
    patch(&vault, json!({"tags": null})).await;
    let got = vault.get("/secrets/a").await.body;
    assert_eq!(got["value"], "v");
    assert!(
        got.get("tags").is_none() && got.get("contentType").is_none(),
        "{got}"
    );
    assert!(
        got["attributes"].get("exp").is_none() && got["attributes"].get("nbf").is_none(),
        "{got}"
    );
}

#[tokio::test]
async fn a_secret_without_tags_has_no_member_for_them() {
    let vault = full().await;
    vault.set("b", "v").await;
    let cleared = patch(&vault, json!({"tags": {}})).await;
    let got = vault.get("/secrets/b").await.body;
    let list = vault.get("/secrets").await.body;
    let deleted = vault.admin(Method::DELETE, "/secrets/b", None).await.body;
    for bundle in [&cleared, &got, &list["value"][0], &list["value"][1], &deleted] {
        assert!(
            bundle["id"].is_string() && bundle.get("tags").is_none(),
            "{bundle}"
        );
    }
}

/// About secrets, "Secret attributes": outside of `nbf` and `exp` a get works.
#[tokio::test]
async fn the_dates_of_a_secret_keep_nobody_from_reading_it() {
    let vault = Vault::start().await;
    for (name, attributes) in [
        ("expired", json!({"nbf": 1_000_000_000, "exp": 1_000_000_001})),
        (
            "early",
            json!({"nbf": 4_000_000_000_u64, "exp": 4_000_000_001_u64}),
        ),
    ] {
        let path = format!("/secrets/{name}");
        let body = json!({"value": name, "attributes": attributes});
        vault.admin(Method::PUT, &path, Some(body)).await;
        let got = vault.get(&path).await;
        assert_eq!(
            (got.status, &got.body["value"]),
            (StatusCode::OK, &json!(name)),
            "{got:?}"
        );
        assert_eq!(got.body["attributes"]["exp"], attributes["exp"]);
        let version = got.body["id"].as_str().unwrap();
        let version = &version[version.find("/secrets/").unwrap()..];
        assert_eq!(vault.get(version).await.status, StatusCode::OK, "{name}");
        let updated = vault
            .admin(Method::PATCH, &path, Some(json!({"contentType": "x"})))
            .await;
        assert_eq!(updated.status, StatusCode::OK, "{name}");
        let backup = vault.admin(Method::POST, &format!("{path}/backup"), None).await;
        assert_eq!(backup.status, StatusCode::OK, "{name}");
    }
    let order = json!({"attributes": {"nbf": 5_000_000_000_u64}});
    let refused = vault.admin(Method::PATCH, "/secrets/early", Some(order)).await;
    assert_eq!(
        (refused.status, refused.code()),
        (StatusCode::BAD_REQUEST, "BadParameter")
    );
}
