//! What is refused on this machine, before the vault is asked for anything.

use strongroom_keys::limits;

use crate::{Failure, tests::world::World};

const VERSION: &str = "0123456789abcdef0123456789abcdef";

/// Each `strongroom key LINE` is refused with the sentence, and not by the vault.
async fn refuses(world: &World, cases: &[(String, &str)]) {
    for (line, sentence) in cases {
        let refused = world.refusal(&format!("key {line}")).await;
        assert_eq!(refused.to_string(), *sentence, "{line}");
        assert!(!matches!(refused, Failure::Vault { .. }), "{line}");
    }
}

fn case(line: impl Into<String>, sentence: &str) -> (String, &str) {
    (line.into(), sentence)
}

/// A document as a command would print it.
fn document(kid: &str, algorithm: &str) -> String {
    format!(r#"{{"kid": "https://prod.team-a.svc/keys/{kid}", "alg": "{algorithm}", "value": "AQ"}}"#)
}

#[tokio::test]
async fn a_key_that_cannot_be_made_is_refused() {
    let world = World::start().await;
    let cases = [
        case(
            "create k --type EC --size 256",
            "--size is of RSA and oct keys alone",
        ),
        case("create k --type RSA --curve P-256", "--curve is of EC keys alone"),
        case(
            "create k --type oct --parameter-set ML-DSA-44",
            "--parameter-set is of AKP keys alone",
        ),
        case(
            "create k --type AKP",
            "which AKP key? Give --parameter-set ML-DSA-44, ML-DSA-65 or ML-DSA-87",
        ),
        case("create k --type RSA --size 1024", "Invalid key size: '1024'"),
    ];
    refuses(&world, &cases).await;
}

#[tokio::test]
async fn an_algorithm_of_another_command_is_refused() {
    let world = World::start().await;
    let data = world.file("data", b"data");
    let cases = [
        ("sign", "A256GCM"),
        ("encrypt", "RS256"),
        ("decrypt", "A256KW"),
        ("wrap", "A256GCM"),
        ("unwrap", "HS256"),
    ]
    .map(|(verb, algorithm)| {
        (
            format!("{verb} k --algorithm {algorithm} -f {data}"),
            format!("{algorithm} is no algorithm to {verb} with"),
        )
    });
    let cases = cases.each_ref().map(|(line, sentence)| case(line, sentence));
    refuses(&world, &cases).await;
    let verify = case(
        format!("verify k --algorithm RSA-OAEP -f {data} --signature AQ"),
        "RSA-OAEP is no algorithm to verify with",
    );
    refuses(&world, &[verify]).await;
}

#[tokio::test]
async fn data_that_a_key_does_not_work_on_is_refused() {
    let world = World::start().await;
    let data = world.file("data", b"no base64!");
    let long = world.file("long", &vec![7; limits::DATA + 1]);
    // Encrypted data may be a block longer than data, and is bounded all the same.
    let block = world.file("block", &vec![7; limits::DATA + 17]);
    let longer = world.file("longer", &vec![b'A'; (256 << 10) + 1]);
    let too_long = "the data is longer than 64 KiB, the most that a key works on";
    let encoded =
        "the input is longer than 256 KiB, the most that is read of base64 or a document; decode it first";
    let cases = [
        case(format!("sign k --algorithm HS256 -f {long}"), too_long),
        case(format!("encrypt k --algorithm RSA-OAEP -f {long}"), too_long),
        case(format!("unwrap k --algorithm RSA-OAEP -f {block}"), too_long),
        case(format!("decrypt k --algorithm RSA-OAEP -f {longer}"), encoded),
        case(
            format!("wrap k --algorithm RSA-OAEP -f {longer} --base64"),
            encoded,
        ),
        case(
            format!("encrypt k --algorithm RSA-OAEP -f {data} --base64"),
            "the data is not base64 or base64url",
        ),
        case(
            "sign k --algorithm ES256 --digest abc",
            "--digest is no digest of ES256, which is 32 bytes in hexadecimal or base64",
        ),
        case(
            "sign k --algorithm ML-DSA-44 --digest abcd",
            "ML-DSA-44 signs the data itself and no digest: leave out --digest",
        ),
        case(
            format!("verify k --algorithm ES256 -f {data} --signature-file {long}"),
            "the file of the signature is longer than any signature",
        ),
    ];
    refuses(&world, &cases).await;
}

#[tokio::test]
async fn what_would_lose_or_pass_over_a_part_of_an_encryption_is_refused() {
    let world = World::start().await;
    let data = world.file("data", b"data");
    let gcm = "A256GCM makes an IV and a tag beside the encrypted data, without which nobody decrypts it: give -o json, \
               which prints what `key decrypt` takes back";
    let cases = [
        case(format!("encrypt k --algorithm A256GCM -f {data}"), gcm),
        case(format!("encrypt k --algorithm A256GCM -f {data} -o base64"), gcm),
        case(
            format!("encrypt k --algorithm RSA-OAEP -f {data} --aad AQ"),
            "--aad is of AES-GCM alone",
        ),
        case(
            format!("decrypt k --algorithm RSA-OAEP -f {data} --aad AQ"),
            "--aad is of AES-GCM alone",
        ),
    ];
    refuses(&world, &cases).await;
}

#[tokio::test]
async fn a_document_of_another_key_version_or_algorithm_than_the_command_names_is_refused() {
    let world = World::start().await;
    let data = world.file("data", b"data");
    let of_k = document(&format!("k/{VERSION}"), "RSA-OAEP");
    let of_k = world.file("of-k", of_k.as_bytes());
    let unknown = world.file("unknown", document("k", "ROT13").as_bytes());
    let cases = [
        case(
            format!("decrypt k -f {data}"),
            "which algorithm? Give --algorithm, or the document that -o json printed",
        ),
        case(
            format!("decrypt other -f {of_k}"),
            "the document is of key k, and not of key other",
        ),
        case(
            format!("decrypt k --version 1{} -f {of_k}", &VERSION[1..]),
            "the document is of version 0123456789abcdef0123456789abcdef, and not of version \
             1123456789abcdef0123456789abcdef: leave out --version",
        ),
        case(
            format!("unwrap k --algorithm RSA-OAEP-256 -f {of_k}"),
            "the document is of RSA-OAEP, and not of RSA-OAEP-256: leave out --algorithm",
        ),
        case(
            format!("decrypt k -f {unknown}"),
            "the document names no algorithm that this release knows",
        ),
    ];
    refuses(&world, &cases).await;
}

#[tokio::test]
async fn a_file_that_is_no_rotation_policy_is_refused() {
    let world = World::start().await;
    let data = world.file("data", b"data");
    let long = world.file("long", &vec![b' '; (64 << 10) + 1]);
    let misspelled = world.file("misspelled", br#"{"lifetimeAction": []}"#);
    let cases = [
        case(
            format!("policy k -f {data}"),
            "the file is no rotation policy as -o json prints it: line 1, column 1",
        ),
        case(
            format!("policy k -f {misspelled}"),
            "a rotation policy has no member lifetimeAction",
        ),
        case(
            format!("policy k -f {long}"),
            "the file is longer than any rotation policy",
        ),
    ];
    refuses(&world, &cases).await;
}

#[tokio::test]
async fn a_form_of_output_that_a_command_does_not_have_is_refused_with_those_that_it_has() {
    let world = World::start().await;
    let data = world.file("data", b"data");
    let cases = [
        case(
            "show k -o base64",
            "the command prints no base64: give -o json, yaml, jsonpath=PATH, jwk, pem or name, or nothing",
        ),
        case(
            format!("sign k --algorithm ES256 -f {data} -o name"),
            "the command prints no name: give -o json, yaml, jsonpath=PATH or base64, or nothing",
        ),
        case(
            format!("decrypt k --algorithm RSA-OAEP -f {data} -o json"),
            "the command prints no json: give -o base64, or nothing",
        ),
        case(
            "policy k -o name",
            "the command prints no name: give -o json, yaml or jsonpath=PATH, or nothing",
        ),
    ];
    refuses(&world, &cases).await;
}

#[tokio::test]
async fn a_refusal_that_is_not_policys_does_not_lead_to_policy() {
    let world = World::start().await;
    world.run("key create k --type EC --disabled").await;
    let line = "key sign k --algorithm ES256 --digest ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    let refused = world.refusal(line).await;
    assert!(refused.to_string().contains("KeyDisabled"), "{refused}");
    assert_eq!(refused.hint(crate::Program::Command), None);
}
