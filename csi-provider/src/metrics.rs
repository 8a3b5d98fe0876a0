//! What is counted. No label takes a value from outside this crate.

use std::{sync::atomic::AtomicU64, time::Duration};

use prometheus_client::{
    encoding::{EncodeLabelSet, EncodeLabelValue},
    metrics::{counter::Counter, family::Family, gauge::Gauge, histogram::Histogram},
    registry::Registry,
};

/// How something ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, EncodeLabelValue)]
#[allow(missing_docs, reason = "each is its own name")]
pub enum Outcome {
    Ok,
    Refused,
    Unavailable,
    Failed,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Labels {
    result: Outcome,
}

/// A counter by outcome.
#[derive(Debug, Clone, Default)]
pub struct Counts(Family<Labels, Counter>);

impl Counts {
    /// Counts one more.
    pub fn count(&self, result: Outcome) {
        self.0.get_or_create(&Labels { result }).inc();
    }

    /// How often `result` was counted.
    pub fn get(&self, result: Outcome) -> u64 {
        self.0.get_or_create(&Labels { result }).get()
    }
}

/// The node driver's metrics.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    /// First publishes, by result.
    pub publishes: Counts,
    /// How long a first publish took.
    pub publish_seconds: Histogram,
    /// Volumes taken away, by result.
    pub unpublishes: Counts,
    /// Volumes that are published.
    pub volumes: Gauge,
    /// Volumes that a vault reports changes to.
    pub subscriptions: Gauge,
    /// Token exchanges, by result.
    pub exchanges: Counts,
    /// Volumes whose files were replaced after their first publish, by result.
    pub rewrites: Counts,
    /// From the vault's word of a change to the changed files.
    pub rotation_seconds: Histogram,
    /// Whether the kubelet has registered the node driver: 1 or 0.
    pub registered: Gauge,
    /// When the node driver last heard from a vault, in seconds since 1970.
    pub last_contact: Gauge<f64, AtomicU64>,
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

impl Metrics {
    /// All at zero.
    pub fn new() -> Self {
        let mut metrics = Self {
            registry: Registry::with_prefix("strongroom_csi"),
            publishes: Counts::default(),
            publish_seconds: histogram(),
            unpublishes: Counts::default(),
            volumes: Gauge::default(),
            subscriptions: Gauge::default(),
            exchanges: Counts::default(),
            rewrites: Counts::default(),
            rotation_seconds: histogram(),
            registered: Gauge::default(),
            last_contact: Gauge::default(),
        };
        metrics.register();
        metrics
    }

    fn register(&mut self) {
        let r = &mut self.registry;
        r.register(
            "publishes",
            "First publishes of volumes",
            self.publishes.0.clone(),
        );
        r.register(
            "publish_seconds",
            "Duration of first publishes",
            self.publish_seconds.clone(),
        );
        r.register("unpublishes", "Volumes taken away", self.unpublishes.0.clone());
        r.register("volumes", "Published volumes", self.volumes.clone());
        r.register(
            "subscriptions",
            "Volumes that a vault reports changes to",
            self.subscriptions.clone(),
        );
        r.register("exchanges", "Token exchanges", self.exchanges.0.clone());
        r.register("rewrites", "Changes of published files", self.rewrites.0.clone());
        r.register(
            "rotation_seconds",
            "From word of a change to changed files",
            self.rotation_seconds.clone(),
        );
        r.register(
            "registered",
            "Whether the kubelet has registered the node driver",
            self.registered.clone(),
        );
        r.register(
            "last_contact_seconds",
            "Last word from any vault, since 1970",
            self.last_contact.clone(),
        );
    }

    /// Everything that is counted.
    pub const fn registry(&self) -> &Registry {
        &self.registry
    }

    /// Records a duration.
    pub fn observe(histogram: &Histogram, took: Duration) {
        histogram.observe(took.as_secs_f64());
    }
}

fn histogram() -> Histogram {
    Histogram::new([
        0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0,
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_counted_is_shown() {
        let metrics = Metrics::new();
        metrics.publishes.count(Outcome::Ok);
        Metrics::observe(&metrics.publish_seconds, Duration::from_millis(3));
        let text = strongroom_serving::metrics::text(metrics.registry()).unwrap();
        assert!(
            text.contains("strongroom_csi_publishes_total{result=\"Ok\"} 1"),
            "{text}"
        );
        assert!(
            text.contains("strongroom_csi_publish_seconds_bucket{le=\"0.005\"} 1"),
            "{text}"
        );
    }
}
