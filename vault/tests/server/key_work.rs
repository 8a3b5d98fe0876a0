//! Work with keys over HTTPS: what they do, who may have it done, and when they refuse.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use strongroom_testing::vault::{Answer, KEYS, Vault, allow, deny};

fn base64(bytes: &[u8]) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}

async fn create(vault: &Vault, name: &str, body: Value) -> Answer {
    let made = vault
        .admin(Method::POST, &format!("/keys/{name}/create"), Some(body))
        .await;
    assert_eq!(made.status, StatusCode::OK, "{made:?}");
    made
}

async fn work(vault: &Vault, path: &str, body: Value) -> Answer {
    vault
        .admin(Method::POST, &format!("/keys/{path}"), Some(body))
        .await
}

fn refused(answer: &Answer) -> (u16, &str, &str) {
    (answer.status.as_u16(), answer.inner(), answer.message())
}

#[tokio::test]
async fn what_a_key_signs_it_verifies_and_nothing_else() {
    let vault = Vault::start().await;
    for (key, algorithm, digest, signature) in [
        (json!({"kty": "RSA"}), "RS256", 32, 256),
        (json!({"kty": "RSA", "key_size": 3072}), "PS512", 64, 384),
        (json!({"kty": "EC"}), "ES256", 32, 64),
        (json!({"kty": "EC", "crv": "P-521"}), "ES512", 64, 132),
        (json!({"kty": "AKP", "alg": "ML-DSA-44"}), "ML-DSA-44", 100, 2420),
    ] {
        let made = create(&vault, "signer", key).await;
        let (digest, other) = (base64(&vec![3; digest]), base64(&vec![4; digest]));
        let signed = work(&vault, "signer/sign", json!({"alg": algorithm, "value": digest})).await;
        assert_eq!(signed.status, StatusCode::OK, "{algorithm}: {signed:?}");
        assert_eq!(signed.body["kid"], made.body["key"]["kid"]);
        let value = &signed.body["value"];
        assert_eq!(
            BASE64_URL_SAFE_NO_PAD
                .decode(value.as_str().unwrap())
                .unwrap()
                .len(),
            signature
        );
        for (digest, is_one) in [(digest, true), (other, false)] {
            // An empty version in the middle is the latest, as some clients write it.
            let body = json!({"alg": algorithm, "digest": digest, "value": value});
            let verified = work(&vault, "signer//verify", body).await;
            assert_eq!(verified.body, json!({"value": is_one}), "{algorithm}");
        }
    }
}

#[tokio::test]
async fn what_a_key_encrypts_or_wraps_it_gives_back() {
    let vault = Vault::start().await;
    create(&vault, "rsa", json!({"kty": "RSA"})).await;
    create(&vault, "oct", json!({"kty": "oct", "key_size": 256})).await;
    let value = base64(b"what is to be kept");
    for algorithm in ["RSA1_5", "RSA-OAEP", "RSA-OAEP-256"] {
        for (there, back) in [
            ("encrypt", "decrypt"),
            ("wrapkey", "unwrapkey"),
            ("wrapKey", "unwrapKey"),
        ] {
            let body = json!({"alg": algorithm, "value": value});
            let hidden = work(&vault, &format!("rsa/{there}"), body).await;
            let body = json!({"alg": algorithm, "value": hidden.body["value"]});
            let found = work(&vault, &format!("rsa/{back}"), body).await;
            assert_eq!(found.body["value"], value, "{algorithm}: {hidden:?} {found:?}");
        }
    }
    let aad = base64(b"header");
    let body = json!({"alg": "A256GCM", "value": value, "aad": aad});
    let hidden = work(&vault, "oct/encrypt", body).await;
    assert_eq!(hidden.body["aad"], aad, "{hidden:?}");
    let body = json!({
        "alg": "A256GCM", "value": hidden.body["value"], "iv": hidden.body["iv"], "tag": hidden.body["tag"], "aad": aad,
    });
    assert_eq!(
        work(&vault, "oct/decrypt", body.clone()).await.body["value"],
        value
    );
    let mut altered = body;
    altered["aad"] = json!(base64(b"Header"));
    let answer = work(&vault, "oct/decrypt", altered).await;
    assert_eq!(refused(&answer), (400, "", "The value could not be decrypted."));
}

#[tokio::test]
async fn after_a_rotation_the_old_version_unwraps_by_its_id_and_the_new_one_wraps() {
    let vault = Vault::start().await;
    let first = create(&vault, "kek", json!({"kty": "oct"})).await;
    let value = base64(&[5; 16]);
    let wrapped = work(&vault, "kek/wrapkey", json!({"alg": "A256KW", "value": value})).await;
    assert_eq!(wrapped.body["kid"], first.body["key"]["kid"]);
    let rotated = vault.admin(Method::POST, "/keys/kek/rotate", None).await;
    let again = work(&vault, "kek/wrapkey", json!({"alg": "A256KW", "value": value})).await;
    assert_eq!(again.body["kid"], rotated.body["key"]["kid"]);
    assert_ne!(again.body["value"], wrapped.body["value"]);
    let version = wrapped.body["kid"].as_str().unwrap().rsplit('/').next().unwrap();
    let body = json!({"alg": "A256KW", "value": wrapped.body["value"]});
    let unwrapped = work(&vault, &format!("kek/{version}/unwrapkey"), body.clone()).await;
    assert_eq!(unwrapped.body["value"], value, "{unwrapped:?}");
    let latest = work(&vault, "kek/unwrapkey", body).await;
    assert_eq!(refused(&latest), (400, "", "The value could not be decrypted."));
}

