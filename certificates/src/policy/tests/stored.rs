//! What is kept of a policy.

use super::*;

const USUAL: &str = r#"{"key_props":{"exportable":true,"kty":"RSA","key_size":2048,"reuse_key":false},"secret_props":{"contentType":"application/x-pkcs12"},"x509_props":{"subject":"CN=a","ekus":["1.3.6.1.5.5.7.3.1","1.3.6.1.5.5.7.3.2"],"key_usage":["digitalSignature","keyEncipherment"],"validity_months":12,"basic_constraints":{"ca":false}},"lifetime_actions":[{"trigger":{"lifetime_percentage":80},"action":{"action_type":"EmailContacts"}}],"issuer":{"name":"Unknown"},"attributes":{"enabled":true}}"#;

#[test]
fn a_policy_is_kept_as_one_text_without_id_and_times() {
    let policy = create(&with(&json!({"id": "x", "attributes": {"created": 1}})));
    assert_eq!(std::str::from_utf8(policy.stored()).unwrap(), USUAL);
    assert_eq!(Policy::from_stored(USUAL.as_bytes()), Ok(policy));
}

#[test]
fn a_text_that_the_vault_does_not_write_is_damaged() {
    let altered = [
        String::new(),
        "{}".to_owned(),
        "null".to_owned(),
        "[]".to_owned(),
        format!("{USUAL} "),
        format!(" {USUAL}"),
        format!("{USUAL}{USUAL}"),
        USUAL.replace(":true", ": true"),
        USUAL.replace("\"issuer\":{\"name\":\"Unknown\"},", ""),
        USUAL.replace("{\"enabled\":true}", "{\"enabled\":true,\"created\":1}"),
        USUAL.replace("{\"enabled\":true}", "{\"enabled\":true,\"enabled\":true}"),
        USUAL.replace("\"validity_months\":12", "\"validity_months\":12.0"),
        USUAL.replace("\"validity_months\":12", "\"validity_months\":0"),
        USUAL.replace("\"validity_months\":12", "\"validity_months\":120001"),
        USUAL.replace("\"ca\":false", "\"ca\":true"),
        USUAL.replace(
            "\"digitalSignature\",\"keyEncipherment\"",
            "\"keyEncipherment\",\"digitalSignature\"",
        ),
        USUAL.replace("digitalSignature", "digitalsignature"),
        USUAL.replace("CN=a", "\\u0043N=a"),
        USUAL.replace(
            "\"kty\":\"RSA\",\"key_size\":2048",
            "\"key_size\":2048,\"kty\":\"RSA\"",
        ),
        USUAL.replace("2048", "2047"),
        USUAL.replace("\"lifetime_percentage\":80", "\"lifetime_percentage\":100"),
        USUAL.replace("CN=a", &"a".repeat(MAX_BYTES)),
    ];
    for text in altered {
        assert_eq!(Policy::from_stored(text.as_bytes()), Err(DamagedPolicy), "{text}");
    }
    assert_eq!(Policy::from_stored(&[0xff]), Err(DamagedPolicy));
}

#[test]
fn no_prefix_and_no_changed_byte_of_a_text_panics() {
    for end in 0..USUAL.len() {
        assert_eq!(Policy::from_stored(&USUAL.as_bytes()[..end]), Err(DamagedPolicy));
        for flip in [1, 2, 0x20, 0x80] {
            let mut bytes = USUAL.as_bytes().to_vec();
            bytes[end] ^= flip;
            if let Ok(policy) = Policy::from_stored(&bytes) {
                assert_eq!(policy.stored(), bytes);
            }
        }
    }
}
