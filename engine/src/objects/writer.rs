//! The one thread that changes the store.

use std::{
    collections::VecDeque,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, mpsc},
};

use strongroom_audit::Entry;
use strongroom_core::{NamedObject, Timestamp};

use super::{
    ChangeNotice,
    closing::Reached,
    erasure::Eraser,
    job::{Change, Decision, Ending, Job, Order, Put, Step},
    outbox::Outbox,
    outcome::WriteError,
    reply::Reply,
    shared::{Published, Shared},
    staging::stage,
    upkeep,
};
use crate::{
    crypt::{entropy::random, state as sealed},
    format::{event::EventType, key, state::State},
    object::{inputs::Inputs, view::View},
    store::{Batch, CommitError, Gen, Limits, Overlay, Purpose, StoreError},
};

/// How many requests one commit takes at most: their answers wait for one another.
const BATCH: usize = 256;

/// The records of a batch beside those of its changes: an audit record, and the state.
const OVERHEAD: usize = 2;

/// Changes that wait for a commit.
type Waiting = VecDeque<Box<dyn Change>>;

/// A change that was decided, waiting for its batch to be committed.
struct Decided {
    change: Box<dyn Change>,
    /// The record of a refusal; that of a change is in the batch.
    refusal: Option<Entry>,
}

/// A batch in the making.
struct Draft<'a> {
    overlay: Overlay<'a>,
    /// How far its changes got.
    reached: Reached,
    /// The bytes of the objects with what the changes add; what they remove counts once it is committed.
    bytes: u64,
    entries: Vec<Entry>,
    objects: Vec<NamedObject>,
    events: Vec<EventType>,
    decided: Vec<Decided>,
}

/// The writer.
pub(super) struct Writer {
    shared: Arc<Shared>,
    outbox: Outbox,
    eraser: Eraser,
    /// The published state is of a store that had to be opened again, or could not be.
    stale: bool,
    /// Objects changed by a commit of which it is not known how it ended.
    unannounced: Vec<NamedObject>,
}

impl Writer {
    pub(super) const fn new(shared: Arc<Shared>, outbox: Outbox, eraser: Eraser) -> Self {
        Self {
            shared,
            outbox,
            eraser,
            stale: false,
            unannounced: Vec::new(),
        }
    }

    /// Works until no handle is left and the queue is empty.
    pub(super) fn run(mut self, queue: &mpsc::Receiver<Job>) {
        let _ = catch_unwind(AssertUnwindSafe(|| self.keep_rules()));
        while let Ok(first) = queue.recv() {
            let jobs = std::iter::once(first).chain(queue.try_iter()).take(BATCH);
            let (changes, orders) = sort(jobs);
            // A store whose pages were damaged may panic; the replies are sent as the changes are dropped.
            let _ = catch_unwind(AssertUnwindSafe(|| self.work(changes, &orders)));
        }
        self.outbox.drain();
    }

    /// Sees to the orders, and makes all changes, in as many commits as they need.
    fn work(&mut self, mut changes: Waiting, orders: &[Order]) {
        let asked = orders.contains(&Order::Republish);
        if (asked || self.stale) && !self.publish() {
            self.shared
                .note_commit(Purpose::Govern, Some(&CommitError::Unavailable));
            return fail_all(&mut changes, &WriteError::Unavailable);
        }
        let sweep = orders.iter().find_map(|order| match order {
            Order::Sweep(now) => Some(*now),
            Order::Republish => None,
        });
        // The later ones would find nothing more to do.
        if let Some(now) = sweep {
            self.sweep(now);
        }
        while !changes.is_empty() {
            if self.is_open() {
                self.commit_some(&mut changes);
            } else {
                fail_all(&mut changes, &WriteError::AuditUnavailable);
            }
        }
    }

