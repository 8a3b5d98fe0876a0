//! `strongroom policy check`: one question, and how far the vault has confirmed the answer.

use k8s_openapi::api::core::v1::{Pod, ServiceAccount};
use kube::Api;
use strongroom_core::{AccountName, VaultRef};
use strongroom_crds::Vault;

use super::{
    answer as shown,
    decide::{Existence, PolicyQuestion, answer},
    source::Source,
};
use crate::{
    Failure,
    arguments::{Asker, Check, Global, ResourcePath},
    cluster::Cluster,
    failure::PolicyFailure,
    output::ObjectOutput,
    printed::Outcome,
};

/// The account of a pod that names none.
const DEFAULT_ACCOUNT: &str = "default";

pub(super) async fn run(check: Check, global: &Global) -> Result<Outcome, Failure> {
    let output = ObjectOutput::of(global.output())?;
    global.check(&check.vault)?;
    let source = Source::open(check.vault.namespace(), &check.manifests, global).await?;
    let vault = check.vault.in_namespace(&source.namespace);
    let (account, existence) = account(check.asker, source.cluster.as_ref()).await?;
    let question = PolicyQuestion {
        vault: vault.clone(),
        account,
        permission: check.permission,
        object: check.object,
    };
    let mut answer = answer(&question, existence, source.origin(), &source.policies);
    if let Some(cluster) = &source.cluster {
        answer.enforced_generation = enforced_generation(cluster, &vault).await?;
    }
    Ok(Outcome {
        printed: shown::answer(&answer, output)?,
        is_yes: answer.allowed,
    })
}

/// Who asks, and what is known of that account. A pod that runs has an account that exists.
async fn account(asker: Asker, cluster: Option<&Cluster>) -> Result<(AccountName, Existence), Failure> {
    match (asker.service_account, asker.pod, cluster) {
        (Some(account), _, Some(cluster)) => {
            let existence = existence(cluster, &account).await?;
            Ok((account, existence))
        }
        (Some(account), _, None) => Ok((account, Existence::Assumed)),
        (None, Some(pod), Some(cluster)) => {
            let account = account_of(&get_pod(cluster, &pod).await?, &pod, cluster)?;
            Ok((account, Existence::Exists))
        }
        // The grammar has exactly one of the two, and a pod of no file.
        (None, _, _) => Err(PolicyFailure::Account(String::new()).into()),
    }
}

/// Whether there is such an account. The answer is worth something to who may not see that, too.
async fn existence(cluster: &Cluster, account: &AccountName) -> Result<Existence, Failure> {
    let accounts: Api<ServiceAccount> = cluster.namespaced(&account.namespace);
    let found = accounts
        .get_metadata_opt(account.name.as_str())
        .await
        .map_err(Failure::cluster("get", "serviceaccounts", &account.namespace));
    match found {
        Ok(Some(_)) => Ok(Existence::Exists),
        Ok(None) => Ok(Existence::Missing),
        Err(failure) if failure.is_forbidden() => Ok(Existence::Assumed),
        Err(failure) => Err(failure),
    }
}

/// A pod of the cluster.
pub(super) async fn get_pod(cluster: &Cluster, path: &ResourcePath) -> Result<Pod, Failure> {
    let namespace = path.namespace_or(&cluster.namespace);
    let pods: Api<Pod> = cluster.namespaced(namespace);
    let pod = pods.get(path.name.as_str()).await;
    pod.map_err(Failure::cluster("get", "pods", namespace))
}

/// The account that a pod runs as.
pub(super) fn account_of(pod: &Pod, path: &ResourcePath, cluster: &Cluster) -> Result<AccountName, Failure> {
    let named = pod
        .spec
        .as_ref()
        .and_then(|spec| spec.service_account_name.as_deref());
    let name = named.filter(|name| !name.is_empty()).unwrap_or(DEFAULT_ACCOUNT);
    Ok(AccountName {
        namespace: path.namespace_or(&cluster.namespace).clone(),
        name: name
            .parse()
            .map_err(|_| PolicyFailure::Account(name.to_owned()))?,
    })
}

/// The generation by which every replica decides, as the Vault says; `None` where it says nothing, or not to everybody.
async fn enforced_generation(cluster: &Cluster, vault: &VaultRef) -> Result<Option<String>, Failure> {
    let vaults: Api<Vault> = cluster.namespaced(&vault.namespace);
    let found = vaults
        .get_opt(vault.name.as_str())
        .await
        .map_err(Failure::cluster("get", "vaults.strongroom.dev", &vault.namespace));
    match found {
        Ok(found) => {
            let policy = found
                .and_then(|vault| vault.status)
                .and_then(|status| status.policy);
            Ok(policy.map(|policy| policy.generation))
        }
        Err(failure) if failure.is_forbidden() => Ok(None),
        Err(failure) => Err(failure),
    }
}
