//! The value of a certificate's secret, as the node driver reads it from a vault that it does not trust, and as the vault reads
//! its own.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use strongroom_certificates::{content::read_secret, pem};
use strongroom_crds::secret_ref::{CertificateFormat, CertificatePart};
use strongroom_csi::volume::certificate::SecretCertificate;

use crate::{Seed, Verdict, input::chosen};

/// The parts that hold no private key, and those that do.
const PUBLIC: [CertificatePart; 4] = [
    CertificatePart::Chain,
    CertificatePart::Ca,
    CertificatePart::Leaf(CertificateFormat::Pem),
    CertificatePart::Leaf(CertificateFormat::Der),
];
const PRIVATE: [CertificatePart; 3] = [
    CertificatePart::Bundle,
    CertificatePart::PrivateKey(CertificateFormat::Pem),
    CertificatePart::PrivateKey(CertificateFormat::Der),
];

/// The first byte chooses whether the rest is a text or the bytes of a PFX.
///
/// - What the driver takes has a chain that begins with its leaf. Written to one file and read again, it becomes the same files;
///   there are files with a private key, all of them or none, and no other file holds one.
/// - What the vault takes and writes as PEM, it takes again as the same.
pub fn certificate_secret(input: &[u8]) -> Verdict {
    let Some((choice, input)) = input.split_first() else {
        return Verdict::Refused;
    };
    let value = if choice & 1 == 1 {
        BASE64_STANDARD.encode(input).into_bytes()
    } else {
        input.to_vec()
    };
    if let Ok(text) = str::from_utf8(&value) {
        judge_own(text);
    }
    match SecretCertificate::read(&value) {
        Ok(certificate) => {
            judge(&certificate);
            Verdict::Taken
        }
        Err(error) => {
            let said = error.to_string();
            assert!(!said.chars().any(char::is_control), "{said}");
            Verdict::Refused
        }
    }
}

fn judge(certificate: &SecretCertificate) {
    let file = |certificate: &SecretCertificate, part| {
        let content = certificate.content_of(part).ok();
        content.map(|content| content.as_bytes().to_vec())
    };
    let chain = file(certificate, CertificatePart::Chain).unwrap();
    let leaf = file(certificate, CertificatePart::Leaf(CertificateFormat::Pem)).unwrap();
    assert!(chain.starts_with(&leaf));
    let whole = file(certificate, CertificatePart::Bundle).unwrap_or(chain);
    let again = SecretCertificate::read(&whole).unwrap();
    for part in PUBLIC.into_iter().chain(PRIVATE) {
        assert_eq!(file(certificate, part), file(&again, part), "{part:?}");
    }
    let marked = |text: &[u8]| text.windows(11).any(|window| window == b"PRIVATE KEY");
    for part in PUBLIC {
        assert!(
            !file(certificate, part).is_some_and(|text| marked(&text)),
            "{part:?}"
        );
    }
    let keys = PRIVATE.map(|part| file(certificate, part).is_some());
    assert!(keys.iter().all(|is_there| *is_there == keys[0]), "{keys:?}");
}

fn judge_own(text: &str) {
    let Some(held) = read_secret(text) else {
        return;
    };
    let keys = held
        .private_keys
        .iter()
        .map(|key| (pem::PRIVATE_KEY, key.as_slice()));
    let certificates = held
        .certificates
        .iter()
        .map(|der| (pem::CERTIFICATE, der.as_slice()));
    let blocks: Vec<_> = keys.chain(certificates).collect();
    if blocks.is_empty() {
        return;
    }
    let again = read_secret(&pem::write(&blocks).unwrap()).unwrap();
    assert_eq!(again.certificates, held.certificates);
    let keys = |keys: &[zeroize::Zeroizing<Vec<u8>>]| keys.iter().map(|key| key.to_vec()).collect::<Vec<_>>();
    assert_eq!(keys(&again.private_keys), keys(&held.private_keys));
}

/// What vaults write, what people write, and what is no certificate.
pub fn seeds() -> Vec<Seed> {
    macro_rules! data {
        ($name:literal) => {
            include_bytes!(concat!("../../../../certificates/tests/data/", $name)).as_slice()
        };
    }
    let text = |bytes: &[u8]| chosen(0, bytes);
    let pfx = |bytes: &[u8]| chosen(1, bytes);
    let pem = data!("pem/key-first.pem");
    let end = b"-----END PRIVATE KEY-----\n";
    let key_ends = pem.windows(end.len()).position(|window| window == end);
    let without_key = &pem[key_ends.expect("a key comes first") + end.len()..];
    vec![
        Seed::taken("key-first", text(pem)),
        Seed::taken("without-a-key", text(without_key)),
        Seed::taken("text-and-key-last", text(data!("pem/text-and-key-last.pem"))),
        Seed::taken("lines-of-windows", text(data!("pem/crlf.pem"))),
        Seed::taken("sec1", text(data!("pem/sec1.pem"))),
        Seed::taken("pkcs1", text(data!("pem/pkcs1.pem"))),
        Seed::refused("encrypted", text(data!("pem/encrypted.pem"))),
        Seed::taken("pfx-plain", pfx(data!("pkcs12/openssl-plain-no-mac.pfx"))),
        Seed::taken("pfx-in-ber", pfx(data!("pkcs12/ber-openssl-plain-no-mac.pfx"))),
        Seed::taken("pfx-of-rc2", pfx(data!("pkcs12/openssl-legacy-empty.pfx"))),
        Seed::refused("pfx-with-a-password", pfx(data!("pkcs12/openssl-one-round.pfx"))),
        Seed::refused("a-password", text(b"correct horse battery staple")),
        Seed::refused("no-certificate", text(b"-----BEGIN CERTIFICATE-----\n")),
    ]
}
