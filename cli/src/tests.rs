//! Every command on secrets and keys, against a vault in this process.

mod key;
mod secret;
mod world;
