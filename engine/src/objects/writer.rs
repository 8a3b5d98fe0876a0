//! The one thread that changes the store.

use std::{
    collections::VecDeque,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, mpsc},
};

use strongroom_audit::{Entry, Event};
use strongroom_core::{ObjectName, Timestamp};

use super::{
    ChangeNotice, Published, Shared,
    erasure::{Eraser, Step},
    outbox::Outbox,
    outcome::{AuditOf, WriteError},
    reply::Reply,
};
use crate::{
    crypt::entropy::random,
    format::{key, record::Record, records::ServerRecord},
    object::{
        answer::Answer,
        apply::{
            apply,
            system::{SystemRequest, apply_system, expired, uncollected},
        },
        error::ObjectError,
        inputs::Inputs,
        request::WriteRequest,
        transaction::Changes,
        view::{KIND, View},
    },
    store::{Batch, CommitError, Gen, Key, Limits, Overlay, Store},
};

/// How many requests one commit takes at most: their answers wait for one another.
const BATCH: usize = 256;

/// How many deleted secrets one sweep purges.
const EXPIRE: usize = 64;

/// How many versions one sweep removes.
const COLLECT: usize = 512;

/// What the writer is asked to do.
pub(super) enum Job {
    /// A request from outside.
    Write {
        request: Box<WriteRequest>,
        now: Timestamp,
        audit: AuditOf,
        reply: Reply<Answer>,
    },
    /// A small record of the server's.
    Meta(Put),
    /// The vault's own work.
    Sweep { now: Timestamp },
    /// The published state could not be read.
    Republish,
    /// A step of it.
    System { request: SystemRequest, now: Timestamp },
}

/// A small record to be put or removed.
pub(super) struct Put {
    pub(super) key: Key,
    pub(super) bytes: Option<Vec<u8>>,
    pub(super) reply: Reply<()>,
}

impl Job {
    /// Drops the job without telling its maker: who made it knows already.
    pub(super) fn abandon(self) {
        match self {
            Self::Write { reply, .. } => reply.abandon(),
            Self::Meta(put) => put.reply.abandon(),
            Self::Sweep { .. } | Self::Republish | Self::System { .. } => {}
        }
    }

    fn fail(self, error: WriteError) {
        match self {
            Self::Write { reply, .. } => reply.send(Err(error)),
            Self::Meta(put) => put.reply.send(Err(error)),
            Self::Sweep { .. } | Self::Republish | Self::System { .. } => {}
        }
    }
}

/// A job that was decided, waiting for its batch to be committed.
struct Decided {
    job: Job,
    result: Result<Answer, ObjectError>,
    /// The record of a refusal; that of a change is in the batch.
    refusal: Option<Entry>,
}

/// A batch in the making.
struct Draft<'a> {
    overlay: Overlay<'a>,
    entries: Vec<Entry>,
    names: Vec<ObjectName>,
    decided: Vec<Decided>,
}

/// The writer.
pub(super) struct Writer {
    shared: Arc<Shared>,
    store: Arc<dyn Store>,
    outbox: Outbox,
    eraser: Eraser,
    /// The published state is of a store that had to be opened again, or could not be.
    stale: bool,
    /// Names changed by a commit of which it is not known how it ended.
    untold: Vec<ObjectName>,
}

impl Writer {
    pub(super) fn new(shared: Arc<Shared>, store: Arc<dyn Store>, outbox: Outbox, eraser: Eraser) -> Self {
        Self {
            shared,
            store,
            outbox,
            eraser,
            stale: false,
            untold: Vec::new(),
        }
    }

    /// Works until no handle is left and the queue is empty.
    pub(super) fn run(mut self, queue: &mpsc::Receiver<Job>) {
        while let Ok(first) = queue.recv() {
            let jobs: VecDeque<Job> = std::iter::once(first)
                .chain(queue.try_iter())
                .take(BATCH)
                .collect();
            // A store whose pages were damaged may panic; the jobs' replies are sent as they are dropped.
            let _ = catch_unwind(AssertUnwindSafe(|| self.work(jobs)));
        }
        self.outbox.drain();
    }

    /// Does all jobs, in as many commits as they need.
    fn work(&mut self, mut jobs: VecDeque<Job>) {
        let asked = jobs.iter().any(|job| matches!(job, Job::Republish));
        if (asked || self.stale) && !self.publish() {
            self.shared.note_commit(Some(&CommitError::Unavailable));
            return fail_all(&mut jobs, &WriteError::Unavailable);
        }
        jobs.retain(|job| !matches!(job, Job::Republish));
        while !jobs.is_empty() {
            if let Some(now) = take_sweep(&mut jobs) {
                self.sweep(now);
            } else if self.is_open() {
                self.commit_some(&mut jobs);
            } else {
                fail_all(&mut jobs, &WriteError::AuditUnavailable);
            }
        }
    }

