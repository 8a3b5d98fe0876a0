//! What is stored, record by record: bytes in one encoding, and no rules. [`key`] says where each lies.
//!
//! ```text
//!  head (live or deleted) --seed--> current version record (by sequence number)
//!      |  object id
//!      +--> index entries of the older versions --> their version records
//! ```

pub(crate) mod audit_head;
pub mod codec;
pub mod damage;
pub mod digest;
pub mod erasure;
pub mod fields;
pub mod garbage;
pub mod head;
pub mod id;
pub mod index;
pub mod key;
pub(crate) mod meta;
pub(crate) mod outbox;
pub mod state;
pub mod tags;
pub mod value;
pub mod version;
