//! The life cycle of objects of any kind: `list`, `versions`, `delete`, `recover`, `purge`, `backup`, `restore`.

mod show;

use std::path::{Path, PathBuf};

use strongroom_client::vault::{Backup, Octets};
use strongroom_core::ObjectName;

use crate::{
    Failure,
    arguments::LifeCommand,
    kind::CommandKind,
    new_file::NewFile,
    output::{ObjectOutput, Output},
    printed::{Printed, Refusal},
    session::Session,
    value::Source,
};
pub(crate) use show::object;

/// The most objects that a list shows.
const MAX_LISTED: usize = 100_000;

/// The longest backup that is read, in bytes: more than a vault takes.
const MAX_BACKUP: usize = 24 << 20;

/// A command that was read with everything it needs from this machine.
pub(crate) enum LifeRequest {
    List { which: Listed, output: ObjectOutput },
    Versions { name: ObjectName, output: ObjectOutput },
    Delete { name: ObjectName, output: ObjectOutput },
    Recover { name: ObjectName, output: ObjectOutput },
    Purge { name: ObjectName, output: ObjectOutput },
    Backup { name: ObjectName, to: Option<PathBuf> },
    Restore { backup: Backup, output: ObjectOutput },
}

/// Which objects are listed.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Listed {
    Live,
    /// Those, too, that have no complete version yet.
    AndPending,
    Deleted,
}

impl LifeRequest {
    /// Reads what `command` needs.
    pub(crate) fn prepare<K: CommandKind>(
        command: LifeCommand<K>,
        output: Option<Output>,
    ) -> Result<Self, Failure> {
        let objects = ObjectOutput::of(output);
        Ok(match command {
            LifeCommand::List(list) => Self::List {
                which: if list.deleted {
                    Listed::Deleted
                } else if K::lists_pending(&list.flags) {
                    Listed::AndPending
                } else {
                    Listed::Live
                },
                output: objects?,
            },
            LifeCommand::Versions(named) => Self::Versions {
                name: named.name,
                output: objects?,
            },
            LifeCommand::Delete(named) => Self::Delete {
                name: named.name,
                output: objects?,
            },
            LifeCommand::Recover(named) => Self::Recover {
                name: named.name,
                output: objects?,
            },
            LifeCommand::Purge(named) => Self::Purge {
                name: named.name,
                output: objects?,
            },
            LifeCommand::Backup(backup) => match output {
                None => Self::Backup {
                    name: backup.named.name,
                    to: backup.to_file.filter(|path| path != Path::new("-")),
                },
                Some(given) => return Err(Failure::NoOutput(given)),
            },
            LifeCommand::Restore(restore) => {
                let output = objects?;
                let bytes = Source::open(restore.from_file.as_deref())?.bytes(MAX_BACKUP)?;
                let value = Octets::from(bytes.ok_or(Failure::BackupTooLong)?);
                Self::Restore {
                    backup: Backup { value },
                    output,
                }
            }
        })
    }

    /// Does it with an object of kind `K`.
    pub(crate) async fn perform<K: CommandKind>(self, session: &Session) -> Result<Printed, Failure> {
        match self {
            Self::List { which, output } => list::<K>(session, which, output).await,
            Self::Versions { name, output } => versions::<K>(session, &name, output).await,
            Self::Delete { name, output } => delete::<K>(session, &name, output).await,
            Self::Recover { name, output } => recover::<K>(session, &name, output).await,
            Self::Purge { name, output } => purge::<K>(session, &name, output).await,
            Self::Backup { name, to } => backup::<K>(session, &name, to.as_deref()).await,
            Self::Restore { backup, output } => restore::<K>(session, &backup, output).await,
        }
    }
}

async fn list<K: CommandKind>(
    session: &Session,
    which: Listed,
    output: ObjectOutput,
) -> Result<Printed, Failure> {
    let (vault, token) = (&session.vault, &session.token);
    let listed = match which {
        Listed::Live => vault.list_all::<K>(token, MAX_LISTED).await,
        Listed::AndPending => vault.list_all_and_pending::<K>(token, MAX_LISTED).await,
        Listed::Deleted => return list_deleted::<K>(session, output).await,
    };
    let items = listed.map_err(session.failed(K::PERMISSIONS.list, None))?;
    show::items::<K>(&items, session.account(), now(), output)
}

async fn list_deleted<K: CommandKind>(session: &Session, output: ObjectOutput) -> Result<Printed, Failure> {
    let items = session
        .vault
        .list_deleted::<K>(&session.token, MAX_LISTED)
        .await
        .map_err(session.failed(K::PERMISSIONS.list, None))?;
    show::deleted_items::<K>(&items, session.account(), now(), output)
}

async fn versions<K: CommandKind>(
    session: &Session,
    name: &ObjectName,
    output: ObjectOutput,
) -> Result<Printed, Failure> {
    let items = session
        .vault
        .list_versions::<K>(&session.token, name, MAX_LISTED)
        .await
        .map_err(session.failed(K::PERMISSIONS.list, Some(name)))?;
    show::versions::<K>(&items, name, now(), output)
}

async fn delete<K: CommandKind>(
    session: &Session,
    name: &ObjectName,
    output: ObjectOutput,
) -> Result<Printed, Failure> {
    let deleted = session
        .vault
        .delete::<K>(&session.token, name)
        .await
        .map_err(session.failed(K::PERMISSIONS.delete, Some(name)))?;
    show::deleted::<K>(&deleted, output)
}

async fn recover<K: CommandKind>(
    session: &Session,
    name: &ObjectName,
    output: ObjectOutput,
) -> Result<Printed, Failure> {
    let recovered = session
        .vault
        .recover_deleted::<K>(&session.token, name)
        .await
        .map_err(session.failed(K::PERMISSIONS.recover, Some(name)))?;
    object::<K>(&recovered, "recovered", output)
}

async fn purge<K: CommandKind>(
    session: &Session,
    name: &ObjectName,
    output: ObjectOutput,
) -> Result<Printed, Failure> {
    session
        .vault
        .purge_deleted::<K>(&session.token, name)
        .await
        .map_err(session.failed(K::PERMISSIONS.purge, Some(name)))?;
    show::purged::<K>(name, output)
}

async fn backup<K: CommandKind>(
    session: &Session,
    name: &ObjectName,
    to: Option<&Path>,
) -> Result<Printed, Failure> {
    // Before the vault is asked: it would be of no use to take a backup that has no place.
    let file = to.map(|path| NewFile::create("backup", path)).transpose()?;
    let backup = session
        .vault
        .backup::<K>(&session.token, name)
        .await
        .map_err(session.failed(K::PERMISSIONS.backup, Some(name)))?;
    match file {
        Some(file) => {
            let path = file.write(backup.value.as_bytes())?;
            let kind = K::KIND.singular();
            Ok(Printed::Done(format!(
                "{kind}/{name} backed up to {}\n",
                path.display()
            )))
        }
        None => Ok(Printed::Bytes {
            bytes: backup.value,
            raw: false,
            refusal: Refusal::Backup,
        }),
    }
}

async fn restore<K: CommandKind>(
    session: &Session,
    backup: &Backup,
    output: ObjectOutput,
) -> Result<Printed, Failure> {
    let restored = session
        .vault
        .restore::<K>(&session.token, backup)
        .await
        .map_err(session.failed(K::PERMISSIONS.restore, None))?;
    object::<K>(&restored, "restored", output)
}

/// Seconds since 1970.
fn now() -> i64 {
    jiff::Timestamp::now().as_second()
}
