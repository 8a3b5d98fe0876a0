//! The commands that objects of every kind have.

use std::{fmt, marker::PhantomData, path::PathBuf};

use clap::{Args, Subcommand};
use strongroom_client::vault::{Certificates, Keys, Secrets, VaultKind};
use strongroom_core::ObjectName;

/// A kind of object whose list has flags of its own.
pub(crate) trait ListedKind: VaultKind {
    /// The flags.
    type Flags: Args + fmt::Debug;

    /// Whether objects are listed, too, that have no complete version yet.
    fn lists_pending(flags: &Self::Flags) -> bool;
}

impl ListedKind for Secrets {
    type Flags = NoFlags;

    fn lists_pending(_: &NoFlags) -> bool {
        false
    }
}

impl ListedKind for Keys {
    type Flags = NoFlags;

    fn lists_pending(_: &NoFlags) -> bool {
        false
    }
}

impl ListedKind for Certificates {
    type Flags = PendingFlag;

    fn lists_pending(flags: &PendingFlag) -> bool {
        flags.include_pending
    }
}

/// None.
#[derive(Debug, Args)]
pub(crate) struct NoFlags {}

#[derive(Debug, Args)]
pub(crate) struct PendingFlag {
    /// Lists the certificates, too, of which no version is issued yet.
    #[arg(long, conflicts_with = "deleted")]
    include_pending: bool,
}

/// What may be done with an object of any kind.
#[derive(Debug, Subcommand)]
pub(crate) enum LifeCommand<K: ListedKind> {
    #[command(about = format!("Lists the {} that the service account may list", plural::<K>()))]
    List(ListArguments<K>),
    #[command(about = format!("Lists the versions of a {}", singular::<K>()))]
    Versions(Named<K>),
    #[command(about = format!(
        "Deletes a {} with all its versions. It can be recovered until it is purged",
        singular::<K>()
    ))]
    Delete(Named<K>),
    #[command(about = format!("Brings a deleted {} back", singular::<K>()))]
    Recover(Named<K>),
    #[command(about = format!("Destroys a deleted {} for good", singular::<K>()))]
    Purge(Named<K>),
    #[command(about = format!(
        "Writes a {} with all its versions into a file that only its vault can read",
        singular::<K>()
    ))]
    Backup(BackupArguments<K>),
    #[command(about = format!("Restores a {} from a backup, where its name is free", singular::<K>()))]
    Restore(RestoreArguments<K>),
}

/// The object that a command is about.
#[derive(Debug, Args)]
pub(crate) struct Named<K: VaultKind> {
    #[arg(help = format!("The name of the {}", singular::<K>()))]
    pub(crate) name: ObjectName,
    #[arg(skip = PhantomData)]
    kind: PhantomData<K>,
}

#[derive(Debug, Args)]
pub(crate) struct ListArguments<K: ListedKind> {
    #[arg(long, help = format!("Lists the deleted {} that can be recovered", plural::<K>()))]
    pub(crate) deleted: bool,
    #[command(flatten)]
    pub(crate) flags: K::Flags,
    #[arg(skip = PhantomData)]
    kind: PhantomData<K>,
}

#[derive(Debug, Args)]
pub(crate) struct BackupArguments<K: VaultKind> {
    #[command(flatten)]
    pub(crate) named: Named<K>,
    /// The file to write, which must not be there yet; `-` or nothing is standard output.
    #[arg(long, short = 'f', value_name = "PATH")]
    pub(crate) to_file: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct RestoreArguments<K: VaultKind> {
    /// The file that holds the backup; `-` or nothing is standard input.
    #[arg(long, short = 'f', value_name = "PATH")]
    pub(crate) from_file: Option<PathBuf>,
    #[arg(skip = PhantomData)]
    kind: PhantomData<K>,
}

const fn singular<K: VaultKind>() -> &'static str {
    K::KIND.singular()
}

const fn plural<K: VaultKind>() -> &'static str {
    K::KIND.as_str()
}
