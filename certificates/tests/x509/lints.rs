//! What the linter zlint finds in what a vault issues.
//!
//! Its lints of the baseline requirements of browsers are left out: they bind public authorities alone.

use std::collections::BTreeMap;

use strongroom_certificates::{
    certificate::Certificate,
    revocation::{self, ListEdition, RevocationReason, Revoked},
    serial::Serial,
};

use strongroom_keys::{Curve, KeyType};

use crate::{
    corpus::{self, House},
    judges::go,
    support::{P256, now},
};

/// The documents that its lints are about.
const SOURCES: [&str; 6] = ["RFC3279", "RFC5280", "RFC5480", "RFC5891", "RFC8813", "Community"];

/// What is wrong or odd and stays so: the lint, of which certificates, and why.
const KNOWN: [(&str, &str, &str); 6] = [
    // RFC 5280 is not about certificates that sign themselves and are of no authority (RFC 6818, 2).
    (
        "e_issuer_field_empty",
        OWN,
        "the subject that the policy leaves out is the issuer",
    ),
    (
        "e_ext_key_usage_cert_sign_without_ca",
        OWN,
        "the policy says keyCertSign; no authority signs that",
    ),
    (
        "w_multiple_issuer_rdn",
        OWN,
        "the subject of the policy is the issuer",
    ),
    ("e_ecdsa_allowed_ku", "[\"keyEncipherment\"]", ALONE),
    ("e_ecdsa_allowed_ku", "[\"dataEncipherment\"]", ALONE),
    (
        "e_subj_email_not_in_san",
        "every attribute",
        "names are those of the policy, and none is added",
    ),
];
const OWN: &str = "signed by itself";
const ALONE: &str = "the policy says nothing else, and a certificate without usages would be for everything";

#[test]
fn no_lint_finds_a_fault_in_what_is_issued() {
    let mut cases = corpus::everything();
    let all = cases.len();
    // It reads no key on this curve, of whomever.
    cases.retain(|case| {
        Certificate::from_der(&case.leaf).unwrap().key_type() != Some(KeyType::Ec(Curve::P256K))
    });
    assert_eq!(cases.len(), all - 2);
    let documents: Vec<_> = cases.iter().map(|case| (case.leaf.as_slice(), false)).collect();
    let (mut found, mut seen) = (BTreeMap::<String, Vec<String>>::new(), [false; KNOWN.len()]);
    for (case, opinion) in cases.iter().zip(go::opinions(&SOURCES, &documents)) {
        assert_eq!(opinion.problem, "", "{}", case.name);
        assert!(
            opinion.passed > 20,
            "{}: {} lints looked at it",
            case.name,
            opinion.passed
        );
        // Notices are about what is usual in public.
        for finding in opinion
            .findings
            .into_iter()
            .filter(|finding| finding.status != "info")
        {
            let is_of =
                |(lint, part, _): &(&str, &str, &str)| *lint == finding.lint && case.name.contains(part);
            if let Some(place) = KNOWN.iter().position(is_of) {
                seen[place] = true;
                continue;
            }
            let key = format!("{} {} {}", finding.status, finding.lint, finding.says);
            found.entry(key).or_default().push(case.name.clone());
        }
    }
    assert!(found.is_empty(), "{found:#?}");
    assert_eq!(seen, [true; KNOWN.len()], "a fault that is mended");
}

#[test]
fn no_lint_finds_a_fault_in_lists_of_revoked_certificates() {
    let house = House::root(P256, &[], None);
    let edition = ListEdition {
        number: 258,
        this_update: now(),
        next_update: now() + 7 * 24 * 60 * 60,
    };
    let revoked: Vec<_> = RevocationReason::ALL
        .into_iter()
        .zip(1..)
        .map(|(reason, number)| Revoked {
            serial: Serial::from_random([number; 16]),
            since: now() - 60,
            reason,
        })
        .collect();
    let lists =
        [&revoked[..], &[]].map(|revoked| revocation::list(house.authority(), edition, revoked).unwrap());
    let documents: Vec<_> = lists.iter().map(|list| (list.as_slice(), true)).collect();
    for opinion in go::opinions(&SOURCES, &documents) {
        assert_eq!(opinion.problem, "");
        assert!(opinion.passed > 5, "{} lints looked at it", opinion.passed);
        assert!(opinion.findings.is_empty(), "{:#?}", opinion.findings);
    }
}