    /// Commits as many of the changes as fit in one batch. A conflict leaves them for another round.
    fn commit_some(&mut self, changes: &mut Waiting) {
        let published = self.shared.published();
        let room = Room {
            limits: self.shared.store.limits(),
            outbox_ops: self.outbox.most_ops(),
        };
        let draft = draft(&self.shared, &published, room, changes);
        let Draft {
            overlay,
            reached,
            entries,
            objects,
            events,
            decided,
            bytes: _,
        } = draft;
        let batch = overlay.into_changes();
        if batch.is_empty() {
            return self.answer(decided);
        }
        let purpose = purpose_of(&decided);
        let mut batch = match self.commit_parts(batch, reached, room, purpose) {
            Ok(batch) => batch,
            Err(error) => return self.not_committed(purpose, &error, objects, decided),
        };
        let published = self.shared.published();
        let expect = published.snapshot.generation();
        let pending = self
            .outbox
            .put(&mut batch, &published.keyring, expect.next().0, entries);
        let Ok(state) = self.shared.close(&published, reached, &mut batch) else {
            return self.not_committed(purpose, &CommitError::Unavailable, objects, decided);
        };
        self.outbox.begin();
        match self.shared.store.commit(expect, &batch, purpose) {
            Ok(generation) => {
                self.shared.note_commit(purpose, None);
                self.publish_after(Some(state));
                self.outbox.committed(pending);
                self.answer(decided);
                self.announce(objects, events, generation);
            }
            Err(CommitError::Conflict) if self.publish() && self.moved_on(expect) => {
                self.outbox.not_committed();
                again(decided, changes);
            }
            Err(CommitError::Full) => {
                // Those that may use more of the disk are not refused with those that may not.
                let (refused, others): (Vec<_>, Vec<_>) = decided
                    .into_iter()
                    .partition(|decided| decided.change.purpose() == purpose);
                again(others, changes);
                self.not_committed(purpose, &CommitError::Full, objects, refused);
            }
            Err(error) => self.not_committed(purpose, &error, objects, decided),
        }
    }

    /// Commits the parts of a change that is too large for one commit; answers what is left of it. A failure here leaves
    /// nothing that anybody sees.
    fn commit_parts(
        &mut self,
        batch: Batch,
        reached: Reached,
        room: Room,
        purpose: Purpose,
    ) -> Result<Batch, CommitError> {
        if batch.len() + OVERHEAD + room.outbox_ops <= room.limits.ops {
            return Ok(batch);
        }
        let keyring = Arc::clone(&self.shared.published().keyring);
        let most = room.limits.ops.saturating_sub(OVERHEAD);
        let Some(staged) = stage(&batch, &keyring, most) else {
            return Ok(batch);
        };
        for mut part in staged.before {
            let published = self.shared.published();
            let state = self
                .shared
                .close(&published, reached, &mut part)
                .map_err(|_| CommitError::Unavailable)?;
            let expect = published.snapshot.generation();
            let committed = self.shared.store.commit(expect, &part, purpose);
            committed.map_err(|error| match error {
                CommitError::Full => CommitError::Full,
                CommitError::Conflict | CommitError::Unavailable | CommitError::OutcomeUnknown => {
                    CommitError::Unavailable
                }
            })?;
            self.publish_after(Some(state));
        }
        Ok(staged.last)
    }

    /// A commit failed, or it is not known whether it did.
    fn not_committed(
        &mut self,
        purpose: Purpose,
        error: &CommitError,
        objects: Vec<NamedObject>,
        decided: Vec<Decided>,
    ) {
        self.shared.note_commit(purpose, Some(error));
        if *error == CommitError::OutcomeUnknown {
            self.unannounced.extend(objects);
        } else {
            self.outbox.not_committed();
        }
        self.publish();
        self.is_open();
        self.eraser.failed();
        for decided in decided {
            decided.change.fail(error.clone().into());
        }
    }

