//! `strongroom ref`: SecretRefs, by which pods get objects of a vault as files.

mod create;
mod patch;
mod show;
mod stanza;

use std::process::ExitCode;

use kube::{Api, ResourceExt as _, api::PostParams};
use strongroom_core::{AccountName, NamespaceName, SecretRefName, VaultRef};
use strongroom_crds::SecretRef;

use crate::{
    Failure,
    arguments::{Global, NewReference, ReferenceCommand, ReferenceSubcommand, ResourcePath},
    cluster::{Cluster, vault_namespace},
    failure::PolicyFailure,
    manifest,
    output::{AnswerOutput, ObjectOutput},
    printed::{Outcome, Printed},
};
use stanza::Stanza;
pub(crate) use stanza::{DRIVER, REFERENCE_ATTRIBUTE};

/// Runs the command.
pub(crate) async fn run(command: ReferenceCommand, global: &Global) -> Result<ExitCode, Failure> {
    let printed = match command.command {
        ReferenceSubcommand::Create(arguments) => create(arguments, global).await?,
        ReferenceSubcommand::Show { name } => show(&name, global).await?,
    };
    Outcome::from(printed).conclude(global)
}

async fn create(arguments: NewReference, global: &Global) -> Result<Printed, Failure> {
    let output = ObjectOutput::of(global.output())?;
    let (name, vault, account) = who(&arguments, global).await?;
    let reference = create::reference(&name, &vault, &account, &arguments.file)?;
    let stanza = Stanza::of(name.name.as_str(), arguments.mount_path);
    if let Some(workload) = &arguments.patch {
        // A patch is not an object, and has no name.
        let output = AnswerOutput::of(global.output())?;
        let containers = patch::containers(workload, arguments.container, &account, global).await?;
        return manifest::printed(&[patch::patch(&stanza, &containers)], output);
    }
    if arguments.apply {
        return apply(&name, &reference, output, global).await;
    }
    match output {
        ObjectOutput::Json => Printed::json(&reference),
        ObjectOutput::Name => Ok(Printed::Text(create::resource(&name))),
        ObjectOutput::Text => {
            let yaml = manifest::yaml(std::slice::from_ref(&reference))?;
            Ok(Printed::Text(format!("{yaml}{}", stanza.comment()?)))
        }
    }
}

/// The SecretRef, the vault and the account that the arguments mean. The kubeconfig is read only where its namespace is needed.
async fn who(
    arguments: &NewReference,
    global: &Global,
) -> Result<(SecretRefName, VaultRef, AccountName), Failure> {
    let named = (&arguments.name.namespace, &arguments.service_account.namespace);
    let own = match named {
        (Some(one), Some(other)) if one != other => return Err(PolicyFailure::TwoNamespaces.into()),
        (Some(namespace), _) | (None, Some(namespace)) => Some(namespace.clone()),
        (None, None) => None,
    };
    let is_known = own.is_some() && arguments.vault.namespace().is_some();
    let given: Option<NamespaceName> = if is_known {
        None
    } else {
        Some(vault_namespace(global).await?)
    };
    let missing = || Failure::NoVault;
    let namespace = own.or_else(|| given.clone()).ok_or_else(missing)?;
    let in_vault = arguments
        .vault
        .namespace()
        .cloned()
        .or(given)
        .ok_or_else(missing)?;
    let name = SecretRefName {
        namespace: namespace.clone(),
        name: arguments.name.name.clone(),
    };
    let account = AccountName {
        namespace,
        name: arguments.service_account.name.clone(),
    };
    Ok((name, arguments.vault.clone().in_namespace(&in_vault), account))
}

async fn apply(
    name: &SecretRefName,
    reference: &SecretRef,
    output: ObjectOutput,
    global: &Global,
) -> Result<Printed, Failure> {
    let cluster = Cluster::connect(global).await?;
    let references: Api<SecretRef> = cluster.namespaced(&name.namespace);
    let created = references
        .create(&PostParams::default(), reference)
        .await
        .map_err(Failure::cluster(
            "create",
            "secretrefs.strongroom.dev",
            &name.namespace,
        ))?;
    match output {
        ObjectOutput::Json => Printed::json(&created),
        ObjectOutput::Name => Ok(Printed::Text(create::resource(name))),
        ObjectOutput::Text => Ok(Printed::Text(format!("SecretRef {name} created\n"))),
    }
}

async fn show(path: &ResourcePath, global: &Global) -> Result<Printed, Failure> {
    let output = AnswerOutput::of(global.output())?;
    let cluster = Cluster::connect(global).await?;
    let namespace = path.namespace_or(&cluster.namespace);
    let references: Api<SecretRef> = cluster.namespaced(namespace);
    let reference = references
        .get(path.name.as_str())
        .await
        .map_err(Failure::cluster("get", "secretrefs.strongroom.dev", namespace))?;
    let name = format!("{namespace}/{}", reference.name_any());
    show::printed(&show::report(&name, &reference), output)
}
