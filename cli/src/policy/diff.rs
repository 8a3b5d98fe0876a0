//! `strongroom policy diff`: what access begins and ends if policies were applied.

mod access;
mod applied;
mod printed;

use super::{
    files::Files,
    read::StoredPolicy,
    source::{home, stored},
};
use crate::{
    Failure,
    arguments::{Global, PolicyDiff},
    cluster::Cluster,
    failure::PolicyFailure,
    output::AnswerOutput,
    printed::Outcome,
};
use access::diff;
use applied::applied;

/// Runs the command; the answer is yes where nothing widens.
pub(super) async fn run(arguments: PolicyDiff, global: &Global) -> Result<Outcome, Failure> {
    let output = AnswerOutput::of(global.output())?;
    let (before, after) = if arguments.against.is_empty() {
        with_cluster(&arguments, global).await?
    } else {
        let home = home(global)?;
        let read = |paths| Files::read(paths, arguments.recursive, &home);
        (
            read(&arguments.against)?.policies,
            read(&arguments.filename)?.policies,
        )
    };
    let diff = diff(&before, &after);
    Ok(Outcome {
        is_yes: !diff.widens(),
        printed: printed::diff(&diff, output)?,
    })
}

/// The policies of the cluster in the namespaces that the files name, and what the files would make of them.
async fn with_cluster(
    arguments: &PolicyDiff,
    global: &Global,
) -> Result<(Vec<StoredPolicy>, Vec<StoredPolicy>), Failure> {
    // The files may need the namespace of the kubeconfig, which is no reason to ask the cluster before they are read.
    let cluster = Cluster::connect(global).await?;
    let files = Files::read(&arguments.filename, arguments.recursive, &cluster.namespace)?;
    if files.policies.is_empty() {
        return Err(PolicyFailure::NoPolicy.into());
    }
    let mut before = Vec::new();
    for namespace in &files.namespaces {
        before.extend(stored(&cluster, namespace).await?);
    }
    let after = applied(&before, files.policies, arguments.prune);
    Ok((before, after))
}
