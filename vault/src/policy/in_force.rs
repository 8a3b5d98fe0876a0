//! What is decided by: the bundle in force, and a newer one while it is on its way there.

use std::sync::Arc;

use strongroom_core::{Decision, Generation, ObjectName, Permission, PolicyIndex, Uid};

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

    fn by_both<'a>(&'a self, decide: impl Fn(&'a PolicyIndex) -> Decision<'a>) -> Decision<'a> {
        let decision = decide(&self.index);
        match &self.narrowing {
            Some(narrowing) if decision.is_allowed() => decide(&narrowing.index),
            Some(_) | None => decision,
        }
    }
}
