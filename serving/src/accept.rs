//! Listeners for those who have proved nothing yet, shared by the vault and the identity service: connections accepted
//! within limits, their TLS handshakes bounded, their requests handed to a router, drained.
//!
//! ```text
//!   accept --> slot --> handshake (a slot of its own, time) --> HTTP/1.1 or HTTP/2 --> router
//! ```
//!
//! Everything here happens before anyone has proved who they are, so everything has a bound: connections, handshakes,
//! header bytes and counts, streams, resets, what is said without asking, idle time. Slots are bounded in all and per
//! source, and when all are taken the one that has been idle for longest is given to the newcomer.

mod activity;
mod chatter;
mod connection;
mod counts;
mod listener;
mod slots;
mod source;

use std::{net::SocketAddr, sync::Arc, time::Duration};

use rustls::{ProtocolVersion, pki_types::CertificateDer};

pub use counts::Counts;
pub use listener::{Drain, Listener};
pub use source::Source;

/// Who is at the other end of a connection; every request carries it as an extension.
#[derive(Debug, Clone)]
pub struct Peer {
    /// Its address.
    pub address: SocketAddr,
    /// The version of TLS agreed on.
    pub tls: Option<ProtocolVersion>,
    /// The certificates it showed, its own first; empty where none were asked for.
    pub certificates: Arc<[CertificateDer<'static>]>,
}

/// The bounds of one listener.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Open connections.
    pub connections: usize,
    /// Open connections of one source: an IPv4 address or an IPv6 /64.
    pub connections_per_source: usize,
    /// Connections that have not finished their TLS handshake.
    pub handshakes: usize,
    /// Connections of one source that have not: so that who never finishes leaves room for others.
    pub handshakes_per_source: usize,
    /// How long a handshake may take.
    pub handshake_timeout: Duration,
    /// How long the head of a request may take; an HTTP/1.1 connection without a request ends after it too.
    pub head_timeout: Duration,
    /// How long a connection without a request in flight stays open.
    pub idle_timeout: Duration,
    /// Bytes of a request's head.
    pub head_bytes: u32,
    /// Headers of a request.
    pub headers: usize,
    /// HTTP/2 streams of one connection.
    pub streams: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 4096,
            connections_per_source: 512,
            handshakes: 1024,
            handshakes_per_source: 128,
            handshake_timeout: Duration::from_secs(5),
            head_timeout: Duration::from_secs(20),
            idle_timeout: Duration::from_mins(2),
            head_bytes: 32 * 1024,
            headers: 64,
            streams: 256,
        }
    }
}
