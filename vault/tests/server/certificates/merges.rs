//! Certificates that somebody else issued for the request of an operation.

use base64::{Engine, prelude::BASE64_STANDARD};
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, SubjectPublicKeyInfo,
};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use strongroom_testing::vault::{Answer, Vault};
use x509_cert::{
    der::{Decode as _, Encode as _},
    request::CertReq,
};

use super::{assert_refused, begin, certificate, elsewhere, id, own};

/// Who issues.
struct Issuer(CertifiedIssuer<'static, KeyPair>);

impl Issuer {
    fn new() -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, "Issuer");
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    /// Its own certificate, in base64.
    fn own(&self) -> String {
        BASE64_STANDARD.encode(self.0.der())
    }

    /// A certificate for the request of an operation, in base64. It begins and ends in the future.
    fn issue(&self, operation: &Answer) -> String {
        let csr = operation.body["csr"].as_str().unwrap();
        let csr = CertReq::from_der(&BASE64_STANDARD.decode(csr).unwrap()).unwrap();
        let key = SubjectPublicKeyInfo::from_der(&csr.info.public_key.to_der().unwrap()).unwrap();
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, "Issued");
        params.not_before = rcgen::date_time_ymd(2090, 1, 1);
        params.not_after = rcgen::date_time_ymd(2091, 1, 1);
        BASE64_STANDARD.encode(params.signed_by(&key, &self.0).unwrap().der())
    }
}

async fn merge(vault: &Vault, name: &str, body: Value) -> Answer {
    let path = format!("/certificates/{name}/pending/merge");
    vault.admin(Method::POST, &path, Some(body)).await
}

#[tokio::test]
async fn what_was_issued_for_the_request_completes_the_operation() {
    let vault = Vault::start().await;
    let issuer = Issuer::new();
    let begun = begin(&vault, "A", elsewhere("CN=a")).await;
    let leaf = issuer.issue(&begun);
    let body = json!({"x5c": [issuer.own(), leaf], "attributes": {"exp": 1}, "tags": {"a": "b"}});
    let merged = merge(&vault, "a", body).await;
    assert_eq!(merged.status, StatusCode::CREATED, "{merged:?}");
    let logged = ["CertificateCreate", "CertificatePendingMerge"].map(|operation| {
        let records = vault.files.audited(operation);
        records[0]["properties"]["httpStatusCode"].clone()
    });
    assert_eq!(logged, [json!(202), json!(201)]);
    let target = id(&vault, "/certificates/A");
    assert_eq!(
        merged.headers["location"],
        *format!("{target}?api-version=2026-04-01")
    );
    assert_eq!(merged.body["cer"], *leaf);
    assert_eq!(merged.body["tags"], json!({"a": "b"}));
    assert_eq!(
        merged.body["policy"]["x509_props"]["subject"], "CN=a",
        "as it was asked for"
    );
    let validity = certificate(&merged).validity();
    let attributes = &merged.body["attributes"];
    assert_eq!(
        (&attributes["nbf"], &attributes["exp"]),
        (&json!(validity.not_before), &json!(validity.not_after))
    );
    assert_eq!(vault.get("/certificates/a").await.body, merged.body);
    let pending = vault.get("/certificates/a/pending").await;
    assert_eq!(
        (&pending.body["status"], &pending.body["target"]),
        (&json!("completed"), &json!(target))
    );

    let secret = vault
        .get("/secrets/a?api-version=7.6&outContentType=application/x-pem-file")
        .await;
    let value = secret.body["value"].as_str().unwrap();
    let first = value
        .split("-----BEGIN CERTIFICATE-----")
        .nth(1)
        .unwrap()
        .replace('\n', "");
    assert!(first.starts_with(&leaf), "the leaf is not first");
    let again = merge(&vault, "a", json!({"x5c": [leaf]})).await;
    assert_refused(&again, 403, "Forbidden", "");
    let next = begin(&vault, "a", elsewhere("CN=a")).await;
    assert_ne!(next.body["csr"], begun.body["csr"]);
}

#[tokio::test]
async fn certificates_come_in_base64_of_base64_too() {
    let vault = Vault::start().await;
    let issuer = Issuer::new();
    for name in ["a", "b"] {
        let leaf = issuer.issue(&begin(&vault, name, elsewhere("CN=a")).await);
        let text = if name == "a" {
            leaf.clone()
        } else {
            format!("-----BEGIN CERTIFICATE-----\n{leaf}\n-----END CERTIFICATE-----\n")
        };
        let merged = merge(&vault, name, json!({"x5c": [BASE64_STANDARD.encode(text)]})).await;
        assert_eq!(merged.body["cer"], *leaf, "{merged:?}");
    }
}

#[tokio::test]
async fn a_chain_stays_as_it_came_where_that_was_asked_for() {
    let vault = Vault::start().await;
    let issuer = Issuer::new();
    let mut policy = elsewhere("CN=a");
    policy["secret_props"] = json!({"contentType": "application/x-pem-file"});
    let body = json!({"policy": policy, "preserveCertOrder": true});
    let begun = super::ask(&vault, "a", body).await;
    assert_eq!(begun.body["preserveCertOrder"], true);
    let leaf = issuer.issue(&begun);
    let merged = merge(&vault, "a", json!({"x5c": [issuer.own(), leaf]})).await;
    assert_eq!(
        (&merged.body["cer"], &merged.body["preserveCertOrder"]),
        (&json!(leaf), &json!(true))
    );
    let secret = vault.get("/secrets/a").await;
    let value = secret.body["value"].as_str().unwrap().replace('\n', "");
    assert!(value.find(&issuer.own()).unwrap() < value.find(&leaf).unwrap());
}

#[tokio::test]
async fn what_is_not_of_the_request_is_refused() {
    let vault = Vault::start().await;
    let issuer = Issuer::new();
    let other = issuer.issue(&begin(&vault, "other", elsewhere("CN=a")).await);
    begin(&vault, "a", elsewhere("CN=a")).await;
    let refused = merge(&vault, "a", json!({"x5c": [other]})).await;
    assert_refused(&refused, 400, "BadParameter", "");
    assert_eq!(
        refused.message(),
        "The public key of the end-entity certificate in the specified X.509 certificate content does not match the public part of the specified private key. Please check if certificate is valid."
    );
    for body in [
        json!({}),
        json!({"x5c": []}),
        json!({"x5c": ["AA"]}),
        json!({"x5c": "AA"}),
        json!({"x5c": ["MAA="]}),
    ] {
        assert_refused(&merge(&vault, "a", body).await, 400, "BadParameter", "");
    }
    assert_eq!(
        vault.get("/certificates/a/pending").await.body["status"],
        "inProgress"
    );

    begin(&vault, "self", own("CN=a")).await;
    let refused = merge(&vault, "self", json!({"x5c": [other]})).await;
    assert_refused(&refused, 403, "Forbidden", "");
    assert_eq!(
        refused.message(),
        "Merge is forbidden on pending object created with issuer : Self while it is in progess."
    );
    for name in ["Missing"] {
        let refused = merge(&vault, name, json!({"x5c": [other]})).await;
        assert_refused(&refused, 404, "PendingCertificateNotFound", "");
        assert_eq!(refused.message(), "Pending Certificate not found: Missing");
    }
}
