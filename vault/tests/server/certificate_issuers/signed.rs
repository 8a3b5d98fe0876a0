//! Certificates that an authority of the vault signs, and those that it does not.

use std::{process::Command, sync::Arc, time::Duration};

use reqwest::{Method, StatusCode};
use rustls::{
    RootCertStore,
    client::{WebPkiServerVerifier, danger::ServerCertVerifier as _},
    crypto::aws_lc_rs::default_provider,
    pki_types::{CertificateDer, ServerName, UnixTime, pem::PemObject as _},
};
use serde_json::{Value, json};
use strongroom_testing::vault::{Answer, CERTIFICATES, Vault, allow};
use strongroom_vault::rotation::rotate_due;

use super::{
    ISSUERS,
    authority::{import, strongroom, terms, vault},
    by, set,
};
use crate::{
    certificates::{ask, assert_refused, begin, certificate, end, make, version},
    key_rotation::{DAY, advance},
};

/// A policy for a server that the authority permits.
pub(super) fn server() -> Value {
    let mut policy = by("House", "CN=shop.contoso.example");
    policy["x509_props"]["sans"] =
        json!({"dns_names": ["shop.contoso.example"], "ipAddresses": ["10.1.2.3"]});
    policy["secret_props"] = json!({"contentType": "application/x-pem-file"});
    policy
}

/// The certificates of a secret in PEM.
pub(super) fn chain(secret: &Answer) -> Vec<CertificateDer<'static>> {
    let text = secret.body["value"].as_str().unwrap();
    let found = CertificateDer::pem_slice_iter(text.as_bytes());
    found.map(|der| der.unwrap().into_owned()).collect()
}

#[tokio::test]
async fn what_an_authority_signs_comes_with_its_chain_and_is_verified_by_openssl_and_by_webpki() {
    let (vault, imported) = vault(&["shop*"]).await;
    let made = make(&vault, "shop-tls", server()).await;
    let secret = vault.get("/secrets/shop-tls").await;
    let chain = chain(&secret);
    assert_eq!(chain.len(), 3, "the leaf, the authority and its root");
    assert_eq!(chain[0].as_ref(), certificate(&made).der());
    assert_eq!(
        chain[1],
        CertificateDer::from_pem_slice(imported.authority.as_bytes()).unwrap()
    );
    let now = vault.files.clock.now();

    let mut roots = RootCertStore::empty();
    roots
        .add(CertificateDer::from_pem_slice(imported.root.as_bytes()).unwrap())
        .unwrap();
    let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::new(default_provider()));
    let time = UnixTime::since_unix_epoch(Duration::from_secs(now.try_into().unwrap()));
    let verifier = verifier.build().unwrap();
    for (name, is_good) in [
        ("shop.contoso.example", true),
        ("10.1.2.3", true),
        ("b.contoso.example", false),
    ] {
        let name = ServerName::try_from(name).unwrap();
        let outcome = verifier.verify_server_cert(&chain[0], &chain[1..2], &name, &[], time);
        assert_eq!(outcome.is_ok(), is_good, "{name:?}: {outcome:?}");
    }

    let directory = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(directory.path().join(name), text).unwrap();
    write("root.pem", &imported.root);
    write("authority.pem", &imported.authority);
    write("leaf.pem", secret.body["value"].as_str().unwrap());
    let output = Command::new("openssl")
        .args([
            "verify",
            "-x509_strict",
            "-purpose",
            "sslserver",
            "-verify_hostname",
            "shop.contoso.example",
        ])
        .args([
            "-attime",
            &now.to_string(),
            "-CAfile",
            "root.pem",
            "-untrusted",
            "authority.pem",
            "leaf.pem",
        ])
        .current_dir(directory.path())
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

