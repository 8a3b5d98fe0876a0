//! Certificate policies, as a request to create a certificate or to change a policy has them.

use serde_json::{Value, json};
use strongroom_certificates::policy::{Policy, PolicyIdentity};

use crate::{Seed, Verdict};

const IDENTITY: PolicyIdentity<'static> = PolicyIdentity {
    id: "https://prod.team-a.svc/certificates/a/policy",
    created: 1,
    updated: 2,
};

/// The input is a policy and, behind a line feed, a change of it.
///
/// - What is kept of a policy is read from the store as the same policy, and has one form.
/// - What is answered of it asks for the same policy again, and changes nothing where it is sent as a change.
/// - A change that is made twice is as one that is made once.
pub fn certificate_policy(input: &[u8]) -> Verdict {
    let mut parts = input.splitn(2, |byte| *byte == b'\n');
    let mut json = || serde_json::from_slice::<Value>(parts.next().unwrap_or_default());
    let Ok(sent) = json() else {
        return Verdict::Refused;
    };
    let Ok(policy) = Policy::create(&sent) else {
        return Verdict::Refused;
    };
    must_be_kept(&policy);
    let answered = serde_json::to_value(policy.answered(IDENTITY)).unwrap();
    assert_eq!(Policy::create(&answered).as_ref(), Ok(&policy), "{answered}");
    assert_eq!(policy.patch(&answered).as_ref(), Ok(&policy), "{answered}");
    let change = json().unwrap_or_default();
    if let Ok(changed) = policy.patch(&change) {
        must_be_kept(&changed);
        assert_eq!(changed.patch(&change).as_ref(), Ok(&changed), "{change}");
    }
    Verdict::Taken
}

fn must_be_kept(policy: &Policy) {
    assert_eq!(Policy::from_stored(policy.stored()).as_ref(), Ok(policy));
}

/// Policies that are taken with a change of each, and what is none.
pub fn seeds() -> Vec<Seed> {
    let of = |policy: &Value, change: &Value| format!("{policy}\n{change}");
    let whole = json!({
        "key_props": {"exportable": true, "kty": "EC", "key_size": 256, "reuse_key": false, "crv": "P-256"},
        "secret_props": {"contentType": "application/x-pem-file"},
        "x509_props": {
            "subject": "CN=shop, O=\"Shop, Inc.\", C=DE",
            "sans": {"dns_names": ["shop.example", "*.shop.example"], "ipAddresses": ["::1"], "emails": ["a@b.example"]},
            "ekus": ["1.3.6.1.5.5.7.3.1"],
            "key_usage": ["digitalSignature", "crlSign"],
            "validity_months": 24
        },
        "lifetime_actions": [{"trigger": {"days_before_expiry": 30}, "action": {"action_type": "AutoRenew"}}],
        "issuer": {"name": "self", "cty": "OV", "cert_transparency": false},
        "attributes": {"enabled": true}
    });
    let least = json!({"x509_props": {"subject": "CN=a"}});
    let names =
        json!({"x509_props": {"sans": {"uris": ["spiffe://shop/api"]}}, "issuer": {"name": "Unknown"}});
    let rsa = json!({"key_props": {"kty": "RSA", "key_size": 3072, "reuse_key": true}});
    let subject = json!({"x509_props": {"subject": "CN=b"}});
    let platform =
        json!({"platformManaged": {"certificateUsage": "TLS", "metadata": {"a": [0.1, null, {}]}}});
    vec![
        Seed::taken("whole", of(&whole, &rsa)),
        Seed::taken("least", of(&least, &whole)),
        Seed::taken("names-alone", of(&names, &subject)),
        Seed::taken("of-the-platform", of(&platform, &subject)),
        Seed::refused("nameless", of(&json!({}), &subject)),
        Seed::refused(
            "no-name",
            of(&json!({"x509_props": {"subject": "Self"}}), &subject),
        ),
        Seed::refused("no-object", "[]"),
    ]
}
