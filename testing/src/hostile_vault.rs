//! A vault in the hands of someone hostile: its certificate is genuine, and its every answer is scripted.
//!
//! ```text
//!   admin    what it answers the operator
//!   data     what it answers over REST
//!   watch    what it says on the stream
//! ```
//!
//! Each gives a router, which [`TlsServer`](crate::TlsServer) serves under the vault's name, alone or merged with the others.

pub mod admin;
pub mod data;
pub mod watch;
