//! Whose turn it is to ask others: many pods that start at once wait, and those of one namespace leave room for the
//! rest.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use strongroom_core::NamespaceName;
use tokio::sync::{AcquireError, OwnedSemaphorePermit, Semaphore};

/// Publishes that ask others at once, on the node and of one namespace.
const ON_NODE: usize = 32;
const OF_NAMESPACE: usize = 16;

/// Turns to ask others. A publish that waits for a vault to come up has none meanwhile.
pub(super) struct Turns {
    node: Arc<Semaphore>,
    namespaces: Mutex<BTreeMap<NamespaceName, Arc<Semaphore>>>,
}

/// A turn. Dropped, it is the next one's.
#[derive(Debug)]
pub(super) struct Turn {
    _namespace: OwnedSemaphorePermit,
    _node: OwnedSemaphorePermit,
}

impl Default for Turns {
    fn default() -> Self {
        Self {
            node: Arc::new(Semaphore::new(ON_NODE)),
            namespaces: Mutex::default(),
        }
    }
}

impl Turns {
    /// Waits for a turn of `namespace`.
    pub(super) async fn wait(&self, namespace: &NamespaceName) -> Result<Turn, AcquireError> {
        let namespace = self.of(namespace).acquire_owned().await?;
        let node = Arc::clone(&self.node).acquire_owned().await?;
        Ok(Turn {
            _namespace: namespace,
            _node: node,
        })
    }

    fn of(&self, namespace: &NamespaceName) -> Arc<Semaphore> {
        let mut namespaces = self.namespaces.lock().unwrap_or_else(PoisonError::into_inner);
        // Whoever waits or has a turn holds on to its own.
        namespaces.retain(|_, turns| Arc::strong_count(turns) > 1);
        let new = || Arc::new(Semaphore::new(OF_NAMESPACE));
        Arc::clone(namespaces.entry(namespace.clone()).or_insert_with(new))
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt as _;

    use super::*;

    #[tokio::test]
    async fn a_namespace_that_fills_its_turns_leaves_those_of_others() {
        let (turns, crowded, quiet) = (Turns::default(), "a".parse().unwrap(), "b".parse().unwrap());
        let mut taken = Vec::new();
        while let Some(turn) = turns.wait(&crowded).now_or_never() {
            taken.push(turn.unwrap());
        }
        assert_eq!(taken.len(), OF_NAMESPACE);
        assert!(turns.wait(&quiet).now_or_never().is_some());
        taken.pop();
        assert!(turns.wait(&crowded).now_or_never().is_some());
    }
}
