//! What no policy says.

use std::fmt;

use super::*;

/// Asserts that each of these is refused by the path of the member that is wrong, in a sentence that says what it may be.
fn assert_refused_by_path<const ROWS: usize>(rows: [(impl fmt::Display, Value); ROWS]) {
    for (path, sent) in rows {
        let sentence = refusal(&with(&sent));
        let start = format!("The member {path} must be ");
        assert!(
            sentence.starts_with(&start) && sentence.ends_with('.'),
            "{sent}: {sentence}"
        );
    }
}

#[test]
fn a_member_of_the_wrong_form_is_refused_by_its_path() {
    assert_refused_by_path([
        ("policy", json!([])),
        ("policy", json!("CN=a")),
        ("policy.secret_props", json!({"secret_props": true})),
        (
            "policy.secret_props.contentType",
            json!({"secret_props": {"contentType": "text/plain"}}),
        ),
        ("policy.issuer", json!({"issuer": "Self"})),
        ("policy.issuer.name", json!({"issuer": {"name": ""}})),
        ("policy.issuer.name", json!({"issuer": {"name": "a\nb"}})),
        ("policy.issuer.name", json!({"issuer": {"name": "a".repeat(128)}})),
        ("policy.issuer.cty", json!({"issuer": {"cty": "a".repeat(128)}})),
        (
            "policy.issuer.cert_transparency",
            json!({"issuer": {"cert_transparency": "no"}}),
        ),
        ("policy.platformManaged", json!({"platformManaged": "yes"})),
        (
            "policy.platformManaged.certificateUsage",
            json!({"platformManaged": {"metadata": {}}}),
        ),
        (
            "policy.platformManaged.certificateUsage",
            json!({"platformManaged": {"certificateUsage": ""}}),
        ),
        ("policy.attributes", json!({"attributes": 1})),
        ("policy.attributes.enabled", json!({"attributes": {"enabled": 1}})),
    ]);
}

#[test]
fn a_member_of_the_key_of_the_wrong_form_is_refused_by_its_path() {
    assert_refused_by_path([
        ("policy.key_props", json!({"key_props": []})),
        (
            "policy.key_props.exportable",
            json!({"key_props": {"exportable": "true"}}),
        ),
        ("policy.key_props.kty", json!({"key_props": {"kty": 1}})),
        (
            "policy.key_props.key_size",
            json!({"key_props": {"key_size": "2048"}}),
        ),
        (
            "policy.key_props.key_size",
            json!({"key_props": {"key_size": -1}}),
        ),
        (
            "policy.key_props.key_size",
            json!({"key_props": {"key_size": 2048.0}}),
        ),
        (
            "policy.key_props.reuse_key",
            json!({"key_props": {"reuse_key": 0}}),
        ),
        ("policy.key_props.crv", json!({"key_props": {"crv": "secp256r1"}})),
    ]);
}

#[test]
fn a_member_of_the_certificate_of_the_wrong_form_is_refused_by_its_path() {
    assert_refused_by_path(
        [
            ("", json!(7)),
            (".subject", json!({"subject": 7})),
            (".ekus", json!({"ekus": "1.2.3"})),
            (".ekus", json!({"ekus": ["serverAuth"]})),
            (".ekus", json!({"ekus": ["1.2.3", null]})),
            (".ekus", json!({"ekus": [""]})),
            (".ekus", json!({"ekus": ["1.2.03"]})),
            (".ekus", json!({"ekus": ["1"]})),
            (".ekus", json!({"ekus": ["3.1.2"]})),
            (".ekus", json!({"ekus": vec!["1.2.3"; 101]})),
            (".sans", json!({"sans": ["a.example"]})),
            (".sans.emails", json!({"sans": {"emails": {}}})),
            (".sans.dns_names", json!({"sans": {"dns_names": "a"}})),
            (".sans.upns", json!({"sans": {"upns": [1]}})),
            (".sans.uris", json!({"sans": {"uris": [[]]}})),
            (".sans.ipAddresses", json!({"sans": {"ipAddresses": 1}})),
            (".key_usage", json!({"key_usage": "digitalSignature"})),
            (".key_usage", json!({"key_usage": ["sign"]})),
            (".validity_months", json!({"validity_months": 0})),
            (".validity_months", json!({"validity_months": 1201})),
            (".validity_months", json!({"validity_months": "12"})),
            (".validity_months", json!({"validity_months": 1.5})),
            (".validity_months", json!({"validity_months": u64::MAX})),
            (".basic_constraints", json!({"basic_constraints": false})),
            (
                ".basic_constraints.ca",
                json!({"basic_constraints": {"ca": true}}),
            ),
            (".basic_constraints.ca", json!({"basic_constraints": {"ca": 0}})),
            (
                ".basic_constraints.path_len_constraint",
                json!({"basic_constraints": {"path_len_constraint": "0"}}),
            ),
        ]
        .map(|(path, x509)| (format!("policy.x509_props{path}"), json!({ "x509_props": x509 }))),
    );
}

#[test]
fn an_alternative_name_that_is_none_is_refused() {
    for sans in [
        json!({"ipAddresses": ["1.2.3"]}),
        json!({"dns_names": ["no name"]}),
        json!({"emails": ["nobody"]}),
    ] {
        let sentence = refusal(&with(&json!({"x509_props": {"sans": sans}})));
        assert!(
            sentence.starts_with("The member policy.x509_props.sans is refused: "),
            "{sentence}"
        );
    }
}

