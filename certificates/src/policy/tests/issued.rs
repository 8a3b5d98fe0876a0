//! A policy, a certificate that is issued for it, and the policy of that certificate where it is imported.

use strongroom_keys::{KeyProvider as _, Software};

use super::*;
use crate::{issue::self_signed, serial::Serial};

/// 2023-11-14 22:13:20.
const NOW: i64 = 1_700_000_000;

fn issued(policy: &Policy) -> Certificate {
    let key = Software.generate(policy.key_spec()).unwrap();
    let profile = policy.profile(NOW).unwrap();
    let der = self_signed(&key, &profile, Serial::from_random([7; 16])).unwrap();
    Certificate::from_der(&der).unwrap()
}

#[test]
fn a_certificate_that_is_imported_says_what_the_policy_said_that_it_was_issued_for() {
    for sent in [
        json!({
            "x509_props": {
                "subject": "CN=a, O=\"Contoso, Inc.\", C=DE",
                "sans": {
                    "emails": ["a@b.example"], "dns_names": ["z.example", "*.a.example"], "upns": ["a@b.example"],
                    "uris": ["spiffe://a.example/b"], "ipAddresses": ["10.0.0.1", "::1"],
                },
                "ekus": ["1.3.6.1.5.5.7.3.1", "1.2.3"], "key_usage": ["digitalSignature", "keyAgreement"],
                "validity_months": 24,
            },
            "key_props": {"kty": "EC", "crv": "P-384", "key_size": 384, "exportable": false},
            "issuer": {"name": "Self"},
        }),
        with(
            &json!({"key_props": {"kty": "EC", "key_size": 256}, "x509_props": {"ekus": [], "key_usage": []}}),
        ),
    ] {
        let policy = create(&sent);
        let facts = CertificateFacts::from(&issued(&policy));
        let imported = Policy::of_certificate(&facts, Some(&sent)).unwrap();
        // It is valid for ten minutes more than the months, and months that have begun count.
        let months = policy.x509().validity_months + 1;
        let expected = policy
            .patch(&json!({"x509_props": {"validity_months": months}}))
            .unwrap();
        assert_eq!(answered(&imported), answered(&expected));
    }
}

#[test]
fn a_certificate_without_a_subject_can_be_imported() {
    let sent = json!({"key_props": {"kty": "EC"}, "x509_props": {"sans": {"ipAddresses": ["::1"]}}});
    let facts = CertificateFacts::from(&issued(&create(&sent)));
    let policy = Policy::of_certificate(&facts, None).unwrap();
    assert_eq!(policy.x509().subject.as_deref(), Some(""));
    assert_eq!(
        answered(&policy).pointer("/x509_props/sans"),
        Some(&json!({"ipAddresses": ["::1"]}))
    );
    assert_eq!(policy.patch(&answered(&policy)), Ok(policy.clone()));
    policy.profile(NOW).unwrap();
}
