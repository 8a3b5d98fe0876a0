//! What is sealed, and with which key: the cipher, the keyring, the seal that opens the keyring, the records that are
//! sealed, the proof of those that are not, and the digest of all.

pub mod cipher;
pub mod digest;
pub mod entropy;
pub mod head;
pub mod keyring;
pub mod opened;
pub mod proof;
pub mod seal;
pub mod sealed;
pub mod state;
pub mod version;
