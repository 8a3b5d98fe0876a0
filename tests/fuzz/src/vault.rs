//! Who reaches the data port of a vault: its requests, its tokens, its Watch messages; and the bundle of the admin port.

pub mod bundle;
mod fixture;
mod oracle;
pub mod rest;
pub mod token;
pub mod watch;
