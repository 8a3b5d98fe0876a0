//! What is sealed, and with which key: the cipher, the keyring, the seal that opens the keyring, and the two records that hold secrets.

pub mod cipher;
pub mod digest;
pub mod entropy;
pub mod head;
pub mod keyring;
pub mod opened;
pub mod seal;
pub mod version;
