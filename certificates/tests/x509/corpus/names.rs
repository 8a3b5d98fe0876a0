//! Alternative names of each kind alone, and subjects.

use serde_json::{Value, json};

use super::{House, policy, profile_of, self_signed, soon};
use crate::{
    judges::{Case, Judge, Question, Usage},
    support::{P256, key, now},
};

/// Signed by itself and by an authority.
fn both(house: &House, name: &str, x509: &Value, questions: &[Question]) -> [Case; 2] {
    let profile = profile_of(&policy(x509), now());
    [
        self_signed(name, &key(), &profile, questions.to_vec()),
        house.signed(name, key().public(), &profile, questions.to_vec()),
    ]
}

/// Certificates with names of one kind and no subject, so that the names are critical.
///
/// Names of users alone are a critical extension that Go does not know.
pub fn names() -> Vec<Case> {
    let (at, house) = (soon(), House::root(P256, &[], None));
    let yes = || Question::yes(at, Usage::Server);
    let no = || Question::no(at, Usage::Server);
    let of = |kind: &str, names: Value, questions: &[Question]| {
        both(&house, kind, &json!({"sans": {kind: names}}), questions)
    };
    let mut of_users = of(
        "upns",
        json!(["admin@contoso.com", "Jürgen@contoso.com"]),
        &[yes(), no().host("contoso.com"), no().mailbox("admin@contoso.com")],
    );
    for case in &mut of_users {
        case.refused_by = vec![(
            Judge::Go,
            "it does not know names of users, which are critical here",
        )];
    }
    let long = format!("{}.{}.contoso.com", "a".repeat(63), "b".repeat(63));
    [
        of(
            "dns_names",
            json!([
                "contoso.com",
                "xn--bcher-kva.example",
                "*.x.example",
                "host",
                long
            ]),
            &[
                yes().host("contoso.com"),
                yes().host("xn--bcher-kva.example"),
                yes().host("a.x.example"),
                yes().host("host"),
                yes().host(&long),
                no().host("x.example"),
                no().address("10.0.0.1"),
            ],
        ),
        of(
            "ipAddresses",
            json!(["10.0.0.1", "255.255.255.255", "::1", "fe80::1"]),
            &[
                yes().address("10.0.0.1"),
                yes().address("255.255.255.255"),
                yes().address("::1"),
                yes().address("fe80::1"),
                no().address("::ffff:10.0.0.1").contrary(
                    Judge::Go,
                    "an address of IPv4 is to it the same as the one of IPv6 that it is mapped to",
                ),
                no().host("contoso.com"),
            ],
        ),
        of(
            "emails",
            json!(["a@contoso.com", "first.last+tag@mail.contoso.com"]),
            &[
                yes().mailbox("a@contoso.com"),
                yes().mailbox("first.last+tag@mail.contoso.com"),
                no().mailbox("b@contoso.com"),
                no().host("contoso.com"),
            ],
        ),
        of_users,
        of(
            "uris",
            json!([
                "spiffe://contoso.com/ns/a/sa/b",
                "https://contoso.com:8443/a?b=c#d",
                "https://10.0.0.1/"
            ]),
            &[yes(), no().host("contoso.com"), no().address("10.0.0.1")],
        ),
    ]
    .concat()
}

/// Subjects with attributes of every type, and one that is all the name that there is.
pub fn subjects() -> Vec<Case> {
    let (at, house) = (soon(), House::root(P256, &[], None));
    let everything = "CN=vault, SN=Doe, SERIALNUMBER=42, C=DE, L=München, S=Bayern, STREET=Weg 1, O=\"Contoso, Ltd.\", OU=a, \
                      OU=b, T=Dr, PostalCode=80331, G=Jane, I=JD, DC=contoso, DC=com, E=a@contoso.com";
    let yes = || Question::yes(at, Usage::Server);
    let no = || Question::no(at, Usage::Server);
    let only = "the common name is no name to it";
    [
        both(
            &house,
            "every attribute",
            &json!({"subject": everything}),
            &[yes(), no().host("contoso.com")],
        ),
        both(
            &house,
            "a common name alone",
            &json!({"subject": "CN=vault.contoso.com"}),
            &[
                yes(),
                yes()
                    .host("vault.contoso.com")
                    .contrary(Judge::Webpki, only)
                    .contrary(Judge::Go, only),
                no().host("contoso.com"),
            ],
        ),
        both(
            &house,
            "several attributes in one",
            &json!({"subject": "CN=vault + T=x, O=Contoso", "sans": {"dns_names": ["contoso.com"]}}),
            &[yes().host("contoso.com"), no().host("vault")],
        ),
    ]
    .concat()
}
