//! What the operator shows on its health port.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use prometheus_client::registry::Registry;
use strongroom_serving::health;

use crate::metrics::Metrics;

/// The readiness and the metrics of this replica. Clones are the same.
#[derive(Debug, Clone)]
pub struct Health {
    ready: Arc<AtomicBool>,
    metrics: Metrics,
}

impl Health {
    /// Not ready yet.
    pub fn starting(metrics: Metrics) -> Self {
        Self {
            ready: Arc::default(),
            metrics,
        }
    }

    /// Makes `/readyz` answer 200 from now on.
    pub fn mark_ready(&self) {
        self.ready.store(true, Ordering::Release);
    }
}

impl health::Health for Health {
    fn problems(&self) -> Vec<String> {
        if self.ready.load(Ordering::Acquire) {
            Vec::new()
        } else {
            vec!["the watches have not listed what exists yet".to_owned()]
        }
    }

    fn registry(&self) -> &Registry {
        self.metrics.registry()
    }
}
