//! What is stored, record by record: bytes in one encoding, and no rules. [`key`] says where each lies.
//!
//! ```text
//!  head (live or deleted) --seed--> current version record (by sequence number)
//!      |  object id
//!      +--> index entries of the older versions --> their version records
//! ```

pub mod codec;
pub mod damage;
pub mod digest;
pub mod encoded;
pub mod event;
pub mod fields;
pub mod head;
pub mod id;
pub mod key;
pub mod record;
pub mod records;
pub mod soft_delete;
pub mod state;
pub mod tags;
pub mod task;
pub mod version;
