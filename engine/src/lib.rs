//! A vault's objects and their life, cryptography, store, seal and audit format.
//!
//! ```text
//!  request --> read(snapshot, ..)  --> Answer                      any thread, microseconds
//!          --> apply(snapshot, ..) --> Changes + Answer            one writer thread, one commit per batch
//!                   |                       |
//!                Keyring                  Store: redb or memory
//!                   ^
//!                 Seal (a key that lies outside the volume)
//! ```
//!
//! [`read()`] and [`apply()`] are pure: time, version ids and random bytes are given to them. [`Vault`] is the thin layer
//! around them that has effects: it holds the published snapshot, the writer thread and the outbox of audit records.
//!
//! The handle, as its users see it (all methods take `&self`; it is cheap to clone):
//!
//! ```text
//! Vault::open(VaultOptions, Arc<dyn Store>, &dyn Seal, Option<Arc<audit log>>) -> Result<Vault, OpenError>
//! read(&ReadRequest, now, &dyn Fn(&ObjectName) -> bool) -> Result<Answer, ObjectError>
//! submit(WriteRequest, now, audit: AuditOf, done: Done) -> Result<(), QueueFull>
//!     AuditOf = Box<dyn Fn(&Outcome) -> Vec<u8> + Send>     Outcome = Result<Answer, ObjectError>
//!     Done    = Box<dyn FnOnce(Result<Answer, WriteError>) + Send>
//! resolve(&ObjectName, Option<&Version>) -> Result<Resolution, ObjectError>
//! peek_backup(&BackupBlob) -> Result<ObjectName, ObjectError>
//! on_change(Box<dyn Fn(&ChangeNotice) + Send + Sync>)       ChangeNotice { names, generation }
//! anchor() -> Result<Anchor, _>                             Anchor { generation: u64, digest: [u8; 32] }
//! meta_get(key: &str) -> Result<Option<Vec<u8>>, _>, meta_put(key, Option<Vec<u8>>) -> Result<(), WriteError>  (blocks)
//! sweep(now) -> Result<(), QueueFull>                       call every few seconds
//! scrub() -> Result<ScrubReport, StoreCorrupt>, erasure_pending() -> Option<Timestamp>, vault_id(), seal_key_id()
//! ```
//!
//! Invariants:
//! - no plaintext value is in the store, and a stored record opens only in its own place;
//! - a write is answered after its records and its audit record are durable together, or it is not done;
//! - every operation changes O(1) records, whatever the number of versions;
//! - nothing here reads a clock.
//!
//! This crate must not depend on tokio, axum, tonic or kube.

pub mod answer;
pub mod audit;
pub mod backup;
pub mod cipher;
pub mod error;
pub mod limits;
pub mod request;
pub mod seal;
pub mod store;
pub mod time;
pub mod value;

pub use answer::{Answer, Attributes, Deletion, ItemPage, SecretBundle};
pub use backup::BackupBlob;
pub use error::{BadParameter, ObjectError};
pub use limits::{ObjectLimits, RecoveryLevel, SoftDelete};
pub use request::{AttributesPatch, Marker, PageRequest, ReadRequest, Tags, WriteRequest};
pub use time::Timestamp;
pub use value::SecretValue;
