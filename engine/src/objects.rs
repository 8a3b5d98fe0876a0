//! The handle on the objects of a vault: published snapshots for readers, one writer thread for changes.
//!
//! ```text
//!  submit --queue--> writer thread: apply each on the batch's own overlay
//!                       |  one commit: heads, versions, outbox, generation
//!                       |  open and publish the snapshot, drain the outbox to the audit log
//!                       +-> answer each, announce to the listeners which objects changed
//! ```

use std::sync::{Arc, mpsc};

use strongroom_core::{NamedObject, ObjectName, ObjectState, Timestamp, Version};

use crate::{
    format::{
        digest::Digest,
        event::{EventId, EventType},
        id::{Sequence, VaultId},
        key,
        records::ServerRecord,
        soft_delete::SoftDelete,
        state::Mark,
        task::Due,
    },
    object::{
        answer::{Answer, Bundle},
        backup::{self, BoundedBackup},
        blob::BackupBlob,
        error::{ObjectError, damaged_state},
        events::{self, EventPage},
        kind::Kind,
        limits::ObjectLimits,
        read::{current, list::VisibleNames, open as open_version, read},
        request::{ReadRequest, Seen, WriteRequest},
        request_time::RequestTime,
        resolve::resolve,
        system::{Whose, due_tasks, is_scheduled},
        tasks::Tasks,
        transaction,
    },
    objects::scrub::{ScrubReport, StoreCorrupt, scrub},
    store::{Gen, Purpose, Snapshot},
};

pub mod closing;
mod erasure;
mod job;
mod open;
mod outbox;
mod outcome;
mod reply;
pub mod scrub;
mod sealed;
mod shared;
mod staging;
mod totals;
mod upgrade;
mod upkeep;
mod writer;

pub use open::{Initialise, OpenError, Unsealed, VaultOptions};
pub use outcome::{AuditOf, Done, QueueFull, WriteError};
pub use upgrade::UpgradeError;

use self::{
    job::{Job, Order, Put, Write},
    reply::Reply,
    shared::Shared,
};

/// The objects of an open vault. Cheap to clone; when the last handle is dropped, what was accepted is finished and the writer ends.
#[derive(Clone)]
pub struct Objects {
    shared: Arc<Shared>,
    writer: Arc<WriterHandle>,
}

impl std::fmt::Debug for Objects {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Objects")
            .field("id", &self.vault_id())
            .finish_non_exhaustive()
    }
}

/// The writer's end of the queue, and its thread.
struct WriterHandle {
    queue: Option<mpsc::SyncSender<Job>>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Drop for WriterHandle {
    fn drop(&mut self) {
        drop(self.queue.take());
        // Dropped by the writer itself when a callback held the last handle: it ends by itself then.
        let itself = std::thread::current().id();
        if let Some(thread) = self.thread.take().filter(|thread| thread.thread().id() != itself) {
            // A writer that panicked has answered nothing more; there is nothing to wait for.
            let _ = thread.join();
        }
    }
}

/// What a commit changed for readers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangeNotice {
    /// The objects that were set, updated, deleted, recovered, purged or restored; each without a version.
    pub objects: Vec<NamedObject>,
    /// The generation that a reader finds the change in.
    pub generation: Gen,
    /// What happened to objects, event by event. What a commit of unknown outcome did is not told.
    pub events: Vec<EventType>,
}

/// Called by the writer after each commit that changed names or made events; it must be quick and must not wait.
pub type Listener = Box<dyn Fn(&ChangeNotice) + Send + Sync>;

/// The store's state, to be kept outside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Anchor {
    /// Counts commits.
    pub generation: Gen,
    /// Stands for the state, and for every one that led to it. Only this vault can compute it.
    pub digest: Digest,
}

/// How the store's state stands to an earlier one that is kept outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Descent {
    /// It follows the state of that generation, which had this digest.
    Follows(Digest),
    /// A later state was asked for already, so nothing is known of that one any more.
    Superseded,
    /// It follows no such state: the store was put back, and went its own way.
    Unknown,
}

impl Objects {
    /// Answers a question about objects of kind `K` from the latest committed state. Lists hold only names that are
    /// `visible`.
    pub fn read<K: Tasks>(
        &self,
        request: &ReadRequest,
        now: Timestamp,
        visible: VisibleNames<'_>,
    ) -> Result<Answer<K>, ObjectError> {
        let published = self.shared.published();
        self.note_read(read(published.view(&self.shared.rules), request, now, visible))
    }

