//! Policies of certificates that were issued elsewhere.

use strongroom_keys::{Curve, MlDsaSet, OctSize, RsaSize};

use super::*;

const fn between(not_before: i64, not_after: i64) -> Validity {
    Validity {
        not_before,
        not_after,
    }
}

/// What the recordings' certificate says: nothing of uses or names.
fn facts() -> CertificateFacts {
    CertificateFacts {
        subject: "O=Internet Widgits Pty Ltd, S=Some-State, C=AU".to_owned(),
        alternative_names: None,
        extended_key_usages: Vec::new(),
        key_usages: KeyUsages::default(),
        validity: between(1_637_727_113, 4_791_327_113),
        key: Some(KeyType::Rsa(RsaSize::Bits2048)),
    }
}

#[test]
fn without_a_policy_it_is_that_of_the_certificate_and_contacts_are_told() {
    let policy = Policy::of_certificate(&facts(), None).unwrap();
    assert_eq!(
        answered(&policy),
        json!({
            "id": IDENTITY.id,
            "key_props": {"exportable": true, "kty": "RSA", "key_size": 2048, "reuse_key": false},
            "secret_props": {"contentType": "application/x-pkcs12"},
            "x509_props": {
                "subject": "O=Internet Widgits Pty Ltd, S=Some-State, C=AU",
                "ekus": [],
                "key_usage": [],
                "validity_months": 1200,
                "basic_constraints": {"ca": false},
            },
            "lifetime_actions": [
                {"trigger": {"lifetime_percentage": 80}, "action": {"action_type": "EmailContacts"}},
            ],
            "issuer": {"name": "Unknown"},
            "attributes": {"enabled": true, "created": 1, "updated": 2},
        })
    );
    assert_eq!(Policy::of_certificate(&facts(), Some(&json!({}))), Ok(policy));
}

#[test]
fn of_a_given_policy_holds_what_the_certificate_does_not_tell() {
    let names = AlternativeNames {
        dns_names: Some(vec!["b.example".to_owned()]),
        ..AlternativeNames::default()
    };
    let facts = CertificateFacts {
        alternative_names: Some(names),
        extended_key_usages: vec!["1.3.6.1.5.5.7.3.1".to_owned()],
        key_usages: KeyUsages::defaults(),
        key: Some(KeyType::Ec(Curve::P384)),
        ..facts()
    };
    let actions = json!([{"trigger": {"days_before_expiry": 90}, "action": {"action_type": "AutoRenew"}}]);
    let sent = json!({
        "key_props": {"exportable": false, "kty": "RSA", "key_size": 1024, "reuse_key": true},
        "secret_props": {"contentType": "application/x-pem-file"},
        "x509_props": {
            "subject": "CN=DefaultPolicy", "sans": {"emails": ["a@b.c"]}, "ekus": [], "key_usage": ["cRLSign"],
            "validity_months": 1, "basic_constraints": {"ca": true},
        },
        "lifetime_actions": actions,
        "issuer": {"name": "Self", "cert_transparency": false},
        "attributes": {"enabled": false},
    });
    let policy = Policy::of_certificate(&facts, Some(&sent)).unwrap();
    let answer = answered(&policy);
    let key = json!({"exportable": false, "kty": "EC", "key_size": 384, "reuse_key": true, "crv": "P-384"});
    assert_eq!(answer.get("key_props"), Some(&key));
    let x509 = json!({
        "subject": "O=Internet Widgits Pty Ltd, S=Some-State, C=AU", "sans": {"dns_names": ["b.example"]},
        "ekus": ["1.3.6.1.5.5.7.3.1"], "key_usage": ["digitalSignature", "keyEncipherment"],
        "validity_months": 1200, "basic_constraints": {"ca": false},
    });
    assert_eq!(answer.get("x509_props"), Some(&x509));
    for member in ["secret_props", "lifetime_actions", "issuer"] {
        assert_eq!(answer.get(member), sent.get(member));
    }
    assert!(!policy.is_enabled());
}

