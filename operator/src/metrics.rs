//! What the operator counts. Labels take a bounded set of values: kinds, never names.

use std::sync::Arc;

use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family, gauge::Gauge},
    registry::Registry,
};

#[derive(Debug, Clone, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Controller {
    controller: &'static str,
}

/// The operator's metrics. Clones are the same.
#[derive(Debug, Clone)]
pub struct Metrics {
    registry: Arc<Registry>,
    reconciles: Family<Controller, Counter>,
    failures: Family<Controller, Counter>,
    pushes: Counter,
    refusals: Counter,
    leader: Gauge,
}

impl Default for Metrics {
    fn default() -> Self {
        let mut registry = Registry::with_prefix("strongroom_operator");
        let (reconciles, failures) = (Family::default(), Family::default());
        let (pushes, refusals, leader) = (Counter::default(), Counter::default(), Gauge::default());
        registry.register("reconciles", "Passes over objects", Family::clone(&reconciles));
        registry.register(
            "reconcile_failures",
            "Passes that ended in an error",
            Family::clone(&failures),
        );
        registry.register(
            "policy_pushes",
            "Policy bundles that a vault took",
            Counter::clone(&pushes),
        );
        registry.register(
            "policy_push_refusals",
            "Policy bundles that a vault refused",
            Counter::clone(&refusals),
        );
        registry.register("leader", "1 while this replica leads", Gauge::clone(&leader));
        Self {
            registry: Arc::new(registry),
            reconciles,
            failures,
            pushes,
            refusals,
            leader,
        }
    }
}

impl Metrics {
    /// Counts a pass of a controller.
    pub fn count_pass(&self, controller: &'static str) {
        self.reconciles.get_or_create(&Controller { controller }).inc();
    }

    /// Counts a failed pass.
    pub fn count_failure(&self, controller: &'static str) {
        self.failures.get_or_create(&Controller { controller }).inc();
    }

    /// Counts a bundle that a vault took, or refused.
    pub fn count_push(&self, is_taken: bool) {
        if is_taken {
            self.pushes.inc()
        } else {
            self.refusals.inc()
        };
    }

    /// Records that this replica leads.
    pub fn mark_leader(&self) {
        self.leader.set(1);
    }

    /// Everything that is counted.
    pub fn registry(&self) -> &Registry {
        &self.registry
    }
}
