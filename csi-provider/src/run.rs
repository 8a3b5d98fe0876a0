//! Starting and stopping the node driver.

mod housekeeping;

use std::{path::Path, sync::Arc, time::Duration};

use anyhow::Context as _;
use strongroom_client::{Retry, Server, Trust, identity::IdentityClient};
use strongroom_serving::{
    accept::{self, Drain, Listener},
    health,
};
use tokio::net::UnixListener;
use tokio_util::sync::CancellationToken;
use tonic::service::Routes;

use crate::{
    args::Args,
    driver::{Driver, NAME, Settings},
    events::Events,
    health::DriverHealth,
    kubelet::{
        IdentityService, NodeService,
        registration::{Notice, Plugin, ServedRegistration},
        socket,
    },
    metrics::Metrics,
    proto::csi::{identity_server::IdentityServer, node_server::NodeServer},
    services::Services,
    source::{Sources, endpoints::Endpoints, load::Loader, reference::References, vaults::Vaults},
    volume::{
        image::page_size,
        limits::{Ledger, Limits},
        mount::{self, Capacity},
        saved::SavedVolumes,
    },
};

/// How long calls in flight may take to end.
const DRAIN: Duration = Duration::from_secs(20);
/// The bounds of the CSI socket. The kubelet opens a connection for each call, and calls for all volumes of a node at once;
/// the registrar, where there is one, keeps one. A new connection takes the place of one that stands still.
const CSI: accept::Limits = accept::Limits {
    connections: 1024,
    connections_per_source: usize::MAX,
    connections_per_second: u32::MAX,
    handshakes: 1024,
    handshakes_per_source: usize::MAX,
    handshake_timeout: Duration::from_secs(5),
    head_timeout: Duration::from_secs(10),
    idle_timeout: Duration::from_mins(10),
    patience: Duration::from_secs(10),
    head_bytes: 32 << 10,
    headers: 64,
    keeps_alive: true,
    streams: 64,
    unproven_per_source: 1024,
    requests_per_source: 1024,
    pinned_bytes: 32 << 20,
};
/// The tmpfs of the node driver's state: a few KiB for each of the most volumes.
const STATE: Capacity = Capacity {
    bytes: 32 << 20,
    inodes: 4096,
};

/// Runs the node driver until `stop`, talking to the API server with `client` and reaching all else by `reach`.
pub async fn run(
    args: Args,
    client: kube::Client,
    endpoints: Endpoints,
    stop: CancellationToken,
) -> anyhow::Result<()> {
    let metrics = Arc::new(Metrics::new());
    let (listener, _) = accept::bind(args.health).context("cannot listen for health checks")?;
    let healthy = tokio::spawn(health::serve(
        listener,
        DriverHealth(Arc::clone(&metrics)),
        stop.clone().cancelled_owned(),
    ));
    let Some(tenant) = tenant(&args, &stop).await else {
        return Ok(());
    };
    let Some(trust) = trust(&args.trust_bundle, &stop).await else {
        return Ok(());
    };
    mount::make_private_directory(&args.plugin_directory())?;
    let driver = Arc::new(driver(&args, &client, &endpoints, trust, &tenant, metrics)?);
    let adopted = driver.adopt();
    tracing::info!(adopted, node = args.node_name, "the node driver is up");
    let csi = socket::bind(&args.endpoint())?;
    let serving = tokio::spawn(serve(csi.listener, Arc::clone(&driver), stop.clone()));
    let post = match args.registration() {
        Some(path) => {
            let plugin = Plugin::csi(NAME, &args.endpoint().to_string_lossy());
            let (metrics, on_notice) = (
                &driver.services().metrics,
                notice_registration(Arc::clone(&driver)),
            );
            Some(ServedRegistration::begin(&path, &args.handover(), plugin, metrics, on_notice, &stop).await?)
        }
        None => None,
    };
    let kept = tokio::spawn(housekeeping::run(Arc::clone(&driver), args.trust_bundle.clone()));
    stop.cancelled().await;
    tracing::info!("stopping");
    if let Some(post) = post {
        // Left alone where a new process took its place.
        post.end().context("cannot remove the registration socket")?;
    }
    kept.abort();
    drop(tokio::time::timeout(DRAIN, serving).await);
    csi.place.remove().context("cannot remove the CSI socket")?;
    drop(tokio::time::timeout(DRAIN, healthy).await);
    Ok(())
}

