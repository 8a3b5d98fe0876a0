//! Access: decide whether a caller may do something, do it, and record it. Every face of the vault ([`crate::rest`],
//! [`crate::watch`], [`crate::admin`]) goes through here.
//!
//! ```text
//!   face: authenticate --> Caller
//!                            |
//!          Access::admit(caller, operation, resource) --not allowed--> record --> Refused
//!                            |
//!                         Admitted      the face may read a body now: a stranger's body is never read
//!                            |
//!          read | write | refuse        decide again if policy changed --> perform --> record
//!                            |
//!                     Answer | Refused
//! ```
//!
//! Guarantees:
//! - the vault decides before it looks at any object, so that a refusal says nothing of what exists;
//! - an [`Admitted`] request is consumed by performing it, and what it answers has its audit record in the log; what
//!   policy refuses has one too, or is counted in one ([`CallerRefusals`]); the one exception is the refusal that says so
//!   ([`Failure::Audit`]);
//! - one table ([`outcome`]) maps a failure to the status and the word that faces answer and the log shows.
//!
//! Nothing in here knows HTTP, gRPC or JSON: `scripts/check-layers` holds that.

mod action;
mod admitted;
pub mod caller;
mod intake;
mod lists;
pub mod outcome;
mod recorder;
mod room;
mod share;
pub mod state;
mod throttle;

use std::{
    num::NonZeroU32,
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};

use futures::future::BoxFuture;
use strongroom_audit::{CallerRefusals, Class, Entry, Outcome, Resource};
use strongroom_core::{NamedObject, ObjectState, Operation, Principal, Timestamp, Uid};
use strongroom_engine::{
    ObjectError,
    object::{answer::Answer, kind::Kind},
};
use strongroom_serving::accept::Source;

pub use admitted::{Admitted, ReadAnswer, certificates, issuers, keys};
pub use caller::{Caller, Client};
pub use intake::Charge;
pub use outcome::Failure;
pub use state::StatesError;

use self::{
    action::AuditedAction, intake::Intake, outcome::success, recorder::NotKept, recorder::Recorder,
    share::LogShares, state::state_of, throttle::Throttle,
};
use crate::{policy::InForce, pool::Pool, service::Service};

/// The settings of access.
#[derive(Debug, Clone, Copy)]
pub struct AccessConfig {
    /// Requests per second of one account.
    pub account_rate: NonZeroU32,
    /// How long the audit log keeps every record: who fills it within that time must wait.
    pub audit_least_age: Duration,
}

/// The one way to a vault's objects.
#[derive(Debug)]
pub struct Access {
    service: Service,
    recorder: Arc<Recorder>,
    refusals: CallerRefusals,
    shares: Arc<LogShares>,
    throttle: Throttle,
    work: Pool<Uid>,
    answers: Pool<Uid>,
    intake: Arc<Intake>,
}

/// How many callers and reasons of refusals are told apart.
const REFUSED_CALLERS: usize = 4096;

/// A failure that a face may answer: its record is in the log, or it is counted for one, or it is [`Failure::Audit`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(transparent)]
pub struct Refused(Failure);

impl Refused {
    /// The failure to answer.
    pub const fn failure(&self) -> &Failure {
        &self.0
    }

    /// Whether the refusal is in the log, or counted for it.
    pub fn is_recorded(&self) -> bool {
        self.0 != Failure::Audit
    }
}

impl Access {
    /// Access to the objects of `service`.
    pub fn new(service: Service, config: AccessConfig) -> Arc<Self> {
        Arc::new(Self {
            recorder: Recorder::new(Arc::clone(&service.audit)),
            service,
            refusals: CallerRefusals::new(REFUSED_CALLERS),
            shares: Arc::new(LogShares::new(config.audit_least_age)),
            throttle: Throttle::new(config.account_rate),
            work: room::of_work(),
            answers: room::of_answers(),
            intake: Arc::default(),
        })
    }

