//! Policies as the clients of Azure send them, read by their suites' eyes: what was sent comes back.

use super::*;

/// Asserts that all of `sent` is in `answer`, and equal there.
fn assert_within(sent: &Value, answer: &Value) {
    match (sent, answer) {
        (Value::Object(sent), Value::Object(answer)) => {
            for (name, value) in sent {
                assert_within(value, answer.get(name).unwrap_or(&Value::Null));
            }
        }
        _ => assert_eq!(sent, answer),
    }
}

/// The members that the client of JavaScript always sends, empty ones too.
fn of_javascript() -> Value {
    json!({
        "key_props": {}, "secret_props": {}, "x509_props": {"subject": "cn=MyCert", "sans": {}},
        "issuer": {"name": "Self"}, "attributes": {},
    })
}

/// What `test_policy` of Python sends.
fn of_python() -> Value {
    json!({
        "key_props": {"exportable": true, "kty": "RSA", "key_size": 2048, "reuse_key": true},
        "secret_props": {"contentType": "application/x-pkcs12"},
        "x509_props": {
            "subject": "CN=DefaultPolicy", "ekus": ["1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.2"],
            "sans": {"dns_names": ["sdk.azure-int.net"]}, "key_usage": ["decipherOnly"], "validity_months": 12,
        },
        "lifetime_actions": [
            {"trigger": {"lifetime_percentage": 98}, "action": {"action_type": "EmailContacts"}},
        ],
        "issuer": {"name": "Self", "cert_transparency": false},
    })
}

#[test]
fn what_clients_send_comes_back() {
    for sent in [
        of_javascript(),
        of_python(),
        json!({"x509_props": {"subject": "CN=DefaultPolicy", "sans": {}}, "issuer": {"name": "Self"}}),
        json!({
            "secret_props": {"contentType": "application/x-pkcs12"}, "issuer": {"name": "Self"},
            "x509_props": {"sans": {"ipAddresses": ["10.0.0.1", "192.168.1.1"]}},
        }),
        json!({
            "secret_props": {"contentType": "application/x-pkcs12"}, "issuer": {"name": "Self"},
            "x509_props": {"sans": {"uris": ["https://service.example.com/api"]}},
        }),
        json!({
            "platformManaged": {
                "certificateUsage": "PublicTLSServerAuth",
                "metadata": {"sans": {"dns_names": ["sanitized.example.invalid"]}},
            },
        }),
        // Go names the issuer in lower case.
        json!({
            "issuer": {"name": "self", "cert_transparency": false},
            "key_props": {"crv": "P-256", "exportable": true, "key_size": 256, "kty": "EC", "reuse_key": true},
            "lifetime_actions": [
                {"action": {"action_type": "EmailContacts"}, "trigger": {"lifetime_percentage": 98}},
            ],
            "secret_props": {"contentType": "application/x-pkcs12"},
            "x509_props": {
                "ekus": ["1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.2"], "key_usage": ["decipherOnly"],
                "sans": {"dns_names": ["sdk.azure-int.net"]}, "subject": "CN=DefaultPolicy", "validity_months": 12,
            },
        }),
    ] {
        let policy = create(&sent);
        assert_within(&sent, &answered(&policy));
        policy.profile(1_700_000_000).unwrap();
    }
}

#[test]
fn python_makes_the_key_another_by_sending_the_whole_policy_again() {
    let policy = create(&of_python());
    assert_eq!(answered(&policy).pointer("/key_props/crv"), None);
    let key = json!({"key_props": {"kty": "EC", "key_size": 256, "crv": "P-256"}});
    let sent = merged(&of_python(), &key);
    assert_within(&sent, &answered(&policy.patch(&sent).unwrap()));
}
