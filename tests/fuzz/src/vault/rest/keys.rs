//! Requests about keys.

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use serde_json::{Map, json};

use super::ask;
use crate::{Seed, keys::private::rsa_members};

/// Requests about keys: those that bring a body, each behind what it needs.
pub(super) fn seeds() -> Vec<Seed> {
    let at = |line: &str| format!("{line}?api-version=7.4");
    let made = |kind: &str| ask(&at("POST /keys/k/create"), &format!(r#"{{"kty":"{kind}"}}"#));
    let after = |kind: &str, line: &str, body: &str| made(kind) + &ask(&at(line), body);
    let import = |body: &str| ask(&at("PUT /keys/k"), body);
    vec![
        Seed::taken(
            "key-create",
            ask(
                &at("POST /keys/k/create"),
                r#"{"kty":"EC","crv":"P-256K","key_ops":["sign"],"attributes":{"enabled":true,"exp":2000000000},"tags":{"a":"b"}}"#,
            ),
        ),
        Seed::taken(
            "key-create-akp",
            ask(&at("POST /keys/k/create"), r#"{"kty":"AKP","alg":"ML-DSA-44"}"#),
        ),
        Seed::taken(
            "key-import-oct",
            import(r#"{"key":{"kty":"oct","k":"AAECAwQFBgcICQoLDA0ODw","key_ops":["encrypt"]},"tags":{}}"#),
        ),
        Seed::taken(
            "key-import-ec",
            import(
                r#"{"key":{"kty":"EC","crv":"P-256","x":"axfR8uEsQkf4vOblY6RA8ncDfYEt6zOg9KE5RdiYwpY","y":"T-NC4v4af5uO5-tKfA-eFivOM1drMV7Oy7ZAaDe_UfU","d":"AQ"}}"#,
            ),
        ),
        Seed::taken("key-import-rsa", import(&rsa())),
        Seed::refused(
            "key-import-rsa-with-another-modulus",
            import(&rsa().replace(r#""n":""#, r#""n":"AQ"#)),
        ),
        Seed::taken("random", ask(&at("POST /rng"), r#"{"count":32}"#)),
        Seed::refused(
            "random-without-end",
            ask(&at("POST /rng"), r#"{"count":4294967295}"#),
        ),
        Seed::taken(
            "key-update",
            after(
                "EC",
                "PATCH /keys/k",
                r#"{"key_ops":["verify"],"attributes":{"exp":null},"tags":{}}"#,
            ),
        ),
        Seed::taken("key-sign", after("EC", "POST /keys/k/sign", &digest("ES256", ""))),
        Seed::taken(
            "key-verify",
            after("EC", "POST /keys/k/verify", &digest("ES256", r#","digest":"AA""#)),
        ),
        Seed::taken(
            "key-encrypt",
            after(
                "oct",
                "POST /keys/k/encrypt",
                r#"{"alg":"A256GCM","value":"AAAA","aad":"AA"}"#,
            ),
        ),
        Seed::taken(
            "key-decrypt",
            after(
                "oct",
                "POST /keys/k/decrypt",
                r#"{"alg":"A256CBC","value":"AAAAAAAAAAAAAAAAAAAAAA","iv":"AAAAAAAAAAAAAAAAAAAAAA"}"#,
            ),
        ),
        Seed::taken(
            "key-rotation-policy",
            after(
                "EC",
                "PUT /keys/k/rotationpolicy",
                r#"{"lifetimeActions":[{"trigger":{"timeAfterCreate":"P90D"},"action":{"type":"Rotate"}}],"attributes":{"expiryTime":"P2Y"}}"#,
            ),
        ),
        Seed::refused("key-import-nothing", import(r#"{"key":{"kty":"RSA","n":"AQ"}}"#)),
        Seed::refused("key-create-nothing", made("DSA")),
        Seed::refused(
            "key-sign-nothing",
            ask(&at("POST /keys/k/sign"), &digest("ES256", "")),
        ),
    ]
}

/// What is to be done with a value of 32 bytes, and more.
fn digest(algorithm: &str, more: &str) -> String {
    let value = "A".repeat(43);
    format!(r#"{{"alg":"{algorithm}","value":"{value}"{more}}}"#)
}

/// The body of an import of an RSA key.
fn rsa() -> String {
    let members = rsa_members();
    let members = members.iter().map(|(member, bytes)| {
        let value = BASE64_URL_SAFE_NO_PAD.encode(bytes);
        (member.name().to_owned(), value.into())
    });
    let mut key: Map<_, _> = members.collect();
    key.insert("kty".into(), "RSA".into());
    json!({ "key": key }).to_string()
}
