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
//! - an [`Admitted`] request is consumed by performing it, and what it answers has its audit record in the log, as has
//!   every [`Refused`]; the one exception is the refusal that says so ([`Failure::Audit`]);
//! - one table ([`outcome`]) maps a failure to the status and the word that faces answer and the log shows.
//!
//! Nothing in here knows HTTP, gRPC or JSON: `scripts/check-layers` holds that.

mod action;
mod admitted;
pub mod caller;
mod intake;
pub mod outcome;
mod pool;
mod recorder;
pub mod state;
mod throttle;

use std::{num::NonZeroU32, sync::Arc, time::SystemTime};

use strongroom_audit::{Entry, Outcome, Resource};
use strongroom_core::{NamedObject, ObjectState, Operation, PolicyIndex, Timestamp, Uid};
use strongroom_engine::{Answer, ObjectError};
use strongroom_serving::accept::Source;

pub use admitted::Admitted;
pub use caller::{Caller, Client};
pub use intake::Charge;
pub use outcome::Failure;
pub use state::StatesError;

use self::{
    action::AuditedAction, intake::Intake, outcome::outcome_of_answer, pool::Pool, recorder::Recorder,
    state::state_of, throttle::Throttle,
};
use crate::service::Service;

/// The settings of access.
#[derive(Debug, Clone, Copy)]
pub struct AccessConfig {
    /// Requests per second of one account.
    pub account_rate: NonZeroU32,
    /// Whether an audit record waits for the disk, so that appending it must not hold up other requests.
    pub audit_waits: bool,
}

/// The one way to a vault's objects.
#[derive(Debug)]
pub struct Access {
    service: Service,
    recorder: Arc<Recorder>,
    throttle: Throttle,
    pool: Pool,
    intake: Arc<Intake>,
}

/// A failure that a face may answer: its record is in the log, or it is [`Failure::Audit`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(transparent)]
pub struct Refused(Failure);

impl Refused {
    /// The failure to answer.
    pub const fn failure(&self) -> &Failure {
        &self.0
    }

    /// Whether the record of the refusal is in the log.
    pub fn is_recorded(&self) -> bool {
        self.0 != Failure::Audit
    }
}

impl Access {
    /// Access to the objects of `service`.
    pub fn new(service: Service, config: AccessConfig) -> Arc<Self> {
        Arc::new(Self {
            recorder: Recorder::new(Arc::clone(&service.audit), config.audit_waits),
            service,
            throttle: Throttle::new(config.account_rate),
            pool: Pool::default(),
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
            Ok(states) => self.record(action, Outcome::success(200)).await.map(|()| states),
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
        policy: &PolicyIndex,
        subject: &Uid,
        objects: &[NamedObject],
    ) -> Result<Vec<ObjectState>, ObjectError> {
        let now = self.now();
        let state = |object| state_of(object, subject, policy, &self.service.objects, now);
        objects.iter().map(state).collect()
    }

    /// Counts one request of an account against its rate.
    ///
    /// # Errors
    /// [`Failure::Throttled`] when the account sends more than it may.
    pub fn count_request(&self, account: &Uid) -> Result<(), Failure> {
        self.throttle.count_request(account).inspect_err(|_| {
            self.service.metrics.throttled("account");
        })
    }

    /// Counts one failed authentication against the rate of its source.
    ///
    /// # Errors
    /// [`Failure::Throttled`] when the source fails more often than it may.
    pub fn count_failed_authentication(&self, source: Source) -> Result<(), Failure> {
        self.throttle.count_failure(source).inspect_err(|_| {
            self.service.metrics.throttled("source");
        })
    }

    /// Forgets sources and accounts that have been quiet. To be called every few seconds.
    pub fn forget_quiet(&self) {
        self.throttle.forget_quiet();
    }

    /// Decides `action` by the policy in force, and returns that policy.
    fn decide(&self, action: &mut AuditedAction) -> Result<Arc<PolicyIndex>, Failure> {
        let policy = self.service.policy.in_force()?;
        action.decide(&policy)?;
        Ok(policy)
    }

    /// Records what `action` came to, and only then lets it be answered.
    async fn conclude(
        &self,
        action: AuditedAction,
        done: Result<Answer, Failure>,
    ) -> Result<Answer, Refused> {
        match done {
            Ok(answer) => {
                self.record(action, outcome_of_answer(&answer)).await?;
                Ok(answer)
            }
            Err(failure) => Err(self.refuse_action(action, failure).await),
        }
    }

    async fn refuse_action(&self, action: AuditedAction, failure: Failure) -> Refused {
        match self.record(action, failure.outcome()).await {
            Ok(()) => Refused(failure),
            Err(refused) => refused,
        }
    }

    async fn record(&self, action: AuditedAction, outcome: Outcome) -> Result<(), Refused> {
        let (class, counted_as) = (action.class(), action.counted_as());
        let record = action.into_record(Arc::clone(&self.service.resource), self.time(), outcome);
        if self.recorder.append(class, Entry::new(&record)).await {
            self.count(counted_as, outcome);
            Ok(())
        } else {
            self.service.metrics.audit_failure();
            self.count(counted_as, Failure::Audit.outcome());
            Err(Refused(Failure::Audit))
        }
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

    fn now(&self) -> Timestamp {
        self.time().into()
    }
}
