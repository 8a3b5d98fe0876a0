//! New policies: what is as usual, and what comes back as it was sent.

use super::*;

/// The members that hold when nothing but a subject is said.
fn usual() -> Value {
    json!({
        "id": IDENTITY.id,
        "key_props": {"exportable": true, "kty": "RSA", "key_size": 2048, "reuse_key": false},
        "secret_props": {"contentType": "application/x-pkcs12"},
        "x509_props": {
            "subject": "CN=a",
            "ekus": ["1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.2"],
            "key_usage": ["digitalSignature", "keyEncipherment"],
            "validity_months": 12,
            "basic_constraints": {"ca": false},
        },
        "lifetime_actions": [
            {"trigger": {"lifetime_percentage": 80}, "action": {"action_type": "EmailContacts"}},
        ],
        "issuer": {"name": "Unknown"},
        "attributes": {"enabled": true, "created": 1, "updated": 2},
    })
}

#[test]
fn a_policy_that_says_nothing_but_its_subject_is_as_usual() {
    for sent in [
        json!({}),
        json!({"key_props": {}, "secret_props": {}, "issuer": {}, "attributes": {}, "platformManaged": {}}),
        json!({"x509_props": {"basic_constraints": {}}}),
        json!({
            "id": null, "key_props": null, "secret_props": null, "lifetime_actions": null, "issuer": null,
            "attributes": null, "platformManaged": null,
        }),
        json!({
            "key_props": {"exportable": null, "kty": null, "key_size": null, "reuse_key": null, "crv": null},
            "secret_props": {"contentType": null},
            "x509_props": {"sans": null, "ekus": null, "key_usage": null, "validity_months": null, "basic_constraints": null},
            "issuer": {"name": null, "cty": null, "cert_transparency": null},
            "attributes": {"enabled": null, "exp": null, "nbf": null},
        }),
        json!({"x509_props": {"basic_constraints": {"ca": null, "path_len_constraint": null}}}),
        json!({"x509_props": {"basic_constraints": {"ca": false, "path_len_constraint": 0}}}),
        json!({"attributes": {"exp": 4_000_000_000_u64, "nbf": "later", "created": 9, "updated": 9}}),
        json!({"id": 7, "later": {"a": [1]}, "key_props": {"key_hsm": true}, "issuer": {"later": 1}}),
    ] {
        assert_eq!(answered(&create(&with(&sent))), usual(), "{sent}");
    }
}

#[test]
fn an_answer_stands_in_the_order_of_the_recordings() {
    let sent = json!({
        "platformManaged": {"metadata": {}, "certificateUsage": "u"},
        "attributes": {"enabled": false},
        "issuer": {"cert_transparency": false, "cty": "OV-SSL", "name": "self"},
        "lifetime_actions": [{"action": {"action_type": "autorenew"}, "trigger": {"days_before_expiry": 30}}],
        "x509_props": {
            "validity_months": 24, "key_usage": ["keyEncipherment", "CRLSIGN"], "ekus": ["1.2.3"],
            "sans": {"ipAddresses": ["::1"], "uris": ["urn:a"], "upns": ["a@b"], "dns_names": ["b.c"], "emails": ["a@b.c"]},
            "subject": "cn=MyCert",
        },
        "secret_props": {"contentType": "application/x-pem-file"},
        "key_props": {"crv": "P-256", "reuse_key": true, "key_size": 256, "kty": "EC", "exportable": false},
    });
    let json = serde_json::to_string(&create(&sent).answered(IDENTITY)).unwrap();
    assert_eq!(
        json,
        r#"{"id":"https://v.vault.example/certificates/c/policy","key_props":{"exportable":false,"kty":"EC","key_size":256,"reuse_key":true,"crv":"P-256"},"secret_props":{"contentType":"application/x-pem-file"},"x509_props":{"subject":"cn=MyCert","sans":{"emails":["a@b.c"],"dns_names":["b.c"],"upns":["a@b"],"uris":["urn:a"],"ipAddresses":["::1"]},"ekus":["1.2.3"],"key_usage":["cRLSign","keyEncipherment"],"validity_months":24,"basic_constraints":{"ca":false}},"lifetime_actions":[{"trigger":{"days_before_expiry":30},"action":{"action_type":"AutoRenew"}}],"issuer":{"name":"self","cty":"OV-SSL","cert_transparency":false},"attributes":{"enabled":false,"created":1,"updated":2},"platformManaged":{"certificateUsage":"u","metadata":{}}}"#
    );
}

