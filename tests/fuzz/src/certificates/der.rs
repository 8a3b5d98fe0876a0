//! Certificates that were issued elsewhere.

use serde_json::json;
use strongroom_certificates::{
    certificate::Certificate,
    policy::{CertificateFacts, Policy},
};

use crate::{Seed, Verdict};

/// - A certificate is kept byte by byte, and is read as the same again.
/// - What there is to say of it can be said: its names, its serial number, who may have signed it.
/// - A policy that is made of it is read from the store again, whatever the certificate has.
pub fn certificate_der(input: &[u8]) -> Verdict {
    let Ok(certificate) = Certificate::from_der(input) else {
        return Verdict::Refused;
    };
    assert_eq!(certificate.der(), input);
    assert_eq!(
        Certificate::from_der(certificate.der()).as_ref(),
        Ok(&certificate)
    );
    let said = json!({
        "subject": certificate.subject().to_string(),
        "issuer": certificate.issuer().to_string(),
        "serial": certificate.serial().to_string(),
        "key": certificate.key_type().map(|key| format!("{key:?}")),
        "signs itself": certificate.may_be_signed_by(&certificate),
    });
    assert!(
        said["serial"]
            .as_str()
            .unwrap()
            .bytes()
            .all(|digit| digit.is_ascii_hexdigit())
    );
    if let Ok(policy) = Policy::of_certificate(&CertificateFacts::from(&certificate), None) {
        assert_eq!(
            Policy::from_stored(policy.stored()).as_ref(),
            Ok(&policy),
            "{said}"
        );
    }
    Verdict::Taken
}

/// Certificates of openssl, and what is none.
pub fn seeds() -> Vec<Seed> {
    let leaf = include_bytes!("../../../../certificates/tests/data/leaf.der").as_slice();
    let authority = include_bytes!("../../../../certificates/tests/data/ca.der").as_slice();
    vec![
        Seed::taken("leaf", leaf),
        Seed::taken("authority", authority),
        Seed::refused("cut-off", &leaf[..leaf.len() - 1]),
        Seed::refused("two", [leaf, authority].concat()),
    ]
}
