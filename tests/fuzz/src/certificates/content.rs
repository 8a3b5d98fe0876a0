//! What an import brings: PEM, and PFX of openssl, Java and others, with a password and without.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use strongroom_certificates::{content::Content, pem};

use crate::{Seed, Verdict, input::chosen};

/// The password of files that have one.
const PASSWORD: &str = "1234";

/// The first byte chooses whether there is a password, and whether the rest is a text or the bytes of a PFX.
///
/// - What is taken holds a certificate, and a private key.
/// - Written as PEM it is read again, as the same key and certificates.
pub fn certificate_content(input: &[u8]) -> Verdict {
    let Some((choice, input)) = input.split_first() else {
        return Verdict::Refused;
    };
    let password = (choice & 1 == 1).then_some(PASSWORD);
    let text = if choice & 2 == 2 {
        BASE64_STANDARD.encode(input)
    } else {
        String::from_utf8_lossy(input).into_owned()
    };
    let Ok(content) = Content::read(&text, password) else {
        return Verdict::Refused;
    };
    let certificates = content.certificates.clone();
    assert!(!certificates.is_empty());
    let Ok(key) = content.private_key.into_pkcs8() else {
        // It is of an older form and of no algorithm that PKCS#8 could name.
        return Verdict::Refused;
    };
    let mut blocks = vec![(pem::PRIVATE_KEY, key.as_slice())];
    blocks.extend(certificates.iter().map(|der| (pem::CERTIFICATE, der.as_slice())));
    let again = Content::read(&pem::write(&blocks).unwrap(), None).unwrap();
    assert_eq!(again.certificates, certificates);
    assert_eq!(again.private_key.into_pkcs8().unwrap().as_slice(), key.as_slice());
    Verdict::Taken
}

/// Files of other programs whose passwords take no time to try, and what is none.
pub fn seeds() -> Vec<Seed> {
    macro_rules! data {
        ($name:literal) => {
            include_bytes!(concat!("../../../../certificates/tests/data/", $name)).as_slice()
        };
    }
    let pem = |bytes: &[u8]| chosen(0, bytes);
    let pfx = |bytes: &[u8]| chosen(3, bytes);
    vec![
        Seed::taken("key-first", pem(data!("pem/key-first.pem"))),
        Seed::taken("text-and-key-last", pem(data!("pem/text-and-key-last.pem"))),
        Seed::taken("lines-of-windows", pem(data!("pem/crlf.pem"))),
        Seed::taken("sec1", pem(data!("pem/sec1.pem"))),
        Seed::taken("pkcs1", pem(data!("pem/pkcs1.pem"))),
        Seed::refused("encrypted", pem(data!("pem/encrypted.pem"))),
        Seed::taken("pfx-plain", pfx(data!("pkcs12/openssl-plain-no-mac.pfx"))),
        Seed::taken("pfx-of-one-round", pfx(data!("pkcs12/openssl-one-round.pfx"))),
        Seed::taken("pfx-in-ber", pfx(data!("pkcs12/ber-openssl-plain-no-mac.pfx"))),
        Seed::taken("pfx-of-rc2", pfx(data!("pkcs12/openssl-legacy.pfx"))),
        Seed::refused("pfx-of-rc4", pfx(data!("pkcs12/openssl-unsupported-rc4.pfx"))),
        Seed::refused("pfx-without-a-key", pfx(data!("pkcs12/openssl-no-key.pfx"))),
        Seed::refused("no-certificate", pem(b"-----BEGIN CERTIFICATE-----\n")),
    ]
}
