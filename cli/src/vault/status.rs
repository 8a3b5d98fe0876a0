//! `strongroom vault status`.

mod certificate;
mod metrics;
mod report;

use std::{process::ExitCode, time::Duration};

use jiff::Timestamp;
use k8s_openapi::api::core::v1::ConfigMap;
use kube::Api;
use strongroom_client::{Dial, Route};
use strongroom_core::{VaultRef, ports};
use tokio::time::timeout;

use super::seen::{self, SeenVault};
use crate::{
    arguments::{Global, VaultStatusArguments},
    cluster::Cluster,
    failure::{Failure, VaultObjectFailure},
    forward::route_to,
    output::ObjectOutput,
    printed::{Outcome, Printed},
    waiting,
};
use report::{Anchored, Known, Report, Reports};

/// How long a vault may take to answer one question.
const PATIENCE: Duration = Duration::from_secs(10);

/// Runs the command; the exit code says whether every vault is ready.
pub(super) async fn run(arguments: VaultStatusArguments, global: &Global) -> Result<ExitCode, Failure> {
    if let Some(vault) = &arguments.vault {
        global.check(vault)?;
    }
    let output = ObjectOutput::of(global.output())?;
    let cluster = Cluster::connect(global).await?;
    let is_one = arguments.vault.is_some();
    let work = async {
        let vaults = match arguments.vault {
            Some(path) => vec![seen::get(&cluster, &path.in_namespace(&cluster.namespace)).await?],
            None => seen::list(&cluster, Some(&cluster.namespace)).await?,
        };
        let mut reports = Vec::new();
        for vault in vaults {
            reports.push(look(&cluster, &vault).await);
        }
        Ok::<_, Failure>(reports)
    };
    let reports = waiting::shown("Looking at the vaults", work).await?;
    if reports.is_empty() {
        return Err(VaultObjectFailure::NoneIn(cluster.namespace).into());
    }
    let printed = match (output, reports.as_slice()) {
        (ObjectOutput::Json, [report]) if is_one => Printed::json(report)?,
        (ObjectOutput::Json, reports) => Printed::json(&Reports::of(reports))?,
        (ObjectOutput::Name, reports) => {
            Printed::Text(reports.iter().map(|report| report.path() + "\n").collect())
        }
        (ObjectOutput::Text, reports) => {
            let texts: Vec<_> = reports.iter().map(Report::text).collect();
            Printed::Text(texts.join("\n"))
        }
    };
    Outcome {
        printed,
        is_yes: reports.iter().all(Report::is_ready),
    }
    .conclude(global)
}

/// Everything that is known of a vault. What cannot be looked at is said, and fails nothing.
async fn look(cluster: &Cluster, seen: &SeenVault) -> Report {
    let now = Timestamp::now().as_second();
    let (Ok(namespace), Ok(name)) = (seen.namespace.parse(), seen.name.parse()) else {
        return Report::new(seen, Known::nothing("its name is none of this release"), now);
    };
    let vault = VaultRef::new(namespace, name);
    let known = Known {
        metrics: measured(cluster, &vault).await,
        certificate: valid_until(cluster, &vault).await,
        anchor: anchored(cluster, &vault).await,
    };
    Report::new(seen, known, now)
}

async fn measured(cluster: &Cluster, vault: &VaultRef) -> Result<metrics::Metrics, String> {
    let dial = dial(cluster, vault, ports::HEALTH).await?;
    within(metrics::read(dial.as_ref())).await
}

async fn valid_until(cluster: &Cluster, vault: &VaultRef) -> Result<i64, String> {
    let (authorities, _) = cluster
        .authorities(vault)
        .await
        .map_err(|failure| failure.to_string())?;
    let dial = dial(cluster, vault, ports::VAULT).await?;
    within(certificate::valid_until(
        dial.as_ref(),
        &vault.host(),
        &authorities,
    ))
    .await
}

async fn dial(cluster: &Cluster, vault: &VaultRef, port: u16) -> Result<std::sync::Arc<dyn Dial>, String> {
    let route = route_to(cluster, &vault.namespace, vault.name.as_str(), port).await;
    match route.map_err(|failure| failure.to_string())? {
        Route::Dial(dial) => Ok(dial),
        Route::Host { .. } | Route::Socket(_) => Err("there is no way to it".to_owned()),
    }
}

async fn within<T, E: ToString>(answer: impl Future<Output = Result<T, E>>) -> Result<T, String> {
    match timeout(PATIENCE, answer).await {
        Ok(answer) => answer.map_err(|error| error.to_string()),
        Err(_) => Err(format!(
            "the vault did not answer within {} s",
            PATIENCE.as_secs()
        )),
    }
}

/// What the operator keeps of the vault's store, in the namespace of the release.
async fn anchored(cluster: &Cluster, vault: &VaultRef) -> Result<Anchored, String> {
    let maps: Api<ConfigMap> = cluster.namespaced(&cluster.release_namespace);
    let name = format!("strongroom-anchor-{}.{}", vault.namespace, vault.name);
    let map = maps.get_opt(&name).await.map_err(|error| {
        Failure::cluster("get", "configmaps", &cluster.release_namespace)(error).to_string()
    })?;
    let map = map.ok_or("the operator has kept none yet")?;
    Anchored::of(&map).ok_or_else(|| format!("the ConfigMap {name} does not hold what an operator writes"))
}
