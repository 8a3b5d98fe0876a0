//! Keys that leave the vault: on which terms they are made, to whom they are released, and what the vault states.

use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use base64::{
    Engine,
    prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD as BASE64},
};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use strongroom_testing::vault::{ALL, Answer, Vault, allow};
use x509_cert::{Certificate, der::Decode as _};

use crate::support::attestation::{AUTHORITY, Attestation, claims, policy, policy_of, runtime_key};

async fn post(vault: &Vault, path: &str, body: Value) -> Answer {
    vault.admin(Method::POST, path, Some(body)).await
}

fn refused(answer: &Answer) -> (u16, &str, &str) {
    (answer.status.as_u16(), answer.inner(), answer.message())
}

/// A vault that knows the authority, with the exportable key `out` and the RSA key `inside` of an environment.
async fn vault() -> (Vault, Attestation) {
    let authority = Attestation::new();
    let vault = Vault::start_with(&[&authority.argument()]).await;
    let exportable =
        json!({"kty": "EC", "attributes": {"exportable": true}, "release_policy": policy(false)});
    for (name, body) in [("out", exportable), ("inside", json!({"kty": "RSA"}))] {
        let made = post(&vault, &format!("/keys/{name}/create"), body).await;
        assert_eq!(made.status, StatusCode::OK, "{made:?}");
    }
    (vault, authority)
}

/// The claims of a statement that the vault signed with the certificate that it serves with.
fn stated(vault: &Vault, statement: &str) -> Value {
    let header = jsonwebtoken::decode_header(statement).unwrap();
    assert_eq!(header.alg, Algorithm::ES256);
    let chain = header.x5c.unwrap();
    let served = std::fs::read_to_string(vault.files.path("tls/tls.crt")).unwrap();
    let served: String = served.lines().filter(|line| !line.starts_with("---")).collect();
    assert!(
        served.starts_with(&chain[0]),
        "the statement is by another certificate"
    );
    let leaf = Certificate::from_der(&BASE64_STANDARD.decode(&chain[0]).unwrap()).unwrap();
    let key = leaf.tbs_certificate().subject_public_key_info();
    let key = &key.subject_public_key;
    let key = DecodingKey::from_ec_der(key.as_bytes().unwrap());
    let mut validation = Validation::new(Algorithm::ES256);
    validation.required_spec_claims.clear();
    validation.validate_exp = false;
    validation.validate_aud = false;
    jsonwebtoken::decode::<Value>(statement, &key, &validation)
        .unwrap()
        .claims
}

/// Undoes the encryption of a released key with the key `inside`, as the environment does.
async fn unwrapped(vault: &Vault, ciphertext: &str) -> Vec<u8> {
    let ciphertext = BASE64.decode(ciphertext).unwrap();
    let (aes, wrapped) = ciphertext.split_at(256);
    let body = json!({"alg": "RSA-OAEP", "value": BASE64.encode(aes)});
    let aes = post(vault, "/keys/inside/decrypt", body).await;
    let import = json!({"key": {"kty": "oct", "k": aes.body["value"]}});
    let imported = vault.admin(Method::PUT, "/keys/aes", Some(import)).await;
    assert_eq!(imported.status, StatusCode::OK, "{imported:?}");
    let body = json!({"alg": "CKM_AES_KEY_WRAP_PAD", "value": BASE64.encode(wrapped)});
    let private = post(vault, "/keys/aes/unwrapkey", body).await;
    BASE64.decode(private.body["value"].as_str().unwrap()).unwrap()
}

#[tokio::test]
async fn an_exportable_key_is_released_to_what_its_policy_allows_and_readable_there_alone() {
    let (vault, authority) = vault().await;
    let inside = runtime_key(&vault, "inside").await;
    let token = authority.token(&claims(vault.files.clock.now(), &[inside]));
    let body = json!({"target": token, "nonce": "n-1", "enc": "CKM_RSA_AES_KEY_WRAP"});
    let released = post(&vault, "/keys/out//release?api-version=7.5", body).await;
    assert_eq!(released.status, StatusCode::OK, "{released:?}");
    let statement = stated(&vault, released.body["value"].as_str().unwrap());
    let asked = &statement["request"];
    assert_eq!(asked["api-version"], "7.5");
    assert_eq!(asked["enc"], "CKM_RSA_AES_KEY_WRAP");
    assert_eq!(asked["nonce"], "n-1");
    assert!(asked["kid"].as_str().unwrap().ends_with("/keys/out"), "{asked}");
    let answered = &statement["response"]["key"];
    let known = vault.get("/keys/out").await.body;
    assert_eq!(answered["attributes"], known["attributes"]);
    assert_eq!(answered["attributes"]["exportable"], true);
    assert_eq!(
        answered["release_policy"]["data"],
        known["release_policy"]["data"]
    );
    let mut public = answered["key"].clone();
    let key_hsm = public.as_object_mut().unwrap().remove("key_hsm").unwrap();
    assert_eq!(public, known["key"]);

    let key_hsm: Value = serde_json::from_slice(&BASE64.decode(key_hsm.as_str().unwrap()).unwrap()).unwrap();
    assert_eq!(
        key_hsm["header"],
        json!({"kid": "inside-inside", "alg": "dir", "enc": "CKM_RSA_AES_KEY_WRAP"})
    );
    let private = unwrapped(&vault, key_hsm["ciphertext"].as_str().unwrap()).await;
    let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &private).unwrap();
    let (x, y) = pair.public_key().as_ref()[1..].split_at(32);
    assert_eq!(known["key"]["x"], BASE64.encode(x));
    assert_eq!(known["key"]["y"], BASE64.encode(y));
    let records = vault.files.audited("KeyRelease");
    assert_eq!(records.len(), 1);
}

