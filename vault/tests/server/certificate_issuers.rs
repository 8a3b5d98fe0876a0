//! The issuers of a vault, and what they do with the policies that name them.

mod authority;
mod revocation;
mod setting;
mod signed;

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use strongroom_testing::vault::{Answer, Vault};

use crate::certificates::{ask, assert_refused, begin, end, id, own};

const ISSUERS: &str = "/certificates/issuers";

async fn set(vault: &Vault, name: &str, body: Value) -> Answer {
    vault
        .admin(Method::PUT, &format!("{ISSUERS}/{name}"), Some(body))
        .await
}

fn digicert() -> Value {
    json!({
        "provider": "DigiCert",
        "credentials": {"account_id": "keyvaultuser", "pwd": "CANARY-PASSWORD"},
        "org_details": {"admin_details": [
            {"first_name": "John", "last_name": "Doe", "email": "admin@microsoft.com", "phone": "4255555555"},
        ]},
    })
}

/// A policy for a certificate of this issuer.
fn by(issuer: &str, subject: &str) -> Value {
    let mut policy = own(subject);
    policy["issuer"]["name"] = json!(issuer);
    policy
}

#[tokio::test]
async fn an_issuer_is_set_read_listed_changed_and_deleted_and_its_password_is_never_answered() {
    let vault = Vault::start().await;
    let path = format!("{ISSUERS}/Issuer01");
    let made = set(&vault, "Issuer01", digicert()).await;
    let attributes = made.body["attributes"].clone();
    assert_eq!(
        (&attributes["enabled"], attributes["created"].is_u64()),
        (&json!(true), true)
    );
    assert_eq!(attributes["created"], attributes["updated"]);
    let expected = json!({
        "id": id(&vault, &path),
        "provider": "DigiCert",
        "credentials": {"account_id": "keyvaultuser"},
        "org_details": {"zip": 0, "admin_details": digicert()["org_details"]["admin_details"]},
        "attributes": attributes,
    });
    assert_eq!((made.status, &made.body), (StatusCode::OK, &expected));
    assert_eq!(vault.get("/certificates/issuers/ISSUER01").await.body, expected);
    set(&vault, "a-test", json!({"provider": "Test"})).await;
    let list = vault.get(ISSUERS).await;
    let item = |name: &str, provider: &str| json!({"id": id(&vault, &format!("{ISSUERS}/{name}")), "provider": provider});
    let listed = json!({"value": [item("a-test", "Test"), item("Issuer01", "DigiCert")], "nextLink": null});
    assert_eq!(list.body, listed);
    vault.files.clock.advance(1);
    let people = json!([{"first_name": "Jane", "last_name": "Roe", "email": "j@b.example", "phone": "1"}]);
    let change = json!({"org_details": {"admin_details": people}, "attributes": {"enabled": false}});
    let patched = vault.admin(Method::PATCH, &path, Some(change)).await;
    assert_eq!(
        patched.body["credentials"], expected["credentials"],
        "{patched:?}"
    );
    assert_eq!(patched.body["org_details"]["admin_details"], people);
    assert_eq!(patched.body["attributes"]["enabled"], false);
    assert_ne!(patched.body["attributes"]["updated"], attributes["updated"]);
    let deleted = vault.admin(Method::DELETE, &path, None).await;
    assert_eq!((deleted.status, &deleted.body), (StatusCode::OK, &patched.body));
    for method in [Method::GET, Method::DELETE] {
        let gone = vault.admin(method, &path, None).await;
        assert_refused(&gone, 404, "CertificateIssuerNotFound", "");
        assert_eq!(gone.message(), "Issuer not found");
    }
    let gone = vault.admin(Method::PATCH, &path, Some(json!({}))).await;
    assert_refused(&gone, 404, "CertificateIssuerNotFound", "");
}

