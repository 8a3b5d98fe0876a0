//! Nothing of a private part is printed, whatever prints it.

use strongroom_keys::{Ciphertext, Plaintext, RsaSize, Software};

use crate::support::{every_key, rsa_jwk};

#[test]
fn keys_and_their_parts_print_as_their_type() {
    for key in every_key() {
        let printed = format!("{key:?} {key:#?} {:?}", key.public());
        assert!(printed.starts_with("Key { type: "), "{printed}");
        // Neither in hex nor as a list of numbers.
        assert!(printed.len() < 200, "{printed}");
    }
    assert_eq!(format!("{Software:?}"), "Software");
}

#[test]
fn a_jwk_prints_the_names_of_its_members_only() {
    let printed = format!("{:?}", rsa_jwk(RsaSize::Bits2048));
    let names = r#"["n", "e", "d", "p", "q", "dp", "dq", "qi"]"#;
    assert_eq!(
        printed,
        format!("PrivateJwk {{ kind: Rsa, members: {names}, .. }}")
    );
}

#[test]
fn a_plaintext_prints_its_length_only() {
    assert_eq!(
        format!("{:?}", Plaintext::new(b"secret")),
        "Plaintext { length: 6, .. }"
    );
    // What is encrypted may be seen.
    assert!(format!("{:?}", Ciphertext::new(&[7])).contains('7'));
}
