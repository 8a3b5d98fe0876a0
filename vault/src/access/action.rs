//! What one request does, as its audit record will show it.

use std::{
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};

use strongroom_audit::{Class, Outcome, Record, Resource, VaultResource, Verdict};
use strongroom_core::{DecidedOn, NameRange, NamedObject, ObjectName, Operation, Permission, Principal};
use strongroom_engine::{
    ObjectError,
    object::{answer::Answer, kind::Kind},
};

use super::{
    caller::Caller,
    outcome::{Failure, class_of, outcome_of},
};
use crate::policy::InForce;

/// A request whose audit record is not written yet: everything that the record will say but the outcome.
#[derive(Debug, Clone)]
pub(super) struct AuditedAction {
    caller: Caller,
    operation: Operation,
    resource: Resource,
    verdict: Verdict,
}

impl AuditedAction {
    /// The action of `caller`; policy has not been asked yet.
    pub(super) const fn new(caller: Caller, operation: Operation, resource: Resource) -> Self {
        Self {
            caller,
            operation,
            resource,
            verdict: Verdict::NotAsked,
        }
    }

    /// Asks `policy` about the object that the action names; about any object, or every one, where it names none.
    ///
    /// # Errors
    /// [`Failure::Forbidden`] where policy does not allow it, or the operation is none that policy could allow.
    pub(super) fn decide(&mut self, policy: &InForce) -> Result<(), Failure> {
        let permission = self.operation.permission().ok_or(Failure::NoSuchOperation)?;
        let subject = self.caller.origin.principal.id();
        let decision = match &self.resource {
            Resource::Object(object) => policy.decide(subject, permission, &object.name),
            Resource::Vault if self.operation.decided_on() == DecidedOn::EveryObject => {
                policy.decide_every(subject, permission)
            }
            Resource::Vault => policy.decide_any(subject, permission),
        };
        self.verdict = decision.into();
        if decision.is_allowed() {
            Ok(())
        } else {
            Err(Failure::Forbidden(permission))
        }
    }

    /// Asks `policy` about a read of each of `objects`: one that it allows is enough.
    ///
    /// # Errors
    /// [`Failure::Forbidden`] where policy allows none of them.
    pub(super) fn decide_on_any(&mut self, policy: &InForce, objects: &[NamedObject]) -> Result<(), Failure> {
        let subject = self.caller.origin.principal.id();
        self.verdict = Verdict::NoPolicy;
        let mut needed = None;
        for object in objects {
            let permission = Permission::to_get(object.kind);
            needed.get_or_insert(permission);
            match policy.decide(subject, permission, &object.name).into() {
                allowed @ Verdict::Allow(_) => {
                    self.verdict = allowed;
                    return Ok(());
                }
                denied @ Verdict::Deny(_) => self.verdict = denied,
                Verdict::NoPolicy | Verdict::NotAsked => {}
            }
        }
        Err(needed.map_or(Failure::NoSuchOperation, Failure::Forbidden))
    }

    /// Checks that no policy denies `permission` on the named object. That none allows it is enough.
    ///
    /// # Errors
    /// [`Failure::Forbidden`] where one does.
    pub(super) fn refuse_denied(&mut self, policy: &InForce, permission: Permission) -> Result<(), Failure> {
        let subject = self.caller.origin.principal.id();
        let Resource::Object(object) = &self.resource else {
            return Ok(());
        };
        match policy.decide(subject, permission, &object.name).into() {
            denied @ Verdict::Deny(_) => {
                self.verdict = denied;
                Err(Failure::Forbidden(permission))
            }
            Verdict::Allow(_) | Verdict::NoPolicy | Verdict::NotAsked => Ok(()),
        }
    }

    /// Asks `policy` about another permission on the named object.
    ///
    /// # Errors
    /// [`Failure::Forbidden`] where none allows it.
    pub(super) fn decide_also(&mut self, policy: &InForce, permission: Permission) -> Result<(), Failure> {
        let Resource::Object(object) = &self.resource else {
            return Err(Failure::Forbidden(permission));
        };
        let name = object.name.clone();
        self.decide_on(policy, permission, &name)
    }

    /// Asks `policy` about another permission on an object that the request does not name.
    ///
    /// # Errors
    /// [`Failure::Forbidden`] where none allows it.
    pub(super) fn decide_on(
        &mut self,
        policy: &InForce,
        permission: Permission,
        name: &ObjectName,
    ) -> Result<(), Failure> {
        let subject = self.caller.origin.principal.id();
        let decision = policy.decide(subject, permission, name);
        if decision.is_allowed() {
            return Ok(());
        }
        self.verdict = decision.into();
        Err(Failure::Forbidden(permission))
    }

    /// Names the object, which only the body of the request names.
    pub(super) fn set_object(&mut self, object: NamedObject) {
        self.resource = Resource::Object(object);
    }

    /// Which names the caller may see in the list that it asked for.
    pub(super) fn sees(&self, policy: Arc<InForce>) -> impl Fn(&str) -> Option<NameRange> + Send + use<> {
        let principal = Arc::clone(&self.caller.origin.principal);
        let permission = self.operation.permission();
        move |from| policy.allowed_from(principal.id(), permission?, from)
    }

    /// Who asks.
    pub(super) fn principal(&self) -> &Arc<Principal> {
        &self.caller.origin.principal
    }

    /// The share of the log's quota that the record may use. It follows from what policy said, not from what came of
    /// it: an allowed read of a missing object is a read.
    pub(super) const fn class(&self) -> Class {
        class_of(&self.verdict)
    }

    /// What is asked.
    pub(super) const fn operation(&self) -> Operation {
        self.operation
    }

    /// What the metrics count the request as, and when it arrived.
    pub(super) const fn counted_as(&self) -> (Operation, Instant) {
        (self.operation, self.caller.began)
    }

    /// The record of this action, which came to `outcome` at `now`.
    pub(super) fn into_record(self, vault: Arc<VaultResource>, now: SystemTime, outcome: Outcome) -> Record {
        let duration = self.elapsed();
        Record {
            time: now,
            vault,
            operation: self.operation,
            resource: self.resource,
            origin: self.caller.origin,
            verdict: self.verdict,
            outcome,
            duration,
        }
    }

    /// The record of a change, with the version that it made. The writer calls this again when it decides again.
    pub(super) fn record_of_change<K: Kind>(
        &self,
        vault: Arc<VaultResource>,
        now: SystemTime,
        change: &Result<Answer<K>, ObjectError>,
    ) -> Record {
        let mut resource = self.resource.clone();
        if let (Ok(Answer::Object(bundle)), Resource::Object(object)) = (change, &mut resource) {
            object.version = Some(bundle.version);
        }
        Record {
            time: now,
            vault,
            operation: self.operation,
            resource,
            origin: self.caller.origin.clone(),
            verdict: self.verdict.clone(),
            outcome: outcome_of(self.operation, change),
            duration: self.elapsed(),
        }
    }

    fn elapsed(&self) -> Duration {
        self.caller.began.elapsed()
    }
}