    /// Whether a change may be committed now. After a commit that may or may not have succeeded, and after the log lost
    /// what it had taken, the records are looked for first.
    fn is_open(&mut self) -> bool {
        if self.outbox.is_in_doubt() && !self.recover() {
            return false;
        }
        let is_open = self.outbox.is_open();
        // The log may have said just now that it lost some.
        is_open || self.outbox.is_in_doubt() && self.recover() && self.outbox.is_open()
    }

    fn recover(&mut self) -> bool {
        if !self.publish() {
            return false;
        }
        let published = self.shared.published();
        let recovered = self.outbox.recover(&*published.snapshot, &published.keyring);
        if recovered.is_ok() {
            let objects = std::mem::take(&mut self.unannounced);
            self.announce(objects, Vec::new(), self.shared.published().snapshot.generation());
        }
        recovered.is_ok()
    }

    /// Lets readers see the store's latest state; while it cannot be read they keep the one they have.
    fn publish(&mut self) -> bool {
        self.publish_after(None)
    }

    /// Like [`Self::publish`]; a state that was just committed need not be opened.
    fn publish_after(&mut self, committed: Option<State>) -> bool {
        self.stale = self.latest(committed).is_err();
        !self.stale
    }

    fn latest(&self, committed: Option<State>) -> Result<(), sealed::StateError> {
        let snapshot = self.shared.store.snapshot()?;
        let known = committed.filter(|state| state.generation == snapshot.generation().0);
        let state = match known {
            Some(state) => state,
            None => sealed::open(&self.shared.published().keyring, &*snapshot)?,
        };
        self.shared.publish(snapshot, Arc::new(state));
        Ok(())
    }

    fn moved_on(&self, from: Gen) -> bool {
        self.shared.published().snapshot.generation() != from
    }

    fn answer(&mut self, decided: Vec<Decided>) {
        for Decided { change, refusal } in decided {
            if refusal.is_some_and(|entry| !self.outbox.refuse(&entry)) {
                change.fail(WriteError::AuditUnavailable);
                continue;
            }
            match change.answer() {
                Ending::Answered => {}
                Ending::StepRefused => self.eraser.failed(),
            }
        }
    }

    fn announce(&self, objects: Vec<NamedObject>, events: Vec<EventType>, generation: Gen) {
        if !objects.is_empty() || !events.is_empty() {
            self.shared.announce(&ChangeNotice {
                objects,
                generation,
                events,
            });
        }
    }

    /// One round of the vault's own work. What fails is tried again by the next sweep.
    fn sweep(&mut self, now: Timestamp) {
        self.is_open();
        let steps = upkeep::steps(&self.shared, &mut self.eraser, now);
        let mut changes: Waiting = steps
            .into_iter()
            .map(|request| {
                let is_refused = false;
                Box::new(Step {
                    request,
                    now,
                    is_refused,
                }) as _
            })
            .collect();
        while !changes.is_empty() {
            if !self.is_open() {
                self.eraser.failed();
                break;
            }
            self.commit_some(&mut changes);
        }
        self.probe();
        self.keep_rules();
    }

    /// Writes nothing much to a store that took no change the last time, for the same purpose: what mended itself is known
    /// without waiting for somebody's change.
    fn probe(&mut self) {
        if let Some((purpose, _)) = self.shared.unwritable() {
            self.commit_state(purpose);
        }
    }

    /// Stores what happens to deleted objects where an older program has not, or where it became stricter. It is in every
    /// state, so that any commit does that.
    fn keep_rules(&mut self) {
        let kept = self.shared.published().state.soft_delete;
        if kept != Some(self.shared.rules.soft_delete) {
            self.commit_state(Purpose::Govern);
        }
    }

    /// Commits the state with nothing else.
    fn commit_state(&mut self, purpose: Purpose) {
        if self.is_open() {
            let nothing = Put {
                key: key::meta("probe"),
                record: None,
                purpose,
                reply: Reply::new(Box::new(drop)),
                refusal: None,
            };
            self.commit_some(&mut Waiting::from([Box::new(nothing) as _]));
        }
    }
}

