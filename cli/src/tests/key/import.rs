use aws_lc_rs::{
    encoding::{AsBigEndian as _, AsDer, EcPrivateKeyRfc5915Der, Pkcs8V1Der},
    rsa::KeySize,
    signature::{
        ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P256K1_SHA256_FIXED,
        ECDSA_P256K1_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _, RSA_PKCS1_2048_8192_SHA256,
        RsaKeyPair, UnparsedPublicKey, VerificationAlgorithm,
    },
};
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use pem::Pem;
use serde_json::{Value, json};

use crate::{Failure, encoding, tests::world::World};

/// What is in the memory of a test and must be nowhere else; 24 characters.
const CANARY: &str = "CANARYCANARYCANARYCANARY";

/// Where PKCS#1 begins in PKCS#8 of an RSA key of 2048 bits.
const PKCS1: usize = 26;

fn rsa() -> (RsaKeyPair, Vec<u8>) {
    let pair = RsaKeyPair::generate(KeySize::Rsa2048).unwrap();
    let pkcs8 = AsDer::<Pkcs8V1Der<'_>>::as_der(&pair).unwrap().as_ref().to_vec();
    (pair, pkcs8)
}

fn sec1(pair: &EcdsaKeyPair) -> Vec<u8> {
    let der = AsDer::<EcPrivateKeyRfc5915Der<'_>>::as_der(&pair.private_key()).unwrap();
    der.as_ref().to_vec()
}

fn ec() -> EcdsaKeyPair {
    EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap()
}

fn pem(label: &str, der: &[u8]) -> String {
    pem::encode(&Pem::new(label, der))
}

fn url(bytes: &[u8]) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}

/// The JWK of a key on a curve with coordinates of 32 bytes.
fn ec_jwk(pair: &EcdsaKeyPair, curve: &str) -> Value {
    let point = pair.public_key().as_ref();
    let scalar = pair.private_key().as_be_bytes().unwrap();
    json!({
        "kty": "EC", "crv": curve, "x": url(&point[1..33]), "y": url(&point[33..]), "d": url(scalar.as_ref()),
    })
}