#[tokio::test]
async fn what_the_issuer_does_not_permit_is_not_signed_and_the_operation_says_why() {
    let (vault, _) = vault(&["*"]).await;
    let with = |change: &dyn Fn(&mut Value)| {
        let mut policy = server();
        change(&mut policy["x509_props"]);
        policy
    };
    for (policy, why) in [
        (
            with(&|x509| x509["subject"] = json!("CN=shop.fabrikam.example")),
            "the authority does not permit the DNS name \"shop.fabrikam.example\"",
        ),
        (
            with(&|x509| x509["sans"] = json!({"dns_names": ["*.contoso.example"]})),
            "the authority does not permit wildcards, such as \"*.contoso.example\"",
        ),
        (
            with(&|x509| x509["sans"] = json!({"ipAddresses": ["192.0.2.1"]})),
            "the authority does not permit the IP address \"192.0.2.1\"",
        ),
        (
            with(&|x509| x509["subject"] = json!("O=Contoso")),
            "the authority does not permit the subject \"O=Contoso\"",
        ),
        (
            with(&|x509| x509["ekus"] = json!(["1.3.6.1.5.5.7.3.3"])),
            "the authority does not permit the extended key usage 1.3.6.1.5.5.7.3.3",
        ),
        (
            with(&|x509| x509["key_usage"] = json!(["digitalSignature", "keyCertSign"])),
            "the key usage keyCertSign is for authorities, and the authority makes none",
        ),
        (
            with(&|x509| x509["validity_months"] = json!(13)),
            "the authority permits certificates that are valid for",
        ),
    ] {
        begin(&vault, "shop", policy).await;
        let failed = end(&vault, "shop").await;
        let error = &failed.body["error"];
        assert_eq!(
            (&failed.body["status"], &error["code"]),
            (&json!("failed"), &json!("Request rejected"))
        );
        let message = error["message"].as_str().unwrap();
        assert!(message.contains(why), "{message}");
    }
}

#[tokio::test]
async fn a_policy_that_names_an_authority_needs_the_permission_to_use_it_however_it_is_put() {
    let (vault, _) = vault(&["allowed"]).await;
    let refused = ask(&vault, "other", json!({"policy": server()})).await;
    assert_refused(&refused, 403, "Forbidden", "ForbiddenByPolicy");
    assert!(
        refused.message().contains("certificates/strongroom/issuers/use"),
        "{refused:?}"
    );
    make(&vault, "other", crate::certificates::own("CN=a")).await;
    let patch = json!({"issuer": {"name": "house"}});
    let patched = vault
        .admin(Method::PATCH, "/certificates/other/policy", Some(patch))
        .await;
    assert_refused(&patched, 403, "Forbidden", "ForbiddenByPolicy");
    let leaf = make(&vault, "allowed", server()).await;
    assert_eq!(leaf.status, StatusCode::OK);
    let pem = vault.get("/secrets/allowed").await.body["value"]
        .as_str()
        .unwrap()
        .to_owned();
    let policy = json!({"issuer": {"name": "house"}});
    let again = import(&vault, "third", &pem, policy).await;
    assert_refused(&again, 403, "Forbidden", "ForbiddenByPolicy");
}

#[tokio::test]
async fn an_issuer_signs_with_a_certificate_of_an_authority_that_is_there_and_enabled() {
    let (vault, _) = vault(&["*"]).await;
    make(&vault, "leaf", crate::certificates::own("CN=leaf")).await;
    for (member, value) in [
        ("certificate", json!("missing")),
        ("certificate", json!("leaf")),
        ("dnsSuffixes", json!(["*.contoso.example"])),
        ("ipRanges", json!(["10.0.0.1/8"])),
        ("ekus", json!(["serverAuth"])),
        ("maxValidityMonths", json!(0)),
        ("lifetime", json!("PT1S")),
        ("dnsNames", json!([])),
    ] {
        let mut terms = terms();
        terms[member] = value;
        let refused = set(&vault, "house", strongroom(&terms)).await;
        assert_refused(&refused, 400, "BadParameter", "");
    }
    let kept = vault.get(&format!("{ISSUERS}/house")).await;
    assert_eq!(kept.body["strongroom"]["ipRanges"], json!(["10.0.0.0/8"]));
    let disable = json!({"attributes": {"enabled": false}});
    vault
        .admin(Method::PATCH, "/certificates/ca", Some(disable))
        .await;
    begin(&vault, "shop", server()).await;
    let failed = end(&vault, "shop").await;
    let message = failed.body["error"]["message"].as_str().unwrap();
    assert!(
        message.starts_with("The certificate Ca, which the issuer signs with"),
        "{message}"
    );
}