/// Parts the changes, in their order, from the orders.
fn sort(jobs: impl Iterator<Item = Job>) -> (Waiting, Vec<Order>) {
    let mut changes = Waiting::new();
    let mut orders = Vec::new();
    for job in jobs {
        match job {
            Job::Change(change) => changes.push_back(change),
            Job::Order(order) => orders.push(order),
        }
    }
    (changes, orders)
}

/// What a batch is for: the most that one of its changes is. Refusals, which change nothing, do not count.
fn purpose_of(decided: &[Decided]) -> Purpose {
    let changes = decided.iter().filter(|decided| decided.refusal.is_none());
    let purposes = changes.map(|decided| decided.change.purpose());
    purposes.max().unwrap_or(Purpose::Govern)
}

/// Puts changes back to be decided again, in their order and before all that wait.
fn again(decided: Vec<Decided>, changes: &mut Waiting) {
    for decided in decided.into_iter().rev() {
        changes.push_front(decided.change);
    }
}

fn fail_all(changes: &mut Waiting, error: &WriteError) {
    for change in changes.drain(..) {
        change.fail(error.clone());
    }
}

/// What fits in one batch.
#[derive(Clone, Copy)]
struct Room {
    limits: Limits,
    /// What the outbox adds beside the records of the batch itself.
    outbox_ops: usize,
}

/// Decides changes, each on what the ones before it changed, until the batch is full.
fn draft<'a>(shared: &'a Shared, published: &'a Published, room: Room, changes: &mut Waiting) -> Draft<'a> {
    let overlay = Overlay::new(&*published.snapshot);
    let mut draft = Draft {
        overlay,
        reached: Reached::of(&published.state),
        bytes: published.state.bytes,
        entries: Vec::new(),
        objects: Vec::new(),
        events: Vec::new(),
        decided: Vec::new(),
    };
    let mut bytes = 0;
    while let Some(mut change) = changes.pop_front() {
        let view = View {
            snapshot: &draft.overlay,
            last: draft.reached.last,
            bytes: draft.bytes,
            ..published.view(&shared.rules)
        };
        let Decision { changes: made, entry } = decide(view, shared, &mut *change);
        bytes += made.batch.bytes();
        let ops = draft.overlay.changes().len() + made.batch.len();
        let ops = ops + draft.entries.len() + OVERHEAD + room.outbox_ops;
        let is_full = ops > room.limits.ops || bytes > room.limits.bytes / 2;
        if !draft.decided.is_empty() && is_full {
            changes.push_front(change);
            break;
        }
        let is_change = !made.batch.is_empty();
        draft.overlay.add(made.batch);
        draft.reached.last = made.last.unwrap_or(draft.reached.last);
        if is_change {
            draft.reached.time = change.time().or(draft.reached.time);
        }
        draft.bytes = draft.bytes.saturating_add(made.growth);
        draft.objects.extend(made.objects);
        draft.events.extend(made.events);
        let refusal = if is_change {
            draft.entries.extend(entry);
            None
        } else {
            entry
        };
        draft.decided.push(Decided { change, refusal });
    }
    draft
}

/// Decides one change with fresh random bytes.
fn decide(view: View<'_>, shared: &Shared, change: &mut dyn Change) -> Decision {
    let Ok(entropy) = random() else {
        change.refuse(StoreError::Unavailable("the system has no random bytes".into()).into());
        return Decision::default();
    };
    change.decide(view, shared.kinds, &mut Inputs::new(&entropy))
}

impl From<CommitError> for WriteError {
    fn from(error: CommitError) -> Self {
        match error {
            CommitError::Full => Self::StoreFull,
            // The writer decides again after a conflict; a change that still meets one has changed nothing.
            CommitError::Conflict | CommitError::Unavailable => Self::Unavailable,
            CommitError::OutcomeUnknown => Self::OutcomeUnknown,
        }
    }
}
