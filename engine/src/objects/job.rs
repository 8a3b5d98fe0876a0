//! What the writer is asked to do: changes, which end with an answer, and orders, which have none.

use strongroom_audit::Entry;
use strongroom_core::Timestamp;

use super::{
    outcome::{AuditOf, WriteError},
    reply::Reply,
};
use crate::{
    format::records::ServerRecord,
    object::{
        answer::Answer,
        apply::apply,
        error::ObjectError,
        inputs::Inputs,
        keeper::Kinds,
        request::WriteRequest,
        request_time::RequestTime,
        system::{SystemRequest, apply_system},
        tasks::Tasks,
        transaction::Changes,
        view::View,
    },
    store::{Key, Purpose},
};

/// What waits in the writer's queue.
pub(super) enum Job {
    /// A change.
    Change(Box<dyn Change>),
    /// Something to see to, without an answer.
    Order(Order),
}

/// Something to see to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    /// The vault's own work at a time.
    Sweep(Timestamp),
    /// The published state could not be read.
    Republish,
}

impl Job {
    /// Drops the job without calling its maker back: its maker knows already.
    pub(super) fn abandon(self) {
        match self {
            Self::Change(change) => change.abandon(),
            Self::Order(Order::Sweep(_) | Order::Republish) => {}
        }
    }
}

/// A change that is decided, perhaps more than once, and then answered exactly once.
pub(super) trait Change: Send {
    /// Decides the change on `view`, and keeps its answer.
    fn decide(&mut self, view: View<'_>, kinds: Kinds, inputs: &mut Inputs) -> Decision;

    /// What it is for.
    fn purpose(&self) -> Purpose;

    /// When it is made; none if it is of no time.
    fn time(&self) -> Option<Timestamp>;

    /// Keeps `error` as the answer of a change that could not be decided.
    fn refuse(&mut self, error: ObjectError);

    /// Gives the answer that was kept.
    fn answer(self: Box<Self>) -> Ending;

    /// Answers that the change was not made, or is not known to be.
    fn fail(self: Box<Self>, error: WriteError);

    /// Forgets the answer.
    fn abandon(self: Box<Self>);
}

/// What a change changes, and the record of it.
#[derive(Default)]
pub(super) struct Decision {
    pub(super) changes: Changes,
    pub(super) entry: Option<Entry>,
}

/// How a change ended for the writer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ending {
    /// Its maker has the answer.
    Answered,
    /// A step of the vault's own work was refused.
    StepRefused,
}

/// A request about an object of kind `K`.
pub(super) struct Write<K: Tasks> {
    pub(super) request: WriteRequest<K>,
    pub(super) time: RequestTime,
    pub(super) audit: AuditOf<K>,
    pub(super) reply: Reply<Answer<K>>,
    pub(super) result: Option<Result<Answer<K>, ObjectError>>,
}

impl<K: Tasks> Change for Write<K> {
    fn decide(&mut self, view: View<'_>, _: Kinds, inputs: &mut Inputs) -> Decision {
        let (changes, result) = apply(view, &self.request, inputs, self.time);
        let entry = Some((self.audit)(&result));
        self.result = Some(result);
        Decision { changes, entry }
    }

    fn purpose(&self) -> Purpose {
        if self.request.grows() {
            Purpose::Grow
        } else {
            Purpose::Tidy
        }
    }

    fn time(&self) -> Option<Timestamp> {
        Some(self.time.now)
    }

    fn refuse(&mut self, error: ObjectError) {
        self.result = Some(Err(error));
    }

    fn answer(self: Box<Self>) -> Ending {
        if let Some(result) = self.result {
            self.reply.send(result.map_err(WriteError::from));
        }
        Ending::Answered
    }

    fn fail(self: Box<Self>, error: WriteError) {
        self.reply.send(Err(error));
    }

    fn abandon(self: Box<Self>) {
        self.reply.abandon();
    }
}

/// A small record of the server's to be put or removed.
pub(super) struct Put {
    pub(super) key: Key,
    pub(super) record: Option<ServerRecord>,
    pub(super) purpose: Purpose,
    pub(super) reply: Reply<()>,
    pub(super) refusal: Option<ObjectError>,
}

impl Change for Put {
    fn decide(&mut self, view: View<'_>, _: Kinds, _: &mut Inputs) -> Decision {
        let mut decision = Decision::default();
        let batch = &mut decision.changes.batch;
        match &self.record {
            Some(record) => batch.put(self.key.clone(), view.keyring.prove(&self.key, record)),
            None => batch.remove(self.key.clone()),
        }
        self.refusal = None;
        decision
    }

    fn purpose(&self) -> Purpose {
        self.purpose
    }

    fn time(&self) -> Option<Timestamp> {
        None
    }

    fn refuse(&mut self, error: ObjectError) {
        self.refusal = Some(error);
    }

    fn answer(self: Box<Self>) -> Ending {
        let result = self.refusal.map_or(Ok(()), |error| Err(error.into()));
        self.reply.send(result);
        Ending::Answered
    }

    fn fail(self: Box<Self>, error: WriteError) {
        self.reply.send(Err(error));
    }

    fn abandon(self: Box<Self>) {
        self.reply.abandon();
    }
}

/// A step of the vault's own work.
pub(super) struct Step {
    pub(super) request: SystemRequest,
    pub(super) now: Timestamp,
    pub(super) is_refused: bool,
}

impl Change for Step {
    fn decide(&mut self, view: View<'_>, kinds: Kinds, inputs: &mut Inputs) -> Decision {
        let decided = apply_system(view, kinds, &self.request, inputs, self.now);
        self.is_refused = decided.is_err();
        let (changes, event) = decided.unwrap_or_default();
        let entry = event.map(|event| Entry::event(self.now.into(), &event));
        Decision { changes, entry }
    }

    fn purpose(&self) -> Purpose {
        Purpose::Tidy
    }

    fn time(&self) -> Option<Timestamp> {
        Some(self.now)
    }

    fn refuse(&mut self, _: ObjectError) {
        self.is_refused = true;
    }

    fn answer(self: Box<Self>) -> Ending {
        if self.is_refused {
            Ending::StepRefused
        } else {
            Ending::Answered
        }
    }

    fn fail(self: Box<Self>, _: WriteError) {}

    fn abandon(self: Box<Self>) {}
}
