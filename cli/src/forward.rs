//! Port forwards to the pods behind a Service.

use std::{io, sync::Arc};

use futures::future::BoxFuture;
use k8s_openapi::api::core::v1::{Pod, Service};
use kube::{Api, ResourceExt, api::ListParams};
use strongroom_client::{Dial, Route, server::Stream};
use strongroom_core::NamespaceName;
use strongroom_crds::ApiError;

use crate::{cluster::Cluster, failure::Failure};

/// Connections to one port of a pod through the API server.
struct Forward {
    pods: Api<Pod>,
    pod: String,
    port: u16,
}

impl Dial for Forward {
    fn dial(&self) -> BoxFuture<'static, io::Result<Box<dyn Stream>>> {
        let (pods, pod, port) = (self.pods.clone(), self.pod.clone(), self.port);
        Box::pin(async move {
            let forwarder = pods.portforward(&pod, &[port]).await;
            let mut forwarder = forwarder.map_err(|error| io::Error::other(ApiError::from(error)))?;
            let stream = forwarder.take_stream(port);
            stream
                .map(|stream| Box::new(stream) as Box<dyn Stream>)
                .ok_or_else(|| io::ErrorKind::Other.into())
        })
    }
}

/// The way to `port` of a ready pod of the Service `name` in `namespace`.
pub(crate) async fn route_to(
    cluster: &Cluster,
    namespace: &NamespaceName,
    name: &str,
    port: u16,
) -> Result<Route, Failure> {
    let services: Api<Service> = cluster.namespaced(namespace);
    let service = match services.get_opt(name).await {
        Ok(Some(service)) => service,
        Ok(None) => {
            return Err(Failure::NoService {
                namespace: namespace.clone(),
                name: name.to_owned(),
            });
        }
        Err(error) => return Err(Failure::cluster("get", "services", namespace)(error)),
    };
    let pods: Api<Pod> = cluster.namespaced(namespace);
    let list = pods
        .list(&ListParams::default().labels(&selector(&service)))
        .await
        .map_err(Failure::cluster("list", "pods", namespace))?;
    let pod = list
        .items
        .iter()
        .find(|pod| is_ready(pod))
        .map(ResourceExt::name_any);
    let pod = pod.ok_or_else(|| Failure::NoPod {
        namespace: namespace.clone(),
        name: name.to_owned(),
    })?;
    Ok(Route::Dial(Arc::new(Forward { pods, pod, port })))
}

/// Connections to one port of a Service, whichever of its pods is ready at the time: for as long as a door stays open.
#[cfg(unix)]
pub(crate) struct ServiceDial {
    pub(crate) cluster: Cluster,
    pub(crate) namespace: NamespaceName,
    pub(crate) name: String,
    pub(crate) port: u16,
}

#[cfg(unix)]
impl Dial for ServiceDial {
    fn dial(&self) -> BoxFuture<'static, io::Result<Box<dyn Stream>>> {
        let (cluster, namespace) = (self.cluster.clone(), self.namespace.clone());
        let (name, port) = (self.name.clone(), self.port);
        Box::pin(async move {
            let route = route_to(&cluster, &namespace, &name, port).await;
            match route.map_err(|failure| io::Error::other(failure.to_string()))? {
                Route::Dial(dial) => dial.dial().await,
                Route::Host { .. } | Route::Socket(_) => Err(io::ErrorKind::Unsupported.into()),
            }
        })
    }
}

/// The Service's selector, as a label selector.
fn selector(service: &Service) -> String {
    let labels = service.spec.as_ref().and_then(|spec| spec.selector.as_ref());
    let pairs: Vec<_> = labels
        .into_iter()
        .flatten()
        .map(|(key, value)| format!("{key}={value}"))
        .collect();
    pairs.join(",")
}

pub(crate) fn is_ready(pod: &Pod) -> bool {
    let conditions = pod
        .status
        .as_ref()
        .and_then(|status| status.conditions.as_deref())
        .unwrap_or_default();
    pod.metadata.deletion_timestamp.is_none()
        && conditions
            .iter()
            .any(|condition| condition.type_ == "Ready" && condition.status == "True")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_ready_pods_that_stay_are_used() {
        let pod = |status: &str, deleted: bool| -> Pod {
            let mut pod = json!({ "status": { "conditions": [{ "type": "Ready", "status": status }] } });
            if deleted {
                pod["metadata"] = json!({ "deletionTimestamp": "2026-11-22T00:00:00Z" });
            }
            serde_json::from_value(pod).unwrap()
        };
        assert!(is_ready(&pod("True", false)));
        assert!(!is_ready(&pod("False", false)));
        assert!(!is_ready(&pod("True", true)));
        assert!(!is_ready(&Pod::default()));
    }

    #[test]
    fn a_services_selector_selects_its_pods() {
        let service = json!({ "spec": { "selector": { "a": "1", "b": "2" } } });
        assert_eq!(selector(&serde_json::from_value(service).unwrap()), "a=1,b=2");
    }
}
