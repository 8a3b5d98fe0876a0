//! From a new version to changed files.

use std::{
    fs,
    net::{IpAddr, SocketAddr},
    os::unix::fs::MetadataExt,
    path::PathBuf,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use anyhow::{Context, Result, bail};
use k8s_openapi::api::core::v1::Service;
use kube::Api;
use secrecy::SecretString;
use strongroom_client::{
    Route, Server, Trust,
    identity::{Assertion, IdentityClient},
    vault::{NewSecret, SecretChange, VaultClient},
};
use strongroom_core::{Audience, VaultRef};
use strongroom_harness::{installation::NAMESPACE, progress::Step};

use super::{Args, network, place::Place};
use crate::figures::{Table, quantile, time};

/// How long a rotation may take before the measurement fails.
const DEADLINE: Duration = Duration::from_secs(30);

/// What a client in the node's network needs.
struct Way {
    identity: Server,
    vault: Server,
    audience: Audience,
    trust: Trust,
    subject: SecretString,
}

/// Lags of every volume in every rotation: after the request was sent, and after it was answered.
#[derive(Default)]
struct Lags {
    sent: Vec<Duration>,
    answered: Vec<Duration>,
}

/// Rotates one secret of every volume again and again.
pub async fn measure(place: &Place, args: &Args) -> Result<Table> {
    let (way, links) = (way(place).await?, place.links().await?);
    let rotations = args.rotations;
    let step = Step::begin(format!("{} volumes follow {rotations} rotations", links.len()));
    let mut lags = network::inside(&place.record, move || rotate(way, links, rotations)).await?;
    step.done();
    let title = format!(
        "Version written to file changed: {rotations} rotations, {} volumes, one run",
        args.volumes
    );
    let mut table = Table::new(&title, &["from", "changes", "p50", "p99", "slowest"]);
    for (name, lags) in [
        ("request sent", &mut lags.sent),
        ("request answered", &mut lags.answered),
    ] {
        let changes = lags.len().to_string();
        let (p50, p99, last) = (quantile(lags, 0.5), quantile(lags, 0.99), quantile(lags, 1.0));
        table.row([name.to_owned(), changes, time(p50), time(p99), time(last)]);
    }
    Ok(table)
}

async fn rotate(way: Way, links: Vec<PathBuf>, rotations: usize) -> Result<Lags> {
    let identity = IdentityClient::new(&way.identity, "adfs", way.trust.clone());
    let assertion = Assertion {
        subject: &way.subject,
        actor: None,
    };
    let token = identity.exchange(assertion, &way.audience).await?;
    let vault = VaultClient::new(&way.vault, way.trust);
    let mut lags = Lags::default();
    for n in 0..rotations {
        let secret = NewSecret {
            value: format!("version {n}").into(),
            about: SecretChange::default(),
        };
        let sent = SystemTime::now();
        vault.set_secret(&token, &"db-password".parse()?, &secret).await?;
        let answered = SystemTime::now();
        for link in &links {
            let changed = changed(link, sent).await?;
            lags.sent.push(changed.duration_since(sent).unwrap_or_default());
            lags.answered
                .push(changed.duration_since(answered).unwrap_or_default());
        }
        // A rate that people have, not a flood; and no two rotations meet the same moment of a timer.
        tokio::time::sleep(Duration::from_millis(fastrand::u64(150..350))).await;
    }
    Ok(lags)
}

/// When a volume's link was replaced, once that is after `since`. The clock of file times steps by a few
/// milliseconds, so a change may seem to be that much earlier than it was.
async fn changed(link: &PathBuf, since: SystemTime) -> Result<SystemTime> {
    let tick = Duration::from_millis(10);
    let begun = Instant::now();
    loop {
        let about = fs::symlink_metadata(link).with_context(|| format!("{} is gone", link.display()))?;
        let (seconds, nanos) = (u64::try_from(about.ctime())?, u32::try_from(about.ctime_nsec())?);
        let at = UNIX_EPOCH + Duration::new(seconds, nanos);
        if at + tick > since {
            return Ok(at);
        }
        if begun.elapsed() > DEADLINE {
            bail!("{} did not change within {DEADLINE:?}", link.display());
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

async fn way(place: &Place) -> Result<Way> {
    let scenario = &place.scenario;
    let vault = VaultRef::new(scenario.vault.name.parse()?, "prod".parse()?);
    let identity = Server::identity(&NAMESPACE.parse()?);
    Ok(Way {
        identity: identity.by(address(place, NAMESPACE, "strongroom-identity").await?),
        vault: Server::vault(&vault).by(address(place, &scenario.vault.name, "prod").await?),
        audience: Audience::Vault(vault),
        trust: scenario.trust().await?,
        subject: scenario.presented("admin", None).await?,
    })
}

/// A Service's address: the node's network knows it, and no name of the cluster.
async fn address(place: &Place, namespace: &str, service: &str) -> Result<Route> {
    let services: Api<Service> = Api::namespaced(place.client(), namespace);
    let ip = services.get(service).await?.spec.and_then(|spec| spec.cluster_ip);
    let ip: IpAddr = ip.context("the Service has no address")?.parse()?;
    Ok(Route::Socket(SocketAddr::new(ip, 443)))
}