#[tokio::test]
async fn a_key_is_released_on_no_other_word_and_to_nothing_else() {
    let (vault, authority) = vault().await;
    let (now, inside) = (vault.files.clock.now(), runtime_key(&vault, "inside").await);
    let good = claims(now, std::slice::from_ref(&inside));
    let with = |change: &dyn Fn(&mut Value)| {
        let mut claims = good.clone();
        change(&mut claims);
        authority.token(&claims)
    };
    let stranger = Attestation::new();
    let secret = EncodingKey::from_secret(&authority.0.public);
    let mut confused = Header::new(Algorithm::HS256);
    confused.kid = Some(authority.0.id.clone());
    let valid = authority.token(&good);
    let (signed, _) = valid.rsplit_once('.').unwrap();
    let unsigned = format!(
        "{}.{}.",
        BASE64.encode(r#"{"alg":"none","kid":"attest-1"}"#),
        "e30"
    );
    let signing = json!({"kty": "RSA", "kid": "k", "use": "sig", "n": inside["n"], "e": inside["e"]});
    let short = json!({"kty": "RSA", "kid": "k", "use": "enc", "n": BASE64.encode([0xff; 128]), "e": "AQAB"});
    let unattested = "AttestationNotVerified";
    for (token, inner) in [
        (stranger.token(&good), unattested),
        (format!("{signed}.{}", BASE64.encode([7; 64])), unattested),
        (
            jsonwebtoken::encode(&confused, &good, &secret).unwrap(),
            unattested,
        ),
        (unsigned, unattested),
        ("no token".to_owned(), unattested),
        (
            with(&|claims| claims["iss"] = json!("https://evil.example")),
            unattested,
        ),
        (with(&|claims| claims["exp"] = json!(now)), unattested),
        (with(&|claims| claims["exp"] = Value::Null), unattested),
        (with(&|claims| claims["nbf"] = json!(now + 120)), unattested),
        (with(&|claims| claims["x-ms-runtime"] = Value::Null), unattested),
        (
            with(&|claims| claims["x-ms-runtime"]["keys"] = json!([signing])),
            unattested,
        ),
        (
            with(&|claims| claims["x-ms-runtime"]["keys"] = json!([short])),
            unattested,
        ),
        (
            with(&|claims| claims["sdk-test"] = json!(false)),
            "ReleasePolicyNotMet",
        ),
        (
            with(&|claims| claims["sdk-test"] = Value::Null),
            "ReleasePolicyNotMet",
        ),
    ] {
        let answer = post(&vault, "/keys/out/release", json!({"target": token})).await;
        assert_eq!(
            (answer.status.as_u16(), answer.inner()),
            (403, inner),
            "{token}: {answer:?}"
        );
    }
    let kept = post(&vault, "/keys/inside/release", json!({"target": valid})).await;
    assert_eq!(
        refused(&kept),
        (
            403,
            "KeyNotExportable",
            "Operation release is not allowed on a key that is not exportable."
        )
    );
    let disable = json!({"attributes": {"enabled": false}});
    vault.admin(Method::PATCH, "/keys/out", Some(disable)).await;
    let disabled = post(&vault, "/keys/out/release", json!({"target": valid})).await;
    assert_eq!(disabled.inner(), "KeyDisabled", "{disabled:?}");
}

#[tokio::test]
async fn a_key_outside_its_dates_is_released_and_so_is_one_that_was_rotated_or_restored() {
    let (vault, authority) = vault().await;
    let inside = runtime_key(&vault, "inside").await;
    let token = authority.token(&claims(vault.files.clock.now(), &[inside]));
    let past = json!({"attributes": {"exp": 1_000_000_000}});
    vault.admin(Method::PATCH, "/keys/out", Some(past)).await;
    let released = post(&vault, "/keys/out/release", json!({"target": token})).await;
    assert_eq!(released.status, StatusCode::OK, "{released:?}");
    let before = vault.get("/keys/out").await.body["release_policy"].clone();
    let rotated = vault.admin(Method::POST, "/keys/out/rotate", None).await;
    assert_eq!(rotated.body["release_policy"], before);
    assert_eq!(rotated.body["attributes"]["exportable"], true);
    let backup = vault.admin(Method::POST, "/keys/out/backup", None).await;
    vault.admin(Method::DELETE, "/keys/out", None).await;
    vault.admin(Method::DELETE, "/deletedkeys/out", None).await;
    let body = json!({"value": backup.body["value"]});
    let restored = post(&vault, "/keys/restore", body).await;
    assert_eq!(restored.body["release_policy"], before, "{restored:?}");
    let released = post(&vault, "/keys/out/release", json!({"target": token})).await;
    assert_eq!(released.status, StatusCode::OK, "{released:?}");
}

#[tokio::test]
async fn a_key_is_exportable_from_its_making_and_on_terms_alone() {
    let (vault, _) = vault().await;
    let exportable = json!({"exportable": true});
    let unknown = policy_of(
        &json!([{"authority": "https://other.example", "allOf": [{"claim": "a", "equals": "b"}]}]),
        false,
    );
    let none = policy_of(&json!([]), false);
    for (method, path, body, sentence) in [
        (
            Method::POST,
            "/keys/new/create",
            json!({"kty": "EC", "attributes": exportable}),
            "AKV.SKR.1004: Exportable keys must have release policy.",
        ),
        (
            Method::POST,
            "/keys/new/create",
            json!({"kty": "EC", "release_policy": policy(false)}),
            "AKV.SKR.1005: Non-exportable keys must not have release policy.",
        ),
        (
            Method::POST,
            "/keys/new/create",
            json!({"kty": "EC", "attributes": exportable, "release_policy": unknown}),
            "AKV.SKR.1012: The specified attestation service cannot be reached. This vault believes those that its owner names, with their keys, in spec.keyRelease.authorities of the Vault.",
        ),
        (
            Method::POST,
            "/keys/new/create",
            json!({"kty": "EC", "attributes": exportable, "release_policy": none}),
            "Each authority and each group of a release policy has exactly one of allOf and anyOf, with one claim or more, at most 8 levels deep and 256 in all.",
        ),
        (
            Method::POST,
            "/keys/new/create",
            json!({"kty": "EC", "attributes": exportable, "release_policy": {}}),
            "The member release_policy.data is missing.",
        ),
        (
            Method::PATCH,
            "/keys/inside",
            json!({"attributes": exportable}),
            "AKV.SKR.1003: The exportable attribute of a key cannot be changed.",
        ),
        (
            Method::PATCH,
            "/keys/out",
            json!({"attributes": {"exportable": false}}),
            "AKV.SKR.1003: The exportable attribute of a key cannot be changed.",
        ),
        (
            Method::PATCH,
            "/keys/inside",
            json!({"release_policy": policy(false)}),
            "AKV.SKR.1005: Non-exportable keys must not have release policy.",
        ),
    ] {
        let answer = vault.admin(method, path, Some(body)).await;
        assert_eq!(
            (answer.status.as_u16(), answer.code()),
            (400, "BadParameter"),
            "{answer:?}"
        );
        assert_eq!(answer.message(), sentence);
    }
    assert_eq!(vault.get("/keys/new").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_release_policy_changes_by_the_key_and_not_by_a_version_until_it_is_immutable() {
    let (vault, _) = vault().await;
    let first = vault.get("/keys/out").await.body;
    assert_eq!(
        first["release_policy"],
        json!({
            "contentType": "application/json; charset=utf-8", "immutable": false,
            "data": BASE64.encode(format!(
                r#"{{"version":"1.0.0","anyOf":[{{"authority":"{AUTHORITY}","allOf":[{{"claim":"sdk-test","equals":"true"}}]}}]}}"#
            )),
        })
    );
    let other = |immutable| {
        policy_of(
            &json!([{"authority": AUTHORITY, "anyOf": [{"claim": "tee.debuggable", "equals": false}]}]),
            immutable,
        )
    };
    let version = first["key"]["kid"].as_str().unwrap().rsplit('/').next().unwrap();
    let body = json!({"release_policy": other(false)});
    let by_version = vault
        .admin(Method::PATCH, &format!("/keys/out/{version}"), Some(body.clone()))
        .await;
    assert_eq!(
        by_version.message(),
        "AKV.SKR.1016: Key Release Policy can only be set on versionless key."
    );
    let changed = vault.admin(Method::PATCH, "/keys/out", Some(body)).await;
    assert_ne!(
        changed.body["release_policy"]["data"],
        first["release_policy"]["data"]
    );
    let body = json!({"release_policy": other(true)});
    let immutable = vault.admin(Method::PATCH, "/keys/out", Some(body.clone())).await;
    assert_eq!(immutable.body["release_policy"]["immutable"], true);
    let again = vault.admin(Method::PATCH, "/keys/out", Some(body)).await;
    assert_eq!(
        again.message(),
        "AKV.SKR.1020: Immutable Key Release Policy cannot be modified."
    );
    let end = json!({"attributes": {"exportable": true, "exp": 4_000_000_000_u64}});
    let later = vault.admin(Method::PATCH, "/keys/out", Some(end)).await;
    assert_eq!(
        later.body["release_policy"], immutable.body["release_policy"],
        "{later:?}"
    );
}

#[tokio::test]
async fn an_attestation_says_that_no_hardware_attests_to_the_key() {
    let (vault, _) = vault().await;
    let answer = vault.get("/keys/out//attestation").await;
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    let attestation = &answer.body["attributes"]["attestation"];
    let text = |member: &str| {
        let bytes = BASE64.decode(attestation[member].as_str().unwrap()).unwrap();
        String::from_utf8(bytes).unwrap()
    };
    assert!(text("certificatePemFile").starts_with("-----BEGIN CERTIFICATE-----\n"));
    let private = stated(&vault, &text("privateKeyAttestation"));
    assert_eq!(private["kid"], answer.body["key"]["kid"]);
    assert_eq!(private["hsmPlatform"], "0");
    assert_eq!(private["exportable"], true);
    let statement = private["statement"].as_str().unwrap();
    assert!(
        statement.ends_with("No hardware security module attests to this."),
        "{statement}"
    );
    let public = stated(&vault, &text("publicKeyAttestation"));
    assert_eq!(public["key"], answer.body["key"]);
    let plain = vault.get("/keys/out").await;
    assert_eq!(plain.body["attributes"]["attestation"], Value::Null);
}

#[tokio::test]
async fn random_bytes_need_a_policy_on_every_name() {
    let (vault, _) = vault().await;
    let ask = |count: Value| vault.request("shop/api", Method::POST, "/rng", Some(json!({"count": count})));
    let permit = |n, objects: &'static [&'static str], permission: &'static str| {
        let admins = allow("admins", "team-a/admin", &["*"], ALL);
        let caller = allow("caller", "shop/api", objects, &[permission]);
        vault.policy(n, vec![admins, caller])
    };
    permit(2, &["a*", "b*"], "keys/encrypt").await;
    assert_eq!(ask(json!(16)).await.inner(), "ForbiddenByPolicy");
    permit(3, &["*"], "keys/sign").await;
    assert_eq!(ask(json!(16)).await.inner(), "ForbiddenByPolicy");
    permit(4, &["*"], "keys/encrypt").await;
    for count in [1, 16, 128] {
        let made = ask(json!(count)).await;
        let bytes = BASE64.decode(made.body["value"].as_str().unwrap()).unwrap();
        assert_eq!(bytes.len(), count, "{made:?}");
    }
    let (one, other) = (ask(json!(32)).await, ask(json!(32)).await);
    assert_ne!(one.body, other.body);
    for count in [json!(0), json!(129), json!(-1), json!("16"), Value::Null] {
        let answer = ask(count.clone()).await;
        assert_eq!(
            answer.message(),
            "The member count must be a number from 1 to 128.",
            "{count}"
        );
    }
}

#[tokio::test]
async fn no_key_wraps_for_an_attested_environment() {
    let (vault, _) = vault().await;
    let body = json!({"alg": "RSA-OAEP-256", "target": "token"});
    let answer = post(&vault, "/keys/inside/securewrapkey", body).await;
    assert_eq!(
        refused(&answer),
        (
            403,
            "KeyOperationForbidden",
            "Operation secureWrapKey is not permitted on this key."
        )
    );
    let body = json!({"alg": "RSA-OAEP-256", "target": "token", "value": "AAAA"});
    let answer = post(&vault, "/keys/inside//secureunwrapkey", body).await;
    assert_eq!(
        refused(&answer),
        (
            403,
            "KeyOperationForbidden",
            "Operation secureUnwrapKey is not permitted on this key."
        )
    );
}
