//! A vault's objects and their life, cryptography, store and seal.
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
//! ```text
//! let unsealed = Unsealed::open(VaultOptions, Arc<dyn Store>, Box<dyn Seal>)?;    // vault_id(), audit_head()
//! let log = Arc::new(strongroom_audit::Log::open(LogConfig::new(dir, vault_id, replica), unsealed.audit_head())?);
//! let vault = unsealed.start(log)?;                                               // a Vault, cheap to clone
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
pub mod apply;
pub mod backup;
pub mod cipher;
pub mod codec;
pub mod digest;
pub mod error;
pub mod inputs;
pub mod keyring;
pub mod limits;
pub mod object;
pub mod read;
pub mod record;
pub mod request;
pub mod resolve;
pub mod scrub;
pub mod seal;
pub mod store;
pub mod time;
pub mod transaction;
pub mod value;
pub mod vault;

pub use answer::{Answer, Attributes, Deletion, ItemPage, SecretBundle};
pub use apply::apply;
pub use backup::BackupBlob;
pub use error::{BadParameter, ObjectError};
pub use inputs::Inputs;
pub use keyring::Keyring;
pub use limits::{ObjectLimits, RecoveryLevel, SoftDelete};
pub use object::{Rules, View};
pub use read::read;
pub use request::{AttributesPatch, Marker, PageRequest, ReadRequest, Tags, WriteRequest};
pub use resolve::Resolution;
pub use scrub::{ScrubReport, StoreCorrupt};
pub use time::Timestamp;
pub use transaction::Changes;
pub use value::SecretValue;
pub use vault::{
    Anchor, AuditOf, ChangeNotice, Done, Initialise, Listener, OpenError, QueueFull, Unsealed, Vault,
    VaultOptions, WriteError,
};
