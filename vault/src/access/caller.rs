//! The caller of a request, and its connection.

use std::{net::IpAddr, sync::Arc, time::Instant};

use aws_lc_rs::rand;
use rustls::ProtocolVersion;
use strongroom_audit::{ClientInfo, CorrelationId, Origin, RequestPath, TlsVersion};
use strongroom_core::Principal;
use strongroom_serving::accept::Peer;

/// The program at the other end of a connection, as the audit log shows it.
#[derive(Debug, Clone)]
pub struct Client {
    address: IpAddr,
    info: ClientInfo,
    tls: Option<TlsVersion>,
}

impl Client {
    /// The client at `peer`, which names itself by `user_agent` if it does.
    pub fn new(peer: &Peer, user_agent: Option<&[u8]>) -> Self {
        Self {
            address: peer.address.ip().to_canonical(),
            info: user_agent.map(ClientInfo::new).unwrap_or_default(),
            tls: peer.tls.and_then(known),
        }
    }

    /// The address of the connection's other end; IPv4 as such.
    pub const fn address(&self) -> IpAddr {
        self.address
    }

    /// The caller of one request on this connection, which arrived at `began`.
    pub fn into_caller(
        self,
        principal: Arc<Principal>,
        correlation: CorrelationId,
        path: RequestPath,
        began: Instant,
    ) -> Caller {
        Caller {
            origin: Origin {
                principal,
                caller: self.address,
                correlation,
                client: self.info,
                path,
                tls: self.tls,
            },
            began,
        }
    }
}

/// The version as the audit log names it; none for one that no vault negotiates, rather than a guess.
const fn known(version: ProtocolVersion) -> Option<TlsVersion> {
    match version {
        ProtocolVersion::TLSv1_2 => Some(TlsVersion::Tls12),
        ProtocolVersion::TLSv1_3 => Some(TlsVersion::Tls13),
        _ => None,
    }
}

/// One authenticated request, before anything is known of what it asks.
#[derive(Debug, Clone)]
pub struct Caller {
    /// The principal, and where the request comes from.
    pub(super) origin: Origin,
    /// When the request arrived.
    pub(super) began: Instant,
}

impl Caller {
    /// The principal that asks.
    pub fn principal(&self) -> &Principal {
        &self.origin.principal
    }
}

/// A new id that ties a record to a request. A source of randomness that fails leaves zeros: the id then ties less,
/// and nothing else depends on it.
pub fn new_correlation_id() -> CorrelationId {
    let mut bytes = [0; 16];
    if rand::fill(&mut bytes).is_err() {
        tracing::error!("the system gives no random bytes");
    }
    CorrelationId::from_random(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_of_tls_that_is_not_known_is_not_guessed() {
        assert_eq!(known(ProtocolVersion::TLSv1_2), Some(TlsVersion::Tls12));
        assert_eq!(known(ProtocolVersion::TLSv1_3), Some(TlsVersion::Tls13));
        assert_eq!(known(ProtocolVersion::TLSv1_1), None);
        assert_eq!(known(ProtocolVersion::Unknown(0x0305)), None);
    }
}
