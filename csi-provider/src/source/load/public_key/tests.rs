use serde_json::{Value, json};
use strongroom_keys::{Curve, KeyProvider as _, KeySpec, KeyType, MlDsaSet, RsaSize, Software};

use super::*;

const V1: &str = "0123456789abcdef0123456789abcdef";

fn vault() -> VaultRef {
    VaultRef::new("team-a".parse().unwrap(), "prod".parse().unwrap())
}

/// What the vault says of a new key `Tokens` of this type.
fn said(key_type: KeyType) -> Value {
    let key = Software.generate(KeySpec::new(key_type)).unwrap();
    let kid = format!("https://prod.team-a.svc/keys/Tokens/{V1}");
    let jwk = written(
        key.public(),
        kid.try_into().unwrap(),
        vec!["sign".to_owned(), "verify".to_owned()],
    );
    serde_json::to_value(jwk).unwrap()
}

fn files(said: &Value) -> Result<KeyFiles, Reason> {
    let (name, version) = ("tokens".parse().unwrap(), V1.parse().unwrap());
    key_files_of_json(said.to_string().as_bytes(), &vault(), &name, version)
}

fn with(said: &Value, member: &str, value: Value) -> Value {
    let mut changed = said.clone();
    changed[member] = value;
    changed
}

#[test]
fn a_key_becomes_the_jwk_that_the_vault_answers_and_a_pem_of_the_same_key() {
    let curves = Curve::ALL.map(KeyType::Ec);
    let sets = MlDsaSet::ALL.map(KeyType::Akp);
    for key_type in curves
        .into_iter()
        .chain(sets)
        .chain([KeyType::Rsa(RsaSize::Bits2048)])
    {
        let said = said(key_type);
        let files = files(&said).unwrap();
        let text = std::str::from_utf8(files.jwk.as_bytes()).unwrap();
        assert_eq!(text.lines().count(), 1, "{text}");
        assert!(text.ends_with("}\n"), "{text}");
        assert_eq!(serde_json::from_str::<Value>(text).unwrap(), said);
        let pem = std::str::from_utf8(files.pem.as_bytes()).unwrap();
        assert!(
            pem.starts_with("-----BEGIN PUBLIC KEY-----\n") && pem.ends_with("-----END PUBLIC KEY-----\n")
        );
        let shown = pem::parse(pem).unwrap().into_contents();
        let jwk: Jwk = serde_json::from_value(said).unwrap();
        assert_eq!(parsed(&jwk).unwrap().to_spki(), Some(shown), "{key_type:?}");
    }
}

#[test]
fn a_symmetric_key_has_no_file_whatever_the_vault_adds_to_it() {
    let said =
        json!({"kid": format!("https://prod.team-a.svc/keys/tokens/{V1}"), "kty": "oct", "key_ops": []});
    assert_eq!(files(&said), Err(Reason::Symmetric));
    assert_eq!(
        files(&with(&said, "k", json!("c2VjcmV0"))),
        Err(Reason::Symmetric)
    );
}

#[test]
fn the_file_names_the_vault_that_the_secret_ref_names_whatever_host_is_said() {
    let said = said(KeyType::Ec(Curve::P256));
    let elsewhere = with(
        &said,
        "kid",
        json!(format!("https://elsewhere.example/keys/TOKENS/{V1}")),
    );
    let files = files(&elsewhere).unwrap();
    let shown: Value = serde_json::from_slice(files.jwk.as_bytes()).unwrap();
    assert_eq!(shown["kid"], format!("https://prod.team-a.svc/keys/TOKENS/{V1}"));
}

#[test]
fn nothing_that_the_vault_adds_reaches_a_file() {
    let said = said(KeyType::Ec(Curve::P256));
    let more = with(&with(&said, "d", json!("CANARY")), "n", json!("CANARY"));
    assert_eq!(files(&more), files(&said));
}

#[test]
fn what_is_no_key_of_that_name_and_version_is_refused_in_our_words() {
    let ec = said(KeyType::Ec(Curve::P256));
    let other = said(KeyType::Ec(Curve::P384));
    let long = "A".repeat(MEMBER + 1);
    let kid = |name: &str, version: &str| json!(format!("https://prod.team-a.svc/keys/{name}/{version}"));
    let refused = [
        with(&ec, "kid", kid("other", V1)),
        with(&ec, "kid", kid("tokens", &"f".repeat(32))),
        with(&ec, "kid", json!("https://prod.team-a.svc/keys/tokens")),
        with(
            &ec,
            "kid",
            json!(format!("https://prod.team-a.svc/secrets/tokens/{V1}")),
        ),
        with(&ec, "kty", json!("CANARY")),
        with(&ec, "kty", json!("RSA")),
        with(&ec, "crv", json!("P-257")),
        with(&ec, "crv", Value::Null),
        with(&ec, "x", other["x"].clone()),
        with(&ec, "x", json!("not base64!")),
        with(&ec, "y", json!(long)),
        with(&ec, "y", ec["x"].clone()),
        with(&ec, "key_ops", json!(["sign\n-----BEGIN"])),
        with(&ec, "key_ops", json!(vec!["sign"; OPERATIONS + 1])),
        with(&ec, "key_ops", json!("sign")),
        json!({}),
        json!("CANARY"),
    ];
    for said in refused {
        let Err(Reason::Refused(why)) = files(&said) else {
            panic!("it is taken: {said}")
        };
        assert!(
            why.starts_with("the vault gave ") && !why.contains("CANARY"),
            "{why}"
        );
    }
    let twice = ec.to_string().replacen('{', r#"{"kty":"EC","#, 1);
    let (name, version) = ("tokens".parse().unwrap(), V1.parse().unwrap());
    assert!(key_files_of_json(twice.as_bytes(), &vault(), &name, version).is_err());
}
