//! Changes of a policy, member by member.

use super::*;

/// A policy with a member of every kind.
fn full() -> Policy {
    create(&json!({
        "key_props": {"exportable": true, "kty": "RSA", "key_size": 2048, "reuse_key": false},
        "secret_props": {"contentType": "application/x-pem-file"},
        "x509_props": {
            "subject": "CN=DefaultPolicy",
            "sans": {"dns_names": ["a.example"], "emails": ["a@b.example"]},
            "ekus": ["1.3.6.1.5.5.7.3.1"],
            "key_usage": ["decipherOnly"],
            "validity_months": 12,
        },
        "lifetime_actions": [{"trigger": {"days_before_expiry": 300}, "action": {"action_type": "AutoRenew"}}],
        "issuer": {"name": "Self", "cty": "OV-SSL", "cert_transparency": false},
        "attributes": {"enabled": true},
        "platformManaged": {"certificateUsage": "u", "metadata": {"a": 1}},
    }))
}

/// Asserts that a change replaces, in what is answered, the members of `changed` and no other.
fn assert_changes(policy: &Policy, sent: &Value, changed: &Value) {
    let after = policy.patch(sent).unwrap();
    assert_eq!(answered(&after), merged(&answered(policy), changed), "{sent}");
}

#[test]
fn a_member_of_an_object_changes_and_the_others_stay() {
    for change in [
        json!({"key_props": {"reuse_key": true, "exportable": false, "key_size": 3072}}),
        json!({"secret_props": {"contentType": "application/x-pkcs12"}}),
        json!({"x509_props": {"subject": "CN=another"}}),
        json!({"x509_props": {"ekus": []}}),
        json!({"x509_props": {"key_usage": ["cRLSign", "digitalSignature"]}}),
        json!({"x509_props": {"validity_months": 24}}),
        json!({"issuer": {"name": "Unknown"}}),
        json!({"issuer": {"cert_transparency": true}}),
        json!({"attributes": {"enabled": false}}),
    ] {
        assert_changes(&full(), &change, &change);
    }
}

#[test]
fn nothing_changes_where_nothing_is_said() {
    for nothing in [
        Value::Null,
        json!({}),
        json!({"key_props": {}, "secret_props": {}, "x509_props": {}, "issuer": {}, "attributes": {}}),
        json!({"key_props": null, "lifetime_actions": null, "platformManaged": null, "issuer": {"cty": null}}),
        json!({"platformManaged": {}, "x509_props": {"subject": null, "sans": null}, "id": "x", "later": 1}),
        json!({"attributes": {"exp": 1, "nbf": 2, "created": 3, "updated": 4}}),
        answered(&full()),
    ] {
        assert_eq!(full().patch(&nothing), Ok(full()), "{nothing}");
    }
}

#[test]
fn lists_names_and_what_the_platform_does_are_replaced_as_a_whole() {
    let action = |percent: u8| json!({"trigger": {"lifetime_percentage": percent}, "action": {"action_type": "EmailContacts"}});
    for (sent, member) in [
        (
            json!({"lifetime_actions": [action(98), action(1)]}),
            "/lifetime_actions",
        ),
        (json!({"lifetime_actions": []}), "/lifetime_actions"),
        (
            json!({"x509_props": {"sans": {"upns": ["a@b"]}}}),
            "/x509_props/sans",
        ),
        (json!({"x509_props": {"sans": {}}}), "/x509_props/sans"),
        (
            json!({"platformManaged": {"certificateUsage": "v"}}),
            "/platformManaged",
        ),
    ] {
        let after = answered(&full().patch(&sent).unwrap());
        assert_eq!(after.pointer(member), sent.pointer(member));
        let mut before = answered(&full());
        *before.pointer_mut(member).unwrap() = sent.pointer(member).unwrap().clone();
        assert_eq!(after, before);
    }
}

#[test]
fn a_key_that_becomes_another_keeps_nothing_that_is_of_the_former() {
    let rsa = |size| json!({"kty": "RSA", "key_size": size});
    let ec = |crv| json!({"kty": "EC", "crv": crv});
    let sized = |size, crv| json!({"kty": "EC", "key_size": size, "crv": crv});
    for (before, change, after) in [
        // What the suite of Python sends.
        (rsa(2048), sized(256, "P-256"), sized(256, "P-256")),
        (rsa(4096), json!({"kty": "EC"}), ec("P-256")),
        (rsa(4096), json!({"reuse_key": false}), rsa(4096)),
        (rsa(4096), json!({"crv": "P-384"}), rsa(4096)),
        (sized(384, "P-384"), json!({"kty": "RSA"}), rsa(2048)),
        (sized(384, "P-384"), rsa(3072), rsa(3072)),
        (ec("P-384"), json!({"exportable": true}), ec("P-384")),
        (ec("P-384"), json!({"crv": "P-521"}), ec("P-521")),
        (sized(384, "P-384"), json!({"crv": "P-521"}), sized(521, "P-521")),
        (sized(384, "P-384"), json!({"key_size": 521}), sized(521, "P-521")),
        (ec("P-256K"), json!({"key_size": 256}), sized(256, "P-256K")),
    ] {
        let policy = create(&with(&json!({"key_props": before})));
        let changed = policy.patch(&json!({"key_props": change})).unwrap();
        let usual = json!({"exportable": true, "reuse_key": false});
        assert_eq!(
            answered(&changed).get("key_props"),
            Some(&merged(&usual, &after)),
            "{change}"
        );
    }
}

#[test]
fn what_becomes_wrong_is_refused() {
    for (change, error) in [
        (
            json!({"x509_props": {"validity_months": 11}}),
            PolicyError::DaysBeforeExpiry { most: 297 },
        ),
        (
            json!({"x509_props": {"validity_months": 1201}}),
            PolicyError::Member(Member::ValidityMonths),
        ),
        (
            json!({"key_props": {"kty": "EC", "key_size": 2048}}),
            PolicyError::KeySize {
                kind: strongroom_keys::KeyKind::Ec,
                size: 2048,
            },
        ),
        (
            json!({"issuer": {"name": 1}}),
            PolicyError::Member(Member::IssuerName),
        ),
        (json!([]), PolicyError::Member(Member::Policy)),
    ] {
        assert_eq!(full().patch(&change), Err(error), "{change}");
    }
    let unnamed = full().patch(&json!({"x509_props": {"subject": "Self"}}));
    assert!(matches!(unnamed, Err(PolicyError::Subject(_))));
    let named = create(&with(&json!({"x509_props": {"sans": {}}})));
    assert_eq!(
        named.patch(&json!({"x509_props": {"subject": ""}})),
        Err(PolicyError::Nameless)
    );
}
