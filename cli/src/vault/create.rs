//! `strongroom vault create`.

use std::{process::ExitCode, time::Instant};

use kube::{Api, api::PostParams};
use strongroom_core::{NamespaceName, VaultRef};
use strongroom_crds::{
    ApiError, Vault, VaultSpec,
    vault::{EmbeddedStorage, SoftDelete, Storage, StorageType},
};

use super::wait::{self, Goal};
use crate::{
    arguments::{Global, VaultCreateArguments},
    cluster::{self, Cluster},
    failure::{Failure, VaultObjectFailure},
    output::{Form, ObjectOutput},
    printed::{Outcome, Printed},
};

/// As whom the API server notes fields.
const FIELD_MANAGER: &str = "strongroom";

/// Runs the command.
pub(super) async fn run(arguments: VaultCreateArguments, global: &Global) -> Result<ExitCode, Failure> {
    global.check(&arguments.vault)?;
    let output = ObjectOutput::of(global.output())?;
    if arguments.apply {
        return apply(arguments, output, global).await;
    }
    let namespace = match arguments.vault.namespace() {
        Some(namespace) => Some(namespace.clone()),
        // Without a kubeconfig, whoever applies the manifest says where.
        None if global.namespace.is_none() => cluster::vault_namespace(global).await.ok(),
        None => Some(cluster::vault_namespace(global).await?),
    };
    let manifest = manifest(&arguments, namespace.as_ref());
    // A manifest is YAML unless another form is asked for.
    let form = match (&global.output, global.form()) {
        (None, _) => Form::Yaml,
        (Some(_), form) => form,
    };
    match output {
        ObjectOutput::Name => Printed::Text(format!("{}\n", path(&manifest))),
        ObjectOutput::Text | ObjectOutput::Json => Printed::json(&manifest)?,
    }
    .print(&form)?;
    Ok(ExitCode::SUCCESS)
}

/// Makes the vault, and waits for it.
async fn apply(
    arguments: VaultCreateArguments,
    output: ObjectOutput,
    global: &Global,
) -> Result<ExitCode, Failure> {
    let cluster = Cluster::connect(global).await?;
    let begun = Instant::now();
    let vault = arguments.vault.clone().in_namespace(&cluster.namespace);
    make(&cluster, &vault, &manifest(&arguments, Some(&vault.namespace))).await?;
    let seen = wait::until(&cluster, &vault, Goal::Ready, arguments.timeout).await?;
    let printed = match output {
        ObjectOutput::Text => {
            let at = seen
                .status
                .uri
                .map(|uri| format!(" at {uri}"))
                .unwrap_or_default();
            Printed::Text(format!(
                "vault {vault} created, ready{at} after {} s\n",
                begun.elapsed().as_secs()
            ))
        }
        ObjectOutput::Name => Printed::Text(format!("{vault}\n")),
        ObjectOutput::Json => {
            let api: Api<Vault> = cluster.namespaced(&vault.namespace);
            let made = api.get(vault.name.as_str()).await;
            Printed::json(&made.map_err(Failure::cluster(
                "get",
                "vaults.strongroom.dev",
                &vault.namespace,
            ))?)?
        }
    };
    Outcome::from(printed).conclude(global)
}

async fn make(cluster: &Cluster, vault: &VaultRef, manifest: &Vault) -> Result<(), Failure> {
    let api: Api<Vault> = cluster.namespaced(&vault.namespace);
    let params = PostParams {
        field_manager: Some(FIELD_MANAGER.to_owned()),
        ..PostParams::default()
    };
    match api.create(&params, manifest).await.map_err(ApiError::from) {
        Ok(_) => Ok(()),
        Err(error) if error.code() == Some(409) => Err(VaultObjectFailure::Exists(vault.clone()).into()),
        Err(source) => Err(Failure::Cluster {
            verb: "create",
            resource: "vaults.strongroom.dev",
            namespace: vault.namespace.clone(),
            source,
        }),
    }
}

/// The vault that the flags describe; everything else has its default.
fn manifest(arguments: &VaultCreateArguments, namespace: Option<&NamespaceName>) -> Vault {
    let usual = EmbeddedStorage::default();
    let usual_soft_delete = SoftDelete::default();
    let spec = VaultSpec {
        storage: Storage {
            type_: StorageType::Embedded,
            embedded: Some(EmbeddedStorage {
                size: arguments.storage.clone().unwrap_or(usual.size),
                storage_class_name: arguments.storage_class.clone(),
            }),
        },
        soft_delete: SoftDelete {
            retention_days: arguments
                .retention_days
                .unwrap_or(usual_soft_delete.retention_days),
            purge_protection: arguments.purge_protection,
        },
        ..VaultSpec::default()
    };
    let mut vault = Vault::new(arguments.vault.name().as_str(), spec);
    vault.metadata.namespace = namespace.map(ToString::to_string);
    vault
}

fn path(vault: &Vault) -> String {
    let name = vault.metadata.name.as_deref().unwrap_or_default();
    match &vault.metadata.namespace {
        Some(namespace) => format!("{namespace}/{name}"),
        None => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;
    use crate::arguments::{Arguments, Command, VaultCommand};

    fn of(line: &str) -> serde_json::Value {
        let words = ["strongroom", "vault", "create"]
            .into_iter()
            .chain(line.split(' '));
        let Command::Vault(arguments) = Arguments::try_parse_from(words).unwrap().command else {
            panic!("{line}")
        };
        let VaultCommand::Create(create) = arguments.command else {
            panic!("{line}")
        };
        let namespace = create.vault.namespace().cloned();
        serde_json::to_value(manifest(&create, namespace.as_ref())).unwrap()
    }

    #[test]
    fn the_flags_say_what_the_manifest_says_and_the_rest_is_what_a_vault_has_by_default() {
        let usual = of("prod");
        assert_eq!(usual["metadata"], serde_json::json!({"name": "prod"}));
        assert_eq!(usual["spec"], serde_json::to_value(VaultSpec::default()).unwrap());
        assert!(usual.get("status").is_none(), "{usual}");
        let other =
            of("team-a/prod --storage 10Gi --storage-class fast --retention-days 30 --purge-protection");
        assert_eq!(other["metadata"]["namespace"], "team-a");
        assert_eq!(
            other["spec"]["storage"]["embedded"],
            serde_json::json!({"size": "10Gi", "storageClassName": "fast"})
        );
        assert_eq!(
            other["spec"]["softDelete"],
            serde_json::json!({"retentionDays": 30, "purgeProtection": true})
        );
    }
}
