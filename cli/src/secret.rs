//! `strongroom secret`: one command, one request.

mod show;

use std::{
    io::{IsTerminal, Write},
    process::ExitCode,
};

use secrecy::ExposeSecret;
use strongroom_client::vault::{NewAttributes, NewSecret, Secret, SecretChange, SecretItem};
use strongroom_core::{AccountName, ObjectName, Permission, VaultRef, Version};

use crate::{
    Failure,
    arguments::{Change, Global, Output, SecretArguments, SecretCommand},
    cluster::Cluster,
    session::{Acting, Session},
    terminal, value,
};

/// The most secrets that a list shows.
const MAX_LISTED: usize = 100_000;

/// Runs one command. Reads the value before it calls any server.
pub(crate) async fn run(arguments: SecretArguments, global: &Global) -> Result<ExitCode, Failure> {
    let vault = arguments.vault.ok_or(Failure::NoVault)?;
    global.check(&vault)?;
    let new = match &arguments.command {
        SecretCommand::Set { change, .. } => Some(new_secret(change)?),
        SecretCommand::Get { .. } | SecretCommand::List | SecretCommand::Delete { .. } => None,
    };
    let cluster = Cluster::connect(global).await?;
    let vault = vault.in_namespace(&cluster.namespace);
    let acting = match arguments.service_account {
        Some(account) => Acting {
            account,
            by_default: false,
        },
        None => default_account(&vault)?,
    };
    let session = Session::open(&cluster, vault, acting).await?;
    match (arguments.command, new) {
        (SecretCommand::Set { name, .. }, Some(new)) => set(&session, &name, &new, global.output).await?,
        (SecretCommand::Set { .. }, None) => return Err(Failure::NoValue),
        (SecretCommand::Get { name, version, raw }, _) => {
            let secret = get(&session, &name, version.as_ref()).await?;
            match global.output {
                None => print_value(&secret, raw)?,
                output => show::item(&SecretItem::from(&secret), "", output)?,
            }
        }
        (SecretCommand::List, _) => list(&session, global.output).await?,
        (SecretCommand::Delete { name }, _) => delete(&session, &name, global.output).await?,
    }
    Ok(ExitCode::SUCCESS)
}

/// The account that every namespace has.
fn default_account(vault: &VaultRef) -> Result<Acting, Failure> {
    let account = AccountName {
        namespace: vault.namespace.clone(),
        name: "default".parse().map_err(|_| Failure::NoToken)?,
    };
    Ok(Acting {
        account,
        by_default: true,
    })
}

fn new_secret(change: &Change) -> Result<NewSecret, Failure> {
    let tags = change.tags.iter().cloned().collect();
    Ok(NewSecret {
        value: value::read(change.from_file.as_deref(), change.trim_newline)?,
        about: SecretChange {
            content_type: change.content_type.clone(),
            attributes: NewAttributes {
                enabled: Some(!change.disabled),
                nbf: None,
                exp: None,
            },
            tags: Some(tags).filter(|tags: &std::collections::BTreeMap<_, _>| !tags.is_empty()),
        },
    })
}

async fn set(
    session: &Session,
    name: &ObjectName,
    new: &NewSecret,
    output: Option<Output>,
) -> Result<(), Failure> {
    let secret = session
        .vault
        .set_secret(&session.token, name, new)
        .await
        .map_err(session.failed(Permission::SecretSet, Some(name)))?;
    show::item(&SecretItem::from(&secret), "set", output)
}

async fn get(session: &Session, name: &ObjectName, version: Option<&Version>) -> Result<Secret, Failure> {
    session
        .vault
        .get_secret(&session.token, name, version)
        .await
        .map_err(session.failed(Permission::SecretGet, Some(name)))
}

/// The value as it is; on a terminal, with the newline that the next prompt needs, and only `raw` where the terminal would
/// not show it but obey it.
fn print_value(secret: &Secret, raw: bool) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    let (value, is_terminal) = (secret.value.expose_secret(), out.is_terminal());
    check_shown(value, is_terminal, raw)?;
    out.write_all(value.as_bytes())?;
    if is_terminal {
        out.write_all(b"\n")?;
    }
    Ok(out.flush()?)
}

/// Whether a value may be printed as it is.
fn check_shown(value: &str, is_terminal: bool, raw: bool) -> Result<(), Failure> {
    if is_terminal && !raw && !terminal::is_plain(value) {
        Err(Failure::ValueControls)
    } else {
        Ok(())
    }
}

async fn list(session: &Session, output: Option<Output>) -> Result<(), Failure> {
    let items = session
        .vault
        .all_secrets(&session.token, MAX_LISTED)
        .await
        .map_err(session.failed(Permission::SecretList, None))?;
    show::items(
        &items,
        session.account(),
        jiff::Timestamp::now().as_second(),
        output,
    )
}

async fn delete(session: &Session, name: &ObjectName, output: Option<Output>) -> Result<(), Failure> {
    let deleted = session
        .vault
        .delete_secret(&session.token, name)
        .await
        .map_err(session.failed(Permission::SecretDelete, Some(name)))?;
    show::deleted(&deleted, output)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_that_a_terminal_would_obey_goes_to_a_pipe_and_raw_to_a_terminal_alone() {
        let hostile = "a\u{1b}[2J";
        for (value, is_terminal, raw, is_shown) in [
            (hostile, true, false, false),
            (hostile, true, true, true),
            (hostile, false, false, true),
            ("p4ss\nword", true, false, true),
        ] {
            let checked = check_shown(value, is_terminal, raw);
            assert_eq!(checked.is_ok(), is_shown, "{value:?} {is_terminal} {raw}");
        }
    }
}
