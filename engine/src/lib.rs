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
//! [`read()`] and [`apply()`] are pure: time, version ids and random bytes are given to them. [`Objects`] is the thin layer
//! around them that has effects: it holds the published snapshot, the writer thread and the outbox of audit records.
//!
//! ```text
//! let unsealed = Unsealed::open(VaultOptions, Arc<dyn Store>, &dyn Seal)?;    // vault_id(), audit_head()
//! let log = Arc::new(strongroom_audit::Log::open(LogConfig::new(dir, vault_id, replica), unsealed.audit_head())?);
//! let objects = unsealed.start(log)?;                                             // Objects, cheap to clone
//! ```
//!
//! Its rooms, each standing on those before it:
//!
//! | room | what it holds |
//! |---|---|
//! | [`store`] | a sorted map of bytes with atomic batches and snapshots |
//! | [`mod@format`] | what is stored, record by record; bytes and no rules |
//! | [`crypt`] | the cipher, the keyring, its seal, and the sealed records |
//! | [`object`] | the life of objects, as pure functions |
//! | [`secret`], [`crypto_key`] | the kinds of object; each is such a file |
//! | [`kinds`] | all of them |
//! | [`objects`] | the handle, the writer's thread, the outbox, erasure and scrub |
//!
//! Invariants:
//! - no plaintext value is in the store, and a stored record opens only in its own place;
//! - a write is answered after its records and its audit record are durable together, or it is not done;
//! - every operation changes O(1) records, whatever the number of versions;
//! - a new version and its event are durable together, and so are the end of a version and its event;
//! - nothing here reads a clock.
//!
//! This crate must not depend on tokio, axum, tonic or kube.

pub mod certificate;
pub mod crypt;
pub mod crypto_key;
pub mod format;
pub mod kinds;
pub mod object;
pub mod objects;
pub mod secret;
pub mod store;

pub use certificate::{Certificate, CertificateBundle, CertificateWriteRequest};
pub use crypt::keyring::Keyring;
pub use crypto_key::{CryptoKey, KeyBundle, KeyFields, KeyMaterial, KeyPatch, KeyWriteRequest};
pub use format::{
    event::{EventId, EventIdError, EventType, LifecycleEvent, Occurrence},
    fields::{AttributesPatch, Change, Deletion},
    soft_delete::SoftDelete,
    tags::Tags,
};
pub use object::{
    answer::Attributes,
    apply::apply,
    backup::BoundedBackup,
    blob::BackupBlob,
    error::{BadParameter, MalformedBackup, ObjectError},
    events::EventPage,
    inputs::Inputs,
    limits::{ObjectLimits, RecoveryLevel, VERSIONS},
    read::{
        list::{VisibleNames, every_name, no_name},
        read,
    },
    request::{Marker, PageRequest, ReadRequest},
    request_time::RequestTime,
    transaction::Changes,
    view::{Rules, View},
};
pub use objects::{
    Anchor, AuditOf, ChangeNotice, Descent, Done, Initialise, Listener, Objects, OpenError, QueueFull,
    Unsealed, VaultOptions, WriteError,
    scrub::{ScrubReport, StoreCorrupt},
};
pub use secret::{
    Answer, ItemPage, Secret, SecretBundle, SecretFields, SecretPatch, SecretValue, WriteRequest,
};