    /// What the vault needs of a version of a live object to use it by itself, disabled or not: what `known` remembers of
    /// the record of that number, or what `open` makes of it.
    pub fn open<K: Kind, T>(
        &self,
        name: &ObjectName,
        version: Option<&Version>,
        known: impl FnOnce(Sequence) -> Option<T>,
        open: impl FnOnce(Sequence, Bundle<K>) -> T,
    ) -> Result<T, ObjectError> {
        let published = self.shared.published();
        let view = published.view(&self.shared.rules);
        self.note_read(open_version(view, name, version, known, open))
    }

    /// The current version of a live object without its content, disabled or not, and what [`WriteRequest::Replace`] has to
    /// say that was seen.
    pub fn current<K: Kind>(&self, name: &ObjectName) -> Result<(Seen<K::Object>, Bundle<K>), ObjectError> {
        let published = self.shared.published();
        self.note_read(current(published.view(&self.shared.rules), name))
    }

    /// Hands a change to the writer. `audit` makes its record from the outcome and may be called more than once; `done`
    /// is called exactly once, from the writer's thread, after change and record are durable or are not done.
    pub fn submit<K: Tasks>(
        &self,
        request: WriteRequest<K>,
        time: impl Into<RequestTime>,
        audit: AuditOf<K>,
        done: Done<Answer<K>>,
    ) -> Result<(), QueueFull> {
        self.send(Job::Change(Box::new(Write {
            request,
            time: time.into(),
            audit,
            reply: Reply::new(done),
            result: None,
        })))
    }

    /// What a get of an object of kind `K` would meet, without opening a value.
    pub fn resolve<K: Kind>(
        &self,
        name: &ObjectName,
        version: Option<&Version>,
        now: Timestamp,
    ) -> Result<ObjectState, ObjectError> {
        resolve::<K>(
            self.shared.published().view(&self.shared.rules),
            name,
            version,
            now,
        )
    }

    /// The backup of the object `name` of kind `K` if making it holds `room` bytes at most, else how many it needs. The
    /// room of one state of the store may not be enough for the next, so a caller asks until it has enough.
    pub fn backup_within<K: Tasks>(
        &self,
        name: &ObjectName,
        room: usize,
    ) -> Result<BoundedBackup, ObjectError> {
        let published = self.shared.published();
        let made = backup::make_within::<K>(published.view(&self.shared.rules).of(), name, room);
        self.note_read(made)
    }

    /// The name of the object of kind `K` in a backup, after the blob was authenticated: policy is asked about it before a
    /// restore.
    pub fn peek_backup<K: Kind>(&self, blob: &BackupBlob) -> Result<ObjectName, ObjectError> {
        backup::peek::<K>(self.shared.published().view(&self.shared.rules), blob)
    }

    /// Up to `limit` events of objects, in the order in which they happened: from the one after `after` on, or from the
    /// oldest that is kept. None where `after` is not kept: events may have gone unseen.
    pub fn events(&self, after: Option<EventId>, limit: usize) -> Result<Option<EventPage>, ObjectError> {
        let published = self.shared.published();
        self.note_read(events::list(published.view(&self.shared.rules), after, limit))
    }

    /// Adds a listener to committed changes. It must not hold a handle on this vault: the writer would never end.
    pub fn on_change(&self, listener: Listener) {
        self.shared.listeners.write().push(listener);
    }

    /// The latest committed state.
    pub fn snapshot(&self) -> Arc<dyn Snapshot> {
        Arc::clone(&self.shared.published().snapshot)
    }

    /// The store's state.
    pub fn anchor(&self) -> Anchor {
        self.shared.published().state.mark().into()
    }

    /// The store's state, to be kept outside it.
    pub fn show(&self) -> Anchor {
        self.shared.show().into()
    }

    /// How the store's state stands to the one at `generation`, which was shown and is kept outside now. To be asked for
    /// none that is not: of the earlier ones nothing is known from then on.
    pub fn descent(&self, generation: Gen) -> Descent {
        self.shared.descent(generation.0)
    }

    /// How many objects there are, live and deleted.
    pub fn objects(&self) -> u64 {
        self.shared.published().state.heads
    }

    /// The bytes of all records that are part of an object, those of purged ones included until they are removed.
    pub fn bytes(&self) -> u64 {
        self.shared.published().state.bytes
    }

    /// What happens to deleted objects, as it is in the store for the vault's life; none while that is not stored yet.
    pub fn soft_delete(&self) -> Option<SoftDelete> {
        self.shared.published().state.soft_delete
    }

    /// The time of the latest change; none if that is not known.
    pub fn changed(&self) -> Option<Timestamp> {
        self.shared.published().state.time
    }

    /// What requests must keep, and how much the vault keeps.
    pub fn limits(&self) -> ObjectLimits {
        self.shared.rules.limits
    }

