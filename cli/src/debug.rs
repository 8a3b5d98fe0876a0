//! `strongroom debug`: the chain from a pod to its secrets, link by link.
//!
//! ```text
//!   gather (as the current user) --> Facts --> walk (pure) --> Steps --> show
//! ```
//!
//! What the user may not see is a step of its own, which names the right; it is never taken for a link that holds.

mod facts;
mod gather;
mod show;
mod step;
mod walk;

use std::process::ExitCode;

use jiff::Timestamp;
use strongroom_core::SecretRefName;

use crate::{
    Failure,
    arguments::{DebugArguments, DebugCommand, DebugPod, Global, ObjectPlace},
    cluster::Cluster,
    output::ObjectOutput,
    printed::Outcome,
    program::Program,
};
use facts::Facts;
use gather::Gathering;
use show::Subject;

/// The CSI driver, as the chart names it.
const DRIVER: &str = "csi.strongroom.dev";

/// Runs the command; the exit code is whether every link holds.
pub(crate) async fn run(arguments: DebugArguments, global: &Global) -> Result<ExitCode, Failure> {
    let output = ObjectOutput::of(global.output())?;
    check(&arguments.command, global)?;
    let cluster = Cluster::connect(global).await?;
    let mut facts = Facts {
        program: Program::called().as_str(),
        now: Timestamp::now().as_second(),
        release_namespace: cluster.release_namespace.clone(),
        pod: None,
        account: None,
        references: Vec::new(),
        vaults: Vec::new(),
    };
    let gathering = Gathering { cluster: &cluster };
    let subject = gather(arguments.command, &gathering, &mut facts).await?;
    let steps = walk::walk(&facts);
    Outcome {
        printed: show::walk(&subject, &steps, output)?,
        is_yes: show::holds(&steps),
    }
    .conclude(global)
}

/// Refuses two names of the namespace.
fn check(command: &DebugCommand, global: &Global) -> Result<(), Failure> {
    let place = match command {
        DebugCommand::Vault { vault } => return global.check(vault),
        DebugCommand::Pod(DebugPod { pod, .. }) => pod,
        DebugCommand::Ref { reference } => reference,
    };
    match (&place.namespace, &global.namespace) {
        (Some(named), Some(given)) if named.as_str() != given => Err(Failure::TwoPlaces),
        _ => Ok(()),
    }
}

async fn gather(
    command: DebugCommand,
    gathering: &Gathering<'_>,
    facts: &mut Facts,
) -> Result<Subject, Failure> {
    let here = &gathering.cluster.namespace;
    match command {
        DebugCommand::Pod(DebugPod {
            pod: ObjectPlace { namespace, name },
            vault,
            node_namespace,
        }) => {
            let namespace = namespace.unwrap_or_else(|| here.clone());
            let vault = vault.map(|vault| vault.in_namespace(&namespace));
            let subject = Subject {
                kind: "Pod",
                namespace: namespace.to_string(),
                name: name.to_string(),
            };
            gathering
                .pod(facts, namespace, name.as_str(), node_namespace, vault)
                .await?;
            Ok(subject)
        }
        DebugCommand::Vault { vault } => {
            let vault = vault.in_namespace(here);
            let subject = Subject {
                kind: "Vault",
                namespace: vault.namespace.to_string(),
                name: vault.name.to_string(),
            };
            gathering.of_vault(facts, vault).await;
            Ok(subject)
        }
        DebugCommand::Ref {
            reference: ObjectPlace { namespace, name },
        } => {
            let namespace = namespace.unwrap_or_else(|| here.clone());
            let subject = Subject {
                kind: "SecretRef",
                namespace: namespace.to_string(),
                name: name.to_string(),
            };
            gathering
                .of_reference(facts, SecretRefName { namespace, name })
                .await;
            Ok(subject)
        }
    }
}