#[tokio::test]
async fn a_key_that_is_disabled_or_outside_its_dates_or_not_for_that_use_refuses() {
    let vault = Vault::start().await;
    let sign = json!({"alg": "ES256", "value": base64(&[1; 32])});
    create(&vault, "k", json!({"kty": "EC"})).await;
    let signed = work(&vault, "k/sign", sign.clone()).await;
    let verify = json!({"alg": "ES256", "digest": base64(&[1; 32]), "value": signed.body["value"]});
    for (attributes, sentence, inner) in [
        (
            json!({"exp": 1_000_000_000}),
            "Operation sign is not allowed on an expired key.",
            "KeyExpired",
        ),
        (
            json!({"nbf": 32_503_680_000_u64, "exp": 32_535_216_000_u64}),
            "Operation sign is not allowed on a key that is not yet valid.",
            "KeyNotYetValid",
        ),
    ] {
        vault
            .admin(
                Method::PATCH,
                "/keys/k",
                Some(json!({ "attributes": attributes })),
            )
            .await;
        let answer = work(&vault, "k/sign", sign.clone()).await;
        assert_eq!(refused(&answer), (403, inner, sentence));
        assert_eq!(answer.code(), "Forbidden");
        assert_eq!(
            work(&vault, "k/verify", verify.clone()).await.body,
            json!({"value": true})
        );
    }
    let body = json!({"key_ops": ["sign"], "attributes": {"nbf": null, "exp": null}});
    vault.admin(Method::PATCH, "/keys/k", Some(body)).await;
    assert_eq!(work(&vault, "k/sign", sign.clone()).await.status, StatusCode::OK);
    let answer = work(&vault, "k/verify", verify.clone()).await;
    assert_eq!(
        refused(&answer),
        (
            403,
            "KeyOperationForbidden",
            "Operation verify is not permitted on this key."
        )
    );
    vault
        .admin(
            Method::PATCH,
            "/keys/k",
            Some(json!({"attributes": {"enabled": false}})),
        )
        .await;
    for (path, body, operation) in [("k/sign", &sign, "sign"), ("k/verify", &verify, "verify")] {
        let answer = work(&vault, path, body.clone()).await;
        let sentence = format!("Operation {operation} is not allowed on a disabled key.");
        assert_eq!(refused(&answer), (403, "KeyDisabled", &*sentence));
    }
}

#[tokio::test]
async fn what_does_not_fit_is_refused_with_the_id_of_the_version_in_azures_words() {
    let vault = Vault::start().await;
    let made = create(&vault, "k", json!({"kty": "EC", "crv": "P-256K"})).await;
    let kid = made.body["key"]["kid"].as_str().unwrap();
    let digest = base64(&[1; 32]);
    for (path, body, sentence) in [
        (
            "k/sign",
            json!({"alg": "ES256", "value": digest}),
            format!(
                "Key and signing algorithm are incompatible. Key {kid} uses curve 'P-256K', and algorithm 'ES256' can only \
                 be used with curve 'P-256'."
            ),
        ),
        (
            "k/sign",
            json!({"alg": "ES256K", "value": base64(&[1])}),
            "Invalid length of 'value': 1 bytes. ES256K requires 32 bytes, encoded with base64url."
                .to_owned(),
        ),
        (
            "k/sign",
            json!({"alg": "ES256K"}),
            "The member value is missing.".to_owned(),
        ),
        (
            "k/sign",
            json!({"value": digest}),
            "The member alg is missing.".to_owned(),
        ),
        (
            "k/sign",
            json!({"alg": "ES257", "value": digest}),
            "The member alg must be the name of an algorithm, as ES256 or RSA-OAEP-256.".to_owned(),
        ),
        (
            "k/verify",
            json!({"alg": "ES256K", "value": digest}),
            "The member digest is missing.".to_owned(),
        ),
    ] {
        let answer = work(&vault, path, body).await;
        assert_eq!(refused(&answer), (400, "", &*sentence));
        assert_eq!(answer.code(), "BadParameter");
    }
    for missing in ["missing/sign".to_owned(), format!("k/{}/sign", "0".repeat(32))] {
        let answer = work(&vault, &missing, json!({"alg": "ES256K", "value": digest})).await;
        assert_eq!(
            (answer.status, answer.code()),
            (StatusCode::NOT_FOUND, "KeyNotFound")
        );
    }
}

