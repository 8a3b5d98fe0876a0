//! The compiled decision against a second evaluator, written from the rules and not from the code: every bundle of a
//! small universe, and random bundles of a larger one.

#![allow(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "this whole file is tests; clippy exempts only the functions marked so"
)]

use proptest::prelude::*;
use strongroom_core::{
    Bundle, BundlePolicy, Decision, Effect, Generation, NameRange, ObjectName, Permission, PolicyIndex, Uid,
    allows,
};

const SUBJECTS: [&str; 2] = ["uid-one", "uid-two"];
const PERMISSIONS: [Permission; 2] = [Permission::SecretGet, Permission::SecretList];

#[derive(Debug, PartialEq, Eq, Clone, Copy)]
enum Verdict {
    Allow,
    Deny,
    NoPolicy,
}

/// The rules, read literally: a policy is about a request when it names the subject, the permission and the object;
/// any Deny refuses, else any Allow allows, else nothing does.
fn literally(bundle: &Bundle, subject: &Uid, permission: Permission, object: &str) -> Verdict {
    let about = |policy: &&BundlePolicy| {
        policy.subjects.contains(subject)
            && policy.permissions.iter().any(|granted| granted == permission)
            && policy.objects.iter().any(|pattern| {
                let text = pattern.to_string();
                match text.split_once('*') {
                    Some((prefix, _)) => object.len() >= prefix.len() && object[..prefix.len()] == *prefix,
                    None => text == object,
                }
            })
    };
    let effects: Vec<Effect> = bundle
        .policies
        .iter()
        .filter(about)
        .map(|policy| policy.effect)
        .collect();
    if effects.contains(&Effect::Deny) {
        Verdict::Deny
    } else if effects.contains(&Effect::Allow) {
        Verdict::Allow
    } else {
        Verdict::NoPolicy
    }
}

fn policy(
    name: String,
    effect: Effect,
    subjects: &[&str],
    objects: &[&str],
    permissions: &[Permission],
) -> BundlePolicy {
    BundlePolicy {
        name,
        effect,
        subjects: subjects.iter().map(|uid| uid.parse().unwrap()).collect(),
        objects: objects.iter().map(|pattern| pattern.parse().unwrap()).collect(),
        permissions: permissions.iter().copied().collect(),
    }
}

fn agree(policies: Vec<BundlePolicy>, objects: &[&str]) {
    let bundle = Bundle::new("vault".to_owned(), Generation::default(), policies);
    let index = PolicyIndex::compile(&bundle);
    for subject in SUBJECTS {
        let subject: Uid = subject.parse().unwrap();
        for permission in PERMISSIONS {
            let mut any = false;
            for text in objects {
                let object: ObjectName = text.parse().unwrap();
                let decision = index.decide(&subject, permission, &object);
                let found = match decision {
                    Decision::Allow { .. } => Verdict::Allow,
                    Decision::Deny { .. } => Verdict::Deny,
                    Decision::NoPolicy => Verdict::NoPolicy,
                };
                assert_eq!(
                    found,
                    literally(&bundle, &subject, permission, text),
                    "{subject} {permission} {text} {bundle:?}"
                );
                named_policy_decided(&bundle, decision, &subject, permission, text);
                assert_eq!(
                    allows(&bundle.policies, &subject, permission, &object),
                    decision.is_allowed(),
                    "uncompiled: {subject} {permission} {text} {bundle:?}"
                );
                any |= decision.is_allowed();
            }
            every_agrees(&bundle, &index, &subject, permission);
            ranges_agree(&index, &subject, permission, objects);
            // A subject that may do it with one of these may ask for a list.
            assert!(
                !any || index.decide_any(&subject, permission).is_allowed(),
                "{bundle:?}"
            );
        }
    }
}

/// What is about no object is decided as a bundle of the policies on all names alone would decide it.
fn every_agrees(bundle: &Bundle, index: &PolicyIndex, subject: &Uid, permission: Permission) {
    let on_all_names = bundle.policies.iter().filter_map(|policy| {
        let everything = policy.objects.iter().filter(|pattern| pattern.to_string() == "*");
        let objects: Vec<_> = everything.cloned().collect();
        (!objects.is_empty()).then(|| BundlePolicy {
            objects,
            ..policy.clone()
        })
    });
    let of_all = Bundle::new("vault".to_owned(), Generation::default(), on_all_names.collect());
    let found = match index.decide_every(subject, permission) {
        Decision::Allow { .. } => Verdict::Allow,
        Decision::Deny { .. } => Verdict::Deny,
        Decision::NoPolicy => Verdict::NoPolicy,
    };
    assert_eq!(
        found,
        literally(&of_all, subject, permission, "any-name"),
        "{bundle:?}"
    );
}

