//! `strongroom dev` as its users run it.

#![cfg(unix)]
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking, also in what its functions call"
)]

#[path = "dev/requests.rs"]
mod requests;
#[path = "dev/running.rs"]
mod running;
#[path = "dev/world.rs"]
mod world;
