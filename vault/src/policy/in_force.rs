//! What is decided by: the bundle in force, and a newer one while it is on its way there.

use std::sync::Arc;

use strongroom_core::{Decision, Generation, NameRange, ObjectName, Permission, PolicyIndex, Uid};

/// The compiled policy, to be held no longer than for one request.
#[derive(Debug, Clone)]
pub struct InForce {
    index: Arc<PolicyIndex>,
    narrowing: Option<Narrowing>,
}

/// A bundle that came and is not in the store yet. It takes away at once and gives nothing until it is.
#[derive(Debug, Clone)]
pub(super) struct Narrowing {
    pub(super) generation: Generation,
    pub(super) index: Arc<PolicyIndex>,
}

impl InForce {
    /// The bundle in the store, compiled.
    pub(super) const fn of(index: Arc<PolicyIndex>) -> Self {
        Self {
            index,
            narrowing: None,
        }
    }

    /// With what `narrowing` takes away. Of two bundles on their way, the later one is what the operator means.
    pub(super) fn narrowed(&self, narrowing: Narrowing) -> Self {
        let is_later = |other: &&Narrowing| other.generation > narrowing.generation;
        let later = self.narrowing.as_ref().filter(is_later).cloned();
        Self {
            index: Arc::clone(&self.index),
            narrowing: Some(later.unwrap_or(narrowing)),
        }
    }

    /// What still takes away once the bundle of `generation` is in the store.
    pub(super) fn narrowing_after(&self, generation: Generation) -> Option<Narrowing> {
        let later = self.narrowing.as_ref();
        later
            .filter(|narrowing| narrowing.generation > generation)
            .cloned()
    }

    /// The generation of the bundle in the store.
    pub fn generation(&self) -> Generation {
        self.index.generation()
    }

    /// Decides whether the account with `subject` may do `permission` with `object`.
    pub fn decide(&self, subject: &Uid, permission: Permission, object: &ObjectName) -> Decision<'_> {
        self.by_both(|index| index.decide(subject, permission, object))
    }

    /// Decides whether the account with `subject` may do `permission` with any object at all.
    pub fn decide_any(&self, subject: &Uid, permission: Permission) -> Decision<'_> {
        self.by_both(|index| index.decide_any(subject, permission))
    }

    /// Decides whether the account with `subject` may do `permission` with every object that there can be.
    pub fn decide_every(&self, subject: &Uid, permission: Permission) -> Decision<'_> {
        self.by_both(|index| index.decide_every(subject, permission))
    }

    /// The first names from `from` on with which the account with `subject` may do `permission`.
    pub fn allowed_from(&self, subject: &Uid, permission: Permission, from: &str) -> Option<NameRange> {
        let allowed = |index: &PolicyIndex, from: &str| index.allowed_from(subject, permission, from);
        let mut range = allowed(&self.index, from)?;
        let Some(Narrowing { index, .. }) = &self.narrowing else {
            return Some(range);
        };
        loop {
            let narrower = allowed(index, &range.from)?;
            let from = narrower.from.clone();
            if let Some(both) = range.and(narrower) {
                return Some(both);
            }
            range = allowed(&self.index, &from)?;
        }
    }

    fn by_both<'a>(&'a self, decide: impl Fn(&'a PolicyIndex) -> Decision<'a>) -> Decision<'a> {
        let decision = decide(&self.index);
        match &self.narrowing {
            Some(narrowing) if decision.is_allowed() => decide(&narrowing.index),
            Some(_) | None => decision,
        }
    }
}

#[cfg(test)]
mod tests {
    use strongroom_core::{Bundle, BundlePolicy, Effect};

    use super::*;

    fn index(n: u64, rules: &[(Effect, &[&str])]) -> Arc<PolicyIndex> {
        let policy = |(effect, objects): &(Effect, &[&str])| BundlePolicy {
            name: "p".to_owned(),
            effect: *effect,
            subjects: vec!["u".parse().unwrap()],
            permissions: [Permission::SecretList].into_iter().collect(),
            objects: objects.iter().map(|pattern| pattern.parse().unwrap()).collect(),
        };
        let generation = Generation { epoch: 1, n };
        let policies = rules.iter().map(policy).collect();
        Arc::new(PolicyIndex::compile(&Bundle::new(
            "v".to_owned(),
            generation,
            policies,
        )))
    }

    #[test]
    fn a_list_shows_exactly_the_names_that_are_decided_so_while_a_bundle_is_on_its_way() {
        use Effect::{Allow, Deny};
        let before = InForce::of(index(1, &[(Allow, &["a*", "b", "d*", "f"]), (Deny, &["ab*"])]));
        let next = index(2, &[(Allow, &["*"]), (Deny, &["aa", "d*", "e"]), (Allow, &["f"])]);
        let narrowed = before.narrowed(Narrowing {
            generation: next.generation(),
            index: next,
        });
        let subject: Uid = "u".parse().unwrap();
        for policy in [&before, &narrowed] {
            let mut shown = Vec::new();
            for name in [
                "a", "a-a", "aa", "ab", "abc", "ac", "b", "ba", "d", "dd", "e", "f", "g",
            ] {
                let parsed: ObjectName = name.parse().unwrap();
                let list = Permission::SecretList;
                let range = policy.allowed_from(&subject, list, name);
                let is_shown = range.is_some_and(|range| range.from == name && range.reaches(name));
                let is_allowed = policy.decide(&subject, list, &parsed).is_allowed();
                assert_eq!(is_shown, is_allowed, "{name}");
                shown.extend(is_shown.then_some(name));
            }
            assert!(shown.contains(&"a-a") && shown.contains(&"f"), "{shown:?}");
        }
    }
}
