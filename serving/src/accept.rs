//! Connections of peers that have proved nothing yet: accepted within limits, their TLS handshakes bounded, their
//! requests handed to a handler, drained.
//!
//! ```text
//!   accept --> slot --> handshake (a slot of its own, time) --> HTTP/1.1 or HTTP/2 --> turn --> handler
//! ```
//!
//! All of this happens before a peer has proved an identity, so all of it has a bound: connections, handshakes, header
//! bytes and counts, streams, resets, frames that belong to no request, idle time. Slots are bounded in all and per
//! source; so is how often a source may connect, since each handshake costs a signature, and how many of its requests are
//! in flight: few until a handler has verified who the peer is. When all slots are taken, a new connection gets the slot of the one whose peer has got nowhere for longest. The memory
//! that all connections hold is bounded in bytes, for peers that proved an identity too: where there is too much, the
//! source that holds most gives way.
//!
//! Nobody waits for a peer: a connection ends when its peer does not send the body of a request, or does not take an
//! answer, at 240 bytes a second after some patience. An answer that the handler has no bytes for waits for the handler,
//! not for the peer, and may last.

mod accepted;
mod activity;
mod bodies;
mod chatter;
mod connection;
mod counts;
mod drain;
mod flow;
mod handler;
mod listener;
mod of_request;
mod pinned;
mod slots;
mod socket;
mod source;
mod standing;
mod turns;

use std::{net::SocketAddr, sync::Arc, time::Duration};

use rustls::{ProtocolVersion, pki_types::CertificateDer};
use tokio::net::UnixStream;

pub use counts::Counts;
pub use drain::Drain;
pub use handler::{Answering, Handler};
pub use listener::Listener;
pub use socket::{bind, everywhere};
pub use source::Source;
pub use standing::Standing;

/// A connection to a socket of the file system, for what speaks a protocol of its own on it. Its peer has the listener's
/// `head_timeout` until it is answered for the first time, and its `idle_timeout` from each answer on.
pub type Wire = chatter::Bounded<UnixStream>;

/// The other end of a connection. Every request that comes over a network carries it as an extension.
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
    /// New connections of one source a second, in the long run. At once it may make as many as it may have open, if that is
    /// more.
    pub connections_per_second: u32,
    /// Connections that have not finished their TLS handshake.
    pub handshakes: usize,
    /// Connections of one source that have not: a source that never finishes leaves room for others.
    pub handshakes_per_source: usize,
    /// How long a handshake may take.
    pub handshake_timeout: Duration,
    /// How long the head of a request may take; a connection without a request ends after it too.
    pub head_timeout: Duration,
    /// How long a connection without a request in flight stays open.
    pub idle_timeout: Duration,
    /// How long a peer may send nothing of a body, or take nothing of an answer.
    pub patience: Duration,
    /// Bytes of a request's head.
    pub head_bytes: u32,
    /// Headers of a request.
    pub headers: usize,
    /// Whether a connection may be used for more than one request over HTTP/1.1.
    pub keeps_alive: bool,
    /// HTTP/2 streams of one connection.
    pub streams: u32,
    /// Requests of one source in flight on connections that proved nothing (see [`Standing`]).
    pub unproven_per_source: usize,
    /// Requests of one source in flight on connections that did.
    pub requests_per_source: usize,
    /// Bytes that all connections may hold together: sessions, heads, bodies that nobody has read, answers that nobody
    /// has taken.
    pub pinned_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 4096,
            connections_per_source: 512,
            connections_per_second: 128,
            handshakes: 1024,
            handshakes_per_source: 128,
            handshake_timeout: Duration::from_secs(5),
            head_timeout: Duration::from_secs(20),
            idle_timeout: Duration::from_mins(2),
            patience: Duration::from_secs(10),
            head_bytes: 32 * 1024,
            headers: 64,
            keeps_alive: true,
            streams: 128,
            unproven_per_source: 32,
            requests_per_source: 512,
            pinned_bytes: 48 << 20,
        }
    }
}
