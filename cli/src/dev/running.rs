//! The vault that runs, as a client of it: the account that it was started with.

use std::path::PathBuf;

use super::environment;
use crate::{
    arguments::{DirectFlags, Global, RunningOptions, Selection},
    failure::{DevFailure, Failure},
    session::{Destination, Session},
};

/// Opens it.
pub(super) async fn open(options: &RunningOptions, global: &Global) -> Result<Session, Failure> {
    let selection = selection(&environment::running(options)?.variables)?;
    // Its name has the namespace.
    let global = Global {
        namespace: None,
        ..global.clone()
    };
    Destination::of(selection, &global)?.open(&global).await
}

/// What the variables of a vault say. All of it: what this process's own say leads elsewhere.
fn selection(variables: &[(String, String)]) -> Result<Selection, Failure> {
    let variable = |name: &str| {
        let found = variables.iter().find(|(known, _)| known == name);
        found
            .map(|(_, value)| value.clone())
            .ok_or(DevFailure::NotRunning)
    };
    let vault = variable("STRONGROOM_VAULT")?;
    Ok(Selection {
        vault: Some(vault.parse().map_err(|_| DevFailure::NotRunning)?),
        service_account: None,
        direct: DirectFlags {
            url: Some(variable("VAULT_URL")?),
            login_url: Some(variable("AZURE_AUTHORITY_HOST")?),
            token_file: Some(PathBuf::from(variable("AZURE_FEDERATED_TOKEN_FILE")?)),
            ca: Some(PathBuf::from(variable("STRONGROOM_CA")?)),
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_says_less_leads_nowhere_else() {
        let names = [
            "STRONGROOM_VAULT",
            "VAULT_URL",
            "AZURE_AUTHORITY_HOST",
            "AZURE_FEDERATED_TOKEN_FILE",
            "STRONGROOM_CA",
        ];
        let all: Vec<(String, String)> = names.map(|name| (name.to_owned(), "dev/dev".to_owned())).into();
        assert!(selection(&all).is_ok());
        for missing in 0..all.len() {
            let mut some = all.clone();
            some.remove(missing);
            assert!(selection(&some).is_err(), "{missing}");
        }
    }
}
