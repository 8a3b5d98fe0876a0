//! Whether an installation works.

mod component;
mod vaults;

use k8s_openapi::api::storage::v1::CSIDriver;
use kube::Api;
use strongroom_core::NamespaceName;
use strongroom_crds::ApiError;

use super::{cluster_wide::row, definitions, row::Row};
use crate::{cluster::Cluster, failure::Failure};

pub(crate) use component::{Component, Parts, node_namespace_of};

/// The name of the `CSIDriver` object, which is that of the driver.
const DRIVER: &str = "csi.strongroom.dev";

/// Looks at everything that an installation consists of.
pub(super) async fn rows(cluster: &Cluster, node_namespace: Option<NamespaceName>) -> Vec<Row> {
    let node_namespace = match node_namespace {
        Some(namespace) => Some(namespace),
        None => node_namespace_of(cluster).await,
    };
    let parts = Parts::of(cluster, node_namespace.as_ref()).await;
    let mut rows = vec![row("CRDs", definitions::installed(cluster).await, |all| {
        definitions::row("CRDs", &all)
    })];
    rows.extend(parts.0.iter().map(Component::row));
    rows.push(row("CSIDriver", driver(cluster).await, |found| {
        csi_driver(found.as_ref())
    }));
    rows.push(trust_bundle(cluster).await);
    rows.extend(vaults::rows(cluster).await);
    rows
}

async fn driver(cluster: &Cluster) -> Result<Option<CSIDriver>, ApiError> {
    let api: Api<CSIDriver> = Api::all(cluster.client.clone());
    Ok(api.get_opt(DRIVER).await?)
}

fn csi_driver(found: Option<&CSIDriver>) -> Row {
    const CHECK: &str = "CSIDriver";
    let Some(driver) = found else {
        return Row::bad(
            CHECK,
            format!("there is no {DRIVER}: no kubelet hands a volume to the driver"),
            "helm upgrade --install strongroom ..., which makes it",
        );
    };
    let spec = &driver.spec;
    if spec.pod_info_on_mount == Some(true)
        && spec
            .token_requests
            .as_ref()
            .is_some_and(|asked| !asked.is_empty())
    {
        Row::good(CHECK, format!("{DRIVER} gives the driver pods' names and tokens"))
    } else {
        Row::bad(
            CHECK,
            format!("{DRIVER} does not give the driver pods' names and tokens: it is none of the chart's"),
            "helm upgrade strongroom ..., which puts it right",
        )
    }
}

/// The authorities by which everything in the installation is verified.
async fn trust_bundle(cluster: &Cluster) -> Row {
    const CHECK: &str = "trust bundle";
    let namespace = &cluster.release_namespace;
    match cluster.authorities_of(namespace).await {
        Ok((authorities, _)) => {
            let count = authorities.matches("-----BEGIN CERTIFICATE-----").count();
            Row::good(
                CHECK,
                format!("strongroom-trust-bundle in {namespace} has {count}"),
            )
        }
        Err(failure) if failure.is_forbidden() => Row::unknown(CHECK, format!("cannot be known: {failure}")),
        Err(failure @ (Failure::NoTrust | Failure::Trust(_) | Failure::Cluster { .. })) => Row::bad(
            CHECK,
            failure.to_string(),
            format!(
                "the operator makes it; to see why it does not: kubectl logs -n {namespace} deployment/strongroom-operator"
            ),
        ),
        Err(failure) => Row::unknown(CHECK, format!("cannot be known: {failure}")),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::vault::Mark;

    #[test]
    fn the_driver_object_is_there_and_asks_for_tokens() {
        let with = |spec: serde_json::Value| -> CSIDriver {
            serde_json::from_value(json!({"metadata": {"name": DRIVER}, "spec": spec})).unwrap()
        };
        let full = with(json!({"podInfoOnMount": true, "tokenRequests": [{"audience": "strongroom.dev"}]}));
        assert_eq!(csi_driver(Some(&full)).result, Mark::Good);
        assert_eq!(csi_driver(Some(&with(json!({})))).result, Mark::Bad);
        assert_eq!(csi_driver(None).result, Mark::Bad);
    }
}
