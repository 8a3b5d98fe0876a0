//! What the tests of several crates share, so that no crate plays a part of Kubernetes or of TLS in its own way.
//!
//! ```text
//!   authority    a certificate authority, and what it signs
//!   cluster      an API server that reviews tokens, and the tokens that it signs
//!   hostile_paths  certificates whose path to the authority breaks a rule
//!   directory    a directory that is gone after its test, whatever still writes to it
//!   faulty_disk  a disk that hangs, is slow, or fails, under a program that runs
//!   hostile_disk a stopped vault's store, edited by an attacker who can write the volume
//!   tls_server   any router behind a certificate of that authority, on a socket of this machine
//!   api_server   an API server that answers from a table, and keeps what it was asked to write
//!   signing_key  what vault tokens are signed with, and their claims
//!   identity     an identity service that gives tokens and serves its keys
//!   silent_peer  a client that lets a server wait
//!   vault        the real vault, on a store in memory or on disk, with or without its ports
//!   program      the real vault as a process of its own, to be killed
//!   kstatus      what Flux, by kstatus' rules, takes an object for
//!   hostile_vault   what no honest vault answers, behind a genuine certificate
//! ```
//!
//! For dev-dependencies and the crates below `tests/` only: `scripts/check-layers` holds that. A crate that the vault is
//! built on uses this in its `tests/` alone: its unit tests would see a second copy of their own types. Every function here panics
//! where it fails, as a test does.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::missing_panics_doc,
    reason = "a step that fails here is a failed test"
)]

pub mod api_server;
pub mod authority;
pub mod cluster;
pub mod directory;
pub mod faulty_disk;
pub mod hostile_disk;
pub mod hostile_paths;
pub mod hostile_vault;
pub mod identity;
pub mod kstatus;
pub mod program;
pub mod signing_key;
pub mod silent_peer;
pub mod tls_server;
pub mod vault;

pub use api_server::ApiServer;
pub use authority::Authority;
pub use directory::Directory;
pub use faulty_disk::FaultyDisk;
pub use hostile_disk::HostileDisk;
pub use identity::Identity;
pub use program::{Process, Program};
pub use signing_key::SigningKey;
pub use silent_peer::SilentPeer;
pub use tls_server::TlsServer;
