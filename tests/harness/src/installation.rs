//! Strongroom on a cluster: installed with the chart, as a user would, and removed again.

use std::{
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use anyhow::Result;
use k8s_openapi::api::apps::v1::{DaemonSet, Deployment};
use kube::Client;

use crate::{
    cluster::wait,
    command,
    images::REGISTRY,
    progress::Step,
    tools::{self, Store},
    workspace,
};

/// The chart's release name.
pub const RELEASE: &str = "strongroom";
/// The release's namespace.
pub const NAMESPACE: &str = "strongroom-system";
/// The node driver's namespace.
pub const NODE_NAMESPACE: &str = "strongroom-node";

/// How long an installation may take to be ready on a busy machine.
const DEADLINE: Duration = Duration::from_mins(3);

/// The programs that install, for one kubeconfig.
#[derive(Debug, Clone)]
pub struct Installer {
    helm: PathBuf,
    kubectl: PathBuf,
    kubeconfig: PathBuf,
}

impl Installer {
    /// An installer for the cluster of `kubeconfig`.
    pub fn new(store: &Store, kubeconfig: &Path) -> Result<Self> {
        Ok(Self {
            helm: tools::program(store, "helm")?,
            kubectl: tools::program(store, "kubectl")?,
            kubeconfig: kubeconfig.to_owned(),
        })
    }

    /// `kubectl` for this cluster.
    pub fn kubectl(&self) -> Command {
        self.command(&self.kubectl)
    }

    /// `helm` for this cluster.
    pub fn helm(&self) -> Command {
        self.command(&self.helm)
    }

    fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command.env("KUBECONFIG", &self.kubeconfig);
        command
    }

    /// Installs or upgrades: the definitions first, as the documentation says, then the chart.
    pub fn install(&self, tag: &str, values: &[&str]) -> Result<()> {
        let step = Step::begin("Installing the chart");
        let chart = workspace::root().join("charts/strongroom");
        let mut definitions = self.kubectl();
        definitions
            .args(["apply", "--server-side", "--force-conflicts", "-f"])
            .arg(chart.join("crds"));
        command::output(&mut definitions)?;
        let mut install = self.helm();
        install.args(["upgrade", "--install", RELEASE]).arg(&chart);
        install.args(["--namespace", NAMESPACE, "--create-namespace", "--skip-crds"]);
        let images = [
            format!("image.registry={REGISTRY}"),
            format!("image.tag={tag}"),
            "image.pullPolicy=Never".to_owned(),
        ];
        for value in images.iter().map(String::as_str).chain(values.iter().copied()) {
            install.args(["--set", value]);
        }
        command::output(&mut install)?;
        step.done();
        Ok(())
    }
}

/// Waits until every part runs its newest revision.
pub async fn ready(client: &Client) -> Result<()> {
    let step = Step::begin("Waiting for Strongroom to be ready");
    wait::rollout::<Deployment>(client, NAMESPACE, "strongroom-operator", DEADLINE).await?;
    wait::rollout::<Deployment>(client, NAMESPACE, "strongroom-identity", DEADLINE).await?;
    wait::rollout::<DaemonSet>(client, NODE_NAMESPACE, "strongroom-csi", DEADLINE).await?;
    step.done();
    Ok(())
}
