//! Authorities below a root, with constraints, and with a list of revoked certificates; and chains that lead nowhere.

use serde_json::json;
use strongroom_certificates::{issue, profile::Profile, serial::Serial};

use super::{House, policy, profile_of, soon};
use crate::{
    judges::{Case, Question, Usage},
    support::{P256, key, now},
};

/// Constraints that every judge understands.
const CONSTRAINTS: &str = "nameConstraints = critical,permitted;DNS:contoso.com,excluded;DNS:secret.contoso.com,\
                           permitted;IP:10.0.0.0/255.0.0.0,permitted;IP:fd00::/ff00::";

fn profile() -> Profile {
    let x509 = json!({
        "subject": "CN=vault.contoso.com",
        "sans": {"dns_names": ["vault.contoso.com", "*.apps.contoso.com"], "ipAddresses": ["10.1.2.3", "fd00::1"]},
    });
    profile_of(&policy(&x509), now())
}

/// What each of several authorities signs.
pub fn chains() -> Vec<Case> {
    let (at, profile) = (soon(), profile());
    let questions = [
        Question::yes(at, Usage::Server).host("vault.contoso.com"),
        Question::yes(at, Usage::Server).host("a.apps.contoso.com"),
        Question::yes(at, Usage::Server).address("fd00::1"),
        Question::no(at, Usage::Server).host("contoso.com"),
        Question::no(at, Usage::Email),
    ];
    let for_tls = "extendedKeyUsage = serverAuth,clientAuth";
    let list = Some("http://strongroom.svc/lists/root.crl");
    [
        ("a list", House::root(P256, &[], list)),
        ("constraints", House::root(P256, &[CONSTRAINTS], None)),
        ("below", House::below_a_root(&[], &[])),
        ("below, constrained", House::below_a_root(&[], &[CONSTRAINTS])),
        ("constrained above", House::below_a_root(&[CONSTRAINTS], &[])),
        ("for TLS", House::below_a_root(&[], &[for_tls])),
    ]
    .map(|(name, house)| house.signed(name, key().public(), &profile, questions.to_vec()))
    .to_vec()
}

/// Chains with something missing or changed: nobody takes them for anything.
pub fn broken() -> Vec<Case> {
    let no = [
        Question::no(soon(), Usage::Server),
        Question::no(soon(), Usage::Anything),
    ];
    let chains = chains();
    let (alone, below) = (&chains[0], &chains[2]);
    let broken = |name: &str, case: &Case, change: &dyn Fn(&mut Case)| {
        let mut case = case.clone();
        name.clone_into(&mut case.name);
        case.questions = no.to_vec();
        change(&mut case);
        case
    };
    let change_last = |der: &mut Vec<u8>| *der.last_mut().unwrap() ^= 1;
    vec![
        broken("a namesake of the root", alone, &|case| {
            case.root = House::root(P256, &[], None)
                .authority()
                .certificate()
                .der()
                .to_vec();
        }),
        broken("without the one between", below, &|case| {
            case.intermediates.clear();
        }),
        broken("another one between", below, &|case| {
            case.intermediates.clone_from(&chains[3].intermediates);
        }),
        broken("a changed signature", alone, &|case| change_last(&mut case.leaf)),
        broken("a changed signature between", below, &|case| {
            change_last(&mut case.intermediates[0]);
        }),
        broken("signed by what is no authority", alone, &|case| {
            case.intermediates.push(case.leaf.clone());
            // Of the key and the name of the certificate above it.
            case.leaf = issue::self_signed(&key(), &profile(), Serial::from_random([1; 16])).unwrap();
        }),
    ]
}
