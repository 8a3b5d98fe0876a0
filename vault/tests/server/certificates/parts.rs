//! The key and the secret that are part of a certificate.

use std::{
    io::Write as _,
    process::{Command, Stdio},
};

use base64::{Engine, prelude::BASE64_STANDARD};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use strongroom_certificates::{pem, pkcs12::Pfx};
use strongroom_testing::vault::{Answer, Vault};

use super::{
    assert_refused, certificate, id,
    imports::{PEM, import},
    make, own, version,
};

fn value(secret: &Answer) -> &str {
    secret.body["value"].as_str().unwrap()
}

/// The secret of `name`, converted to PEM.
async fn as_pem(vault: &Vault, name: &str) -> Answer {
    let query = "api-version=2026-04-01&outContentType=application/x-pem-file";
    vault.get(&format!("/secrets/{name}?{query}")).await
}

#[tokio::test]
async fn the_secret_holds_the_certificate_and_its_key_as_a_pfx() {
    let vault = Vault::start().await;
    let made = make(&vault, "A", own("CN=a")).await;
    let secret = vault.get("/secrets/a").await;
    let version = version(&made);
    assert_eq!(secret.body["contentType"], "application/x-pkcs12");
    assert_eq!(secret.body["kid"], id(&vault, &format!("/keys/A/{version}")));
    assert_eq!(
        (&secret.body["managed"], secret.body.get("previousVersion")),
        (&json!(true), None)
    );
    assert_eq!(secret.body["attributes"], made.body["attributes"]);
    let der = BASE64_STANDARD.decode(value(&secret)).unwrap();
    let pfx = Pfx::read(&der, None).unwrap();
    assert_eq!(pfx.certificates, [certificate(&made).der().to_vec()]);
    assert_eq!(pfx.private_keys.len(), 1);

    let next = make(&vault, "a", own("CN=a")).await;
    let second = vault.get("/secrets/a").await;
    assert_eq!(second.body["previousVersion"], *version);
    assert_eq!(second.body["id"], next.body["sid"]);
}