#[test]
fn what_a_certificate_brought_can_be_sent_back_and_kept_even_where_no_request_may_ask_for_it() {
    let odd = CertificateFacts {
        subject: "no name".to_owned(),
        alternative_names: Some(AlternativeNames {
            ip_addresses: Some(vec!["nowhere".to_owned(); 300]),
            ..AlternativeNames::default()
        }),
        extended_key_usages: vec!["any".to_owned()],
        validity: between(0, 253_402_300_799),
        ..facts()
    };
    let policy = Policy::of_certificate(&odd, None).unwrap();
    assert_eq!(policy.x509().validity_months, 96_360);
    assert!(matches!(policy.profile(0), Err(UnissuablePolicy::Subject(_))));
    let named = policy.patch(&json!({"x509_props": {"subject": "CN=a"}})).unwrap();
    assert_eq!(
        named.profile(0),
        Err(UnissuablePolicy::ExtendedKeyUsage("any".to_owned()))
    );
    assert_eq!(Policy::from_stored(policy.stored()), Ok(policy.clone()));
    assert_eq!(policy.patch(&answered(&policy)), Ok(policy.clone()));
    assert!(matches!(
        Policy::create(&answered(&policy)),
        Err(PolicyError::Subject(_))
    ));
    let nobody = CertificateFacts {
        subject: String::new(),
        alternative_names: Some(AlternativeNames::default()),
        ..facts()
    };
    let policy = Policy::of_certificate(&nobody, None).unwrap();
    assert_eq!(answered(&policy).pointer("/x509_props/subject"), Some(&json!("")));
    assert_eq!(answered(&policy).pointer("/x509_props/sans"), None);
    assert_eq!(policy.patch(&answered(&policy)), Ok(policy.clone()));
    assert!(policy.patch(&json!({"attributes": {"enabled": false}})).is_ok());
}

#[test]
fn a_given_policy_that_says_what_none_says_is_refused() {
    let long = CertificateFacts {
        subject: "a".repeat(201),
        ..facts()
    };
    let of_days = |days: u32| json!({"lifetime_actions": [{"trigger": {"days_before_expiry": days}, "action": {"action_type": "AutoRenew"}}]});
    let short = CertificateFacts {
        validity: between(0, 3600),
        ..facts()
    };
    let odd_key = |key| CertificateFacts { key, ..facts() };
    let most = PolicyError::DaysBeforeExpiry { most: 27 };
    for (facts, sent, error) in [
        (
            facts(),
            json!({"key_props": {"kty": "RSA-HSM"}}),
            PolicyError::Member(Member::KeyType),
        ),
        (facts(), json!({"issuer": 1}), PolicyError::Member(Member::Issuer)),
        (long, json!({}), PolicyError::Member(Member::Subject)),
        (short, of_days(28), most),
        (
            odd_key(Some(KeyType::Akp(MlDsaSet::MlDsa44))),
            json!({}),
            PolicyError::Member(Member::KeyType),
        ),
        (
            odd_key(Some(KeyType::Oct(OctSize::Bits256))),
            json!({}),
            PolicyError::Member(Member::KeyType),
        ),
        (odd_key(None), json!({}), PolicyError::Member(Member::KeyType)),
    ] {
        assert_eq!(Policy::of_certificate(&facts, Some(&sent)), Err(error), "{sent}");
    }
    let many = CertificateFacts {
        extended_key_usages: vec!["1.2.3".to_owned(); 3000],
        ..facts()
    };
    assert_eq!(Policy::of_certificate(&many, None), Err(PolicyError::TooLong));
}

#[test]
fn months_that_have_begun_count() {
    const DAY: i64 = 86_400;
    /// 2021-01-31 12:00:00.
    const END_OF_JANUARY: i64 = 1_612_094_400;
    for (not_before, not_after, months) in [
        (END_OF_JANUARY, END_OF_JANUARY + 28 * DAY, 1),
        (END_OF_JANUARY, END_OF_JANUARY + 28 * DAY + 1, 2),
        (END_OF_JANUARY, END_OF_JANUARY + 365 * DAY, 12),
        (END_OF_JANUARY, END_OF_JANUARY + 365 * DAY + 600, 13),
        (END_OF_JANUARY, END_OF_JANUARY + 1, 1),
        (END_OF_JANUARY, END_OF_JANUARY, 1),
        (END_OF_JANUARY, 0, 1),
        (-631_152_000, 0, 240),
    ] {
        let facts = CertificateFacts {
            validity: between(not_before, not_after),
            ..facts()
        };
        let policy = Policy::of_certificate(&facts, None).unwrap();
        assert_eq!(policy.x509().validity_months, months, "{not_before} {not_after}");
    }
}
