//! Keys that were made elsewhere: one that is none is refused, and the key that has its name stays as it is.

mod rsa;

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use strongroom_testing::vault::{Answer, Vault};

use self::rsa::{D, D_OF_3, N, P, Q};

const CURVE: &str = "The public key is not on its curve.";
const EXPONENT: &str = "The public exponent is not valid.";
const INCONSISTENT: &str = "The properties of the key are not consistent with each other.";
const NO_HSM: &str = "This vault has no hardware security module, which a key with Hsm or key_hsm needs.";
const PRIMES: &str = "The prime factors of the key are not valid.";
const TYPE: &str =
    "The member kty must be RSA, EC, oct or AKP; types that end in -HSM need a hardware security module.";

/// The generator of P-256 (FIPS 186-4, D.1.2.3), which is the public part of the private key 1; and the curve's order.
const X: &str = "axfR8uEsQkf4vOblY6RA8ncDfYEt6zOg9KE5RdiYwpY";
const Y: &str = "T-NC4v4af5uO5-tKfA-eFivOM1drMV7Oy7ZAaDe_UfU";
const ORDER: &str = "_____wAAAAD__________7zm-q2nF56E87nKwvxjJVE";

fn base64(bytes: &[u8]) -> Value {
    BASE64_URL_SAFE_NO_PAD.encode(bytes).into()
}

fn bytes(text: &str) -> Vec<u8> {
    BASE64_URL_SAFE_NO_PAD.decode(text).unwrap()
}

fn rsa() -> Value {
    json!({"kty": "RSA", "n": N, "e": "AQAB", "d": D, "p": P, "q": Q})
}

fn ec() -> Value {
    json!({"kty": "EC", "crv": "P-256", "x": X, "y": Y, "d": "AQ"})
}

fn oct() -> Value {
    json!({"kty": "oct", "k": base64(&[7; 32])})
}

fn akp() -> Value {
    json!({"kty": "AKP", "alg": "ML-DSA-44", "priv": base64(&[7; 32])})
}

/// `jwk` with this member.
fn with(mut jwk: Value, member: &str, value: impl Into<Value>) -> Value {
    jwk[member] = value.into();
    jwk
}

/// `jwk` with another last bit of this member.
fn flipped(jwk: Value, member: &str) -> Value {
    let mut number = bytes(jwk[member].as_str().unwrap());
    *number.last_mut().unwrap() ^= 1;
    with(jwk, member, base64(&number))
}

async fn import(vault: &Vault, body: Value) -> Answer {
    vault.admin(Method::PUT, "/keys/k", Some(body)).await
}

/// What there is of the key `k`.
async fn picture(vault: &Vault) -> [Value; 3] {
    let got = async |path| vault.get(path).await.body;
    [
        got("/keys/k").await,
        got("/keys/k/versions").await,
        got("/keys").await,
    ]
}

/// A body with each of these under its member `key` is refused with the sentence, and the key of that name stays.
async fn refuses(cases: impl IntoIterator<Item = (Value, &str)>) {
    let vault = Vault::start().await;
    let first = import(&vault, json!({"key": oct(), "tags": {"first": "yes"}})).await;
    assert_eq!(first.status, StatusCode::OK, "{first:?}");
    let before = picture(&vault).await;
    for (jwk, sentence) in cases {
        let refused = import(&vault, json!({"key": jwk, "tags": {"first": "no"}})).await;
        assert_eq!(
            (refused.status, refused.code(), refused.message()),
            (StatusCode::BAD_REQUEST, "BadParameter", sentence),
            "{jwk}"
        );
        assert_eq!(picture(&vault).await, before, "{jwk} changed something");
    }
}

#[tokio::test]
async fn the_keys_that_the_cases_spoil_are_keys() {
    let vault = Vault::start().await;
    for jwk in [rsa(), ec(), oct(), akp()] {
        let imported = import(&vault, json!({ "key": jwk })).await;
        assert_eq!(imported.status, StatusCode::OK, "{jwk}: {imported:?}");
    }
}

