//! What is counted. Labels are closed sets: operations, status codes, reasons; never a name, a source or an identity.

use std::{fmt, time::Duration};

use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family, gauge::Gauge, histogram::Histogram, info::Info},
    registry::{Registry, Unit},
};
use strongroom_engine::EventType;
use strongroom_serving::accept::Counts;

use crate::{auth::AuthError, cloud_event::word};

/// Buckets from 50 microseconds to 3 seconds.
const LATENCY_BUCKETS: [f64; 12] = [
    0.000_05, 0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.05, 0.25, 1.0, 3.0,
];

/// One operation and what was answered.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct RequestLabels {
    operation: &'static str,
    status: u16,
}

/// One operation.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct OperationLabel {
    operation: &'static str,
}

/// Why something was refused.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct ReasonLabel {
    reason: &'static str,
}

/// What happened to an object.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct EventLabel {
    event: &'static str,
}

/// The vault's metrics.
pub struct Metrics {
    registry: Registry,
    requests: Family<RequestLabels, Counter>,
    latency: Family<OperationLabel, Histogram, fn() -> Histogram>,
    authentication_failures: Family<ReasonLabel, Counter>,
    throttled: Family<ReasonLabel, Counter>,
    events: Family<EventLabel, Counter>,
    audit_failures: Counter,
    /// Connections, of all ports.
    pub connections: Counts,
    /// Open Watch streams.
    pub watch_streams: Gauge,
    /// Subscriptions on them.
    pub watch_subscriptions: Gauge,
    /// What is read off the vault when the metrics are asked for.
    pub sampled: Sampled,
}

/// Values that are read off the vault when the metrics are asked for.
#[derive(Debug, Clone, Default)]
pub struct Sampled {
    /// 1 while the vault is ready.
    pub ready: Gauge,
    /// Epoch of the policy bundle in force.
    pub policy_epoch: Gauge,
    /// Number of the policy bundle in force within its epoch.
    pub policy_number: Gauge,
    /// Seconds since the operator last confirmed the bundle.
    pub policy_staleness: Gauge,
    /// Commits of the store.
    pub store_generation: Gauge,
    /// Bytes of audit segments.
    pub audit_bytes: Gauge,
    /// Bytes that audit segments may take.
    pub audit_quota: Gauge,
    /// Bytes of audit segments that were removed to make room before their retention was over.
    pub audit_removed_early: Gauge,
    /// Records appended since start.
    pub audit_records: Gauge,
    /// Bytes that the objects take.
    pub object_bytes: Gauge,
    /// Bytes that the objects may take.
    pub object_bytes_limit: Gauge,
    /// Versions of the object that has the most, as of the last scrub.
    pub most_versions: Gauge,
    /// Versions that one object may have.
    pub versions_limit: Gauge,
    /// 1 while the clock is not believed.
    pub clock_unconfirmed: Gauge,
    /// Public keys of the identity service that are known.
    pub identity_keys: Gauge,
}

impl Sampled {
    fn register(&self, registry: &mut Registry) {
        for (name, help, gauge) in [
            ("ready", "1 while the vault is ready", &self.ready),
            (
                "policy_epoch",
                "Epoch of the policy bundle in force",
                &self.policy_epoch,
            ),
            (
                "policy_number",
                "Number of the policy bundle within its epoch",
                &self.policy_number,
            ),
            (
                "policy_staleness_seconds",
                "Seconds since the operator last confirmed the bundle",
                &self.policy_staleness,
            ),
            ("store_generation", "Commits of the store", &self.store_generation),
            ("audit_bytes", "Bytes of audit segments", &self.audit_bytes),
            (
                "audit_quota_bytes",
                "Bytes that audit segments may take",
                &self.audit_quota,
            ),
            (
                "audit_removed_early_bytes",
                "Bytes of audit segments removed to make room before their retention was over",
                &self.audit_removed_early,
            ),
            ("audit_records", "Audit records in the chain", &self.audit_records),
            (
                "object_bytes",
                "Bytes that the objects take, with all versions, as the store writes them",
                &self.object_bytes,
            ),
            (
                "object_bytes_limit",
                "Bytes that the objects may take",
                &self.object_bytes_limit,
            ),
            (
                "most_versions",
                "Versions of the object that has the most, as of the start or the last day",
                &self.most_versions,
            ),
            (
                "versions_limit",
                "Versions that one object may have",
                &self.versions_limit,
            ),
            (
                "clock_unconfirmed",
                "1 while the clock is a day or more off the time by which deleted objects are purged, and no operator has confirmed it",
                &self.clock_unconfirmed,
            ),
            (
                "identity_keys",
                "Known public keys of the identity service",
                &self.identity_keys,
            ),
        ] {
            registry.register(name, help, gauge.clone());
        }
    }
}

