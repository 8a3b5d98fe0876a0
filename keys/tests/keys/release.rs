//! Keys on their way out: the openssl program, as the environment that has the recipient's key, reads them.

use std::{fs, path::Path, process::Command};

use strongroom_keys::{Curve, KeyType, PublicKey, Recipient, ReleaseEncryption, RsaSize};

use crate::support::{every_key, generated, rsa, rsa_jwk};

fn openssl(directory: &Path, arguments: &[&str]) -> Option<Vec<u8>> {
    let output = Command::new("openssl")
        .args(arguments)
        .current_dir(directory)
        .output()
        .unwrap();
    output.status.success().then_some(output.stdout)
}

fn recipient(size: RsaSize, encryption: ReleaseEncryption) -> Recipient {
    let key = rsa(size);
    let PublicKey::Rsa(public) = key.public() else {
        panic!("an RSA key has an RSA public key");
    };
    Recipient::new(public.modulus(), public.exponent(), encryption).unwrap()
}

/// What the holder of the recipient's key finds in `released`, by openssl alone: RSA-OAEP, then AES key wrap with padding.
fn opened(directory: &Path, size: RsaSize, encryption: ReleaseEncryption, released: &[u8]) -> Vec<u8> {
    let (encrypted, wrapped) = released.split_at(size.bytes());
    fs::write(directory.join("encrypted"), encrypted).unwrap();
    fs::write(directory.join("wrapped"), wrapped).unwrap();
    // The sealed form is the PKCS#8 behind two bytes.
    let sealed = rsa(size).to_bytes().unwrap();
    fs::write(directory.join("recipient.der"), &sealed[2..]).unwrap();
    let digest = match encryption {
        ReleaseEncryption::Sha1 => "rsa_oaep_md:sha1",
        ReleaseEncryption::Sha256 => "rsa_oaep_md:sha256",
        ReleaseEncryption::Sha384 => "rsa_oaep_md:sha384",
    };
    let decrypt =
        "pkeyutl -decrypt -keyform DER -inkey recipient.der -in encrypted -pkeyopt rsa_padding_mode:oaep";
    let mut arguments: Vec<&str> = decrypt.split(' ').collect();
    arguments.extend(["-pkeyopt", digest]);
    let aes = openssl(directory, &arguments).unwrap();
    let key = hex::encode(aes);
    let unwrap = [
        "enc",
        "-d",
        "-id-aes256-wrap-pad",
        "-iv",
        "A65959A6",
        "-K",
        &key,
        "-in",
        "wrapped",
    ];
    openssl(directory, &unwrap).unwrap()
}

#[test]
fn the_holder_of_the_recipients_key_finds_the_private_key_whatever_kind_it_is() {
    let directory = tempfile::tempdir().unwrap();
    let (path, size) = (directory.path(), RsaSize::Bits2048);
    let encryption = ReleaseEncryption::default();
    for key in every_key() {
        let released = key.release(&recipient(size, encryption)).unwrap();
        let found = opened(path, size, encryption, &released);
        let sealed = key.to_bytes().unwrap();
        match key.key_type() {
            // PKCS#8 and bytes are what the sealed forms hold.
            KeyType::Rsa(_) | KeyType::Oct(_) => assert_eq!(found, sealed[2..], "{key:?}"),
            KeyType::Ec(_) => {
                fs::write(path.join("found.der"), &found).unwrap();
                let text = openssl(
                    path,
                    &[
                        "pkey",
                        "-inform",
                        "DER",
                        "-in",
                        "found.der",
                        "-pubout",
                        "-outform",
                        "DER",
                    ],
                );
                let point = &sealed[sealed.len() - point_length(&key)..];
                assert!(text.unwrap().ends_with(point), "{key:?}");
            }
            // RFC 9881: the seed behind its tag stands at the end.
            KeyType::Akp(_) => {
                assert!(found.ends_with(&sealed[2..]), "{key:?}");
                assert_eq!(found.len(), 22 + 32, "{key:?}");
            }
        }
    }
}

fn point_length(key: &strongroom_keys::Key) -> usize {
    match key.key_type() {
        KeyType::Ec(curve) => 1 + 2 * curve.width(),
        other => panic!("{other:?} has no point"),
    }
}

#[test]
fn every_encryption_and_size_of_recipient_is_read_and_none_encrypts_twice_alike() {
    let directory = tempfile::tempdir().unwrap();
    let key = generated(KeyType::Ec(Curve::P256));
    for size in RsaSize::ALL {
        for encryption in ReleaseEncryption::ALL {
            let recipient = recipient(size, encryption);
            let (one, other) = (key.release(&recipient).unwrap(), key.release(&recipient).unwrap());
            assert_ne!(one, other);
            assert_eq!(
                opened(directory.path(), size, encryption, &one),
                opened(directory.path(), size, encryption, &other),
                "{size:?} {encryption:?}"
            );
        }
    }
}

#[test]
fn a_recipient_is_an_rsa_key_of_a_size_that_is_known() {
    let n = rsa_jwk(RsaSize::Bits2048)
        .number(strongroom_keys::Member::N)
        .unwrap();
    let short = &n[..128];
    for (modulus, exponent) in [
        (short, &[1, 0, 1][..]),
        (&[][..], &[1, 0, 1]),
        (n, &[]),
        (n, &[1]),
        (n, &[2]),
    ] {
        let made = Recipient::new(modulus, exponent, ReleaseEncryption::default());
        assert!(made.is_err(), "{modulus:?} {exponent:?}");
    }
}
