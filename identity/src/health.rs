//! What a replica shows on its health port.

use std::sync::Arc;

use prometheus_client::registry::Registry;
use strongroom_serving::health::Health;

use crate::readiness::Readiness;

/// The readiness and the metrics of a replica.
pub(crate) struct ReplicaHealth {
    pub(crate) readiness: Arc<Readiness>,
    pub(crate) registry: Registry,
}

impl Health for ReplicaHealth {
    fn problems(&self) -> Vec<String> {
        self.readiness.problem().into_iter().collect()
    }

    fn registry(&self) -> &Registry {
        &self.registry
    }
}