fn driver(
    args: &Args,
    client: &kube::Client,
    endpoints: &Endpoints,
    trust: Trust,
    tenant: &str,
    metrics: Arc<Metrics>,
) -> anyhow::Result<Driver> {
    let saved = args.state().map(|path| keep_state(&path)).transpose()?;
    let server = endpoints.server(Server::identity(&args.release_namespace));
    // The node driver repeats itself, knowing how long the kubelet still waits.
    let identity = IdentityClient::new(&server, tenant, trust.clone()).with_retry(Retry::NEVER);
    let (actor, bundle) = (args.actor_token.clone(), args.trust_bundle.clone());
    let services = Services {
        sources: Sources::new(
            Loader::new(identity, actor, bundle, Arc::clone(&metrics)),
            References::new(client.clone()),
            Vaults::new(endpoints.clone(), trust),
        ),
        ledger: Ledger::new(Limits::within(args.memory_limit, page_size())).into(),
        saved,
        events: Events::new(client.clone(), NAME, &args.node_name),
        metrics,
    };
    let settings = Settings {
        node: args.node_name.clone(),
        volumes: args.volumes(),
        patience: args.patience(),
    };
    Ok(Driver::new(settings, Arc::new(services)))
}

fn keep_state(path: &Path) -> anyhow::Result<SavedVolumes> {
    mount::mount_state(path, STATE).context("cannot make the directory of the node driver's state")?;
    Ok(SavedVolumes::new(path.to_owned()))
}

/// The installation's id, as soon as it is known; `None` if `stop` comes before.
async fn tenant(args: &Args, stop: &CancellationToken) -> Option<String> {
    let (given, file) = (args.tenant_id.clone(), args.tenant_id_file.as_deref());
    until("the installation's id", stop, || {
        let Some(file) = file else {
            return given.clone().context("it is not given");
        };
        let id = std::fs::read_to_string(file).with_context(|| format!("{}", file.display()))?;
        anyhow::ensure!(!id.trim().is_empty(), "{} is empty", file.display());
        Ok(id.trim().to_owned())
    })
    .await
}

/// The certificates to verify with, as soon as they are there.
async fn trust(bundle: &Path, stop: &CancellationToken) -> Option<Trust> {
    until("the trust bundle", stop, || Ok(Trust::from_file(bundle)?)).await
}

/// Asks again until there is an answer: the operator makes both, and may start after the node driver.
async fn until<T>(what: &str, stop: &CancellationToken, get: impl Fn() -> anyhow::Result<T>) -> Option<T> {
    let mut is_reported = false;
    loop {
        match get() {
            Ok(value) => return Some(value),
            Err(error) if !is_reported => tracing::warn!("waiting for {what}: {error:#}"),
            Err(_) => {}
        }
        is_reported = true;
        tokio::select! {
            () = stop.cancelled() => return None,
            () = tokio::time::sleep(Duration::from_secs(1)) => {}
        }
    }
}

/// Serves the CSI socket until `stop`, and then the calls in flight until they end.
async fn serve(listener: UnixListener, driver: Arc<Driver>, stop: CancellationToken) {
    let router = Routes::new(IdentityServer::new(IdentityService))
        .add_service(NodeServer::new(NodeService::new(driver)))
        .into_axum_router();
    let drain = Drain::default();
    match Listener::grpc(listener, router, CSI, drain.clone()) {
        Ok(listener) => drain.spawn(listener.run()),
        Err(error) => return tracing::error!(%error, "the CSI socket is not served"),
    }
    stop.cancelled().await;
    drain.begin();
    drain.finished_within(DRAIN).await;
}

fn notice_registration(driver: Arc<Driver>) -> impl Fn(Notice) + Clone + Send + Sync + 'static {
    move |notice| {
        let registered = match notice {
            Notice::Registered => {
                tracing::info!("registered with the kubelet");
                1
            }
            Notice::Refused(reason) => {
                tracing::error!(reason, "the kubelet refuses the node driver");
                0
            }
        };
        driver.services().metrics.registered.set(registered);
    }
}
