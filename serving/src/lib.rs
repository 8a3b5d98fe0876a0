//! What the server programs of this workspace share: the ways in which they listen, end, and show how they are.
//!
//! ```text
//!   accept   connections within limits, their TLS handshakes, HTTP, draining
//!   tls      the serving certificate, reloaded when its files change
//!   reload   files that are read again when they change
//!   rate     how many requests one key may make
//!   health   /healthz, /readyz and /metrics
//!   metrics  the text of a registry
//!   signal   the signals that end a program
//!   process  what a program does before it holds any secret: its log, and no core dump
//!   log      one JSON object per line on standard error
//! ```
//!
//! This crate knows no vault, no token and no object: it depends on no other crate of the workspace.

pub mod accept;
pub mod health;
mod log;
pub mod metrics;
pub mod process;
pub mod rate;
pub mod reload;
pub mod signal;
pub mod tls;
