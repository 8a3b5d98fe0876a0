//! Certificates that were issued elsewhere, with their private keys.

use base64::{Engine, prelude::BASE64_STANDARD};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use strongroom_testing::vault::{Answer, Vault};

use super::{assert_refused, certificate, version};

/// A key of EC, its certificate and that of its authority.
pub const PEM: &str = include_str!("../../../../certificates/tests/data/pem/key-first.pem");

/// The same, encrypted as the clients' own tests have it, under `1234` and under the empty password.
pub(super) const LEGACY: &[u8] =
    include_bytes!("../../../../certificates/tests/data/pkcs12/openssl-legacy.pfx");
const LEGACY_EMPTY: &[u8] =
    include_bytes!("../../../../certificates/tests/data/pkcs12/openssl-legacy-empty.pfx");

/// The same in the form of today.
const DEFAULT: &[u8] = include_bytes!("../../../../certificates/tests/data/pkcs12/openssl-default.pfx");

/// Certificates and no key.
const NO_KEY: &[u8] = include_bytes!("../../../../certificates/tests/data/pkcs12/openssl-no-key.pfx");

const LEAF: &[u8] = include_bytes!("../../../../certificates/tests/data/leaf.der");

pub(super) async fn import(vault: &Vault, name: &str, body: Value) -> Answer {
    let path = format!("/certificates/{name}/import");
    vault.admin(Method::POST, &path, Some(body)).await
}

fn base64(bytes: &[u8]) -> String {
    BASE64_STANDARD.encode(bytes)
}

#[tokio::test]
async fn a_file_is_imported_in_every_form_that_clients_send() {
    let vault = Vault::start().await;
    let pem = json!({"secret_props": {"contentType": "application/x-pem-file"}});
    let rows = [
        json!({"value": PEM, "policy": pem}),
        json!({"value": PEM}),
        json!({"value": base64(PEM.as_bytes()), "policy": pem}),
        json!({"value": base64(LEGACY), "pwd": "1234"}),
        json!({"value": base64(LEGACY), "pwd": "1234", "policy": pem}),
        json!({"value": base64(LEGACY_EMPTY)}),
        json!({"value": base64(LEGACY_EMPTY), "pwd": ""}),
        json!({"value": base64(LEGACY_EMPTY), "pwd": null, "policy": null, "tags": null}),
        json!({"value": base64(DEFAULT), "pwd": "1234", "attributes": {"nbf": 1, "exp": 2}}),
    ];
    for (row, body) in rows.into_iter().enumerate() {
        let imported = import(&vault, "A", body).await;
        assert_eq!(imported.status, StatusCode::OK, "{row}: {imported:?}");
        assert_eq!(certificate(&imported).der(), LEAF, "{row}");
        assert!(imported.body.get("pending").is_none(), "{row}");
        assert_eq!(imported.body["attributes"]["enabled"], true, "{row}");
        assert_eq!(vault.get("/certificates/a").await.body, imported.body, "{row}");
        let versions = vault.get("/certificates/a/versions").await;
        assert_eq!(versions.body["value"].as_array().unwrap().len(), row + 1);
    }
}

#[tokio::test]
async fn what_a_certificate_says_is_its_policy_and_what_it_does_not_the_request_says() {
    let vault = Vault::start().await;
    let policy = json!({
        "x509_props": {"subject": "CN=DefaultPolicy"},
        "secret_props": {"contentType": "application/x-pem-file"},
        "key_props": {"exportable": true, "kty": "RSA", "key_size": 2048, "reuse_key": true},
        "lifetime_actions": [{
            "trigger": {"days_before_expiry": 10}, "action": {"action_type": "EmailContacts"},
        }],
    });
    let body = json!({
        "value": base64(LEGACY), "pwd": "1234", "policy": policy, "preserveCertOrder": true, "tags": {"a": "b"},
    });
    let imported = import(&vault, "a", body).await;
    let policy = &imported.body["policy"];
    assert_eq!(policy["x509_props"]["subject"], "CN=leaf", "{imported:?}");
    assert_eq!(
        (
            &policy["key_props"]["kty"],
            &policy["key_props"]["crv"],
            &policy["key_props"]["reuse_key"]
        ),
        (&json!("EC"), &json!("P-256"), &json!(true))
    );
    assert_eq!(policy["issuer"]["name"], "Unknown");
    assert_eq!(policy["lifetime_actions"][0]["trigger"]["days_before_expiry"], 10);
    assert_eq!(
        (&imported.body["preserveCertOrder"], &imported.body["tags"]["a"]),
        (&json!(true), &json!("b"))
    );
    assert_eq!(vault.get("/certificates/a/policy").await.body, *policy);
    let secret = vault.get("/secrets/a").await;
    assert_eq!(secret.body["contentType"], "application/x-pem-file");
    assert_eq!(secret.body["tags"], json!({"a": "b"}));
}