#[tokio::test]
async fn each_use_of_a_key_needs_its_own_permission_and_no_other() {
    let vault = Vault::start().await;
    create(&vault, "k", json!({"kty": "RSA"})).await;
    let value = base64(&[1; 32]);
    let hidden = work(&vault, "k/encrypt", json!({"alg": "RSA-OAEP", "value": value})).await;
    let signed = work(&vault, "k/sign", json!({"alg": "RS256", "value": value})).await;
    let uses = [
        ("encrypt", "encrypt", json!({"alg": "RSA-OAEP", "value": value})),
        (
            "decrypt",
            "decrypt",
            json!({"alg": "RSA-OAEP", "value": hidden.body["value"]}),
        ),
        ("wrapKey", "wrapkey", json!({"alg": "RSA-OAEP", "value": value})),
        (
            "unwrapKey",
            "unwrapkey",
            json!({"alg": "RSA-OAEP", "value": hidden.body["value"]}),
        ),
        ("sign", "sign", json!({"alg": "RS256", "value": value})),
        (
            "verify",
            "verify",
            json!({"alg": "RS256", "digest": value, "value": signed.body["value"]}),
        ),
    ];
    let admins = || allow("officers", "team-a/admin", &["*"], KEYS);
    for (number, (permission, path, body)) in (2..).step_by(2).zip(&uses) {
        let needed = format!("keys/{permission}");
        let others: Vec<_> = KEYS.iter().copied().filter(|other| *other != needed).collect();
        let path = format!("/keys/k/{path}");
        let ask = || vault.request("shop/api", Method::POST, &path, Some(body.clone()));
        vault
            .policy(
                number,
                vec![admins(), allow("one", "shop/api", &["k"], &[&needed])],
            )
            .await;
        assert_eq!(ask().await.status, StatusCode::OK, "{permission}");
        let get = vault.request("shop/api", Method::GET, "/keys/k", None).await;
        assert_eq!(get.inner(), "ForbiddenByPolicy", "{permission}");
        vault
            .policy(
                number + 1,
                vec![admins(), allow("rest", "shop/api", &["*"], &others)],
            )
            .await;
        assert_eq!(ask().await.inner(), "ForbiddenByPolicy", "{permission}");
    }
    let denied = vec![
        allow("all", "shop/api", &["*"], KEYS),
        deny("no", "shop/api", &["k"], &["keys/sign"]),
    ];
    vault.policy(100, denied).await;
    let sign = json!({"alg": "RS256", "value": value});
    let answer = vault
        .request("shop/api", Method::POST, "/keys/k/sign", Some(sign))
        .await;
    assert_eq!(answer.inner(), "ForbiddenByPolicy");
}

#[tokio::test]
async fn every_use_of_a_key_is_in_the_audit_log_without_what_it_was_used_on() {
    let vault = Vault::start().await;
    create(&vault, "k", json!({"kty": "RSA"})).await;
    let value = base64(b"CANARY-CANARY-CANARY");
    let hidden = work(&vault, "k/encrypt", json!({"alg": "RSA-OAEP", "value": value})).await;
    work(
        &vault,
        "k/decrypt",
        json!({"alg": "RSA-OAEP", "value": hidden.body["value"]}),
    )
    .await;
    work(&vault, "k/sign", json!({"alg": "ES256", "value": value})).await;
    let lines = vault.files.audit_lines();
    let of = |operation: &str| {
        lines
            .iter()
            .filter(|line| line["operationName"] == operation)
            .count()
    };
    assert_eq!(
        (of("KeyCreate"), of("KeyEncrypt"), of("KeyDecrypt"), of("KeySign")),
        (1, 1, 1, 1)
    );
    let text = format!("{lines:?}");
    assert!(!text.contains(&value) && !text.contains("CANARY"));
}

#[tokio::test]
async fn a_signature_in_a_context_is_refused_and_not_made_or_verified_without_it() {
    let vault = Vault::start().await;
    create(&vault, "signer", json!({"kty": "AKP", "alg": "ML-DSA-44"})).await;
    let digest = base64(&[3; 100]);
    let signed = work(
        &vault,
        "signer/sign",
        json!({"alg": "ML-DSA-44", "value": digest}),
    )
    .await;
    let signature = &signed.body["value"];
    let empty = [json!(null), json!("")];
    let other = [json!(base64(b"for orders")), json!(7)];
    for (member, sentence) in [
        (
            "context",
            "The member context must be empty: a vault signs and verifies with an empty context.",
        ),
        (
            "external_mu",
            "The member external_mu must be empty: a vault computes it from the value.",
        ),
    ] {
        let bodies = |given: &Value| {
            let mut sign = json!({"alg": "ML-DSA-44", "value": digest});
            let mut verify = json!({"alg": "ML-DSA-44", "digest": digest, "value": signature});
            for body in [&mut sign, &mut verify] {
                body[member] = given.clone();
            }
            [("signer/sign", sign), ("signer/verify", verify)]
        };
        for (path, body) in empty.iter().flat_map(bodies) {
            assert_eq!(work(&vault, path, body).await.status, StatusCode::OK, "{member}");
        }
        for (path, body) in other.iter().flat_map(bodies) {
            let answer = work(&vault, path, body).await;
            assert_eq!(
                (answer.status.as_u16(), answer.message()),
                (400, sentence),
                "{path}"
            );
        }
    }
}