    /// Commits as many of the jobs as fit in one batch. A conflict leaves them for another round.
    fn commit_some(&mut self, jobs: &mut VecDeque<Job>) {
        let published = self.shared.published();
        let draft = draft(&self.shared, &published, self.store.limits(), jobs);
        let Draft {
            overlay,
            entries,
            names,
            decided,
        } = draft;
        let mut batch = overlay.into_changes();
        if batch.is_empty() {
            return self.answer(decided);
        }
        let expect = published.snapshot.generation();
        let pending = self.outbox.put(&mut batch, expect.next().0, entries);
        self.outbox.begin();
        match self.store.commit(expect, &batch) {
            Ok(generation) => {
                self.shared.note_commit(None);
                self.publish();
                self.outbox.committed(pending);
                self.answer(decided);
                self.tell(names, generation);
            }
            Err(CommitError::Conflict) if self.publish() && self.moved_on(expect) => {
                self.outbox.not_committed();
                decided
                    .into_iter()
                    .rev()
                    .for_each(|decided| jobs.push_front(decided.job));
            }
            Err(error) => {
                self.shared.note_commit(Some(&error));
                if error == CommitError::OutcomeUnknown {
                    self.untold.extend(names);
                } else {
                    self.outbox.not_committed();
                }
                self.publish();
                self.is_open();
                self.eraser.failed();
                for decided in decided {
                    decided.job.fail(error.clone().into());
                }
            }
        }
    }

    /// Whether a change may be committed now. After a commit that may or may not have succeeded, its records are looked
    /// for first.
    fn is_open(&mut self) -> bool {
        if self.outbox.is_in_doubt() {
            let is_known = self.publish() && self.outbox.recover(&*self.shared.published().snapshot).is_ok();
            if !is_known {
                return false;
            }
            let names = std::mem::take(&mut self.untold);
            self.tell(names, self.shared.published().snapshot.generation());
        }
        self.outbox.is_open()
    }

    /// Lets readers see the store's latest state; while it cannot be read they keep the one they have.
    fn publish(&mut self) -> bool {
        let snapshot = self.store.snapshot();
        self.stale = snapshot.map(|snapshot| self.shared.publish(snapshot)).is_err();
        !self.stale
    }

    fn moved_on(&self, from: Gen) -> bool {
        self.shared.published().snapshot.generation() != from
    }

    fn answer(&mut self, decided: Vec<Decided>) {
        for Decided { job, result, refusal } in decided {
            if refusal.is_some_and(|entry| !self.outbox.refuse(&entry)) {
                job.fail(WriteError::AuditUnavailable);
                continue;
            }
            match (job, result) {
                (Job::Write { reply, .. }, result) => reply.send(result.map_err(WriteError::from)),
                (Job::Meta(put), result) => put.reply.send(result.map(|_| ()).map_err(WriteError::from)),
                (Job::System { .. }, Err(_)) => self.eraser.failed(),
                (Job::Sweep { .. } | Job::Republish | Job::System { .. }, _) => {}
            }
        }
    }

    fn tell(&self, names: Vec<ObjectName>, generation: Gen) {
        if !names.is_empty() {
            self.shared.tell(&ChangeNotice { names, generation });
        }
    }

    /// One round of the vault's own work. What fails is tried again by the next sweep.
    fn sweep(&mut self, now: Timestamp) {
        self.is_open();
        let published = self.shared.published();
        let view = published.view(&self.shared.rules);
        let names = expired(view, now, EXPIRE).unwrap_or_default();
        let mut requests: Vec<_> = names
            .into_iter()
            .map(|name| SystemRequest::Expire { name })
            .collect();
        if let Ok(Some(object)) = uncollected(view) {
            requests.push(SystemRequest::Collect {
                object,
                limit: COLLECT,
            });
        }
        requests.extend(self.next_of_erasure(now));
        self.do_system(requests, now);
        self.probe();
    }

    /// Writes nothing much to a store that took no change the last time: what mended itself is known without waiting
    /// for somebody's change.
    fn probe(&mut self) {
        if self.shared.unwritable().is_some() && self.is_open() {
            let nothing = Put {
                key: key::meta("probe"),
                bytes: None,
                reply: Reply::new(Box::new(drop)),
            };
            self.commit_some(&mut VecDeque::from([Job::Meta(nothing)]));
        }
    }

    /// The next step of an erasure that needs a commit; steps on the keyring's file are done here.
    fn next_of_erasure(&mut self, now: Timestamp) -> Option<SystemRequest> {
        for _ in 0..4 {
            let published = self.shared.published();
            match self.eraser.step(published.view(&self.shared.rules), now) {
                Ok(Step::Publish(keyring)) => self.shared.publish_keyring(keyring),
                Ok(Step::Commit(request)) => {
                    if matches!(request, SystemRequest::Erased { .. }) {
                        self.eraser.finished();
                    }
                    return Some(request);
                }
                Ok(Step::None) => return None,
                Err(_) => {
                    self.eraser.failed();
                    return None;
                }
            }
        }
        None
    }

