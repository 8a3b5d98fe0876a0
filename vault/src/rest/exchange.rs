//! One authenticated request on its way: where it came from, and what its audit record will say.

use std::{
    net::IpAddr,
    sync::Arc,
    time::{Instant, SystemTime},
};

use http::{HeaderMap, header::USER_AGENT, request::Parts};
use rustls::ProtocolVersion;
use strongroom_audit::{
    ClientInfo, CorrelationId, Origin, Outcome, Record, RequestPath, Resource, TlsVersion, VaultResource,
    Verdict,
};
use strongroom_core::Operation;

use super::host::Host;
use crate::{auth::Authenticated, clock::Clock, connection::Peer, service::Service};

/// The header by which a caller ties our log to its own.
pub(crate) const CLIENT_REQUEST_ID: &str = "x-ms-client-request-id";

/// What is known of a request once its caller is.
#[derive(Debug, Clone)]
pub(crate) struct Exchange {
    /// The host it was sent to.
    pub(crate) host: Host,
    /// Who asks, and whence.
    pub(crate) origin: Origin,
    vault: Arc<VaultResource>,
    clock: Clock,
    started: Instant,
}

/// When a request came, and what ties its record to the caller's log.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Arrival {
    /// When its head was there.
    pub(crate) started: Instant,
    /// The caller's id, or ours.
    pub(crate) correlation: CorrelationId,
}

/// What of a request's record is known so far.
#[derive(Debug, Clone)]
pub(crate) struct Trail {
    /// What was asked.
    pub(crate) operation: Operation,
    /// Of which object.
    pub(crate) resource: Resource,
    /// What policy said.
    pub(crate) verdict: Verdict,
}

impl Default for Trail {
    fn default() -> Self {
        Self {
            operation: Operation::Unknown,
            resource: Resource::Vault,
            verdict: Verdict::NotAsked,
        }
    }
}

impl Exchange {
    pub(crate) fn new(
        parts: &Parts,
        host: Host,
        peer: &Peer,
        authenticated: &Authenticated,
        arrival: Arrival,
        service: &Service,
    ) -> Self {
        let target = parts.uri.path_and_query().map_or("", |target| target.as_str());
        let origin = Origin {
            principal: Arc::clone(&authenticated.principal),
            caller: caller(peer),
            correlation: arrival.correlation,
            client: client(&parts.headers),
            path: RequestPath::new(target),
            tls: match peer.tls {
                Some(ProtocolVersion::TLSv1_2) => TlsVersion::Tls12,
                _ => TlsVersion::Tls13,
            },
        };
        let (vault, clock) = (Arc::clone(&service.resource), service.clock.clone());
        Self {
            host,
            origin,
            vault,
            clock,
            started: arrival.started,
        }
    }

    /// The record of this request, answered with `outcome`.
    pub(crate) fn record(&self, trail: &Trail, outcome: Outcome) -> Record {
        Record {
            time: self.time(),
            vault: Arc::clone(&self.vault),
            operation: trail.operation,
            resource: trail.resource.clone(),
            origin: self.origin.clone(),
            verdict: trail.verdict.clone(),
            outcome,
            duration: self.started.elapsed(),
        }
    }

    fn time(&self) -> SystemTime {
        self.clock.time()
    }
}

/// The address of the other end, IPv4 as such.
pub(crate) fn caller(peer: &Peer) -> IpAddr {
    peer.address.ip().to_canonical()
}

fn client(headers: &HeaderMap) -> ClientInfo {
    headers
        .get(USER_AGENT)
        .map(|value| ClientInfo::new(value.as_bytes()))
        .unwrap_or_default()
}
