//! The identity service over TLS, against an API server that reviews tokens as a real one does.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking, also in what its functions call"
)]

mod discovery;
mod flood;
mod installation;
mod minted;
mod node_driver;
mod presented;
mod replica;
mod request;
mod silence;

use std::time::{SystemTime, UNIX_EPOCH};

/// The scope of a token for the vault `prod` of `team-a`.
const VAULT: &str = "https://prod.team-a.svc/.default";

/// Seconds since 1970.
fn now() -> i64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap()
        .as_secs()
        .try_into()
        .unwrap()
}
