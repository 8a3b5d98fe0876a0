//! The life cycle of objects of any kind: `list`, `versions`, `delete`, `recover`, `purge`, `backup`, `restore`.

pub(crate) mod document;
mod filter;
mod listing;
pub(crate) mod order;
mod purge;
mod show;

use std::path::{Path, PathBuf};

use futures::{StreamExt as _, TryStreamExt as _, stream};
use strongroom_client::vault::{Backup, Octets};
use strongroom_core::{ObjectName, Version};

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
pub(crate) use filter::Chosen;
pub(crate) use show::object;

/// The most objects that a list shows.
pub(crate) const MAX_LISTED: usize = 100_000;

/// The longest backup that is read, in bytes: more than a vault takes.
const MAX_BACKUP: usize = 24 << 20;

/// How many objects are asked about at a time.
const AT_A_TIME: usize = 8;

/// A command that was read with everything it needs from this machine.
pub(crate) enum LifeRequest {
    List {
        which: Listed,
        chosen: Chosen,
        /// Whether the versions and labels are shown, too.
        wide: bool,
        output: ObjectOutput,
    },
    Versions {
        name: ObjectName,
        output: ObjectOutput,
    },
    Delete {
        name: ObjectName,
        output: ObjectOutput,
    },
    Recover {
        name: ObjectName,
        output: ObjectOutput,
    },
    Purge {
        name: ObjectName,
        output: ObjectOutput,
    },
    Backup {
        name: ObjectName,
        to: Option<PathBuf>,
    },
    Restore {
        backup: Backup,
        output: ObjectOutput,
    },
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
                chosen: Chosen::of(list.filter, now()),
                wide: output == Some(Output::Wide),
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
            LifeCommand::Purge(purge) => {
                let output = objects?;
                let name = purge.named.name;
                if !purge.yes {
                    purge::confirm(K::KIND, &name)?;
                }
                Self::Purge { name, output }
            }
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
            Self::List {
                which: Listed::Deleted,
                chosen,
                output,
                ..
            } => list_deleted::<K>(session, &chosen, output).await,
            Self::List {
                which,
                chosen,
                wide,
                output,
            } => list::<K>(session, which, &chosen, (wide, output)).await,
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
    chosen: &Chosen,
    (wide, output): (bool, ObjectOutput),
) -> Result<Printed, Failure> {
    let mut items = items::<K>(session, which).await?;
    items.retain(|item| chosen.admits::<K>(item));
    let versions = if wide {
        current_versions::<K>(session, &items).await?
    } else {
        Vec::new()
    };
    show::items::<K>(
        &items,
        wide.then_some(versions.as_slice()),
        (session.account(), now()),
        output,
    )
}

/// Everything live that the account may list.
pub(crate) async fn items<K: CommandKind>(session: &Session, which: Listed) -> Result<Vec<K::Item>, Failure> {
    let (vault, token) = (&session.vault, &session.token);
    let listed = match which {
        Listed::AndPending => vault.list_all_and_pending::<K>(token, MAX_LISTED).await,
        Listed::Live | Listed::Deleted => vault.list_all::<K>(token, MAX_LISTED).await,
    };
    listed.map_err(session.failed(K::PERMISSIONS.list, None))
}

/// The current version of each item, which a list of objects does not say; none where it is not known.
async fn current_versions<K: CommandKind>(
    session: &Session,
    items: &[K::Item],
) -> Result<Vec<Option<Version>>, Failure> {
    let asked = items.iter().map(|item| async move {
        let versions = all_versions::<K>(session, &K::item_id(item).name).await?;
        let current = order::current::<K>(&versions);
        Ok(current.and_then(|current| K::item_id(current).version))
    });
    // Collected, so that the stream holds futures and no closure.
    let asked: Vec<_> = asked.collect();
    stream::iter(asked).buffered(AT_A_TIME).try_collect().await
}

async fn list_deleted<K: CommandKind>(
    session: &Session,
    chosen: &Chosen,
    output: ObjectOutput,
) -> Result<Printed, Failure> {
    let mut items = session
        .vault
        .list_deleted::<K>(&session.token, MAX_LISTED)
        .await
        .map_err(session.failed(K::PERMISSIONS.list, None))?;
    items.retain(|item| chosen.admits::<K>(&item.object));
    show::deleted_items::<K>(&items, session.account(), now(), output)
}

/// Every version of an object, the newest first; none where there is no such object.
pub(crate) async fn all_versions<K: CommandKind>(
    session: &Session,
    name: &ObjectName,
) -> Result<Vec<K::Item>, Failure> {
    let mut items = session
        .vault
        .list_versions::<K>(&session.token, name, MAX_LISTED)
        .await
        .map_err(session.failed(K::PERMISSIONS.list, Some(name)))?;
    order::sort::<K>(&mut items);
    Ok(items)
}

async fn versions<K: CommandKind>(
    session: &Session,
    name: &ObjectName,
    output: ObjectOutput,
) -> Result<Printed, Failure> {
    let items = all_versions::<K>(session, name).await?;
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
