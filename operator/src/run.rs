//! `operator run`: watches, leads, reconciles.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use anyhow::Context as _;
use clap::Args;
use kube::{
    Client,
    runtime::events::{Recorder, Reporter},
};
use kube_lease_manager::LeaseManagerBuilder;
use parking_lot::{Mutex, RwLock};
use strongroom_core::{NamespaceName, ports};
use strongroom_serving::{accept, health, signal::Termination};

use crate::{
    context::Context,
    controllers, definitions,
    fleet::{Credentials, Fleet},
    health::Health,
    installation,
    lease::{LEASE, Leadership},
    metrics::Metrics,
    settings::{Settings, VaultPod},
    world::{Changes, Stores},
};

/// Runs the controllers: keeps vaults running and their policy in force.
#[derive(Debug, Args)]
pub struct RunArgs {
    /// Namespace of the operator, the identity service, the authorities and the anchors.
    #[arg(
        long,
        env = "STRONGROOM_RELEASE_NAMESPACE",
        default_value = "strongroom-system"
    )]
    release_namespace: NamespaceName,
    /// Namespace of the node driver.
    #[arg(long, default_value = "strongroom-node")]
    node_namespace: NamespaceName,
    /// The cluster's DNS domain.
    #[arg(long, default_value = "cluster.local")]
    cluster_domain: String,
    /// Image of the vault server.
    #[arg(long)]
    vault_image: String,
    /// When a node pulls that image: `Always`, `IfNotPresent` or `Never`.
    #[arg(long, default_value = "IfNotPresent")]
    vault_image_pull_policy: String,
    /// Secret with credentials for that image, in the vault's namespace. May be given several times.
    #[arg(long = "vault-image-pull-secret")]
    vault_image_pull_secrets: Vec<String>,
    /// What every vault's pod asks of the cluster.
    #[command(flatten)]
    vault_pod: VaultPod,
    /// Port that the cluster's DNS pods listen on, for the vaults' network policies. May be given several times.
    #[arg(long = "dns-port", default_values_t = [53, 5353])]
    dns_ports: Vec<u16>,
    /// Namespace whose pods may read the vaults' metrics, for their network policies. May be given several times.
    #[arg(long = "metrics-namespace")]
    metrics_namespaces: Vec<NamespaceName>,
    /// Name of this replica, unique among them.
    #[arg(long, env = "POD_NAME", default_value = "strongroom-operator")]
    pod_name: String,
    /// Where health and metrics are served.
    #[arg(long, default_value_t = accept::everywhere(ports::HEALTH))]
    health_listen: SocketAddr,
}

/// Runs until a signal asks to end, or until this replica must no longer lead.
pub async fn run(args: RunArgs) -> anyhow::Result<()> {
    let client = Client::try_default().await?;
    let mut termination = Termination::listen()?;
    let metrics = Metrics::default();
    let health = Health::starting(metrics.clone());
    let (listener, _) = accept::bind(args.health_listen)
        .with_context(|| format!("cannot listen on {}", args.health_listen))?;
    tokio::spawn(health::serve(listener, health.clone(), std::future::pending()));
    tokio::select! {
        checked = definitions::current(&client) => checked?,
        () = termination.recv() => return Ok(()),
    }
    let changes = Changes::default();
    let stores = Stores::start(&client, &changes);
    stores.synced().await?;
    health.mark_ready();
    tracing::info!("every watch has listed what exists; waiting to lead");

    let lease = LeaseManagerBuilder::new(client.clone(), LEASE)
        .with_namespace(args.release_namespace.as_str())
        .with_identity(args.pod_name.as_str())
        .with_duration(15)
        .with_grace(5)
        .build()
        .await?;
    let (mut leading, task) = lease.watch().await;
    tokio::select! {
        won = leading.wait_for(|leads| *leads) => { won?; }
        () = termination.recv() => return Ok(()),
    }
    tracing::info!("leading");
    metrics.mark_leader();
    let result = tokio::select! {
        result = lead(&client, &args, &stores, &changes, metrics) => result,
        // A replica that has lost the lease must not write any more: the process ends, and starts again as a standby.
        _ = leading.wait_for(|leads| !*leads) => Err(anyhow::anyhow!("the lease was lost")),
        () = termination.recv() => Ok(()),
    };
    // Lets the lease go, so that the other replica need not wait for its end.
    drop(leading);
    drop(tokio::time::timeout(Duration::from_secs(2), task).await);
    result
}

async fn lead(
    client: &Client,
    args: &RunArgs,
    stores: &Stores,
    changes: &Changes,
    metrics: Metrics,
) -> anyhow::Result<()> {
    let context = Arc::new(prepare(client, args, stores, changes, metrics).await?);
    tokio::select! {
        () = controllers::run(&context) => Ok(()),
        () = installation::Upkeep::of(&context).run(&context) => Ok(()),
    }
}

async fn prepare(
    client: &Client,
    args: &RunArgs,
    stores: &Stores,
    changes: &Changes,
    metrics: Metrics,
) -> anyhow::Result<Context> {
    let settings = Settings {
        release_namespace: args.release_namespace.clone(),
        node_namespace: args.node_namespace.clone(),
        cluster_domain: args.cluster_domain.clone(),
        installation: installation::id(client, &args.release_namespace).await?,
        vault_image: args.vault_image.clone(),
        vault_image_pull_policy: args.vault_image_pull_policy.clone(),
        vault_image_pull_secrets: args.vault_image_pull_secrets.clone(),
        vault_pod: args.vault_pod.clone(),
        dns_ports: args.dns_ports.clone(),
        metrics_namespaces: args.metrics_namespaces.clone(),
    };
    let mut authorities = installation::authorities(client, &settings).await?;
    installation::maintain(client, &settings, &mut authorities).await?;
    let reporter = Reporter {
        controller: "strongroom-operator".to_owned(),
        instance: Some(args.pod_name.clone()),
    };
    Ok(Context {
        credentials: Credentials::new(installation::credentials(&settings, &authorities)?),
        client: client.clone(),
        settings,
        stores: stores.clone(),
        changes: changes.clone(),
        leadership: Leadership::new(client, &args.release_namespace, &args.pod_name),
        fleet: Fleet::default(),
        followers: Mutex::default(),
        authorities: RwLock::new(authorities),
        recorder: Recorder::new(client.clone(), reporter),
        metrics,
    })
}
