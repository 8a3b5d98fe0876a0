//! `strongroom vault`: vaults as a whole.

mod accept;
mod create;
mod list;
#[cfg(unix)]
mod open;
mod pause;
mod progress;
mod seen;
mod status;
mod wait;

use std::process::ExitCode;

use strongroom_core::VaultRef;

use crate::{
    arguments::{Global, VaultArguments, VaultCommand, VaultPath},
    cluster::Cluster,
    failure::Failure,
};

pub(crate) use seen::{Mark, SeenVault, list as list_vaults};

/// Runs the command.
pub(crate) async fn run(arguments: VaultArguments, global: &Global) -> Result<ExitCode, Failure> {
    match arguments.command {
        VaultCommand::List(list) => list::run(&list, global).await,
        VaultCommand::Status(status) => status::run(status, global).await,
        VaultCommand::Create(create) => create::run(create, global).await,
        #[cfg(unix)]
        VaultCommand::Open(open) => open::run(open, global).await,
        VaultCommand::Pause(change) => pause::run(change, true, global).await,
        VaultCommand::Resume(change) => pause::run(change, false, global).await,
        VaultCommand::AcceptRollback(accept) => accept::run(accept, global).await,
    }
}

/// The cluster, and which of its vaults is meant.
async fn found(path: VaultPath, global: &Global) -> Result<(Cluster, VaultRef), Failure> {
    global.check(&path)?;
    let cluster = Cluster::connect(global).await?;
    let vault = path.in_namespace(&cluster.namespace);
    Ok((cluster, vault))
}
