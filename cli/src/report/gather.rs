//! Reads what a report holds, as the current user. What may not be read is noted, and left out.

use k8s_openapi::api::{
    core::v1::{ConfigMap, Event, Pod},
    storage::v1::CSINode,
};
use kube::{
    Api, Resource, ResourceExt as _,
    api::{ApiResource, DynamicObject, GroupVersionKind, ListParams, LogParams},
};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use strongroom_core::NamespaceName;
use strongroom_crds::{AccessPolicy, ApiError, SecretRef, Vault};

use super::bundle::Bundle;
use crate::{Failure, cluster::Cluster};

/// The CSI driver, as the chart names it.
const DRIVER: &str = "csi.strongroom.dev";

/// The containers of the chart and of vaults.
const OUR_CONTAINERS: [&str; 5] = ["csi", "identity", "operator", "registrar", "vault"];
/// The group of our kinds.
const GROUP: &str = "strongroom.dev";
/// The most objects of one list.
const LIST: u32 = 5000;

/// What a report is about.
pub(super) struct Gathering<'a> {
    pub(super) cluster: &'a Cluster,
    /// The namespace of the objects; `None` takes all.
    pub(super) namespace: Option<&'a NamespaceName>,
    pub(super) node_namespace: &'a NamespaceName,
    pub(super) log_lines: i64,
}

impl Gathering<'_> {
    /// Everything. An API server that does not answer is a failure.
    pub(super) async fn bundle(&self) -> Result<Bundle, Failure> {
        let mut bundle = Bundle::default();
        let mut missing = Vec::new();
        let version = self.cluster.client.apiserver_version().await;
        let version = version.map_err(Failure::cluster("get", "version", &self.cluster.namespace))?;
        bundle.json(
            "versions.json",
            json!({"strongroom": env!("CARGO_PKG_VERSION"), "kubernetes": version.git_version}),
        );
        for (path, kind) in [
            ("vaults.json", ApiResource::erase::<Vault>(&())),
            ("secretrefs.json", ApiResource::erase::<SecretRef>(&())),
            ("accesspolicies.json", ApiResource::erase::<AccessPolicy>(&())),
        ] {
            let api: Api<DynamicObject> = match self.namespace {
                Some(namespace) => {
                    Api::namespaced_with(self.cluster.client.clone(), namespace.as_str(), &kind)
                }
                None => Api::all_with(self.cluster.client.clone(), &kind),
            };
            let listed = all(&api, &ListParams::default(), &kind.plural, &mut missing).await;
            bundle.json(path, listed.iter().map(object).collect());
        }
        bundle.json("crds.json", self.crds(&mut missing).await);
        bundle.json("events.json", self.events(&mut missing).await);
        bundle.json("csinodes.json", self.nodes(&mut missing).await);
        bundle.json("trust-bundles.json", self.trust_bundles(&mut missing).await);
        self.pods(&mut bundle, &mut missing).await;
        bundle.json("not-read.json", missing.into());
        Ok(bundle)
    }

    fn of_kind<K>(&self) -> Api<K>
    where
        K: Resource<Scope = k8s_openapi::NamespaceResourceScope, DynamicType = ()>,
    {
        match self.namespace {
            Some(namespace) => self.cluster.namespaced(namespace),
            None => Api::all(self.cluster.client.clone()),
        }
    }

    async fn crds(&self, missing: &mut Vec<Value>) -> Value {
        let kind = GroupVersionKind::gvk("apiextensions.k8s.io", "v1", "CustomResourceDefinition");
        let api: Api<DynamicObject> = Api::all_with(
            self.cluster.client.clone(),
            &ApiResource::from_gvk_with_plural(&kind, "customresourcedefinitions"),
        );
        let listed = all(&api, &ListParams::default(), "customresourcedefinitions", missing).await;
        let ours = listed
            .iter()
            .filter(|crd| crd.data.pointer("/spec/group").and_then(Value::as_str) == Some(GROUP));
        ours.map(|crd| {
            json!({
                "name": crd.name_any(),
                "release": crd.annotations().get(strongroom_crds::CRD_VERSION_ANNOTATION),
                "storedVersions": crd.data.pointer("/status/storedVersions"),
            })
        })
        .collect()
    }

    async fn events(&self, missing: &mut Vec<Value>) -> Value {
        let events = all(
            &self.of_kind::<Event>(),
            &ListParams::default().limit(LIST),
            "events",
            missing,
        )
        .await;
        let is_ours = |event: &&Event| {
            let about = event.involved_object.api_version.as_deref().unwrap_or_default();
            let message = event.message.as_deref().unwrap_or_default();
            about.starts_with(GROUP)
                || event.reporting_component.as_deref() == Some(DRIVER)
                || message.contains(DRIVER)
        };
        events.iter().filter(is_ours).map(event).collect()
    }

    async fn nodes(&self, missing: &mut Vec<Value>) -> Value {
        let nodes: Api<CSINode> = Api::all(self.cluster.client.clone());
        let nodes = all(&nodes, &ListParams::default().limit(LIST), "csinodes", missing).await;
        let listed = nodes.iter().map(|node| {
            let has_driver = node.spec.drivers.iter().any(|driver| driver.name == DRIVER);
            json!({"node": node.name_any(), "hasDriver": has_driver})
        });
        listed.collect()
    }

    /// Where the trust bundle is, without what is in it.
    async fn trust_bundles(&self, missing: &mut Vec<Value>) -> Value {
        let params = ListParams::default()
            .limit(LIST)
            .fields("metadata.name=strongroom-trust-bundle");
        match self.of_kind::<ConfigMap>().list_metadata(&params).await {
            Ok(list) => list
                .items
                .iter()
                .filter(|map| map.name_any() == "strongroom-trust-bundle")
                .map(|map| json!({"metadata": {"namespace": map.namespace(), "name": map.name_any()}}))
                .collect(),
            Err(error) => {
                missing.push(not_read("configmaps", error));
                json!([])
            }
        }
    }

    /// The pods of the release, of the node driver and of the vaults, with their logs.
    async fn pods(&self, bundle: &mut Bundle, missing: &mut Vec<Value>) {
        let ours = ListParams::default()
            .limit(LIST)
            .labels("app.kubernetes.io/name=strongroom");
        let vaults = ListParams::default()
            .limit(LIST)
            .labels("app.kubernetes.io/name=strongroom-vault");
        let release = self.cluster.namespaced(&self.cluster.release_namespace);
        let node = self.cluster.namespaced(self.node_namespace);
        let mut pods: Vec<Pod> = Vec::new();
        for (api, params) in [(release, &ours), (node, &ours), (self.of_kind(), &vaults)] {
            pods.extend(all(&api, params, "pods", missing).await);
        }
        bundle.json("pods.json", pods.iter().map(pod).collect());
        for pod in &pods {
            self.logs(pod, bundle, missing).await;
        }
    }

    async fn logs(&self, pod: &Pod, bundle: &mut Bundle, missing: &mut Vec<Value>) {
        let (name, namespace) = (pod.name_any(), pod.namespace().unwrap_or_default());
        let pods: Api<Pod> = Api::namespaced(self.cluster.client.clone(), &namespace);
        let containers = pod.spec.iter().flat_map(|spec| &spec.containers);
        // A container that somebody added may log anything.
        for container in containers.filter(|container| is_ours(&container.name)) {
            let params = LogParams {
                container: Some(container.name.clone()),
                tail_lines: Some(self.log_lines),
                ..LogParams::default()
            };
            match pods.logs(&name, &params).await {
                Ok(text) => bundle.log(format!("logs/{namespace}/{name}/{}.log", container.name), text),
                Err(error) => missing.push(not_read(&format!("the log of {namespace}/{name}"), error)),
            }
        }
    }
}