#[tokio::test]
async fn a_certificate_may_be_imported_disabled() {
    let vault = Vault::start().await;
    let body = json!({"value": PEM, "attributes": {"enabled": false}});
    let imported = import(&vault, "a", body).await;
    assert_eq!(imported.body["attributes"]["enabled"], false, "{imported:?}");
    assert_eq!(vault.get("/secrets/a").await.inner(), "SecretDisabled");
    assert_eq!(vault.get("/certificates/a").await.body, imported.body);
}

#[tokio::test]
async fn what_holds_no_certificate_with_its_key_is_refused() {
    let vault = Vault::start().await;
    let unreadable = "The specified PKCS#12 X.509 certificate content can not be read. Please check if certificate is in valid PKCS#12 format.";
    let no_key = "No certificate with private key found in the specified X.509 certificate content. Please specify X.509 certificate content with only one certificate containing private key.";
    let pem = "The specified PEM X.509 certificate content is in an unexpected format. Please check if certificate is in valid PEM format.";
    let broken = PEM.replace("-----END", "----END");
    let (_, certificates) = PEM.split_once("-----END PRIVATE KEY-----").unwrap();
    for (body, sentence) in [
        (json!({"value": base64(LEGACY), "pwd": "12345"}), unreadable),
        (json!({"value": base64(b"0abc")}), unreadable),
        (json!({"value": "*"}), unreadable),
        (json!({"value": base64(NO_KEY), "pwd": "1234"}), no_key),
        (json!({"value": certificates}), no_key),
        (json!({ "value": broken }), pem),
        (json!({"pwd": "1234"}), "The member value is missing."),
        (json!({"value": 7}), "The member value must be a string."),
    ] {
        let refused = import(&vault, "a", body).await;
        assert_refused(&refused, 400, "BadParameter", "");
        assert_eq!(refused.message(), sentence);
    }
    assert_eq!(vault.get("/certificates/a").await.code(), "CertificateNotFound");
}

#[tokio::test]
async fn the_longest_file_is_read_and_a_longer_body_is_not() {
    let vault = Vault::start().await;
    let body = |bytes: usize| json!({"value": "A".repeat(bytes)});
    let read = import(&vault, "a", body(512 * 1024)).await;
    assert_eq!(read.status, StatusCode::BAD_REQUEST, "{read:?}");
    let refused = import(&vault, "a", body(1024 * 1024)).await;
    assert_eq!(refused.status, StatusCode::PAYLOAD_TOO_LARGE, "{refused:?}");
}

#[tokio::test]
async fn a_version_that_was_issued_and_one_that_was_imported_stand_in_one_certificate() {
    let vault = Vault::start().await;
    let made = super::make(&vault, "a", super::own("CN=a")).await;
    let imported = import(&vault, "a", json!({"value": PEM})).await;
    assert_eq!(imported.status, StatusCode::OK, "{imported:?}");
    let first = vault.get(&format!("/certificates/a/{}", version(&made))).await;
    assert_eq!(first.body["cer"], made.body["cer"]);
    let secret = vault.get("/secrets/a").await;
    assert_eq!(secret.body["previousVersion"], *version(&made));
}