#[test]
fn a_subject_comes_back_as_it_was_sent() {
    for subject in [
        "cn=MyCert",
        "CN=*.microsoft.com",
        "CN=DefaultPolicy",
        "CN=Contoso, OU=IT, O=\"Contoso, Inc.\", L=Redmond, S=Washington, C=US",
        "C=US, ST=WA, E=a@b.c, emailAddress=d@e.f",
        "CN=a\\, b",
    ] {
        let sent = json!({"x509_props": {"subject": subject}});
        assert_eq!(echo(&sent, "/x509_props/subject"), Some(json!(subject)));
        assert_eq!(create(&sent).x509().subject.as_deref(), Some(subject));
        create(&sent).profile(0).unwrap();
    }
}

#[test]
fn alternative_names_come_back_as_they_were_sent_none_and_empty_ones_too() {
    for (sans, answer) in [
        (json!({}), Some(json!({}))),
        (Value::Null, None),
        (json!({"dns_names": []}), Some(json!({"dns_names": []}))),
        (
            json!({"dns_names": ["z.example", "A.example"], "emails": null, "later": 1}),
            Some(json!({"dns_names": ["z.example", "A.example"]})),
        ),
        (
            json!({"ipAddresses": ["::1", "127.0.0.1"], "uris": ["spiffe://a/b"]}),
            Some(json!({"ipAddresses": ["::1", "127.0.0.1"], "uris": ["spiffe://a/b"]})),
        ),
    ] {
        let sent = with(&json!({"x509_props": {"sans": sans}}));
        assert_eq!(echo(&sent, "/x509_props/sans"), answer, "{sans}");
    }
    assert_eq!(echo(&with(&json!({})), "/x509_props/sans"), None);
}

#[test]
fn alternative_names_are_enough_without_a_subject() {
    for sent in [
        json!({"x509_props": {"sans": {"ipAddresses": ["::1"]}}}),
        json!({"x509_props": {"sans": {"uris": ["https://a.example/b"]}}}),
    ] {
        assert_eq!(echo(&sent, "/x509_props/subject"), None, "{sent}");
        let profile = create(&sent).profile(0).unwrap();
        assert!(profile.subject.is_empty());
        assert_eq!(
            Some(profile.alternative_names),
            create(&sent).x509().alternative_names
        );
    }
    let empty = json!({"x509_props": {"subject": "", "sans": {"dns_names": ["a.example"]}}});
    assert_eq!(echo(&empty, "/x509_props/subject"), Some(json!("")));
    assert!(create(&empty).profile(0).unwrap().subject.is_empty());
}

#[test]
fn key_usages_are_read_in_any_case_and_come_back_in_their_own_sorted() {
    for (sent, answer) in [
        (
            json!(["crlSign", "DigitalSignature"]),
            json!(["cRLSign", "digitalSignature"]),
        ),
        (
            json!(["nonRepudiation", "keyCertSign", "decipheronly", "decipherOnly"]),
            json!(["decipherOnly", "keyCertSign", "nonRepudiation"]),
        ),
        (json!([]), json!([])),
    ] {
        let policy = with(&json!({"x509_props": {"key_usage": sent}}));
        assert_eq!(echo(&policy, "/x509_props/key_usage"), Some(answer));
    }
}

#[test]
fn a_key_is_of_the_type_size_and_curve_that_were_asked_for() {
    let rsa = |size| json!({"exportable": true, "kty": "RSA", "key_size": size, "reuse_key": false});
    let ec = |crv| json!({"exportable": true, "kty": "EC", "reuse_key": false, "crv": crv});
    let sized = |size, crv| merged(&ec(crv), &json!({ "key_size": size }));
    for (sent, answer) in [
        (json!({"kty": "RSA"}), rsa(2048)),
        (json!({"key_size": 3072}), rsa(3072)),
        (json!({"kty": "RSA", "key_size": 4096, "crv": "P-384"}), rsa(4096)),
        (json!({"kty": "EC"}), ec("P-256")),
        (json!({"kty": "EC", "crv": "P-521"}), ec("P-521")),
        (json!({"kty": "EC", "key_size": 256}), sized(256, "P-256")),
        (json!({"kty": "EC", "key_size": 384}), sized(384, "P-384")),
        (
            json!({"kty": "EC", "key_size": 256, "crv": "P-256K"}),
            sized(256, "P-256K"),
        ),
        (
            json!({"kty": "EC", "key_size": 521, "crv": "P-521"}),
            sized(521, "P-521"),
        ),
    ] {
        let policy = with(&json!({ "key_props": sent }));
        assert_eq!(echo(&policy, "/key_props"), Some(answer), "{sent}");
    }
    let policy = create(&with(
        &json!({"key_props": {"kty": "EC", "exportable": false, "reuse_key": true}}),
    ));
    assert_eq!(
        policy.key_spec(),
        KeySpec::new(KeyType::Ec(strongroom_keys::Curve::P256))
    );
    assert!(!policy.is_exportable() && policy.reuses_key());
}

