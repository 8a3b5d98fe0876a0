//! Policies of certificates, as they are sent, answered and changed.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use strongroom_testing::vault::{Answer, Vault};

use super::{ask, assert_refused, begin, certificate, id, make, own};

async fn change(vault: &Vault, name: &str, policy: Value) -> Answer {
    let path = format!("/certificates/{name}/policy");
    vault.admin(Method::PATCH, &path, Some(policy)).await
}

#[tokio::test]
async fn a_policy_says_what_is_usual_where_the_request_does_not() {
    let vault = Vault::start().await;
    let sent = json!({
        "key_props": {}, "secret_props": {}, "x509_props": {"subject": "cn=MyCert", "sans": {}}, "attributes": {},
    });
    begin(&vault, "A", sent).await;
    let policy = vault.get("/certificates/a/policy").await;
    assert_eq!(policy.status, StatusCode::OK, "{policy:?}");
    let mut body = policy.body.clone();
    let attributes = body.as_object_mut().unwrap().remove("attributes").unwrap();
    assert_eq!(
        (&attributes["enabled"], &attributes["created"]),
        (&json!(true), &attributes["updated"])
    );
    assert_eq!(
        body,
        json!({
            "id": id(&vault, "/certificates/A/policy"),
            "key_props": {"exportable": true, "kty": "RSA", "key_size": 2048, "reuse_key": false},
            "secret_props": {"contentType": "application/x-pkcs12"},
            "x509_props": {
                "subject": "cn=MyCert",
                "sans": {},
                "ekus": ["1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.2"],
                "key_usage": ["digitalSignature", "keyEncipherment"],
                "validity_months": 12,
                "basic_constraints": {"ca": false},
            },
            "lifetime_actions": [{
                "trigger": {"lifetime_percentage": 80}, "action": {"action_type": "EmailContacts"},
            }],
            "issuer": {"name": "Unknown"},
        })
    );
    assert_eq!(vault.get("/certificates/a").await.body["policy"], policy.body);
}

#[tokio::test]
async fn a_change_is_merged_member_by_member_and_counts_for_the_next_version() {
    let vault = Vault::start().await;
    let made = make(&vault, "a", own("CN=one")).await;
    vault.files.clock.advance(10);
    let changed = change(
        &vault,
        "a",
        json!({"x509_props": {"subject": "CN=two", "sans": {"dns_names": ["b"]}}}),
    )
    .await;
    assert_eq!(changed.status, StatusCode::OK, "{changed:?}");
    let (before, after) = (&made.body["policy"], &changed.body);
    assert_eq!(
        (&before["id"], &before["key_props"]),
        (&after["id"], &after["key_props"])
    );
    assert_eq!(before["x509_props"]["ekus"], after["x509_props"]["ekus"]);
    assert_eq!(after["x509_props"]["subject"], "CN=two");
    assert_eq!(before["attributes"]["created"], after["attributes"]["created"]);
    assert_ne!(before["attributes"]["updated"], after["attributes"]["updated"]);
    assert_eq!(vault.get("/certificates/a").await.body["cer"], made.body["cer"]);

    let asked = ask(&vault, "a", json!({})).await;
    assert_eq!(
        asked.status,
        StatusCode::ACCEPTED,
        "the policy is kept: {asked:?}"
    );
    super::end(&vault, "a").await;
    let next = vault.get("/certificates/a").await;
    assert_eq!(certificate(&next).subject().to_string(), "CN=two");
    let body = json!({"policy": {"key_props": {"exportable": false}}});
    let updated = vault.admin(Method::PATCH, "/certificates/a", Some(body)).await;
    assert_eq!(
        updated.body["policy"]["key_props"]["exportable"], false,
        "{updated:?}"
    );
}

#[tokio::test]
async fn a_policy_that_no_certificate_can_have_is_refused() {
    let vault = Vault::start().await;
    make(&vault, "a", own("CN=a")).await;
    let before = vault.get("/certificates/a/policy").await;
    let subject = "Property policy.x509_props has invalid value. Invalid X.500 distinguished name\r\n";
    for (policy, sentence) in [
        (json!({"x509_props": {"subject": "Self"}}), subject),
        (
            json!({"x509_props": {"subject": 7}}),
            "The member policy.x509_props.subject must be ",
        ),
        (
            json!({"x509_props": {"subject": "CN=a", "key_usage": ["x"]}}),
            "The member policy.x509_props.key_usage ",
        ),
        (
            json!({"x509_props": {"subject": "CN=a", "validity_months": 0}}),
            "The member policy.x509_props.",
        ),
        (
            json!({"x509_props": {"subject": "CN=a"}, "key_props": {"kty": "oct"}}),
            "The member policy.key_props.kty ",
        ),
    ] {
        let created = ask(&vault, "b", json!({ "policy": policy })).await;
        for refused in [created, change(&vault, "a", policy.clone()).await] {
            assert_refused(&refused, 400, "BadParameter", "");
            assert!(refused.message().starts_with(sentence), "{refused:?}");
        }
    }
    for body in [
        json!({}),
        json!({"policy": {}}),
        json!({"policy": {"x509_props": {}}}),
    ] {
        assert_refused(&ask(&vault, "b", body).await, 400, "BadParameter", "");
    }
    assert_eq!(vault.get("/certificates/a/policy").await.body, before.body);
    assert_eq!(vault.get("/certificates/b").await.code(), "CertificateNotFound");
}

#[tokio::test]
async fn a_certificate_that_the_platform_manages_needs_no_name_and_waits() {
    let vault = Vault::start().await;
    let platform = json!({"certificateUsage": "x", "metadata": {"a": [1, {"b": null}]}});
    begin(&vault, "a", json!({ "platformManaged": platform })).await;
    let policy = vault.get("/certificates/a/policy").await;
    assert_eq!(policy.body["platformManaged"], platform);
    let pending = vault.get("/certificates/a/pending").await;
    assert_eq!(pending.body["status"], "inProgress");
}

#[tokio::test]
async fn names_of_every_kind_stand_in_the_certificate_as_they_were_sent() {
    let vault = Vault::start().await;
    let mut policy = own("");
    let names = json!({
        "emails": ["a@example.com"], "dns_names": ["*.example.com"], "upns": ["a@b"],
        "uris": ["https://example.com/a"], "ipAddresses": ["::1", "10.0.0.1"],
    });
    policy["x509_props"] = json!({ "sans": names });
    let made = make(&vault, "a", policy).await;
    assert_eq!(made.body["policy"]["x509_props"]["sans"], names);
    let parsed = certificate(&made);
    let found = parsed.alternative_names().unwrap();
    assert_eq!(found.ip_addresses.as_deref().unwrap(), ["::1", "10.0.0.1"]);
    assert_eq!(found.uris.as_deref().unwrap(), ["https://example.com/a"]);
    assert_eq!(parsed.subject().to_string(), "");
}
