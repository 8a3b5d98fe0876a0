//! `strongroom vault pause` and `resume`.

use std::process::ExitCode;

use kube::api::{Patch, PatchParams};
use serde_json::{Value, json};
use strongroom_core::VaultRef;
use strongroom_crds::ApiError;

use super::{
    seen::{self, SeenVault},
    wait::{self, Goal},
};
use crate::{
    arguments::{Global, VaultChangeArguments},
    cluster::Cluster,
    failure::{Failure, VaultObjectFailure},
    output::ObjectOutput,
    printed::{Outcome, Printed},
};

/// Runs the command: `pauses` says which.
pub(super) async fn run(
    arguments: VaultChangeArguments,
    pauses: bool,
    global: &Global,
) -> Result<ExitCode, Failure> {
    let output = ObjectOutput::of(global.output())?;
    let (cluster, vault) = super::found(arguments.vault, global).await?;
    // Where nobody pauses, the field is absent, so that a manifest in Git has nothing to differ by.
    let change = json!({"spec": {"paused": pauses.then_some(true)}});
    patch(&cluster, &vault, &change).await?;
    let (goal, done) = if pauses {
        (Goal::Paused, "paused")
    } else {
        (Goal::Ready, "resumed")
    };
    let seen = wait::until(&cluster, &vault, goal, arguments.timeout).await?;
    Outcome::from(printed(&seen, done, output)?).conclude(global)
}

fn printed(seen: &SeenVault, done: &str, output: ObjectOutput) -> Result<Printed, Failure> {
    let path = seen.path();
    match output {
        ObjectOutput::Text => Ok(Printed::Text(format!("vault {path} {done}\n"))),
        ObjectOutput::Name => Ok(Printed::Text(format!("{path}\n"))),
        ObjectOutput::Json => Printed::json(&json!({
            "apiVersion": crate::output::API_VERSION, "kind": "VaultChange",
            "namespace": seen.namespace, "name": seen.name, "paused": seen.is_paused, "ready": seen.is_ready(),
        })),
    }
}

/// Changes a part of the vault (RFC 7386).
pub(super) async fn patch(cluster: &Cluster, vault: &VaultRef, change: &Value) -> Result<(), Failure> {
    let params = PatchParams {
        field_manager: Some("strongroom".to_owned()),
        ..PatchParams::default()
    };
    let patched = seen::api(cluster, vault)
        .patch(vault.name.as_str(), &params, &Patch::Merge(change))
        .await;
    match patched.map_err(ApiError::from) {
        Ok(_) => Ok(()),
        Err(error) if error.code() == Some(404) => Err(VaultObjectFailure::None(vault.clone()).into()),
        Err(source) => Err(Failure::Cluster {
            verb: "patch",
            resource: "vaults.strongroom.dev",
            namespace: vault.namespace.clone(),
            source,
        }),
    }
}