#[tokio::test]
async fn what_is_no_issuer_is_refused() {
    let vault = Vault::start().await;
    for (name, body) in [
        ("self", json!({"provider": "Test"})),
        ("Unknown", json!({"provider": "Test"})),
        ("one", json!({})),
        ("one", json!({"provider": null})),
        ("one", json!({"provider": ""})),
        ("one", json!({"provider": "p".repeat(1025)})),
        ("one", json!({"provider": "Test", "credentials": []})),
        (
            "one",
            json!({"provider": "Test", "org_details": {"admin_details": {}}}),
        ),
        (
            "one",
            json!({"provider": "Test", "strongroom": {"certificate": "ca", "maxValidityMonths": 1}}),
        ),
        ("one", json!({"provider": "Strongroom"})),
        (
            "one",
            json!({"provider": "Strongroom", "strongroom": {"certificate": "none", "maxValidityMonths": 1}}),
        ),
    ] {
        let refused = set(&vault, name, body).await;
        assert_refused(&refused, 400, "BadParameter", "");
    }
    assert_eq!(vault.get(ISSUERS).await.body["value"], json!([]));
}

#[tokio::test]
async fn of_issuers_that_are_set_at_once_none_is_lost() {
    let vault = Vault::start().await;
    let names: Vec<String> = (0..20).map(|number| format!("i{number:02}")).collect();
    let sets = names
        .iter()
        .map(|name| set(&vault, name, json!({"provider": "Test"})));
    for answer in futures::future::join_all(sets).await {
        assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    }
    let list = vault.get(ISSUERS).await;
    let listed: Vec<_> = list.body["value"].as_array().unwrap().iter().collect();
    assert_eq!(listed.len(), names.len());
}

#[tokio::test]
async fn each_change_of_an_issuer_has_its_record() {
    let vault = Vault::start().await;
    set(&vault, "one", json!({"provider": "Test"})).await;
    let path = format!("{ISSUERS}/one");
    vault.admin(Method::PATCH, &path, Some(json!({}))).await;
    vault.get(&path).await;
    vault.get(ISSUERS).await;
    vault.admin(Method::DELETE, &path, None).await;
    for operation in [
        "CertificateIssuerSet",
        "CertificateIssuerUpdate",
        "CertificateIssuerGet",
        "CertificateIssuersList",
        "CertificateIssuerDelete",
    ] {
        let records = vault.files.audited(operation);
        assert_eq!(records.len(), 1, "{operation}");
        assert_eq!(records[0]["properties"]["httpStatusCode"], 200, "{operation}");
    }
}

#[tokio::test]
async fn a_policy_names_an_issuer_that_is_there_and_enabled() {
    let vault = Vault::start().await;
    let body = json!({"policy": by("nobody", "CN=a")});
    assert_refused(&ask(&vault, "a", body).await, 400, "BadParameter", "");
    set(
        &vault,
        "off",
        json!({"provider": "Test", "attributes": {"enabled": false}}),
    )
    .await;
    let refused = ask(&vault, "a", json!({"policy": by("OFF", "CN=a")})).await;
    assert_refused(&refused, 400, "BadParameter", "");
    assert_eq!(refused.message(), "The issuer that the policy names is disabled.");
    assert_eq!(vault.get("/certificates/a").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn an_operation_of_the_provider_test_does_not_end_and_one_of_a_provider_outside_the_cluster_fails() {
    let vault = Vault::start().await;
    set(&vault, "test", json!({"provider": "Test"})).await;
    set(&vault, "digi", digicert()).await;
    begin(&vault, "waits", by("test", "CN=a")).await;
    let begun = begin(&vault, "fails", by("Digi", "CN=b")).await;
    assert_eq!(begun.body["issuer"], json!({"name": "Digi"}));
    let failed = end(&vault, "fails").await;
    assert_eq!(failed.body["status"], "failed", "{failed:?}");
    assert_eq!(failed.body["error"]["code"], "Request rejected");
    let message = failed.body["error"]["message"].as_str().unwrap();
    assert!(
        message.starts_with("This vault cannot reach the provider DigiCert"),
        "{message}"
    );
    vault.files.clock.advance(3600);
    strongroom_vault::rotation::rotate_due(vault.running.service()).await;
    vault
        .admin(Method::DELETE, &format!("{ISSUERS}/test"), None)
        .await;
    let waits = vault.get("/certificates/waits/pending").await;
    assert_eq!(waits.body["status"], "inProgress", "{waits:?}");
}
