//! Listeners, certificates and the health port over real sockets.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking, also in what its functions call"
)]

mod accept;
mod client;
mod families;
mod health;
mod listeners;
mod memory;
mod process;
mod server;
mod silence;
mod tls;
