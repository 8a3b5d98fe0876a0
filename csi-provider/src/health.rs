//! What the node driver shows on its health port.

use std::sync::Arc;

use prometheus_client::registry::Registry;
use strongroom_serving::health::Health;

use crate::metrics::Metrics;

/// The health of the node driver, which is ready once the kubelet has registered it: a rollout waits for that.
#[derive(Debug)]
pub(crate) struct DriverHealth(pub(crate) Arc<Metrics>);

impl Health for DriverHealth {
    fn problems(&self) -> Vec<String> {
        if self.0.registered.get() == 1 {
            Vec::new()
        } else {
            vec!["the kubelet has not registered the node driver yet".to_owned()]
        }
    }

    fn registry(&self) -> &Registry {
        self.0.registry()
    }
}
