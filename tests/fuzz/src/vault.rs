//! Who reaches the data port of a vault: its requests, its tokens, its Watch messages, what keys are released on; and the
//! bundle of the admin port.

pub mod attestation;
mod authority;
pub mod bundle;
mod fixture;
mod oracle;
pub mod release_policy;
pub mod rest;
pub mod token;
pub mod watch;
