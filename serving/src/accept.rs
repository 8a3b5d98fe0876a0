//! Connections of peers that have proved nothing yet: accepted within limits, their TLS handshakes bounded, their
//! requests handed to a router, drained.
//!
//! ```text
//!   accept --> slot --> handshake (a slot of its own, time) --> HTTP/1.1 or HTTP/2 --> router
//! ```
//!
//! All of this happens before a peer has proved an identity, so all of it has a bound: connections, handshakes, header
//! bytes and counts, streams, resets, frames that belong to no request, idle time. Slots are bounded in all and per
//! source. When all slots are taken, a new connection gets the slot of the one that has been idle for longest.

mod activity;
mod chatter;
mod connection;
mod counts;
mod drain;
mod listener;
mod slots;
mod source;

use std::{net::SocketAddr, sync::Arc, time::Duration};

use rustls::{ProtocolVersion, pki_types::CertificateDer};

pub use counts::Counts;
pub use drain::Drain;
pub use listener::Listener;
pub use source::Source;

/// The other end of a connection. Every request carries it as an extension.
#[derive(Debug, Clone)]
pub struct Peer {
    /// The address that the connection comes from.
    pub address: SocketAddr,
    /// The version of TLS agreed on; `None` without TLS.
    pub tls: Option<ProtocolVersion>,
    /// The certificates that the peer showed, its own first; empty where the server asks for none.
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
    /// Connections of one source that have not: a source that never finishes leaves room for others.
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
