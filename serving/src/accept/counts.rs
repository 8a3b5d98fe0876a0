//! The counts of listeners. The label `reason` takes words of this crate alone, never a source.

use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family, gauge::Gauge},
    registry::Registry,
};

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Refusal {
    reason: &'static str,
}

/// Why a peer ended its handshake that does not trust the certificate it was shown.
pub(crate) const DISTRUSTED: &str = "distrusted";

/// The counts of one or more listeners. Clones are the same counts.
#[derive(Debug, Clone, Default)]
pub struct Counts {
    open: Gauge,
    refused: Family<Refusal, Counter>,
}

impl Counts {
    /// Registers the counts in `registry`.
    pub fn register(&self, registry: &mut Registry) {
        registry.register(
            "connections",
            "Open connections, their handshakes done",
            self.open.clone(),
        );
        registry.register(
            "connections_refused",
            "Connections refused, or broken off by the server",
            self.refused.clone(),
        );
    }

    /// How many peers ended their handshake because they do not trust the certificate that they were shown.
    pub fn distrusted(&self) -> u64 {
        let refusal = Refusal { reason: DISTRUSTED };
        self.refused.get(&refusal).map_or(0, |count| count.get())
    }

    /// Counts one connection as open until the result is dropped.
    pub(crate) fn opened(&self) -> Open {
        self.open.inc();
        Open(self.open.clone())
    }

    /// Counts one connection refused, or broken off by the server, for `reason`.
    pub(crate) fn refused(&self, reason: &'static str) {
        self.refused.get_or_create(&Refusal { reason }).inc();
    }
}

/// One open connection.
#[derive(Debug)]
pub(crate) struct Open(Gauge);

impl Drop for Open {
    fn drop(&mut self) {
        self.0.dec();
    }
}
