//! How many publishes ask other servers at once: of many pods that start together some wait, and those of one namespace
//! leave room for the rest.

use std::{collections::BTreeMap, sync::Arc};

use parking_lot::Mutex;
use strongroom_core::NamespaceName;
use tokio::sync::{AcquireError, OwnedSemaphorePermit, Semaphore};

/// Publishes that ask other servers at once, on the node and of one namespace.
const ON_NODE: usize = 32;
const OF_NAMESPACE: usize = 16;

/// The queue of publishes. A publish that waits for a vault to start has no slot meanwhile.
pub(super) struct PublishQueue {
    node: Arc<Semaphore>,
    namespaces: Mutex<BTreeMap<NamespaceName, Arc<Semaphore>>>,
}

/// The right to ask other servers. Dropped, the next publish has it.
#[derive(Debug)]
pub(super) struct PublishSlot {
    _namespace: OwnedSemaphorePermit,
    _node: OwnedSemaphorePermit,
}

impl Default for PublishQueue {
    fn default() -> Self {
        Self {
            node: Arc::new(Semaphore::new(ON_NODE)),
            namespaces: Mutex::default(),
        }
    }
}

impl PublishQueue {
    /// Waits for a slot of `namespace`. The semaphores are never closed.
    pub(super) async fn wait(&self, namespace: &NamespaceName) -> Result<PublishSlot, AcquireError> {
        let namespace = self.of(namespace).acquire_owned().await?;
        let node = Arc::clone(&self.node).acquire_owned().await?;
        Ok(PublishSlot {
            _namespace: namespace,
            _node: node,
        })
    }

    fn of(&self, namespace: &NamespaceName) -> Arc<Semaphore> {
        let mut namespaces = self.namespaces.lock();
        // A publish that waits or has a slot keeps its namespace's semaphore alive.
        namespaces.retain(|_, queue| Arc::strong_count(queue) > 1);
        let new = || Arc::new(Semaphore::new(OF_NAMESPACE));
        Arc::clone(namespaces.entry(namespace.clone()).or_insert_with(new))
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt as _;

    use super::*;

    #[tokio::test]
    async fn a_namespace_that_fills_its_slots_leaves_those_of_others() {
        let (queue, crowded, quiet) = (
            PublishQueue::default(),
            "a".parse().unwrap(),
            "b".parse().unwrap(),
        );
        let mut taken = Vec::new();
        while let Some(slot) = queue.wait(&crowded).now_or_never() {
            taken.push(slot.unwrap());
        }
        assert_eq!(taken.len(), OF_NAMESPACE);
        assert!(queue.wait(&quiet).now_or_never().is_some());
        taken.pop();
        assert!(queue.wait(&crowded).now_or_never().is_some());
    }
}