#[test]
fn an_action_has_one_trigger_within_its_bounds_and_one_name() {
    let days = "trigger.days_before_expiry";
    let percentage = "trigger.lifetime_percentage";
    for (path, trigger, action) in [
        ("trigger", json!({}), "AutoRenew"),
        ("trigger", Value::Null, "AutoRenew"),
        ("trigger", json!({"lifetime_percentage": null}), "AutoRenew"),
        (
            "trigger",
            json!({"lifetime_percentage": 80, "days_before_expiry": 1}),
            "AutoRenew",
        ),
        ("trigger", json!(80), "AutoRenew"),
        (percentage, json!({"lifetime_percentage": 0}), "AutoRenew"),
        (percentage, json!({"lifetime_percentage": 100}), "AutoRenew"),
        (days, json!({"days_before_expiry": 0}), "AutoRenew"),
        (days, json!({"days_before_expiry": -1}), "AutoRenew"),
        (days, json!({"days_before_expiry": 325}), "AutoRenew"),
        ("action.action_type", json!({"lifetime_percentage": 80}), "Renew"),
        ("action.action_type", json!({"lifetime_percentage": 80}), ""),
    ] {
        let sent = json!([{"trigger": trigger, "action": {"action_type": action}}]);
        let sentence = refusal(&with(&json!({ "lifetime_actions": sent })));
        let start = format!("The member policy.lifetime_actions.{path} must be ");
        assert!(sentence.starts_with(&start), "{sent}: {sentence}");
    }
    let good = json!({"trigger": {"days_before_expiry": 324}, "action": {"action_type": "AutoRenew"}});
    for (path, sent) in [
        ("", json!({})),
        ("", json!([1])),
        ("", json!(vec![good.clone(); 5])),
        (".trigger", json!([null])),
        (
            ".action.action_type",
            json!([{"trigger": {"lifetime_percentage": 1}}]),
        ),
        (
            ".action",
            json!([{"trigger": {"lifetime_percentage": 1}, "action": "AutoRenew"}]),
        ),
    ] {
        let sentence = refusal(&with(&json!({ "lifetime_actions": sent })));
        let start = format!("The member policy.lifetime_actions{path} must be ");
        assert!(sentence.starts_with(&start), "{sent}: {sentence}");
    }
    create(&with(&json!({ "lifetime_actions": vec![good; 4] })));
}

#[test]
fn a_bad_subject_is_refused_in_the_words_of_the_service_and_before_the_usages() {
    let azure = "Property policy.x509_props has invalid value. Invalid X.500 distinguished name\r\n";
    let props = json!({"subject": "Self", "key_usage": ["nothing"], "ekus": ["x"], "validity_months": 2000});
    assert_eq!(refusal(&json!({"x509_props": props})), azure);
    assert_eq!(refusal(&json!({"x509_props": {"subject": "MyCert"}})), azure);
    let long = format!("CN={}", "é".repeat(198));
    assert!(refusal(&json!({"x509_props": {"subject": long}})).contains("at most 200 characters"));
    create(&json!({"x509_props": {"subject": long.replacen('é', "", 1)}}));
}

#[test]
fn a_certificate_without_any_name_is_refused() {
    for sent in [
        Value::Null,
        json!({}),
        json!({"platformManaged": {}, "issuer": {"name": "Self"}}),
        json!({"x509_props": {}}),
        json!({"x509_props": {"subject": "", "sans": {}}}),
        json!({"x509_props": {"sans": {"dns_names": [], "emails": null}}}),
    ] {
        assert_eq!(Policy::create(&sent), Err(PolicyError::Nameless), "{sent}");
    }
}

#[test]
fn keys_that_no_certificate_has_are_refused() {
    for kty in ["RSA-HSM", "EC-HSM", "oct", "oct-HSM", "AKP", "rsa", ""] {
        let sentence = refusal(&with(&json!({"key_props": {"kty": kty}})));
        assert!(
            sentence.contains("types that end in -HSM need a hardware security module"),
            "{kty}"
        );
    }
    for (key, sentence) in [
        (
            json!({"key_size": 1024}),
            "Unsupported key size (1024). Supported sizes are [2048, 3072, 4096]",
        ),
        (
            json!({"kty": "EC", "key_size": 4096}),
            "Unsupported key size (4096). Supported sizes are [256, 384, 521]",
        ),
        (
            json!({"kty": "EC", "key_size": 384, "crv": "P-256"}),
            "Unsupported key size (384). A key on the curve P-256 has another.",
        ),
    ] {
        assert_eq!(refusal(&with(&json!({ "key_props": key }))), sentence);
    }
}

#[test]
fn a_policy_is_bounded_in_length_and_depth() {
    let metadata = |value: &Value| json!({"platformManaged": {"certificateUsage": "u", "metadata": value}});
    let room = create(&metadata(&json!(""))).stored().len();
    let full = create(&metadata(&json!("a".repeat(MAX_BYTES - room))));
    assert_eq!(full.stored().len(), MAX_BYTES);
    assert_eq!(
        Policy::create(&metadata(&json!("a".repeat(MAX_BYTES - room + 1)))),
        Err(PolicyError::TooLong)
    );
    let nested = |levels| (1..levels).fold(json!(1), |value, _| json!([value]));
    create(&metadata(&nested(16)));
    assert_eq!(
        Policy::create(&metadata(&nested(17))),
        Err(PolicyError::Member(Member::Metadata))
    );
    create(&metadata(&json!({"a": [{"b": 1}]})));
}
