//! The client of everything Strongroom serves: the vault's REST API and Watch, the token exchange, the admin API.
//!
//! ```text
//!   service-account token --identity::IdentityClient--> VaultToken
//!   VaultToken --vault::VaultClient--> secrets, keys, certificates    (REST, HTTP/2)
//!                      `--watch::Watch--> changes       (gRPC, on the same connection)
//!   operator --admin::AdminClient--> one replica        (JSON over mutual TLS)
//! ```
//!
//! Invariants:
//! - whom to talk to, under which name and under which CA, comes from the caller's configuration, never from an answer:
//!   no redirect is followed and no challenge is read;
//! - the server's name is pinned apart from the address it is reached at ([`Server`]), so that one replica, or a port
//!   forward, is as trusted as the Service;
//! - every answer is bounded, every request has a deadline;
//! - a request is repeated only where a second one does no harm;
//! - tokens and values are in types that do not print and are wiped when dropped.
//!
//! One [`vault::VaultClient`] holds one connection however many requests and subscriptions use it.
//! This crate must not depend on kube or axum.

pub mod admin;
pub mod identity;
pub mod retry;
pub mod server;
mod transport;
pub mod trust;
pub mod vault;
pub mod watch;

pub use retry::Retry;
pub use server::{Dial, Route, Server};
pub use transport::{ConnectError, TransportError};
pub use trust::{Trust, TrustError};
