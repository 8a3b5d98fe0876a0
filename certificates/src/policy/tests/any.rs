//! What holds for every policy, and for JSON of any form.

use proptest::{collection, option, prelude::*, sample};
use serde_json::Map;

use super::*;

/// JSON that mostly has the members and the values that policies have.
fn any_value() -> impl Strategy<Value = Value> {
    let name = sample::select(vec![
        "key_props",
        "secret_props",
        "x509_props",
        "lifetime_actions",
        "issuer",
        "attributes",
        "platformManaged",
        "exportable",
        "kty",
        "key_size",
        "reuse_key",
        "crv",
        "contentType",
        "subject",
        "sans",
        "ekus",
        "key_usage",
        "validity_months",
        "basic_constraints",
        "ca",
        "path_len_constraint",
        "dns_names",
        "ipAddresses",
        "trigger",
        "lifetime_percentage",
        "days_before_expiry",
        "action",
        "action_type",
        "name",
        "cty",
        "cert_transparency",
        "certificateUsage",
        "metadata",
        "enabled",
        "later",
    ]);
    let text = sample::select(vec![
        "RSA",
        "EC",
        "EC-HSM",
        "P-384",
        "CN=a",
        "Self",
        "1.2.3",
        "cRLSign",
        "AutoRenew",
        "a.example",
        "::1",
        "\u{0}",
        "application/x-pem-file",
        "",
    ]);
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (0_u64..5000).prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        text.prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 64, 6, move |inner| {
        prop_oneof![
            collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            collection::btree_map(name.clone().prop_map(str::to_owned), inner, 0..6)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

/// An object that has some of these members.
fn object(members: Vec<(&'static str, BoxedStrategy<Value>)>) -> BoxedStrategy<Value> {
    let members: Vec<_> = members
        .into_iter()
        .map(|(name, value)| option::of(value).prop_map(move |value| (name.to_owned(), value)))
        .collect();
    members
        .prop_map(|members| {
            let present = members
                .into_iter()
                .filter_map(|(name, value)| Some((name, value?)));
            Value::Object(present.collect::<Map<_, _>>())
        })
        .boxed()
}

fn one_of(values: &Value) -> BoxedStrategy<Value> {
    sample::select(values.as_array().unwrap().clone()).boxed()
}

fn some_of(values: &Value) -> BoxedStrategy<Value> {
    sample::subsequence(values.as_array().unwrap().clone(), 0..=2)
        .prop_map(Value::from)
        .boxed()
}

/// What a request may well say.
fn sent() -> BoxedStrategy<Value> {
    let flag = || any::<bool>().prop_map(Value::from).boxed();
    let trigger = prop_oneof![
        (1..100).prop_map(|percent| json!({"lifetime_percentage": percent})),
        (1..400).prop_map(|days| json!({"days_before_expiry": days})),
    ];
    let action = (trigger, one_of(&json!(["AutoRenew", "emailcontacts"])))
        .prop_map(|(trigger, action)| json!({"trigger": trigger, "action": {"action_type": action}}));
    let names = object(vec![
        ("dns_names", some_of(&json!(["b.example", "a.example"]))),
        ("ipAddresses", some_of(&json!(["::1", "10.0.0.1"]))),
        ("uris", some_of(&json!(["https://a.example", "urn:a"]))),
    ]);
    object(vec![
        (
            "key_props",
            object(vec![
                ("exportable", flag()),
                ("kty", one_of(&json!(["RSA", "EC"]))),
                ("key_size", one_of(&json!([2048, 3072, 4096, 256, 384, 521]))),
                ("reuse_key", flag()),
                ("crv", one_of(&json!(["P-256", "P-384", "P-521", "P-256K"]))),
            ]),
        ),
        (
            "secret_props",
            object(vec![(
                "contentType",
                one_of(&json!(["application/x-pem-file", "application/x-pkcs12"])),
            )]),
        ),
        (
            "x509_props",
            object(vec![
                ("subject", one_of(&json!(["CN=a", "cn=é, O=\"b, c\"", ""]))),
                ("sans", names),
                ("ekus", some_of(&json!(["1.3.6.1.5.5.7.3.1", "1.2.3", "2.999.1"]))),
                (
                    "key_usage",
                    some_of(&json!(["crlsign", "digitalSignature", "keyAgreement"])),
                ),
                ("validity_months", (1_u32..50).prop_map(Value::from).boxed()),
            ]),
        ),
        (
            "lifetime_actions",
            collection::vec(action, 0..3).prop_map(Value::from).boxed(),
        ),
        (
            "issuer",
            object(vec![
                ("name", one_of(&json!(["Self", "unknown", "issuer1"]))),
                ("cty", one_of(&json!(["", "OV-SSL"]))),
                ("cert_transparency", flag()),
            ]),
        ),
        ("attributes", object(vec![("enabled", flag())])),
        (
            "platformManaged",
            any_value()
                .prop_map(|metadata| json!({"certificateUsage": "u", "metadata": metadata}))
                .boxed(),
        ),
    ])
}

fn assert_unchanged<E: std::fmt::Debug>(
    before: &Policy,
    after: Result<Policy, E>,
) -> Result<(), TestCaseError> {
    match after {
        Ok(after) => {
            prop_assert_eq!(&after, before);
            Ok(())
        }
        Err(error) => Err(TestCaseError::fail(format!("{error:?}: {before:?}"))),
    }
}

/// Asserts what holds for every policy.
fn check(policy: &Policy) -> Result<(), TestCaseError> {
    assert_unchanged(policy, Policy::from_stored(policy.stored()))?;
    assert_unchanged(policy, policy.patch(&json!({})))?;
    assert_unchanged(policy, policy.patch(&answered(policy)))?;
    prop_assert!(policy.stored().len() <= MAX_BYTES);
    let text = serde_json::to_vec(&policy.answered(IDENTITY)).unwrap();
    let sent: SentPolicy = serde_json::from_slice(&text).unwrap();
    assert_unchanged(policy, policy.patch(sent.as_value()))?;
    Ok(())
}

proptest! {
    #[test]
    fn what_was_accepted_can_be_read_again(one in sent(), other in sent()) {
        if let Ok(policy) = Policy::create(&one) {
            check(&policy)?;
            assert_unchanged(&policy, Policy::create(&answered(&policy)))?;
            if let Ok(changed) = policy.patch(&other) {
                check(&changed)?;
                // A change that was made changes nothing when it is made again.
                assert_unchanged(&changed, changed.patch(&other))?;
            }
        }
    }

    #[test]
    fn an_accepted_key_is_of_the_type_that_was_asked_for(one in sent()) {
        if let Ok(policy) = Policy::create(&with(&one)) {
            let kind = one.pointer("/key_props/kty").and_then(Value::as_str).unwrap_or("RSA");
            prop_assert_eq!(policy.key_spec().key_type().kind().name(), kind);
        }
    }

    #[test]
    fn json_of_any_form_is_refused_or_read(one in any_value(), other in any_value()) {
        let base = create(&with(&json!({})));
        for policy in [Policy::create(&one), base.patch(&other), Policy::create(&with(&merged(&one, &other)))] {
            match policy {
                Ok(policy) => check(&policy)?,
                Err(error) => prop_assert!(!error.to_string().is_empty()),
            }
        }
    }

    #[test]
    fn bytes_of_any_form_are_damaged_or_what_would_be_written(bytes: Vec<u8>, one in any_value()) {
        for stored in [bytes, one.to_string().into_bytes()] {
            if let Ok(policy) = Policy::from_stored(&stored) {
                prop_assert_eq!(policy.stored(), stored);
            }
        }
    }

    #[test]
    fn a_certificate_with_any_texts_has_a_policy_that_can_be_read_again(
        subject in "\\PC{0,40}",
        names: Vec<String>,
        extended_key_usages: Vec<String>,
        not_before in -70_000_000_000_i64..260_000_000_000,
        not_after in -70_000_000_000_i64..260_000_000_000,
        given in sent(),
    ) {
        let facts = CertificateFacts {
            subject,
            alternative_names: Some(AlternativeNames { emails: Some(names), ..AlternativeNames::default() }),
            extended_key_usages,
            key_usages: KeyUsages::default(),
            validity: Validity { not_before, not_after },
            key: Some(KeyType::Ec(strongroom_keys::Curve::P256)),
        };
        if let Ok(policy) = Policy::of_certificate(&facts, Some(&given)) {
            check(&policy)?;
        }
    }
}
