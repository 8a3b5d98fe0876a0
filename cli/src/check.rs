//! `strongroom check`: what an installation needs, and whether it works.

mod after;
mod before;
mod cluster_wide;
mod definitions;
mod row;

use std::process::ExitCode;

use k8s_openapi::apimachinery::pkg::version::Info;
use strongroom_core::NamespaceName;

use crate::{
    arguments::{CheckArguments, Global},
    cluster::Cluster,
    failure::{Failure, VaultObjectFailure},
    output::AnswerOutput,
    printed::{Outcome, Printed},
    waiting,
};
use row::{Row, Rows};

/// Where the chart puts the node driver unless it is told otherwise.
const NODE_NAMESPACE: &str = "strongroom-node";

/// Runs the command; the exit code says whether something is wrong.
pub(crate) async fn run(arguments: CheckArguments, global: &Global) -> Result<ExitCode, Failure> {
    let output = AnswerOutput::of(global.output())?;
    let node_namespace = arguments.node_namespace.as_deref();
    let node_namespace = node_namespace
        .map(str::parse)
        .transpose()
        .map_err(Failure::Namespace)?;
    let cluster = Cluster::connect(global).await?;
    let work = looked(&cluster, arguments.pre, node_namespace);
    let rows = Box::pin(waiting::shown("Looking at the cluster", work)).await?;
    let is_yes = rows.is_good();
    let printed = match output {
        AnswerOutput::Json => Printed::json(&rows)?,
        AnswerOutput::Text => Printed::Text(rows.text()),
    };
    Outcome { printed, is_yes }.conclude(global)
}

async fn looked(
    cluster: &Cluster,
    pre: bool,
    node_namespace: Option<NamespaceName>,
) -> Result<Rows, Failure> {
    let version = version(cluster).await?;
    let mut rows = vec![before::kubernetes(&version)];
    let more: Vec<Row> = if pre {
        let node_namespace = match node_namespace {
            Some(namespace) => namespace,
            None => NODE_NAMESPACE.parse().map_err(Failure::Namespace)?,
        };
        before::rows(cluster, &node_namespace).await
    } else {
        after::rows(cluster, node_namespace).await
    };
    rows.extend(more);
    Ok(Rows::of(rows))
}

/// The release of the API server. Who cannot ask for that can ask for nothing.
pub(crate) async fn version(cluster: &Cluster) -> Result<Info, Failure> {
    let version = cluster.client.apiserver_version().await;
    Ok(version.map_err(|error| VaultObjectFailure::Cluster {
        verb: "get",
        resource: "/version",
        source: error.into(),
    })?)
}

pub(crate) use after::{Component, Parts, node_namespace_of};
pub(crate) use definitions::{Installed, installed};
