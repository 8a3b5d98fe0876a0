//! The audit log: who asked for what, what was answered, by which policy; chained, so that nothing can be taken out,
//! moved or changed without showing.
//!
//! ```text
//!   Record, Event --Entry::new, outside the lock--> body + leaf hash
//!                      |
//!   Log::append, ::drain --one mutex--> (sequence, previous, leaf) --write(2)--> DIR/SEQUENCE.jsonl --fdatasync--> synced
//!                                                                                     |
//!                                                           verify(DIR, expected head) --> Report
//! ```
//!
//! One line is one record: printable ASCII, a JSON object whose last member is `chain`:
//! `{"type":"request","time":...,"chain":{"sequence":7,"previous":"HEX","leaf":"HEX","hash":"HEX"}}`. The leaf is the
//! hash of the line's bytes before `,"chain"`; the hash of a line covers the hash before it, its sequence, its leaf and,
//! for a write, its place in the store's history. What the first record follows covers the vault's id and the replica's name, so no line of
//! another log fits. Every segment begins with a line of type `segment`, which is chained like all others and names the
//! segment before it. The type `checkpoint` is reserved for signatures; without them a log is self-consistent at best,
//! and only a head kept elsewhere (the store, the operator's anchor) shows that its end was cut off.
//!
//! Invariants:
//! - when `append` has returned, the line is in the page cache: it survives the process, and a power loss after 100 ms;
//! - when it fails, nothing was appended, and the caller must not answer what it meant to record;
//! - no field can hold a secret value or a token: fields are parsed names, closed enums, or the few bounded texts of
//!   [`text`], none of which is taken from a body or an `Authorization` header.

pub mod caller_refusals;
pub mod chain;
pub mod config;
pub mod entry;
mod escape;
pub mod event;
mod line;
pub mod log;
pub mod record;
pub mod recovery;
pub mod refusal_count;
pub mod refusals;
pub mod segment;
mod shape;
pub mod shares;
pub mod text;
pub mod time;
pub mod verify;

pub use caller_refusals::CallerRefusals;
pub use chain::{Hash, Head, Place};
pub use config::{Budget, Class, LogConfig, Quota, Retention, SegmentLimits, SyncMode};
pub use entry::Entry;
pub use event::{Actor, Event, RefusedCaller, VersionEnd};
pub use log::{AppendError, Log, OpenError, Problem, Synced, Usage};
pub use record::{Origin, Outcome, Record, Resource, TlsVersion, VaultResource, Verdict};
pub use recovery::Recovery;
pub use refusal_count::{RefusalCount, RefusalReason};
pub use refusals::RefusalCounter;
pub use shares::Shares;
pub use text::{ClientInfo, CorrelationId, PolicyName, RequestPath};
pub use time::Time;
pub use verify::{Report, verify};
