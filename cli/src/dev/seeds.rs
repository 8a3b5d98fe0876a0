//! Secrets from files: read before anything starts, and set in the vault that runs.

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

use strongroom_client::vault::VaultError;
use strongroom_core::Permission;
use strongroom_dev::{
    seed::{self, Seed},
    tracked::is_tracked,
};

use crate::{
    failure::{DevFailure, Failure},
    session::Session,
    terminal,
};

/// The secrets of all files. Says which of them Git keeps, with the values that stand in them.
pub(super) fn read(files: &[PathBuf]) -> Result<Vec<Seed>, Failure> {
    let mut seeds = Vec::new();
    for file in files {
        seeds.extend(seed::read(file).map_err(DevFailure::from)?);
        warn_of_tracked(file);
    }
    Ok(seeds)
}

fn warn_of_tracked(file: &Path) {
    if seed::has_literal_values(file) && is_tracked(file) {
        terminal::complain(&format!(
            "Warning: {} has values in it and is tracked by git: whoever has the repository has them. Use valueFrom, or git rm \
             --cached",
            file.display()
        ));
    }
}

/// Sets those that are not there.
pub(super) async fn set(session: &Session, seeds: Vec<Seed>) -> Result<ExitCode, Failure> {
    let (mut set, mut present) = (0, 0);
    for Seed { name, secret } in seeds {
        let (vault, token) = (&session.vault, &session.token);
        match vault.get_secret(token, &name, None).await {
            Ok(_) => present += 1,
            // It is there, and disabled.
            Err(VaultError::Refused(refusal)) if refusal.is_disabled() => present += 1,
            Err(VaultError::Refused(refusal)) if refusal.status == http::StatusCode::NOT_FOUND => {
                let done = vault.set_secret(token, &name, &secret).await;
                done.map_err(session.failed(Permission::SecretSet, Some(&name)))?;
                set += 1;
            }
            Err(error) => return Err(session.failed(Permission::SecretGet, Some(&name))(error)),
        }
    }
    terminal::print(&format!("{set} secrets set, {present} were there already\n"))?;
    Ok(ExitCode::SUCCESS)
}
