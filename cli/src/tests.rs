//! Every command on secrets, keys and certificates, against a vault in this process.

mod cert;
mod documents;
mod key;
mod secret;
mod token;
pub(crate) mod world;