/// Moves the clock to where the certificate is due to be renewed, and lets what is due happen.
pub(super) async fn renewed(vault: &Vault, name: &str, months: i64) -> Answer {
    advance(vault, months * 30 * DAY).await;
    rotate_due(vault.running.service()).await;
    end(vault, name).await;
    vault.get(&format!("/certificates/{name}")).await
}

#[tokio::test]
async fn a_certificate_is_renewed_by_its_authority_while_the_issuer_is_enabled() {
    let (vault, _) = vault(&["shop"]).await;
    let first = make(&vault, "shop", server()).await;
    // A renewal asks nobody.
    let managers = || allow("managers", "team-a/admin", &["*"], CERTIFICATES);
    vault.policy(3, vec![managers()]).await;
    let second = renewed(&vault, "shop", 11).await;
    assert_ne!(version(&first), version(&second));
    assert_eq!(
        certificate(&second).issuer().to_string(),
        certificate(&first).issuer().to_string()
    );
    let path = format!("{ISSUERS}/house");
    let disable = json!({"attributes": {"enabled": false}});
    vault.admin(Method::PATCH, &path, Some(disable)).await;
    let third = renewed(&vault, "shop", 11).await;
    assert_eq!(version(&third), version(&second));
    let pending = vault.get("/certificates/shop/pending").await;
    assert_eq!(pending.body["status"], "completed", "nothing was begun in vain");
    let enable = json!({"attributes": {"enabled": true}});
    let refused = vault.admin(Method::PATCH, &path, Some(enable.clone())).await;
    assert_refused(&refused, 403, "Forbidden", "ForbiddenByPolicy");
    let signers = allow("signers", "team-a/admin", &["ca"], &["keys/sign"]);
    vault.policy(4, vec![managers(), signers]).await;
    vault.admin(Method::PATCH, &path, Some(enable)).await;
    let third = renewed(&vault, "shop", 0).await;
    assert_ne!(version(&third), version(&second));
}

#[tokio::test]
async fn a_certificate_of_an_issuer_with_a_lifetime_lives_for_that_and_is_renewed_in_time() {
    let (vault, _) = vault(&["shop"]).await;
    let mut short = terms();
    short["lifetime"] = json!("PT10M");
    let set = set(&vault, "house", strongroom(&short)).await;
    assert_eq!(set.body["strongroom"]["lifetime"], "PT10M", "{set:?}");
    let first = make(&vault, "shop", server()).await;
    let attributes = &first.body["attributes"];
    let [from, created, until] = ["nbf", "created", "exp"].map(|time| attributes[time].as_i64().unwrap());
    assert_eq!((created - from, until - created), (60, 600), "{first:?}");
    // 80 % of the ten minutes that it has from its issue.
    let left = created + 480 - vault.files.clock.now();
    advance(&vault, left - 1).await;
    rotate_due(vault.running.service()).await;
    let pending = vault.get("/certificates/shop/pending").await;
    assert_eq!(pending.body["status"], "completed", "nothing is due yet");
    advance(&vault, 1).await;
    rotate_due(vault.running.service()).await;
    end(&vault, "shop").await;
    let second = vault.get("/certificates/shop").await;
    assert_ne!(version(&second), version(&first));
}

#[tokio::test]
async fn an_issuer_that_becomes_an_authority_renews_by_no_policy_that_was_put_before() {
    let (vault, _) = vault(&["none"]).await;
    set(&vault, "later", json!({"provider": "Test"})).await;
    let mut policy = crate::certificates::own("CN=shop.contoso.example");
    let first = make(&vault, "shop", policy.clone()).await;
    policy["issuer"]["name"] = json!("later");
    let patch = json!({"issuer": {"name": "later"}});
    let patched = vault
        .admin(Method::PATCH, "/certificates/shop/policy", Some(patch))
        .await;
    assert_eq!(patched.status, StatusCode::OK, "{patched:?}");
    vault.files.clock.advance(1);
    let became = set(&vault, "later", strongroom(&terms())).await;
    assert_eq!(became.status, StatusCode::OK, "{became:?}");
    let after = renewed(&vault, "shop", 11).await;
    assert_eq!(version(&after), version(&first));
}