impl Metrics {
    /// Metrics of a program of this version, all zero.
    pub fn new(version: &'static str) -> Self {
        let mut registry = Registry::with_prefix("strongroom");
        let latency: Family<_, _, fn() -> Histogram> =
            Family::new_with_constructor(|| Histogram::new(LATENCY_BUCKETS));
        let (requests, authentication_failures, throttled) =
            (Family::default(), Family::default(), Family::default());
        let events = Family::default();
        let audit_failures = Counter::default();
        let (connections, sampled) = (Counts::default(), Sampled::default());
        registry.register(
            "build",
            "The program's version",
            Info::new([("version", version)]),
        );
        registry.register(
            "requests",
            "Requests by operation and status",
            Family::clone(&requests),
        );
        registry.register_with_unit(
            "request_latency",
            "Time from the request's head to its answer",
            Unit::Seconds,
            latency.clone(),
        );
        registry.register(
            "authentication_failures",
            "Requests without a valid token, by reason",
            Family::clone(&authentication_failures),
        );
        registry.register(
            "throttled",
            "Requests refused by a limit",
            Family::clone(&throttled),
        );
        registry.register(
            "events",
            "Events of objects since start, by what happened",
            Family::clone(&events),
        );
        registry.register(
            "audit_failures",
            "Requests answered 503 because their audit record could not be kept",
            audit_failures.clone(),
        );
        connections.register(&mut registry);
        let (watch_streams, watch_subscriptions) = (Gauge::default(), Gauge::default());
        registry.register("watch_streams", "Open Watch streams", watch_streams.clone());
        registry.register(
            "watch_subscriptions",
            "Subscriptions on Watch streams",
            watch_subscriptions.clone(),
        );
        sampled.register(&mut registry);
        Self {
            registry,
            requests,
            latency,
            authentication_failures,
            throttled,
            events,
            audit_failures,
            connections,
            watch_streams,
            watch_subscriptions,
            sampled,
        }
    }

    /// Adds metrics of another module to the registry.
    pub fn register_with(&mut self, register: impl FnOnce(&mut Registry)) {
        register(&mut self.registry);
    }

    /// Counts one answered request.
    pub fn request(&self, operation: &'static str, status: u16, took: Duration) {
        self.requests
            .get_or_create(&RequestLabels { operation, status })
            .inc();
        self.latency
            .get_or_create(&OperationLabel { operation })
            .observe(took.as_secs_f64());
    }

    /// Counts one request without a valid token.
    pub fn authentication_failure(&self, error: AuthError) {
        self.authentication_failures
            .get_or_create(&ReasonLabel {
                reason: error.reason(),
            })
            .inc();
    }

    /// Counts one request refused by the limit `reason`.
    pub fn throttled(&self, reason: &'static str) {
        self.throttled.get_or_create(&ReasonLabel { reason }).inc();
    }

    /// Counts one event of an object.
    pub fn event(&self, event_type: EventType) {
        let event = word(event_type);
        self.events.get_or_create(&EventLabel { event }).inc();
    }

    /// Counts one request whose audit record could not be kept.
    pub fn audit_failure(&self) {
        self.audit_failures.inc();
    }

    /// Everything that is counted.
    pub const fn registry(&self) -> &Registry {
        &self.registry
    }

    /// Everything that is counted, in `OpenMetrics` text.
    pub fn text(&self) -> Result<String, fmt::Error> {
        strongroom_serving::metrics::text(&self.registry)
    }
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Metrics").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use strongroom_core::ObjectKind;
    use strongroom_engine::Occurrence;

    use super::*;

    #[test]
    fn no_metric_is_exported_twice() {
        let text = Metrics::new("0.1.0").text().unwrap();
        let mut names: Vec<_> = text
            .lines()
            .filter_map(|line| line.strip_prefix("# TYPE "))
            .collect();
        let exported = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), exported, "{text}");
    }

    #[test]
    fn what_is_counted_is_exported() {
        let metrics = Metrics::new("0.1.0");
        metrics.request("SecretGet", 200, Duration::from_micros(300));
        metrics.authentication_failure(AuthError::Expired);
        metrics.event(EventType {
            kind: ObjectKind::Keys,
            occurrence: Occurrence::NearExpiry,
        });
        let text = metrics.text().unwrap();
        for line in [
            r#"strongroom_requests_total{operation="SecretGet",status="200"} 1"#,
            r#"strongroom_authentication_failures_total{reason="expired"} 1"#,
            r#"strongroom_events_total{event="KeyNearExpiry"} 1"#,
            r#"strongroom_build_info{version="0.1.0"} 1"#,
            "strongroom_policy_staleness_seconds 0",
        ] {
            assert!(text.contains(line), "{line} in\n{text}");
        }
    }
}