#[test]
fn late_in_its_life_a_certificate_renews_itself_unless_the_issuer_is_unknown() {
    for (issuer, action) in [
        (json!({"name": "Self"}), "AutoRenew"),
        (json!({"name": "self"}), "AutoRenew"),
        (json!({"name": "issuer1"}), "AutoRenew"),
        (json!({"name": "Unknown"}), "EmailContacts"),
        (json!({"name": "UNKNOWN"}), "EmailContacts"),
        (json!({"cert_transparency": false}), "EmailContacts"),
    ] {
        let sent = with(&json!({ "issuer": issuer }));
        let usual = json!([{"trigger": {"lifetime_percentage": 80}, "action": {"action_type": action}}]);
        assert_eq!(echo(&sent, "/lifetime_actions"), Some(usual), "{issuer}");
    }
    let none = with(&json!({"issuer": {"name": "Self"}, "lifetime_actions": []}));
    assert_eq!(echo(&none, "/lifetime_actions"), Some(json!([])));
    let accepted =
        json!([{"trigger": {"lifetime_percentage": 98}, "action": {"action_type": "EmailContacts"}}]);
    let sent = with(&json!({"issuer": {"name": "Self"}, "lifetime_actions": accepted}));
    assert_eq!(echo(&sent, "/lifetime_actions"), Some(accepted));
}

#[test]
fn an_issuer_comes_back_as_it_was_sent_and_its_transparency_only_if_it_was() {
    for (issuer, kind) in [
        (json!({"name": "self"}), IssuerKind::Own),
        (
            json!({"name": "SELF", "cert_transparency": false}),
            IssuerKind::Own,
        ),
        (
            json!({"name": "Unknown", "cert_transparency": true}),
            IssuerKind::Unknown,
        ),
        (
            json!({"name": "Issuer_1.a", "cty": "OV-SSL"}),
            IssuerKind::Named("Issuer_1.a".to_owned()),
        ),
    ] {
        let sent = with(&json!({ "issuer": issuer }));
        assert_eq!(create(&sent).issuer().kind(), kind);
        assert_eq!(echo(&sent, "/issuer"), Some(issuer));
    }
}

#[test]
fn what_the_platform_manages_needs_no_name_and_comes_back() {
    for (platform, answer) in [
        (
            json!({"certificateUsage": "PublicTLSServerAuth", "metadata": {"sans": {"dns_names": ["a.invalid"]}}}),
            None,
        ),
        (json!({"certificateUsage": "u", "metadata": {}}), None),
        (
            json!({"certificateUsage": "u", "metadata": [0.1, -0.0, 1e300, "a", null]}),
            None,
        ),
        (
            json!({"certificateUsage": "u", "metadata": null, "later": 1}),
            Some(json!({"certificateUsage": "u"})),
        ),
    ] {
        let policy = create(&json!({ "platformManaged": platform }));
        let answer = answer.unwrap_or(platform);
        assert_eq!(answered(&policy).get("platformManaged"), Some(&answer));
        assert_eq!(policy.issuer().kind(), IssuerKind::Unknown);
        assert_eq!(
            policy.platform_managed().unwrap().metadata.as_ref(),
            answer.get("metadata")
        );
    }
}

#[test]
fn the_content_type_is_one_of_two() {
    for (sent, kind) in [
        ("application/x-pkcs12", SecretContentType::Pkcs12),
        ("application/x-pem-file", SecretContentType::Pem),
        ("Application/X-PEM-File", SecretContentType::Pem),
    ] {
        let sent = with(&json!({"secret_props": {"contentType": sent}}));
        assert_eq!(create(&sent).content_type(), kind);
        assert_eq!(echo(&sent, "/secret_props/contentType"), Some(json!(kind.name())));
    }
}

#[test]
fn the_profile_is_what_the_policy_says() {
    let sent = json!({"x509_props": {
        "subject": "CN=a", "sans": {"dns_names": ["a.example"]}, "ekus": ["1.3.6.1.5.5.7.3.1"],
        "key_usage": ["keyAgreement"], "validity_months": 1,
    }});
    let profile = create(&sent).profile(1000).unwrap();
    assert_eq!(profile.subject.to_string(), "CN=a");
    assert_eq!(
        profile.alternative_names.dns_names,
        Some(vec!["a.example".to_owned()])
    );
    assert_eq!(
        profile
            .extended_key_usages
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>(),
        ["1.3.6.1.5.5.7.3.1"]
    );
    assert_eq!(profile.key_usages, KeyUsages::parse(["keyAgreement"]).unwrap());
    assert_eq!(profile.validity, Validity::months_from(1000, 1));
}