    /// A small record of the server's own, as last put.
    pub fn meta_get(&self, name: &str) -> Result<Option<Vec<u8>>, ObjectError> {
        let published = self.shared.published();
        let place = key::meta(name);
        let Some(record) = published.snapshot.get(&place)? else {
            return Ok(None);
        };
        let record = published.keyring.check(&place, &record);
        record
            .map(|ServerRecord(bytes)| Some(bytes))
            .map_err(|error| damaged_state("a record of the server", error))
    }

    /// Puts or removes a small record of the server's own (up to 16 MiB); waits until it is durable, so not to be called
    /// where waiting is forbidden.
    pub fn meta_put(&self, name: &str, bytes: Option<Vec<u8>>) -> Result<(), WriteError> {
        let (done, outcome) = mpsc::sync_channel(1);
        let done: Done<()> = Box::new(move |result| {
            // The caller waits below.
            let _ = done.send(result);
        });
        self.meta_submit(name, bytes, done)
            .map_err(|QueueFull| WriteError::Unavailable)?;
        outcome.recv().unwrap_or(Err(WriteError::OutcomeUnknown))
    }

    /// Like [`Self::meta_put`], without waiting: `done` is called once it is durable.
    pub fn meta_submit(&self, name: &str, bytes: Option<Vec<u8>>, done: Done<()>) -> Result<(), QueueFull> {
        self.send(Job::Change(Box::new(Put {
            key: key::meta(name),
            record: bytes.map(ServerRecord),
            purpose: Purpose::Govern,
            reply: Reply::new(done),
            refusal: None,
        })))
    }

    /// Sets aside `bytes` of the store's disk for who else writes to it: what adds values leaves them free.
    pub fn set_aside(&self, bytes: u64) {
        self.shared.store.set_aside(bytes);
    }

    /// Lets the writer do some of the vault's own work: carry out the tasks that are due, remove versions of purged
    /// objects, go on with an erasure, try again to hand audit records to the log, and whether a store that took no
    /// change takes one again. To be called every few seconds.
    pub fn sweep(&self, now: Timestamp) -> Result<(), QueueFull> {
        self.send(Job::Order(Order::Sweep(now)))
    }

    /// The tasks whose time has come and which the server carries out: up to `limit` of them, those that came soonest
    /// first, from the one behind `after` on. Each is due until the object has changed so that it is not.
    pub fn due(&self, now: Timestamp, after: Option<&Due>, limit: usize) -> Result<Vec<Due>, ObjectError> {
        let published = self.shared.published();
        let (view, kinds) = (published.view(&self.shared.rules), self.shared.kinds);
        self.note_read(due_tasks(view, kinds, Whose::Servers, now, after, limit))
    }

    /// Whether a task that was due is due still.
    pub fn is_due(&self, due: &Due) -> Result<bool, ObjectError> {
        let published = self.shared.published();
        self.note_read(is_scheduled(published.view(&self.shared.rules), due))
    }

    /// Why the store takes no changes; none while it does. As of the last change: while it failed, each
    /// [`Self::sweep`] tries whether the store can be written again.
    pub fn unwritable(&self) -> Option<WriteError> {
        self.shared.unwritable().map(|(_, error)| error)
    }

    /// Reads and opens everything in the latest committed state.
    pub fn scrub(&self) -> Result<ScrubReport, StoreCorrupt> {
        let published = self.shared.published();
        scrub(
            &published.state,
            published.view(&self.shared.rules),
            self.shared.kinds,
        )
    }

    /// Since when purged seeds wait for their keys to be destroyed; none when nothing waits.
    pub fn erasure_pending(&self) -> Result<Option<Timestamp>, ObjectError> {
        let pending = transaction::erasure(self.shared.published().view(&self.shared.rules))?;
        Ok(pending.map(|pending| pending.since))
    }

    /// The vault's id.
    pub fn vault_id(&self) -> VaultId {
        self.shared.published().keyring.vault()
    }

    /// The id of the seal key in use.
    pub fn seal_key_id(&self) -> &str {
        &self.shared.seal_key_id
    }

    /// Has the writer open the store's state anew where it could not be read.
    fn note_read<T>(&self, read: Result<T, ObjectError>) -> Result<T, ObjectError> {
        if matches!(read, Err(ObjectError::Store(_))) {
            // A full queue holds changes, and those find the same failure.
            let _ = self.send(Job::Order(Order::Republish));
        }
        read
    }

    fn send(&self, job: Job) -> Result<(), QueueFull> {
        let queue = self.writer.queue.as_ref().ok_or(QueueFull)?;
        queue.try_send(job).map_err(|refused| {
            let (mpsc::TrySendError::Full(job) | mpsc::TrySendError::Disconnected(job)) = refused;
            job.abandon();
            QueueFull
        })
    }
}

impl From<Mark> for Anchor {
    fn from(mark: Mark) -> Self {
        Self {
            generation: Gen(mark.generation),
            digest: mark.digest,
        }
    }
}
