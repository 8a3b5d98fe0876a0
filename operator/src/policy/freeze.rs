//! What may be pushed while a policy cannot be read: nothing that grants more than what is in force. Pure.

use std::collections::BTreeMap;

use strongroom_core::{BundlePolicy, Effect, ObjectPattern, PermissionSet};

use super::compile::Compiled;

/// The policies to push, and whether grants are frozen.
///
/// While every policy can be read these are the compiled ones. While one cannot, it may be a Deny or a narrowing that
/// is not applied yet: then a policy that grants is pushed only as far as it is in force already (in subjects, objects
/// and permissions alike), one that cannot be read stays as it is in force, a new Deny is pushed as compiled, and every
/// Deny in force is kept beside it, since taking one away grants.
pub fn freeze(compiled: &[Compiled], in_force: &[BundlePolicy]) -> (Vec<BundlePolicy>, bool) {
    let frozen = compiled.iter().any(|policy| policy.result.is_err());
    let kept = in_force
        .iter()
        .filter(|policy| frozen && policy.effect == Effect::Deny);
    let by_name: BTreeMap<&str, &BundlePolicy> = in_force
        .iter()
        .map(|policy| (policy.name.as_str(), policy))
        .collect();
    let mut push: Vec<BundlePolicy> = compiled
        .iter()
        .filter_map(|policy| {
            let before = by_name.get(policy.name.as_str()).copied();
            match &policy.result {
                Err(_) => before.cloned(),
                Ok((policy, _)) if !frozen || policy.effect == Effect::Deny => Some(policy.clone()),
                Ok((policy, _)) => before.and_then(|before| common(policy, before)),
            }
        })
        .collect();
    for deny in kept {
        if !push.contains(deny) {
            push.push(deny.clone());
        }
    }
    (push, frozen)
}

/// What both versions of an allowing policy grant. A policy that was a Deny before grants nothing yet.
fn common(policy: &BundlePolicy, before: &BundlePolicy) -> Option<BundlePolicy> {
    if before.effect == Effect::Deny {
        return None;
    }
    let covered = |object: &&ObjectPattern| before.objects.iter().any(|other| covers(other, object));
    Some(BundlePolicy {
        subjects: policy
            .subjects
            .iter()
            .filter(|uid| before.subjects.contains(uid))
            .cloned()
            .collect(),
        objects: policy.objects.iter().filter(covered).cloned().collect(),
        permissions: policy
            .permissions
            .iter()
            .filter(|p| before.permissions.contains(*p))
            .collect::<PermissionSet>(),
        ..policy.clone()
    })
}

/// Whether every name that `inner` matches, `outer` matches too.
fn covers(outer: &ObjectPattern, inner: &ObjectPattern) -> bool {
    match (outer, inner) {
        (_, ObjectPattern::Exact(name)) => outer.matches(name),
        (ObjectPattern::Prefix(outer), ObjectPattern::Prefix(inner)) => inner.starts_with(&**outer),
        (ObjectPattern::Exact(_), ObjectPattern::Prefix(_)) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::compile::PolicyProblem;
    use strongroom_core::Permission;

    fn policy(name: &str, effect: Effect, subjects: &[&str], objects: &[&str]) -> BundlePolicy {
        BundlePolicy {
            name: name.to_owned(),
            effect,
            subjects: subjects.iter().map(|uid| uid.parse().unwrap()).collect(),
            objects: objects.iter().map(|text| text.parse().unwrap()).collect(),
            permissions: [Permission::SecretGet].into_iter().collect(),
        }
    }

    fn ok(policy: BundlePolicy) -> Compiled {
        Compiled {
            name: policy.name.clone(),
            result: Ok((policy, vec![])),
        }
    }

    fn unreadable(name: &str) -> Compiled {
        Compiled {
            name: name.to_owned(),
            result: Err(PolicyProblem::Object(String::new())),
        }
    }

    #[test]
    fn while_all_can_be_read_the_compiled_policies_are_pushed() {
        let new = policy("a", Effect::Allow, &["u"], &["*"]);
        assert_eq!(freeze(&[ok(new.clone())], &[]), (vec![new], false));
    }

    #[test]
    fn an_unreadable_policy_stays_as_it_was_and_new_grants_wait() {
        let deny = policy("deny", Effect::Deny, &["u"], &["*"]);
        let grant = policy("new", Effect::Allow, &["u"], &["*"]);
        let (pushed, frozen) = freeze(&[unreadable("deny"), ok(grant)], std::slice::from_ref(&deny));
        assert_eq!((pushed, frozen), (vec![deny], true));
    }

    #[test]
    fn while_frozen_a_grant_can_shrink_but_not_grow() {
        let before = policy("a", Effect::Allow, &["u", "v"], &["db-*"]);
        let after = policy("a", Effect::Allow, &["u", "w"], &["db-x", "mail-*", "db-y-*"]);
        let (pushed, _) = freeze(&[unreadable("z"), ok(after)], &[before]);
        assert_eq!(pushed, [policy("a", Effect::Allow, &["u"], &["db-x", "db-y-*"])]);
    }

    #[test]
    fn while_frozen_a_new_deny_applies_at_once_and_a_deny_does_not_turn_into_a_grant() {
        let deny = policy("d", Effect::Deny, &["u"], &["*"]);
        let was_deny = policy("a", Effect::Deny, &["u"], &["*"]);
        let grant = policy("a", Effect::Allow, &["u"], &["*"]);
        let (pushed, _) = freeze(
            &[unreadable("z"), ok(deny.clone()), ok(grant)],
            std::slice::from_ref(&was_deny),
        );
        assert_eq!(pushed, [deny, was_deny]);
    }

    #[test]
    fn while_frozen_a_deleted_grant_is_gone_and_a_deleted_deny_is_not() {
        let grant = policy("gone", Effect::Allow, &["u"], &["*"]);
        let deny = policy("kept", Effect::Deny, &["u"], &["*"]);
        assert_eq!(freeze(&[unreadable("z")], &[grant, deny.clone()]).0, [deny]);
    }
}
