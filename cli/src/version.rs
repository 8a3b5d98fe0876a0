//! `strongroom version`: which releases run where.

mod releases;

use std::process::ExitCode;

use crate::{
    arguments::{Global, VersionArguments},
    check::{Parts, installed, node_namespace_of, version as kubernetes},
    cluster::Cluster,
    failure::Failure,
    output::AnswerOutput,
    printed::{Outcome, Printed},
    terminal,
    vault::list_vaults,
    waiting,
};
use releases::{Part, Releases};

/// Runs the command.
pub(crate) async fn run(arguments: &VersionArguments, global: &Global) -> Result<ExitCode, Failure> {
    let output = AnswerOutput::of(global.output())?;
    let mut releases = Releases::of_client();
    let failed = if arguments.client {
        None
    } else {
        let work = look(global, &mut releases);
        Box::pin(waiting::shown("Looking at the cluster", work))
            .await
            .err()
    };
    let printed = match output {
        AnswerOutput::Json => Printed::json(&releases)?,
        AnswerOutput::Text => Printed::Text(releases.text()),
    };
    // What is known without the cluster is said in any case.
    let done = Outcome::from(printed).conclude(global);
    match failed {
        Some(failure) => Err(failure),
        None => done,
    }
}

/// Adds what runs in the cluster.
async fn look(global: &Global, releases: &mut Releases) -> Result<(), Failure> {
    let cluster = Cluster::connect(global).await?;
    releases.kubernetes = Some(kubernetes(&cluster).await?.git_version);
    let node_namespace = node_namespace_of(&cluster).await;
    for component in Parts::of(&cluster, node_namespace.as_ref()).await.0 {
        releases.add(Part::of_component(&component));
    }
    match installed(&cluster).await {
        Ok(all) => releases.definitions(&all),
        Err(error) => releases.add(Part::unknown("CRDs", &error.to_string())),
    }
    let vaults = match list_vaults(&cluster, None).await {
        Err(_) => list_vaults(&cluster, Some(&cluster.namespace)).await,
        all => all,
    };
    match vaults {
        Ok(vaults) => vaults
            .iter()
            .for_each(|vault| releases.add(Part::of_vault(vault))),
        Err(failure) => terminal::tell(&format!("The vaults are not known: {failure}")),
    }
    Ok(())
}
