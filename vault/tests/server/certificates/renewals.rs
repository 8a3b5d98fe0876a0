//! Certificates that renew themselves.

use reqwest::Method;
use serde_json::json;
use strongroom_testing::vault::Vault;
use strongroom_vault::rotation::rotate_due;

use super::{end, make, own, version};
use crate::key_rotation::{DAY, advance};

#[tokio::test]
async fn the_next_version_of_a_certificate_that_is_disabled_is_disabled() {
    let vault = Vault::start().await;
    let mut policy = own("CN=a");
    policy["x509_props"]["validity_months"] = json!(1);
    let first = make(&vault, "a", policy).await;
    for (enabled, answers) in [(false, 403), (true, 200)] {
        let before = vault.get("/certificates/a").await;
        let body = json!({"attributes": {"enabled": enabled}, "tags": {"a": "b"}});
        vault.admin(Method::PATCH, "/certificates/a", Some(body)).await;
        advance(&vault, 28 * DAY).await;
        rotate_due(vault.running.service()).await;
        assert_eq!(end(&vault, "a").await.body["status"], "completed");
        let next = vault.get("/certificates/a").await;
        assert_ne!(version(&before), version(&next));
        assert_eq!(next.body["attributes"]["enabled"], enabled);
        assert_eq!(next.body["tags"], json!({"a": "b"}));
        assert_eq!(vault.get("/secrets/a").await.status, answers);
        assert_eq!(vault.get("/keys/a").await.body["attributes"]["enabled"], enabled);
    }
    let path = format!("/certificates/a/{}", version(&first));
    assert_eq!(vault.get(&path).await.body["attributes"]["enabled"], false);
}

#[tokio::test]
async fn a_certificate_renews_itself_as_its_policy_says() {
    let vault = Vault::start().await;
    let mut policy = own("CN=a");
    policy["x509_props"]["validity_months"] = json!(1);
    policy["lifetime_actions"] = json!([{
        "trigger": {"lifetime_percentage": 50}, "action": {"action_type": "AutoRenew"},
    }]);
    policy["key_props"]["reuse_key"] = json!(true);
    let first = make(&vault, "a", policy).await;
    advance(&vault, 10 * DAY).await;
    rotate_due(vault.running.service()).await;
    assert_eq!(
        vault.get("/certificates/a").await.body,
        first.body,
        "its time has not come"
    );
    advance(&vault, 6 * DAY).await;
    rotate_due(vault.running.service()).await;
    assert_eq!(end(&vault, "a").await.body["status"], "completed");
    let second = vault.get("/certificates/a").await;
    assert_ne!(version(&first), version(&second));
    let keys = [&first, &second].map(|made| format!("/keys/a/{}", version(made)));
    let [one, other] = [vault.get(&keys[0]).await, vault.get(&keys[1]).await];
    assert_eq!(
        one.body["key"]["x"], other.body["key"]["x"],
        "the key was to be used again"
    );
    assert_ne!(one.body["key"]["kid"], other.body["key"]["kid"]);
}
