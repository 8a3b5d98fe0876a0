//! `strongroom policy check`: the decision by the policies as they are, and how far the vault has confirmed them.

mod decide;
mod read;
mod show;
mod stored;

use std::process::ExitCode;

use k8s_openapi::api::core::v1::ServiceAccount;
use kube::{Api, api::DynamicObject};
use strongroom_core::{AccountName, NamespaceName, Uid, VaultRef};

use crate::{
    Failure,
    arguments::{Check, Global, PolicyCommand},
    cluster::Cluster,
    output::ObjectOutput,
    printed::Outcome,
};
use decide::{PolicyQuestion, answer};
pub(crate) use stored::StoredPolicies;

/// Runs the command; the exit code is the answer.
pub(crate) async fn run(command: PolicyCommand, global: &Global) -> Result<ExitCode, Failure> {
    let crate::arguments::PolicySubcommand::Check(check) = command.command;
    global.check(&check.vault)?;
    let output = ObjectOutput::of(global.output())?;
    let cluster = Cluster::connect(global).await?;
    let vault = check.vault.clone().in_namespace(&cluster.namespace);
    let uid = uid_of(&cluster, &check.service_account).await?;
    let policies = read::policies(&policies_in(&cluster, &vault.namespace).await?);
    let answer = answer(&request(check, vault), uid.as_ref(), &policies);
    Outcome {
        printed: show::answer(&answer, output)?,
        is_yes: answer.allowed,
    }
    .conclude(global)
}

fn request(check: Check, vault: VaultRef) -> PolicyQuestion {
    PolicyQuestion {
        vault: vault.name,
        account: check.service_account,
        permission: check.permission,
        object: check.object,
    }
}

/// The account's UID, which is what policies are bound to; `None` when there is no such account.
async fn uid_of(cluster: &Cluster, account: &AccountName) -> Result<Option<Uid>, Failure> {
    let accounts: Api<ServiceAccount> = cluster.namespaced(&account.namespace);
    let found = accounts
        .get_opt(account.name.as_str())
        .await
        .map_err(Failure::cluster("get", "serviceaccounts", &account.namespace))?;
    Ok(found
        .and_then(|found| found.metadata.uid)
        .and_then(|uid| uid.parse().ok()))
}

/// The policies as they are stored: one that this release cannot read must not hide the others.
async fn policies_in(cluster: &Cluster, namespace: &NamespaceName) -> Result<Vec<DynamicObject>, Failure> {
    let kind = kube::api::ApiResource::erase::<strongroom_crds::AccessPolicy>(&());
    let api: Api<DynamicObject> = Api::namespaced_with(cluster.client.clone(), namespace.as_str(), &kind);
    let list = api.list(&kube::api::ListParams::default()).await;
    Ok(list
        .map_err(Failure::cluster(
            "list",
            "accesspolicies.strongroom.dev",
            namespace,
        ))?
        .items)
}