#[tokio::test]
async fn public_exponents_of_rsa_that_are_1_or_even_or_another_key_s_are_refused() {
    let of = |exponent: &[u8]| with(rsa(), "e", base64(exponent));
    refuses([
        (of(&[0]), EXPONENT),
        (of(&[1]), EXPONENT),
        (of(&[0, 0, 1]), EXPONENT),
        (of(&[2]), EXPONENT),
        (of(&[1, 0, 0]), EXPONENT),
        (of(&[1; 9]), EXPONENT),
        (of(&[3]), EXPONENT),
        (of(&[5]), INCONSISTENT),
        (with(of(&[1]), "d", "AQ"), EXPONENT),
    ])
    .await;
}

#[tokio::test]
async fn rsa_moduli_of_another_size_are_refused_to_the_bit() {
    let n = bytes(N);
    let of = |modulus: &[u8]| with(rsa(), "n", base64(modulus));
    refuses([
        (of(&[0]), "Invalid key size: '0'"),
        (of(&n[..64]), "Invalid key size: '512'"),
        (of(&n[..128]), "Invalid key size: '1024'"),
        (of(&[&[0x7f], &n[1..]].concat()), "Invalid key size: '2047'"),
        (of(&[&[1], &n[..]].concat()), "Invalid key size: '2049'"),
        (of(&n.repeat(3)), "Invalid key size: '6144'"),
        (of(&[1; 5000]), "Property 'n' is too long."),
    ])
    .await;
}

#[tokio::test]
async fn rsa_numbers_that_do_not_belong_together_are_refused() {
    let mut cases = vec![
        (flipped(rsa(), "n"), INCONSISTENT),
        (flipped(rsa(), "d"), INCONSISTENT),
        (flipped(rsa(), "p"), PRIMES),
        (flipped(rsa(), "q"), PRIMES),
        (with(rsa(), "p", Q), INCONSISTENT),
        (with(rsa(), "p", N), PRIMES),
        (with(rsa(), "p", "AQ"), PRIMES),
        (with(rsa(), "d", D_OF_3), INCONSISTENT),
        (with(rsa(), "d", "AQAB"), "The private exponent is not valid."),
    ];
    for member in ["dp", "dq", "qi"] {
        cases.push((with(rsa(), member, "AQAB"), INCONSISTENT));
    }
    refuses(cases).await;
}

#[tokio::test]
async fn points_off_their_curve_or_of_a_low_order_and_scalars_of_another_point_are_refused() {
    let order = bytes(ORDER);
    let beyond = [&order[..31], &[order[31] + 1]].concat();
    let zero = || base64(&[0; 32]);
    refuses([
        (flipped(ec(), "x"), CURVE),
        (flipped(ec(), "y"), CURVE),
        (with(ec(), "x", base64(&[0xff; 32])), CURVE),
        (with(ec(), "crv", "P-256K"), CURVE),
        (with(ec(), "crv", "P-384"), CURVE),
        // Of order 2, on a curve that differs in b alone.
        (with(ec(), "y", zero()), CURVE),
        // What some write for the point at infinity, which is of order 1.
        (with(with(ec(), "x", zero()), "y", zero()), CURVE),
        (with(ec(), "x", base64(&[1; 33])), "Property 'x' is too long."),
        (with(ec(), "d", base64(&[0])), INCONSISTENT),
        (with(ec(), "d", base64(&[2])), INCONSISTENT),
        (with(ec(), "d", base64(&order)), INCONSISTENT),
        (with(ec(), "d", base64(&beyond)), INCONSISTENT),
    ])
    .await;
}

#[tokio::test]
async fn members_of_another_type_are_refused() {
    let mut cases = Vec::new();
    for (jwk, kind, foreign) in [
        (rsa(), "RSA", &["k", "x", "y", "pub", "priv"][..]),
        (ec(), "EC", &["n", "e", "p", "k", "priv"]),
        (oct(), "oct", &["n", "d", "x", "priv"]),
        (akp(), "AKP", &["d", "k", "x", "n"]),
    ] {
        for member in foreign {
            let sentence = format!("Property '{member}' does not belong to a key of type '{kind}'.");
            cases.push((with(jwk.clone(), member, "AQAB"), sentence));
        }
        if kind != "EC" {
            let sentence = format!("Property 'crv' does not belong to a key of type '{kind}'.");
            cases.push((with(jwk, "crv", "P-256"), sentence));
        }
    }
    refuses(cases.iter().map(|(jwk, sentence)| (jwk.clone(), &**sentence))).await;
}

