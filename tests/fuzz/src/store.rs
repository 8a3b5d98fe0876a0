//! Who can write the volume chooses every byte of it: each kind of record, the keys, the keyring's file; and who restores
//! chooses a backup.
//!
//! An input is judged twice. As a whole record it is taken only where it is one that the vault wrote. Behind its seal or
//! its proof, which nobody without the keys gets past, it is taken only in its one encoding.

pub mod backup;
mod fixture;
pub mod head;
pub mod key;
pub mod key_fields;
pub mod keyring;
pub mod record;
pub mod state;
pub mod version;
