//! What the service counts.

use std::{
    sync::atomic::AtomicU64,
    time::{Duration, Instant},
};

use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family, histogram::Histogram},
    registry::Registry,
};
use strongroom_core::ServiceAccount;
use strongroom_serving::accept::Counts;

use crate::{refusal::ExchangeRefusal, review::ReviewError};

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Outcome {
    result: &'static str,
}

/// The service's metrics. Clones share their numbers.
#[derive(Debug, Clone)]
pub(crate) struct Metrics {
    exchanges: Family<Outcome, Counter<u64, AtomicU64>>,
    exchange_seconds: Histogram,
    reviews: Family<Outcome, Counter<u64, AtomicU64>>,
    /// Connections to the token endpoint.
    pub(crate) connections: Counts,
}

impl Metrics {
    /// The metrics, registered in `registry`.
    pub(crate) fn register(registry: &mut Registry) -> Self {
        let registry = registry.sub_registry_with_prefix("strongroom_identity");
        let seconds = [
            0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0,
        ];
        let metrics = Self {
            exchanges: Family::default(),
            exchange_seconds: Histogram::new(seconds),
            reviews: Family::default(),
            connections: Counts::default(),
        };
        registry.register(
            "exchanges",
            "Token exchanges by result",
            metrics.exchanges.clone(),
        );
        registry.register(
            "exchange_seconds",
            "Duration of token exchanges, refused ones included",
            metrics.exchange_seconds.clone(),
        );
        registry.register("reviews", "Token reviews by result", metrics.reviews.clone());
        metrics.connections.register(registry);
        metrics
    }

    pub(crate) fn count_exchange<T>(&self, result: &Result<T, ExchangeRefusal>, since: Instant) {
        let label = result.as_ref().map_or_else(ExchangeRefusal::label, |_| "minted");
        self.exchanges.get_or_create(&Outcome { result: label }).inc();
        self.exchange_seconds
            .observe(since.elapsed().max(Duration::from_nanos(1)).as_secs_f64());
    }

    pub(crate) fn count_review(&self, result: &Result<ServiceAccount, ReviewError>) {
        let label = match result {
            Ok(_) => "vouched",
            Err(ReviewError::Api(_)) => "unavailable",
            Err(ReviewError::NotAuthenticated) => "not_authenticated",
            Err(ReviewError::Audience) => "audience",
            Err(ReviewError::Mismatch) => "mismatch",
        };
        self.reviews.get_or_create(&Outcome { result: label }).inc();
    }
}
