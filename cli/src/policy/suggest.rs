//! `strongroom policy suggest`: the narrowest policies by which an account reads what a SecretRef names.

mod narrowest;
mod pod;

use k8s_openapi::api::core::v1::Pod;
use strongroom_core::AccountName;
use strongroom_crds::{AccessPolicy, SecretRef, secret_ref::SecretRefFile};

use super::{
    check::{account_of, get_pod},
    files::Files,
    source::home,
};
use crate::{
    Failure,
    arguments::{Global, PolicySuggest, ResourcePath},
    cluster::Cluster,
    failure::PolicyFailure,
    manifest,
    output::AnswerOutput,
    printed::Printed,
    terminal,
};
use narrowest::{account_of_reference, narrowest, path_of};

pub(super) async fn run(arguments: PolicySuggest, global: &Global) -> Result<Printed, Failure> {
    let output = AnswerOutput::of(global.output())?;
    let policies = match (arguments.wanted.reference, arguments.wanted.denied) {
        (Some(path), _) if !arguments.manifests.is_empty() => {
            let home = home(global)?;
            let manifests = &arguments.manifests;
            let files = Files::read(&manifests.filename, manifests.recursive, &home)?;
            let name = format!("{}/{}", path.namespace_or(&home), path.name);
            let mut references = files.references.iter();
            let reference = references
                .find(|reference| path_of(reference) == name)
                .ok_or(PolicyFailure::NoReference(name))?;
            of_reference(reference)?
        }
        (Some(path), _) => {
            let cluster = Cluster::connect(global).await?;
            of_reference(&reference(&cluster, &path).await?)?
        }
        (None, Some(path)) => of_pod(&path, global).await?,
        // The grammar has exactly one of the two.
        (None, None) => Vec::new(),
    };
    if policies.is_empty() {
        terminal::complain("The SecretRef names no object of a vault: it needs no AccessPolicy.");
    }
    manifest::printed(&policies, output)
}

/// What the account of a SecretRef needs.
fn of_reference(reference: &SecretRef) -> Result<Vec<AccessPolicy>, PolicyFailure> {
    let files: Vec<_> = reference.spec.files.iter().collect();
    narrowest(reference, &account_of_reference(reference)?, &files)
}

/// What the account of a pod is refused of what its volumes name.
async fn of_pod(path: &ResourcePath, global: &Global) -> Result<Vec<AccessPolicy>, Failure> {
    let cluster = Cluster::connect(global).await?;
    let pod = get_pod(&cluster, path).await?;
    let account = account_of(&pod, path, &cluster)?;
    let mut policies = Vec::new();
    for reference in references_of(&cluster, &pod, &account).await? {
        let files: Vec<&SecretRefFile> = pod::refused(&reference, &account);
        if !files.is_empty() {
            policies.extend(narrowest(&reference, &account, &files)?);
        }
    }
    if policies.is_empty() {
        return Err(PolicyFailure::NothingRefused(format!("{}/{}", account.namespace, path.name)).into());
    }
    Ok(policies)
}

/// The SecretRefs that a pod mounts.
async fn references_of(
    cluster: &Cluster,
    pod: &Pod,
    account: &AccountName,
) -> Result<Vec<SecretRef>, Failure> {
    let names = pod::references(pod);
    if names.is_empty() {
        let name = pod.metadata.name.as_deref().unwrap_or_default();
        return Err(PolicyFailure::NoVolume(format!("{}/{name}", account.namespace)).into());
    }
    let references: kube::Api<SecretRef> = cluster.namespaced(&account.namespace);
    let mut found = Vec::new();
    for name in names {
        let failed = Failure::cluster("get", "secretrefs.strongroom.dev", &account.namespace);
        found.push(references.get(name).await.map_err(failed)?);
    }
    Ok(found)
}

async fn reference(cluster: &Cluster, path: &ResourcePath) -> Result<SecretRef, Failure> {
    let namespace = path.namespace_or(&cluster.namespace);
    let references: kube::Api<SecretRef> = cluster.namespaced(namespace);
    let found = references.get(path.name.as_str()).await;
    found.map_err(Failure::cluster("get", "secretrefs.strongroom.dev", namespace))
}
