//! Waiting for a started cluster, with the log of what is missing in the error.

use std::time::Duration;

use anyhow::{Context, Result, bail};
use k8s_openapi::api::{
    apps::v1::Deployment,
    core::v1::{Node, PersistentVolume, ServiceAccount},
};
use kube::{Api, Client, ResourceExt, api::ListParams};

use crate::{
    cluster::{
        self, apply,
        wait::{self, Seen},
    },
    command::{output, tail},
    images,
    local::{
        Layout, addons,
        config::CONTAINERD_SOCKET,
        enter::{self, Share},
        network::node_name,
        record::Record,
        status::is_ready,
        up,
    },
    progress::Step,
};

/// How long each part may take to come up; seconds are usual.
const DEADLINE: Duration = Duration::from_mins(2);

/// Waits until containerd answers on every node.
pub async fn containerd(record: &Record) -> Result<()> {
    for index in 0..record.options.nodes {
        let node = node_name(index);
        wait::until(&format!("containerd of {node} answers"), DEADLINE, || async {
            let mut ctr = enter::command(record, &node, Share::Everything)?;
            ctr.args([
                "ctr",
                "--address",
                CONTAINERD_SOCKET,
                "--connect-timeout",
                "1s",
                "version",
            ]);
            output(&mut ctr).map(|_| Seen::Ready(()))
        })
        .await?;
    }
    Ok(())
}

/// Waits for the API server.
pub async fn api(layout: &Layout) -> Result<()> {
    let client = cluster::client(&layout.kubeconfig()).await?;
    named(layout, up::CONTROL, "kube-apiserver", api_server(&client).await)
}

/// Adds what a bare cluster lacks, and waits for all of it.
pub async fn cluster(layout: &Layout, record: &Record) -> Result<()> {
    let client = cluster::client(&layout.kubeconfig()).await?;
    let step = Step::begin("Waiting for nodes, DNS and volumes");
    apply::objects(
        &client,
        addons::DNS_NAMESPACE,
        &addons::objects(&images::dns_reference(), record.options.ip_family),
    )
    .await?;
    named(
        layout,
        "control",
        "kube-controller-manager",
        account(&client).await,
    )?;
    for index in 0..record.options.nodes {
        let node = node_name(index);
        named(
            layout,
            &node,
            &format!("{node}-kubelet"),
            node_ready(&client, &node).await,
        )?;
    }
    named(layout, "node-0", "node-0-volumes", volumes(&client, record).await)?;
    wait::rollout::<Deployment>(&client, addons::DNS_NAMESPACE, addons::DNS_DEPLOYMENT, DEADLINE).await?;
    step.done();
    Ok(())
}

async fn api_server(client: &Client) -> Result<()> {
    wait::until("the API server is ready", DEADLINE, || async {
        let request = http_get("/readyz")?;
        client.request_text(request).await?;
        Ok(Seen::Ready(()))
    })
    .await
}

/// Pods are refused until the default service account exists.
async fn account(client: &Client) -> Result<()> {
    let api = Api::<ServiceAccount>::namespaced(client.clone(), "default");
    wait::until("the default service account exists", DEADLINE, || async {
        Ok(api
            .get_opt("default")
            .await?
            .map_or_else(|| Seen::NotYet("no".to_owned()), |_| Seen::Ready(())))
    })
    .await
}

async fn node_ready(client: &Client, name: &str) -> Result<()> {
    let api = Api::<Node>::all(client.clone());
    wait::until(&format!("{name} is ready"), DEADLINE, || async {
        let Some(node) = api.get_opt(name).await? else {
            return Ok(Seen::NotYet("not registered".to_owned()));
        };
        let conditions = node
            .status
            .clone()
            .unwrap_or_default()
            .conditions
            .unwrap_or_default();
        if is_ready(&node) {
            return Ok(Seen::Ready(()));
        }
        let said: Vec<_> = conditions
            .into_iter()
            .filter_map(|condition| condition.message)
            .collect();
        Ok(Seen::NotYet(said.join("; ")))
    })
    .await
}

async fn volumes(client: &Client, record: &Record) -> Result<()> {
    let api = Api::<PersistentVolume>::all(client.clone());
    let options = &record.options;
    let wanted = usize::from(options.nodes) * usize::from(options.volumes + options.small_volumes);
    wait::until("the volumes are available", DEADLINE, || async {
        let all = api.list(&ListParams::default()).await?.items;
        let phase = |volume: &PersistentVolume| volume.status.clone().and_then(|status| status.phase);
        let pending: Vec<String> = all
            .iter()
            .filter(|volume| !matches!(phase(volume).as_deref(), Some("Available" | "Bound")))
            .map(ResourceExt::name_any)
            .collect();
        if all.len() >= wanted && pending.is_empty() {
            return Ok(Seen::Ready(()));
        }
        Ok(Seen::NotYet(format!(
            "{} of {wanted}, {} not available",
            all.len(),
            pending.len()
        )))
    })
    .await
}

fn http_get(path: &str) -> Result<http::Request<Vec<u8>>> {
    Ok(http::Request::get(path).body(Vec::new())?)
}

/// Adds the end of a daemon's log, and of its init's, to an error.
fn named(layout: &Layout, role: &str, daemon: &str, outcome: Result<()>) -> Result<()> {
    let Err(error) = outcome else { return Ok(()) };
    let end = |name: String| tail(&layout.logs().join(name));
    let (init, log) = (end(format!("{role}-init.log")), end(format!("{daemon}.log")));
    if init.is_empty() && log.is_empty() {
        bail!(error);
    }
    Err(error).with_context(|| format!("the end of the logs of {role} and {daemon}:\n{init}\n{log}"))
}
