//! The messages that cross between our own parts, and nothing else: no I/O, no decisions.
//!
//! ```text
//!   identity --token--> vault          (token)
//!   operator --admin--> vault          (admin)
//!   node driver <--Watch--> vault      (watch)
//!   client ------REST-----> vault      (octets: bytes in its bodies, whose shapes are Azure's)
//! ```
//!
//! Each carries its version: `token_use`/`ver` in a token, `/v1` in an admin path, the package
//! `strongroom.v1` of Watch. The vault and its clients stand side by side, so what they share lies below both.

pub mod admin;
mod bounded;
pub mod cloud_event;
pub mod octets;
pub mod token;
pub mod watch;
