//! What the server programs of this workspace share: the ways in which they listen, end, and show how they are.
//!
//! ```text
//!   accept   connections within limits, their TLS handshakes, HTTP, draining
//! ```
//!
//! This crate knows no vault, no token and no object: it depends on no other crate of the workspace.

pub mod accept;
