use serde_json::{Value, json};

use crate::{
    encoding,
    printed::{Printed, Refusal},
    tests::world::World,
};

/// The digest of `abc` by SHA-256 (FIPS 180-4, example).
const DIGEST: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

#[tokio::test]
async fn what_a_key_signs_it_verifies_in_every_form_and_nothing_else() {
    let world = World::start().await;
    let (abc, other) = (world.file("abc", b"abc"), world.file("other", b"abd"));
    for (kind, algorithms) in [
        ("RSA", &["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"][..]),
        ("EC", &["ES256"]),
        ("EC --curve P-384", &["ES384"]),
        ("EC --curve P-521", &["ES512"]),
        ("EC --curve P-256K", &["ES256K"]),
        ("oct --ops sign,verify", &["HS256", "HS384", "HS512"]),
        ("AKP --parameter-set ML-DSA-44", &["ML-DSA-44"]),
    ] {
        world.run(&format!("key create k --type {kind}")).await;
        for algorithm in algorithms {
            let how = format!("k --algorithm {algorithm} -f {abc}");
            let raw = world.file("raw", &world.bytes(&format!("key sign {how}")).await);
            let document = world.run(&format!("key sign {how} -o json")).await;
            let document = world.file("document", document.as_bytes());
            let base64 = world.run(&format!("key sign {how} -o base64")).await;
            for signature in [
                format!("--signature-file {raw}"),
                format!("--signature-file {document}"),
                format!("--signature {base64}"),
            ] {
                let line = format!("key verify {how} {signature}");
                assert_eq!(world.run(&line).await, "valid\n", "{line}");
                let line = format!("key verify k --algorithm {algorithm} -f {other} {signature}");
                let outcome = world.outcome(&line).await;
                assert!(!outcome.is_yes, "{line}");
                assert!(matches!(outcome.printed, Printed::Text(text) if text == "not valid\n"));
            }
        }
    }
}

#[tokio::test]
async fn the_digest_of_data_of_any_size_is_made_here_or_given_in_hexadecimal_or_base64() {
    let world = World::start().await;
    world.run("key create k --type EC").await;
    let sign = "key sign k --algorithm ES256 -o base64";
    let base64 = encoding::encode_base64(&hex::decode(DIGEST).unwrap()).to_string();
    let abc = [world.file("abc", b"abc"), world.file("abc64", b"YW\nJj\n")];
    for given in [
        format!("--digest {DIGEST}"),
        format!("--digest {base64}"),
        format!("-f {}", abc[0]),
        format!("--file {} --base64", abc[1]),
    ] {
        let signature = world.run(&format!("{sign} {given}")).await;
        let verify = format!("key verify k --algorithm ES256 --digest {DIGEST} --signature {signature}");
        assert_eq!(world.run(&verify).await, "valid\n", "{given}");
        assert_eq!(world.json(&verify).await, json!({ "valid": true }));
    }
    let large = world.file("large", &vec![7; 1 << 20]);
    let signature = world.run(&format!("{sign} -f {large}")).await;
    let verify = format!("key verify k --algorithm ES256 -f {large} --signature {signature}");
    assert_eq!(world.run(&verify).await, "valid\n");
}

#[tokio::test]
async fn a_document_of_gcm_is_decrypted_by_the_version_that_made_it_also_after_a_rotation() {
    let world = World::start().await;
    world.run("key create k --type oct").await;
    let data = world.file("data", &[0xff, 0, 1]);
    let document = world
        .run(&format!(
            "key encrypt k --algorithm a256gcm -f {data} --aad aGVhZGVy -o json"
        ))
        .await;
    let read: Value = serde_json::from_str(&document).unwrap();
    assert_eq!(
        (&read["alg"], &read["aad"]),
        (&"A256GCM".into(), &"aGVhZGVy".into())
    );
    assert!(read["iv"].is_string() && read["tag"].is_string(), "{read}");
    world.run("key rotate k").await;
    let path = world.file("document", document.as_bytes());
    assert_eq!(
        world.bytes(&format!("key decrypt k -f {path}")).await,
        [0xff, 0, 1]
    );
    assert_eq!(
        world.run(&format!("key decrypt k -f {path} -o base64")).await,
        "/wAB"
    );
    let member = |name: &str| read[name].as_str().unwrap();
    let version = member("kid").rsplit('/').next().unwrap();
    let value = world.file("value", member("value").as_bytes());
    let parts = format!("--iv {} --tag {} --aad aGVhZGVy", member("iv"), member("tag"));
    let line = format!("key decrypt k --version {version} --algorithm A256GCM -f {value} --base64 {parts}");
    assert_eq!(world.bytes(&line).await, [0xff, 0, 1]);
    // Who expects other additional data than the document has is not content with that of the document.
    let refused = world
        .refusal(&format!("key decrypt k -f {path} --aad b3RoZXI"))
        .await;
    assert!(
        refused.to_string().contains("could not be decrypted"),
        "{refused}"
    );
}

#[tokio::test]
async fn what_other_algorithms_encrypt_and_wrap_comes_back_raw_in_base64_and_as_a_document() {
    let world = World::start().await;
    world.run("key create rsa --type RSA").await;
    world.run("key create oct --type oct").await;
    let secret = world.file("secret", b"sixteen bytes it");
    let iv = encoding::encode_base64(&[9; 16]).to_string();
    for (there, back, key, algorithm, with) in [
        ("encrypt", "decrypt", "rsa", "RSA-OAEP-256", String::new()),
        ("encrypt", "decrypt", "oct", "A256CBCPAD", format!(" --iv {iv}")),
        ("wrap", "unwrap", "rsa", "RSA-OAEP-256", String::new()),
        ("wrap", "unwrap", "oct", "A256KW", String::new()),
        ("wrap", "unwrap", "oct", "CKM_AES_KEY_WRAP_PAD", String::new()),
    ] {
        let to = format!("key {there} {key} --algorithm {algorithm} -f {secret}{with}");
        let from = format!("key {back} {key} --algorithm {algorithm}{with}");
        let raw = world.file("raw", &world.bytes(&to).await);
        assert_eq!(
            world.run(&format!("{from} -f {raw}")).await,
            "sixteen bytes it",
            "{to}"
        );
        let base64 = world.file("base64", world.run(&format!("{to} -o base64")).await.as_bytes());
        assert_eq!(
            world.run(&format!("{from} -f {base64} --base64")).await,
            "sixteen bytes it",
            "{to}"
        );
        let document = world.file("document", world.run(&format!("{to} -o json")).await.as_bytes());
        let from = format!("key {back} {key} -f {document}");
        assert_eq!(world.run(&from).await, "sixteen bytes it", "{to}");
    }
}

#[tokio::test]
async fn a_terminal_gets_what_it_would_obey_only_when_told_to() {
    let world = World::start().await;
    world.run("key create k --type EC").await;
    for (flag, told) in [("", false), (" --raw", true)] {
        let line = format!("key sign k --algorithm ES256 --digest {DIGEST}{flag}");
        match world.outcome(&line).await.printed {
            Printed::Bytes { raw, refusal, .. } => assert_eq!((raw, refusal), (told, Refusal::Result)),
            other => panic!("{other:?}"),
        }
    }
}