/// Imports `file` as key `k`, and has it sign what the key that it came from must have signed then.
async fn imports(
    world: &World,
    file: &[u8],
    algorithm: &str,
    public: (&'static dyn VerificationAlgorithm, &[u8]),
) {
    let (path, data) = (world.file("key", file), world.file("data", b"message"));
    let said = world.run(&format!("key import k -f {path}")).await;
    assert!(said.starts_with("key/k imported, version "), "{said}");
    let sign = format!("key sign k --algorithm {algorithm} -f {data}");
    let signature = world.bytes(&sign).await;
    let (verification, public) = public;
    UnparsedPublicKey::new(verification, public)
        .verify(b"message", &signature)
        .unwrap();
}

#[tokio::test]
async fn a_private_key_signs_in_the_vault_as_it_did_where_it_came_from_whatever_its_form() {
    let world = World::start().await;
    let (pair, pkcs8) = rsa();
    let public: (&dyn VerificationAlgorithm, _) = (&RSA_PKCS1_2048_8192_SHA256, pair.public_key().as_ref());
    for text in [
        pem("PRIVATE KEY", &pkcs8),
        pem("RSA PRIVATE KEY", &pkcs8[PKCS1..]),
    ] {
        imports(&world, text.as_bytes(), "RS256", public).await;
    }
    let pair = ec();
    let public: (&dyn VerificationAlgorithm, _) = (&ECDSA_P256_SHA256_FIXED, pair.public_key().as_ref());
    let pkcs8 = pair.to_pkcs8v1().unwrap();
    let sec1 = pem("EC PRIVATE KEY", &sec1(&pair));
    for text in [
        pem("PRIVATE KEY", pkcs8.as_ref()),
        sec1.replace("\r\n", "\n"),
        ec_jwk(&pair, "P-256").to_string(),
        // What else may be in a file says nothing about the key.
        format!(
            "a note\n{}{sec1}{}",
            pem("EC PARAMETERS", &[6]),
            pem("CERTIFICATE", &[0; 99])
        ),
    ] {
        imports(&world, text.as_bytes(), "ES256", public).await;
    }
    let pair = EcdsaKeyPair::generate(&ECDSA_P256K1_SHA256_FIXED_SIGNING).unwrap();
    for curve in ["P-256K", "secp256k1"] {
        let jwk = ec_jwk(&pair, curve).to_string();
        let public = (
            &ECDSA_P256K1_SHA256_FIXED as &dyn VerificationAlgorithm,
            pair.public_key().as_ref(),
        );
        imports(&world, jwk.as_bytes(), "ES256K", public).await;
    }
}

#[tokio::test]
async fn an_ml_dsa_key_is_imported_from_its_seed() {
    let world = World::start().await;
    let seed = url(&[7; 32]);
    let jwk = json!({"kty": "AKP", "alg": "ML-DSA-44", "priv": seed}).to_string();
    let path = world.file("key", jwk.as_bytes());
    let imported = world
        .json(&format!("key import k --type akp --file {path}"))
        .await;
    assert_eq!(imported["key"]["alg"], "ML-DSA-44", "{imported}");
    assert!(!imported.to_string().contains(&seed), "{imported}");
}

#[tokio::test]
async fn the_bytes_of_a_symmetric_key_are_imported_as_they_are_in_base64_and_as_a_jwk() {
    let world = World::start().await;
    let bytes = *b"{thirty-two bytes, also a brace}";
    let base64 = format!("{}\n", encoding::encode_base64(&bytes).as_str());
    let jwk = json!({"kty": "oct", "k": url(&bytes)}).to_string();
    let (raw, base64, jwk) = (
        world.file("raw", &bytes),
        world.file("base64", base64.as_bytes()),
        world.file("jwk", jwk.as_bytes()),
    );
    let data = world.file("data", b"sixteen bytes it");
    let mut wrapped = Vec::new();
    for how in [
        format!("--type oct -f {raw}"),
        format!("--type oct --base64 -f {base64}"),
        format!("--type oct -f {jwk}"),
        format!("-f {jwk}"),
    ] {
        world.run(&format!("key import k {how}")).await;
        wrapped.push(
            world
                .run(&format!("key wrap k --algorithm A256KW -f {data} -o base64"))
                .await,
        );
    }
    wrapped.dedup();
    assert_eq!(wrapped.len(), 1, "one key wraps in one way");
}

#[tokio::test]
async fn a_version_has_the_uses_that_the_flag_names_or_else_the_jwk_and_all_else_as_a_created_one_has() {
    let world = World::start().await;
    let pair = ec();
    let with = |uses: Value| {
        let mut jwk = ec_jwk(&pair, "P-256");
        jwk["key_ops"] = uses;
        jwk["alg"] = "ES256".into();
        jwk.to_string()
    };
    let sign = world.file("sign", with(json!(["sign"])).as_bytes());
    let derive = world.file("derive", with(json!(["deriveBits"])).as_bytes());
    let pem = world.file("pem", pem("EC PRIVATE KEY", &sec1(&pair)).as_bytes());
    for (line, uses) in [
        (format!("-f {sign}"), json!(["sign"])),
        (format!("-f {sign} --ops verify"), json!(["verify"])),
        (
            format!("-f {derive} --ops sign,verify"),
            json!(["sign", "verify"]),
        ),
        (format!("-f {pem}"), json!(["sign", "verify"])),
    ] {
        let imported = world.json(&format!("key import k {line}")).await;
        assert_eq!(imported["key"]["key_ops"], uses, "{line}");
    }
    let dates = "--not-before 2020-01-01 --expires 2030-01-01 --disabled --tag team=a";
    let imported = world.json(&format!("key import k -f {pem} {dates}")).await;
    let attributes = &imported["attributes"];
    assert_eq!(attributes["enabled"], false);
    assert_eq!(
        (&attributes["nbf"], &attributes["exp"]),
        (&1_577_836_800.into(), &1_893_456_000.into())
    );
    assert_eq!(imported["tags"]["team"], "a");
}

/// Each file is refused with the cause after its name, and no key is made of it.
async fn refuses(world: &World, cases: &[(&str, Vec<u8>, &str)]) {
    for (flags, file, cause) in cases {
        let path = world.file("key", file);
        let refused = world.refusal(&format!("key import k -f {path}{flags}")).await;
        assert_eq!(refused.to_string(), format!("{path} cannot be imported: {cause}"));
        assert!(matches!(refused, Failure::Key(_)), "{refused:?}");
        assert!(!format!("{refused:?}").contains(CANARY), "{refused:?}");
    }
    assert_eq!(world.run("key list -o name").await, "");
}

#[tokio::test]
async fn a_file_that_holds_no_private_key_is_refused_with_the_cause() {
    let world = World::start().await;
    let form = "it holds neither a private key in PEM nor a JWK; the bytes of a symmetric key are read with --type oct";
    let key = pem("PRIVATE KEY", ec().to_pkcs8v1().unwrap().as_ref());
    let cut = "it was cut off or altered: a PEM block has no end, or is not base64";
    refuses(
        &world,
        &[
            ("", Vec::new(), form),
            ("", CANARY.into(), form),
            ("", vec![0xff; 32], form),
            (
                "",
                vec![b' '; (64 << 10) + 1],
                "it is longer than 64 KiB, which no key is",
            ),
            (
                "",
                pem("PUBLIC KEY", &[1]).into(),
                "none of its PEM blocks is a private key",
            ),
            (
                "",
                [key.as_str(), &key].concat().into(),
                "it holds more than one private key",
            ),
            ("", key[..key.len() - 9].into(), cut),
            ("", key.replace("\r\nM", "\r\n!").into(), cut),
            ("", format!("-----BEGIN PRIVATE KEY\n{CANARY}").into(), cut),
            (
                "",
                key.replace("PRIVATE KEY", "OPENSSH PRIVATE KEY").into(),
                "its private key has the label OPENSSH PRIVATE KEY, and not PRIVATE KEY, RSA PRIVATE KEY or EC PRIVATE KEY",
            ),
            ("", key.replace("PRIVATE KEY", "canary PRIVATE KEY").into(), cut),
            (
                "",
                key.replace("PRIVATE KEY", "RSA PRIVATE KEY").into(),
                "the private key is not the DER that it should be",
            ),
        ],
    )
    .await;
}

#[tokio::test]
async fn an_encrypted_key_is_refused_with_the_way_to_decrypt_it() {
    let world = World::start().await;
    let how = "its private key is encrypted; pipe what `openssl pkey -in FILE` prints into this command, and no decrypted \
               file is left behind";
    let old = "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,00\n\nAAAA\n\
               -----END RSA PRIVATE KEY-----\n";
    refuses(
        &world,
        &[
            ("", pem("ENCRYPTED PRIVATE KEY", &[1]).into(), how),
            ("", old.into(), how),
        ],
    )
    .await;
}

#[tokio::test]
async fn a_jwk_that_is_none_is_refused_without_its_values() {
    let world = World::start().await;
    let jwk = |text: &str| text.replace("CANARY", CANARY).into_bytes();
    let types = "its member kty must be RSA, EC, oct or AKP";
    refuses(
        &world,
        &[
            (
                "",
                jwk(r#"{"kty": "oct", "k": "CANARY!"}"#),
                "it is no JWK: line 1, column 47",
            ),
            (
                "",
                jwk(r#"{"kty": "oct", "k": "CANARY""#),
                "it is no JWK: line 1, column 46",
            ),
            (
                "",
                jwk(r#"{"keys": [{"kty": "oct", "k": "CANARY"}]}"#),
                "it holds a set of JWKs: take the one that is to be imported out of it",
            ),
            ("", jwk(r#"{"k": "CANARY"}"#), types),
            ("", jwk(r#"{"kty": "CANARY", "k": "CANARY"}"#), types),
            ("", jwk(r#"{"kty": "RSA-HSM"}"#), types),
            (
                "",
                jwk(r#"{"kty": "EC", "crv": "Ed25519", "d": "CANARY"}"#),
                "its member crv must be P-256, P-384, P-521, P-256K or secp256k1",
            ),
            (
                "",
                jwk(r#"{"kty": "AKP", "alg": "ML-DSA-1", "priv": "CANARY"}"#),
                "its member alg must be ML-DSA-44, ML-DSA-65 or ML-DSA-87",
            ),
            (
                "",
                jwk(r#"{"kty": "EC", "crv": "P-256", "x": "CANARY", "y": "CANARY"}"#),
                "The public key is not on its curve.",
            ),
            (
                "",
                jwk(r#"{"kty": "RSA", "k": "CANARY"}"#),
                "Property 'k' does not belong to a key of type 'RSA'.",
            ),
            (
                "",
                jwk(r#"{"kty": "oct", "k": "AAAAAAAAAAAAAAAAAAAAAA", "key_ops": ["CANARY"]}"#),
                "its member key_ops names a use that no vault knows; --ops takes its place",
            ),
        ],
    )
    .await;
}

#[tokio::test]
async fn a_key_of_another_size_or_type_than_a_vault_has_or_the_flag_says_is_refused() {
    let world = World::start().await;
    let ec = pem("PRIVATE KEY", ec().to_pkcs8v1().unwrap().as_ref());
    let encoded = "it holds text that looks like base64 or hexadecimal, and not the bytes of a key: --base64 reads base64";
    refuses(
        &world,
        &[
            (
                " --type rsa",
                ec.clone().into(),
                "it holds a key of type EC, and not RSA",
            ),
            (" --type oct", ec.into(), "it holds a key of type EC, and not oct"),
            (" --type oct", vec![7; 33], "Invalid key size: '264'"),
            (" --type oct", Vec::new(), "Invalid key size: '0'"),
            (
                " --type oct",
                encoding::encode_base64(&[7; 16]).as_bytes().to_vec(),
                encoded,
            ),
            (" --type oct", "0123456789abcdef".repeat(2).into_bytes(), encoded),
            (" --type oct --base64", vec![b'A'; 23], "Invalid key size: '136'"),
            (
                " --type oct --base64",
                "!".into(),
                "it is not base64 or base64url",
            ),
        ],
    )
    .await;
    let path = world.file("key", &[7; 16]);
    let refused = world
        .refusal(&format!("key import k --type EC --base64 -f {path}"))
        .await;
    assert_eq!(refused.to_string(), "--base64 is of oct keys alone");
    let refused = world.refusal("key import k -f /nonexistent/key").await;
    assert!(refused.to_string().contains("/nonexistent/key"), "{refused}");
}