#[tokio::test]
async fn a_pfx_is_read_by_openssl_as_clients_of_azure_do() {
    let vault = Vault::start().await;
    make(&vault, "a", own("CN=a")).await;
    let secret = vault.get("/secrets/a").await;
    let mut openssl = Command::new("openssl")
        .args(["pkcs12", "-clcerts", "-nokeys", "-passin", "pass:"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let der = BASE64_STANDARD.decode(value(&secret)).unwrap();
    openssl.stdin.take().unwrap().write_all(&der).unwrap();
    let read = openssl.wait_with_output().unwrap();
    let text = String::from_utf8(read.stdout).unwrap();
    assert!(
        read.status.success() && text.contains("BEGIN CERTIFICATE"),
        "{text}"
    );
}

#[tokio::test]
async fn the_secret_is_pem_where_the_policy_says_so_and_keeps_the_key_where_it_may_not_leave() {
    let vault = Vault::start().await;
    let mut policy = own("CN=a");
    policy["secret_props"] = json!({"contentType": "application/x-pem-file"});
    let made = make(&vault, "a", policy.clone()).await;
    let secret = vault.get("/secrets/a").await;
    assert_eq!(secret.body["contentType"], "application/x-pem-file");
    let blocks = pem::read(value(&secret), 100_000).unwrap();
    let labels: Vec<_> = blocks.iter().map(|block| block.label).collect();
    assert_eq!(labels, [pem::PRIVATE_KEY, pem::CERTIFICATE]);
    assert_eq!(*blocks[1].der, certificate(&made).der());
    assert!(value(&secret).ends_with("-----END CERTIFICATE-----\n"));

    policy["key_props"]["exportable"] = json!(false);
    for kind in ["application/x-pem-file", "application/x-pkcs12"] {
        policy["secret_props"] = json!({"contentType": kind});
        make(&vault, "b", policy.clone()).await;
        let pem = as_pem(&vault, "b").await;
        assert!(!value(&pem).contains("PRIVATE KEY"), "{kind}");
        assert!(value(&pem).contains("BEGIN CERTIFICATE"), "{kind}");
    }
}

#[tokio::test]
async fn a_pfx_is_converted_to_pem_for_who_asks_and_nothing_else_is_converted() {
    let vault = Vault::start().await;
    make(&vault, "pfx", own("CN=a")).await;
    let stored = vault.get("/secrets/pfx").await;
    let pem = as_pem(&vault, "pfx").await;
    assert_eq!(
        (pem.status, &pem.body["contentType"]),
        (StatusCode::OK, &json!("application/x-pem-file"))
    );
    let blocks = pem::read(value(&pem), 100_000).unwrap();
    let der = BASE64_STANDARD.decode(value(&stored)).unwrap();
    let pfx = Pfx::read(&der, None).unwrap();
    assert_eq!(*blocks[0].der, **pfx.private_keys[0]);
    assert_eq!(*blocks[1].der, pfx.certificates[0]);
    for member in ["id", "kid", "managed", "attributes"] {
        assert_eq!(pem.body[member], stored.body[member], "{member}");
    }

    let mut policy = own("CN=a");
    policy["secret_props"] = json!({"contentType": "application/x-pem-file"});
    make(&vault, "pem", policy).await;
    vault.set("plain", "application/x-pkcs12").await;
    let path =
        |name: &str, kind: &str| format!("/secrets/{name}?api-version=7.4&outContentType=application/{kind}");
    for (name, kind, is_taken) in [
        ("pfx", "x-pkcs12", true),
        ("pem", "x-pem-file", true),
        ("pem", "x-pkcs12", false),
        ("plain", "x-pem-file", true),
    ] {
        let answer = vault.get(&path(name, kind)).await;
        if is_taken {
            assert_eq!(
                answer.body,
                vault.get(&format!("/secrets/{name}")).await.body,
                "{name} as {kind}"
            );
        } else {
            assert_refused(&answer, 400, "BadParameter", "");
        }
    }
    let refused = vault.files.audited("SecretGet");
    let is_recorded = |line: &&Value| line["properties"]["httpStatusCode"] == 400;
    assert_eq!(refused.iter().filter(is_recorded).count(), 1, "{refused:?}");
}

#[tokio::test]
async fn the_key_does_its_work_and_says_that_it_is_part_of_a_certificate() {
    let vault = Vault::start().await;
    let made = make(&vault, "a", own("CN=a")).await;
    let key = vault.get("/keys/a").await;
    assert_eq!(
        (&key.body["managed"], &key.body["key"]["kid"]),
        (&json!(true), &made.body["kid"])
    );
    assert!(key.body["attributes"].get("exportable").is_none(), "{key:?}");
    for member in ["enabled", "nbf", "exp", "created", "updated"] {
        assert_eq!(
            key.body["attributes"][member], made.body["attributes"][member],
            "{member}"
        );
    }
    let digest = base64::prelude::BASE64_URL_SAFE_NO_PAD.encode([7; 32]);
    let body = json!({"alg": "ES256", "value": digest});
    let signed = vault.admin(Method::POST, "/keys/a/sign", Some(body)).await;
    assert_eq!(
        (signed.status, &signed.body["kid"]),
        (StatusCode::OK, &made.body["kid"]),
        "{signed:?}"
    );
    let body = json!({"alg": "ES256", "digest": digest, "value": signed.body["value"]});
    let verified = vault.admin(Method::POST, "/keys/a/verify", Some(body)).await;
    assert_eq!(verified.body["value"], true, "{verified:?}");
}

#[tokio::test]
async fn the_uses_of_a_key_of_rsa_follow_from_those_of_its_certificate() {
    let vault = Vault::start().await;
    make(
        &vault,
        "a",
        json!({"x509_props": {"subject": "CN=a"}, "issuer": {"name": "self"}}),
    )
    .await;
    let key = vault.get("/keys/a").await;
    assert_eq!(
        key.body["key"]["key_ops"],
        json!(["sign", "verify", "wrapKey", "unwrapKey"]),
        "{key:?}"
    );
}

#[tokio::test]
async fn nothing_changes_the_key_or_the_secret_but_their_certificate() {
    let vault = Vault::start().await;
    let made = import(&vault, "a", json!({"value": PEM})).await;
    let key = json!({"kty": "oct", "k": "AAAAAAAAAAAAAAAAAAAAAA"});
    let version = version(&made);
    let rows = [
        (Method::DELETE, "/secrets/a".to_owned(), None, "delete", "Secret"),
        (
            Method::PUT,
            "/secrets/a".to_owned(),
            Some(json!({"value": "v"})),
            "set",
            "Secret",
        ),
        (
            Method::PATCH,
            format!("/secrets/a/{version}"),
            Some(json!({"tags": {}})),
            "update",
            "Secret",
        ),
        (
            Method::POST,
            "/secrets/a/backup".to_owned(),
            None,
            "backup",
            "Secret",
        ),
        (Method::DELETE, "/keys/a".to_owned(), None, "delete", "Key"),
        (
            Method::POST,
            "/keys/a/create".to_owned(),
            Some(json!({"kty": "EC"})),
            "",
            "Key",
        ),
        (
            Method::PUT,
            "/keys/a".to_owned(),
            Some(json!({ "key": key })),
            "",
            "Key",
        ),
        (
            Method::PATCH,
            "/keys/a".to_owned(),
            Some(json!({"key_ops": []})),
            "update",
            "Key",
        ),
        (Method::POST, "/keys/a/backup".to_owned(), None, "backup", "Key"),
        (Method::POST, "/keys/a/rotate".to_owned(), None, "", "Key"),
    ];
    for (method, path, body, operation, kind) in rows {
        let refused = vault.admin(method.clone(), &path, body).await;
        assert_refused(&refused, 403, "Forbidden", &format!("{kind}ManagedByKeyVault"));
        let begin = format!("Operation \"{operation}");
        assert!(
            refused.message().starts_with(&begin),
            "{method} {path}: {refused:?}"
        );
        assert!(
            refused
                .message()
                .contains("since it is associated with a certificate"),
            "{refused:?}"
        );
    }
    vault.admin(Method::DELETE, "/certificates/a", None).await;
    for (path, kind) in [("/deletedsecrets/a", "Secret"), ("/deletedkeys/a", "Key")] {
        let inner = format!("{kind}ManagedByKeyVault");
        let purged = vault.admin(Method::DELETE, path, None).await;
        assert_refused(&purged, 403, "Forbidden", &inner);
        let recovered = vault.admin(Method::POST, &format!("{path}/recover"), None).await;
        assert_refused(&recovered, 403, "Forbidden", &inner);
    }
    vault
        .admin(Method::POST, "/deletedcertificates/a/recover", None)
        .await;
    assert_eq!(vault.get("/certificates/a").await.body, made.body);
}
