//! Workloads that replace their pods by newer ones.

use std::{fmt::Debug, time::Duration};

use anyhow::Result;
use k8s_openapi::{
    NamespaceResourceScope,
    api::apps::v1::{DaemonSet, Deployment, StatefulSet},
};
use kube::{Api, Client, Resource};
use serde::de::DeserializeOwned;

use super::{Seen, until};

/// How far a workload is: numbers of pods.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// The generation that the numbers are about.
    generation: Option<i64>,
    wanted: i32,
    /// Of the newest revision.
    updated: i32,
    available: i32,
    /// Whether pods of older revisions are left.
    older: bool,
}

/// A Deployment, `DaemonSet` or `StatefulSet`.
pub trait Workload:
    k8s_openapi::Metadata<Scope = NamespaceResourceScope>
    + Resource<DynamicType = (), Scope = kube::core::NamespaceResourceScope>
    + Clone
    + DeserializeOwned
    + Debug
{
    /// How far it is.
    fn progress(&self) -> Progress;
}

impl Workload for Deployment {
    fn progress(&self) -> Progress {
        let wanted = self.spec.as_ref().and_then(|spec| spec.replicas).unwrap_or(1);
        let status = self.status.clone().unwrap_or_default();
        Progress {
            generation: status.observed_generation,
            wanted,
            updated: status.updated_replicas.unwrap_or(0),
            available: status.available_replicas.unwrap_or(0),
            older: status.replicas.unwrap_or(0) != wanted,
        }
    }
}

impl Workload for DaemonSet {
    fn progress(&self) -> Progress {
        let status = self.status.clone().unwrap_or_default();
        Progress {
            generation: status.observed_generation,
            // Before a node was looked at, none is wanted.
            wanted: status.desired_number_scheduled.max(1),
            updated: status.updated_number_scheduled.unwrap_or(0),
            available: status.number_available.unwrap_or(0),
            older: false,
        }
    }
}

impl Workload for StatefulSet {
    fn progress(&self) -> Progress {
        let status = self.status.clone().unwrap_or_default();
        let ready = status.ready_replicas.unwrap_or(0);
        Progress {
            generation: status.observed_generation,
            wanted: self.spec.as_ref().and_then(|spec| spec.replicas).unwrap_or(1),
            updated: ready,
            available: ready,
            older: status.update_revision != status.current_revision,
        }
    }
}

/// Waits until every pod of a workload is of the newest revision and available.
pub async fn rollout<K: Workload>(
    client: &Client,
    namespace: &str,
    name: &str,
    deadline: Duration,
) -> Result<K> {
    let api = Api::<K>::namespaced(client.clone(), namespace);
    let what = format!("{} {namespace}/{name} is rolled out", K::kind(&()));
    until(&what, deadline, || async {
        let found = api.get(name).await?;
        let now = found.progress();
        let current = now.generation >= found.meta().generation;
        let all = now.updated >= now.wanted && now.available >= now.wanted;
        Ok(if current && all && !now.older {
            Seen::Ready(found)
        } else {
            Seen::NotYet(format!("generation {:?}, {now:?}", found.meta().generation))
        })
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_deployment_with_an_old_pod_is_not_rolled_out() {
        let deployment = |replicas: i32| -> Deployment {
            serde_json::from_value(json!({
                "spec": {"replicas": 2, "selector": {}, "template": {}},
                "status": {"observedGeneration": 3, "replicas": replicas, "updatedReplicas": 2, "availableReplicas": 2},
            }))
            .unwrap()
        };
        assert!(deployment(3).progress().older && !deployment(2).progress().older);
    }

    #[test]
    fn a_daemon_set_that_no_node_was_looked_at_for_still_wants_a_pod() {
        assert_eq!(DaemonSet::default().progress().wanted, 1);
    }
}