    /// Admits `caller` to `operation` on `resource`, by what is known before a body comes.
    ///
    /// # Errors
    /// Where policy does not allow it, or cannot be asked. The refusal is recorded.
    pub async fn admit(
        &self,
        caller: Caller,
        operation: Operation,
        resource: Resource,
    ) -> Result<Admitted<'_>, Refused> {
        let mut action = AuditedAction::new(caller, operation, resource);
        match self.decide(&mut action) {
            Ok(policy) => Ok(Admitted::new(self, action, policy)),
            Err(failure) => Err(self.refuse_action(action, failure).await),
        }
    }

    /// Records that the vault refuses a request of `caller` for `failure`, without asking policy.
    pub async fn refuse(
        &self,
        caller: Caller,
        operation: Operation,
        resource: Resource,
        failure: Failure,
    ) -> Refused {
        let action = AuditedAction::new(caller, operation, resource);
        self.refuse_action(action, failure).await
    }

    /// Shows `caller` the states of `objects` by `operation`, which policy allows while it allows a read of one of them.
    ///
    /// # Errors
    /// Where policy allows none of them or cannot be asked, and where the store cannot be read. Every end is recorded.
    pub async fn show(
        &self,
        caller: Caller,
        operation: Operation,
        objects: &[NamedObject],
    ) -> Result<Vec<ObjectState>, Refused> {
        let subject = Arc::clone(&caller.origin.principal);
        let mut action = AuditedAction::new(caller, operation, Resource::Vault);
        let shown = match self.service.policy.in_force() {
            Ok(policy) => action
                .decide_on_any(&policy, objects)
                .and_then(|()| Ok(self.states_by(&policy, subject.id(), objects)?)),
            Err(closed) => Err(closed.into()),
        };
        match shown {
            Ok(states) => self.record(action, success(operation)).await.map(|()| states),
            Err(failure) => Err(self.refuse_action(action, failure).await),
        }
    }

    /// The states of `objects` for `subject`, in their order, by the policy in force. They are not recorded: a stream
    /// asks about a subscription that was recorded when it began, and the operator asks for its status.
    ///
    /// # Errors
    /// Where policy cannot be asked, or the store cannot be read.
    pub fn states(&self, subject: &Uid, objects: &[NamedObject]) -> Result<Vec<ObjectState>, StatesError> {
        let policy = self.service.policy.in_force()?;
        Ok(self.states_by(&policy, subject, objects)?)
    }

    fn states_by(
        &self,
        policy: &InForce,
        subject: &Uid,
        objects: &[NamedObject],
    ) -> Result<Vec<ObjectState>, ObjectError> {
        let now = self.now();
        let state = |object| state_of(object, subject, policy, &self.service.objects, now);
        objects.iter().map(state).collect()
    }

    /// Counts one request of `principal` against the rate of its account, and checks that it leaves room in the audit log
    /// for others.
    ///
    /// # Errors
    /// [`Failure::Throttled`] when the account sends more than it may.
    pub fn count_request(&self, principal: &Principal) -> Result<(), Failure> {
        self.throttle
            .count_request(principal.id())
            .inspect_err(|_| self.service.metrics.throttled("account"))?;
        self.shares
            .check(principal, self.service.audit.room())
            .inspect_err(|_| self.service.metrics.throttled("audit"))
    }

    /// Writes the counts of refusals whose interval is over; of all, if `is_last`. What the log does not take now comes
    /// again.
    pub fn record_refusals(&self, is_last: bool) {
        let now = self.time();
        for due in self.refusals.due(now, is_last) {
            let entry = Entry::event(now, due.event());
            match self.service.audit.append(Class::Refusal, &entry) {
                Ok(_) => self.refusals.settle(&due, now),
                Err(error) => {
                    tracing::debug!(%error, "refused requests are counted on");
                    return;
                }
            }
        }
    }

    /// Counts one failed authentication at `now` against the rate of its source.
    ///
    /// # Errors
    /// [`Failure::Throttled`] when the source fails more often than it may.
    pub fn count_failed_authentication(&self, source: Source, now: Instant) -> Result<(), Failure> {
        self.throttle.count_failure(source, now).inspect_err(|_| {
            self.service.metrics.throttled("source");
        })
    }

    /// Whether a token of `source` that was not verified before may be verified: a source whose tokens keep being refused
    /// gets no more signatures verified.
    ///
    /// # Errors
    /// [`Failure::Throttled`] while they are refused more often than they may be.
    pub fn check_tokens(&self, source: Source) -> Result<(), Failure> {
        self.throttle.check_tokens(source).inspect_err(|_| {
            self.service.metrics.throttled("source");
        })
    }

    /// Counts one token of `source` that was refused at `now`.
    pub fn count_refused_token(&self, source: Source, now: Instant) {
        self.throttle.count_token(source, now);
    }

    /// Forgets sources and accounts that have been quiet. To be called every few seconds.
    pub fn forget_quiet(&self) {
        self.throttle.forget_quiet();
        self.shares.forget_quiet();
    }

    /// Decides `action` by the policy in force, and returns that policy.
    fn decide(&self, action: &mut AuditedAction) -> Result<Arc<InForce>, Failure> {
        let policy = self.service.policy.in_force()?;
        action.decide(&policy)?;
        Ok(policy)
    }

    /// Records what `action` came to, and only then lets it be answered.
    async fn conclude<K: Kind>(
        &self,
        action: AuditedAction,
        done: Result<Answer<K>, Failure>,
    ) -> Result<Answer<K>, Refused> {
        match done {
            Ok(answer) => {
                let outcome = success(action.operation());
                self.record(action, outcome).await?;
                Ok(answer)
            }
            Err(failure) => Err(self.refuse_action(action, failure).await),
        }
    }

    /// Records the refusal. Boxed, so that the future of a request has no room for it.
    fn refuse_action(&self, action: AuditedAction, failure: Failure) -> BoxFuture<'_, Refused> {
        Box::pin(async move {
            match self.record(action, failure.outcome()).await {
                Ok(()) => Refused(failure),
                Err(refused) => refused,
            }
        })
    }

    async fn record(&self, action: AuditedAction, outcome: Outcome) -> Result<(), Refused> {
        let counted_as = action.counted_as();
        let kept = if action.class() == Class::Refusal {
            self.append_refusal(action, outcome).await
        } else {
            self.append_allowed(action, outcome).await
        };
        if kept.is_ok() {
            self.count(counted_as, outcome);
            Ok(())
        } else {
            self.service.metrics.audit_failure();
            self.count(counted_as, Failure::Audit.outcome());
            Err(Refused(Failure::Audit))
        }
    }

    async fn append_allowed(&self, action: AuditedAction, outcome: Outcome) -> Result<(), NotKept> {
        let (class, principal) = (action.class(), Arc::clone(action.principal()));
        let entry = self.entry(action, outcome);
        self.shares.charge(&principal, entry.as_bytes().len());
        self.recorder.append(class, entry).await
    }

    /// Writes what policy does not allow, or counts it.
    async fn append_refusal(&self, action: AuditedAction, outcome: Outcome) -> Result<(), NotKept> {
        let now = self.time();
        if !self.refusals.admit(action.principal(), outcome, now) {
            // What cannot be recorded later is not answered now.
            let check = self.service.audit.check(Class::Refusal);
            return check.map_err(|_| NotKept::Failed);
        }
        let principal = Arc::clone(action.principal());
        let entry = self.entry(action, outcome);
        let kept = self.recorder.append(Class::Refusal, entry).await;
        if kept == Err(NotKept::BudgetSpent) {
            self.refusals.count(&principal, outcome, now);
            return Ok(());
        }
        kept
    }

    fn entry(&self, action: AuditedAction, outcome: Outcome) -> Entry {
        Entry::new(&action.into_record(Arc::clone(&self.service.resource), self.time(), outcome))
    }

    /// Counts a request that can be answered now.
    fn count(&self, (operation, began): (Operation, std::time::Instant), outcome: Outcome) {
        self.service
            .metrics
            .request(operation.as_str(), outcome.status, began.elapsed());
    }

    fn time(&self) -> SystemTime {
        self.service.clock.time()
    }

    /// The time that the objects live by.
    fn now(&self) -> Timestamp {
        self.service.timekeeper.now()
    }
}