/// Whether a container is one of the chart's, by its name.
fn is_ours(container: &str) -> bool {
    OUR_CONTAINERS.contains(&container)
}

async fn all<K>(api: &Api<K>, params: &ListParams, resource: &str, missing: &mut Vec<Value>) -> Vec<K>
where
    K: Resource + Clone + DeserializeOwned + std::fmt::Debug,
{
    match api.list(params).await {
        Ok(list) => list.items,
        Err(error) => {
            missing.push(not_read(resource, error));
            Vec::new()
        }
    }
}

fn not_read(what: &str, error: kube::Error) -> Value {
    json!({"what": what, "why": ApiError::from(error).to_string()})
}

/// What is taken of an object of ours. Annotations may hold a whole manifest of another's, and stay.
fn object(object: &DynamicObject) -> Value {
    let metadata = &object.metadata;
    json!({
        "metadata": {
            "name": metadata.name, "namespace": metadata.namespace, "uid": metadata.uid,
            "generation": metadata.generation, "creationTimestamp": metadata.creation_timestamp,
            "deletionTimestamp": metadata.deletion_timestamp,
        },
        "spec": object.data.get("spec"),
        "status": object.data.get("status"),
    })
}

fn event(event: &Event) -> Value {
    json!({
        "about": {
            "kind": event.involved_object.kind, "namespace": event.involved_object.namespace,
            "name": event.involved_object.name,
        },
        "type": event.type_, "reason": event.reason, "message": event.message,
        "from": event.reporting_component, "count": event.count,
        "eventTime": event.event_time, "lastTimestamp": event.last_timestamp,
    })
}

/// What is taken of a pod: nothing of its environment, arguments or volumes.
fn pod(pod: &Pod) -> Value {
    let status = pod.status.as_ref();
    json!({
        "metadata": {"name": pod.name_any(), "namespace": pod.namespace()},
        "node": pod.spec.as_ref().and_then(|spec| spec.node_name.as_ref()),
        "phase": status.and_then(|status| status.phase.as_ref()),
        "conditions": status.and_then(|status| status.conditions.as_ref()),
        "containers": status.and_then(|status| status.container_statuses.as_ref()).map(|statuses| {
            statuses.iter().map(|status| json!({
                "name": status.name, "image": status.image, "imageID": status.image_id, "ready": status.ready,
                "restarts": status.restart_count, "state": status.state, "lastState": status.last_state,
            })).collect::<Vec<_>>()
        }),
    })
}