/// The ranges that a list walks hold exactly the names that are allowed one by one, and each ends before the next begins.
fn ranges_agree(index: &PolicyIndex, subject: &Uid, permission: Permission, objects: &[&str]) {
    let mut ranges: Vec<NameRange> = Vec::new();
    let mut from = Some(String::new());
    while let Some(range) = from
        .take()
        .and_then(|from| index.allowed_from(subject, permission, &from))
    {
        assert!(range.reaches(&range.from), "{range:?} is empty");
        from.clone_from(&range.until);
        ranges.push(range);
    }
    assert!(
        ranges.windows(2).all(|pair| pair[0]
            .until
            .as_deref()
            .is_some_and(|until| until < &*pair[1].from)),
        "{ranges:?} meet"
    );
    for text in objects {
        let object: ObjectName = text.parse().unwrap();
        let is_within = |range: &&NameRange| range.from.as_str() <= *text && range.reaches(text);
        assert_eq!(
            ranges.iter().any(|range| is_within(&range)),
            index.decide(subject, permission, &object).is_allowed(),
            "{subject} {permission} {text} {ranges:?}"
        );
    }
}

/// The policy that the audit log will name is really one that decided.
fn named_policy_decided(
    bundle: &Bundle,
    decision: Decision<'_>,
    subject: &Uid,
    permission: Permission,
    object: &str,
) {
    let (Decision::Allow { policy } | Decision::Deny { policy }) = decision else {
        return;
    };
    let named = bundle
        .policies
        .iter()
        .find(|candidate| candidate.name == policy)
        .unwrap();
    let alone = Bundle::new("vault".to_owned(), Generation::default(), vec![named.clone()]);
    let expected = if decision.is_allowed() {
        Verdict::Allow
    } else {
        Verdict::Deny
    };
    assert_eq!(
        literally(&alone, subject, permission, object),
        expected,
        "{policy} did not decide"
    );
}

#[test]
fn every_bundle_of_a_small_universe_is_decided_as_the_rules_say() {
    const PATTERNS: [&str; 5] = ["*", "a*", "ab*", "a", "ab"];
    const OBJECTS: [&str; 5] = ["a", "ab", "abc", "b", "aa"];
    // Every policy about one subject, one pattern and one or both permissions.
    let mut all = Vec::new();
    for effect in [Effect::Allow, Effect::Deny] {
        for subjects in [&SUBJECTS[..1], &SUBJECTS[..]] {
            for pattern in PATTERNS {
                for permissions in [&PERMISSIONS[..1], &PERMISSIONS[..]] {
                    all.push((effect, subjects, pattern, permissions));
                }
            }
        }
    }
    let make = |index: usize, place: usize| {
        let (effect, subjects, pattern, permissions) = all[index];
        policy(format!("p{place}"), effect, subjects, &[pattern], permissions)
    };
    for first in 0..all.len() {
        agree(vec![make(first, 1)], &OBJECTS);
        for second in first..all.len() {
            agree(vec![make(first, 1), make(second, 2)], &OBJECTS);
            for third in second..all.len() {
                agree(vec![make(first, 1), make(second, 2), make(third, 3)], &OBJECTS);
            }
        }
    }
}

fn any_policy() -> impl Strategy<Value = (bool, Vec<usize>, Vec<String>, Vec<usize>)> {
    let patterns = prop::collection::vec("[ab]{1,4}[*]?|[*]", 1..4);
    (
        any::<bool>(),
        prop::collection::vec(0..2_usize, 1..3),
        patterns,
        prop::collection::vec(0..2_usize, 1..3),
    )
}

proptest! {
    #[test]
    fn random_bundles_are_decided_as_the_rules_say(
        policies in prop::collection::vec(any_policy(), 0..12),
        objects in prop::collection::vec("[ab]{1,5}", 1..8),
    ) {
        let policies = policies.into_iter().enumerate().map(|(index, (allow, subjects, patterns, permissions))| {
            let subjects: Vec<&str> = subjects.into_iter().map(|index| SUBJECTS[index]).collect();
            let patterns: Vec<&str> = patterns.iter().map(String::as_str).collect();
            let permissions: Vec<Permission> = permissions.into_iter().map(|index| PERMISSIONS[index]).collect();
            let effect = if allow { Effect::Allow } else { Effect::Deny };
            policy(format!("p{index}"), effect, &subjects, &patterns, &permissions)
        });
        let objects: Vec<&str> = objects.iter().map(String::as_str).collect();
        agree(policies.collect(), &objects);
    }
}