    fn do_system(&mut self, requests: Vec<SystemRequest>, now: Timestamp) {
        let mut jobs: VecDeque<_> = requests
            .into_iter()
            .map(|request| Job::System { request, now })
            .collect();
        while !jobs.is_empty() {
            if !self.is_open() {
                return self.eraser.failed();
            }
            self.commit_some(&mut jobs);
        }
    }
}

fn fail_all(jobs: &mut VecDeque<Job>, error: &WriteError) {
    for job in jobs.drain(..) {
        job.fail(error.clone());
    }
}

/// Takes the first sweep out of the jobs; the later ones would find nothing more to do.
fn take_sweep(jobs: &mut VecDeque<Job>) -> Option<Timestamp> {
    let sweep = jobs.iter().find_map(|job| {
        if let Job::Sweep { now } = job {
            Some(*now)
        } else {
            None
        }
    });
    if sweep.is_some() {
        jobs.retain(|job| !matches!(job, Job::Sweep { .. }));
    }
    sweep
}

/// Decides jobs, each on what the ones before it changed, until the batch is full.
fn draft<'a>(
    shared: &'a Shared,
    published: &'a Published,
    limits: Limits,
    jobs: &mut VecDeque<Job>,
) -> Draft<'a> {
    let overlay = Overlay::new(&*published.snapshot);
    let mut draft = Draft {
        overlay,
        entries: Vec::new(),
        names: Vec::new(),
        decided: Vec::new(),
    };
    let mut bytes = 0;
    while let Some(job) = jobs.pop_front() {
        let view = View {
            snapshot: &draft.overlay,
            ..published.view(&shared.rules)
        };
        let (changes, result, entry) = decide(view, &job);
        bytes += changes.batch.bytes();
        // Room for what the outbox adds.
        let ops = draft.overlay.changes().len() + changes.batch.len() + 2 * (draft.entries.len() + 1) + 1_100;
        if !draft.decided.is_empty() && (ops > limits.ops || bytes > limits.bytes / 2) {
            jobs.push_front(job);
            break;
        }
        let is_change = !changes.batch.is_empty();
        draft.overlay.add(changes.batch);
        draft.names.extend(changes.names);
        let refusal = if is_change {
            draft.entries.extend(entry);
            None
        } else {
            entry
        };
        draft.decided.push(Decided { job, result, refusal });
    }
    draft
}

type Decision = (Changes, Result<Answer, ObjectError>, Option<Entry>);

/// Decides one job: its changes, its answer, and its audit record.
fn decide(view: View<'_>, job: &Job) -> Decision {
    let Ok(entropy) = random() else {
        let error = crate::store::StoreError::Unavailable("the system has no random bytes".into());
        return (Changes::default(), Err(error.into()), None);
    };
    let mut inputs = Inputs::new(&entropy);
    match job {
        Job::Write {
            request, now, audit, ..
        } => {
            let (changes, result) = apply(view, request, &mut inputs, *now);
            let entry = audit(&result);
            (changes, result, Some(entry))
        }
        Job::System { request, now } => match apply_system(view, request, &mut inputs, *now) {
            Ok(changes) => (changes, Ok(Answer::Purged), event(request, *now)),
            Err(error) => (Changes::default(), Err(error), None),
        },
        Job::Meta(put) => {
            let mut changes = Changes::default();
            put_meta(view, put, &mut changes.batch);
            (changes, Ok(Answer::Purged), None)
        }
        Job::Sweep { .. } | Job::Republish => (Changes::default(), Ok(Answer::Purged), None),
    }
}

fn put_meta(view: View<'_>, put: &Put, batch: &mut Batch) {
    match &put.bytes {
        Some(bytes) => batch.put(put.key.clone(), ServerRecord(bytes.clone()).encode(view.vault())),
        None => batch.remove(put.key.clone()),
    }
}

/// The audit record of a step that somebody may ask about later.
fn event(request: &SystemRequest, now: Timestamp) -> Option<Entry> {
    match request {
        SystemRequest::Expire { name } => {
            let event = Event::ScheduledPurge {
                kind: KIND,
                name: name.clone(),
            };
            Some(Entry::event(now.into(), &event))
        }
        SystemRequest::Collect { .. } | SystemRequest::Rewrap { .. } | SystemRequest::Erased { .. } => None,
    }
}

impl From<CommitError> for WriteError {
    fn from(error: CommitError) -> Self {
        match error {
            CommitError::Full => Self::StoreFull,
            // The writer decides again after a conflict; who still meets one has changed nothing.
            CommitError::Conflict | CommitError::Unavailable => Self::Unavailable,
            CommitError::OutcomeUnknown => Self::OutcomeUnknown,
        }
    }
}