#[tokio::test]
async fn members_that_are_missing_or_of_no_use_are_refused() {
    let mut cases = Vec::new();
    for (jwk, kind, members) in [
        (rsa(), "RSA", &["n", "e", "d", "p", "q"][..]),
        (ec(), "EC", &["crv", "x", "y", "d"]),
        (oct(), "oct", &["k"]),
        (akp(), "AKP", &["alg", "priv"]),
    ] {
        for member in members {
            let sentence = format!("Property '{member}' is required for a key of type '{kind}'.");
            cases.push((with(jwk.clone(), member, Value::Null), sentence));
        }
        cases.push((with(jwk, "kty", "DSA"), TYPE.to_owned()));
    }
    for value in [json!(5), json!([]), json!({}), json!(true), json!("no base64!")] {
        let sentence = "The member n must be bytes in base64url, or null.";
        cases.push((with(rsa(), "n", value), sentence.to_owned()));
    }
    cases.push((json!("a string"), "The member key must be an object.".to_owned()));
    cases.push((json!({"k": "AQAB"}), "The member kty is missing.".to_owned()));
    refuses(cases.iter().map(|(jwk, sentence)| (jwk.clone(), &**sentence))).await;
}

#[tokio::test]
async fn what_jose_libraries_write_beside_a_key_is_passed_over_and_only_an_akp_key_has_a_parameter_set() {
    let vault = Vault::start().await;
    for (jwk, algorithm) in [(rsa(), "RS256"), (ec(), "ES256"), (oct(), "A256KW")] {
        let jwk = with(with(jwk, "alg", algorithm), "use", "sig");
        let jwk = with(
            with(jwk, "kid", "https://elsewhere.example/1"),
            "x5c",
            json!(["MII"]),
        );
        let imported = import(&vault, json!({ "key": jwk })).await;
        assert_eq!(imported.status, StatusCode::OK, "{jwk}: {imported:?}");
        assert_eq!(imported.body["key"].get("alg"), None);
    }
    let sentence = "The member alg must be ML-DSA-44, ML-DSA-65 or ML-DSA-87.";
    refuses([
        (with(akp(), "alg", "ES256"), sentence),
        (with(rsa(), "alg", 5), sentence),
    ])
    .await;
}

#[tokio::test]
async fn the_public_exponent_3_is_refused_for_a_key_that_is_made_and_for_one_that_is_imported() {
    let vault = Vault::start().await;
    let body = json!({"kty": "RSA", "public_exponent": 3});
    let made = vault.admin(Method::POST, "/keys/k/create", Some(body)).await;
    let of_3 = with(with(rsa(), "e", "Aw"), "d", D_OF_3);
    for answer in [made, import(&vault, json!({ "key": of_3 })).await] {
        assert_eq!(
            (answer.status, answer.code(), answer.message()),
            (StatusCode::BAD_REQUEST, "BadParameter", EXPONENT)
        );
    }
    let absent = vault.admin(Method::GET, "/keys/k", None).await;
    assert_eq!(absent.status, StatusCode::NOT_FOUND);
}

/// A key that is encrypted for a hardware security module (Azure's BYOK specification: "Key transfer blob").
fn transfer_blob() -> Value {
    let blob = json!({
        "schema_version": "1.0.0",
        "header": {"kid": "https://prod.team-a.svc/keys/kek/0", "alg": "dir", "enc": "CKM_RSA_AES_KEY_WRAP"},
        "ciphertext": base64(&[9; 700]), "generator": "a vendor's tool",
    });
    base64(blob.to_string().as_bytes())
}

#[tokio::test]
async fn a_key_that_is_encrypted_for_a_hardware_security_module_waits_for_one() {
    let mut cases = Vec::new();
    for kty in ["RSA-HSM", "EC-HSM", "oct-HSM", "RSA", "oct"] {
        let jwk = json!({"kty": kty, "key_ops": ["wrapKey"], "key_hsm": transfer_blob()});
        cases.push((jwk, NO_HSM));
    }
    cases.push((json!({"key_hsm": transfer_blob()}), NO_HSM));
    cases.push((with(oct(), "key_hsm", transfer_blob()), NO_HSM));
    // A key in the clear of such a type, and one of no type.
    cases.push((with(oct(), "kty", "oct-HSM"), TYPE));
    cases.push((with(rsa(), "kty", "RSA-HSM"), TYPE));
    cases.push((with(oct(), "kty", "OCT-hsm"), TYPE));
    refuses(cases).await;
}
