//! The commands that objects of every kind have.

use std::{fmt, marker::PhantomData, path::PathBuf, time::Duration};

use clap::{Args, Subcommand};
use strongroom_client::vault::{Certificates, Keys, Secrets, VaultKind};
use strongroom_core::{ObjectKind, ObjectName};

use super::time::duration;

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
    #[command(
        about = format!("Lists the {} that the service account may list", plural::<K>()),
        after_help = examples::<K>(["list", "list --prefix db- --expiring 30d", "list -l team=a -o wide"])
    )]
    List(ListArguments<K>),
    #[command(
        about = format!("Lists the versions of a {}, the newest first", singular::<K>()),
        after_help = examples::<K>(["versions NAME", "versions NAME -o name", "versions NAME -o json"])
    )]
    Versions(Named<K>),
    #[command(
        about = format!(
            "Deletes a {} with all its versions. It can be recovered until it is purged",
            singular::<K>()
        ),
        after_help = examples::<K>(["delete NAME", "list --deleted", "recover NAME"])
    )]
    Delete(Named<K>),
    #[command(
        about = format!("Brings a deleted {} back", singular::<K>()),
        after_help = examples::<K>(["recover NAME", "list --deleted", "recover NAME -o json"])
    )]
    Recover(Named<K>),
    #[command(
        about = format!(
            "Destroys a deleted {} for good. Asks for its name on a terminal, and refuses where nobody can be asked",
            singular::<K>()
        ),
        after_help = examples::<K>(["list --deleted", "purge NAME", "purge NAME --yes"])
    )]
    Purge(PurgeArguments<K>),
    #[command(
        about = format!(
            "Writes a {} with all its versions into a file that only its vault can read",
            singular::<K>()
        ),
        after_help = examples::<K>(["backup NAME -f NAME.backup", "backup NAME > NAME.backup", "restore -f NAME.backup"])
    )]
    Backup(BackupArguments<K>),
    #[command(
        about = format!("Restores a {} from a backup, where its name is free", singular::<K>()),
        after_help = examples::<K>(["restore -f NAME.backup", "restore < NAME.backup", "restore -f NAME.backup -o name"])
    )]
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
    pub(crate) filter: ListFilter,
    #[command(flatten)]
    pub(crate) flags: K::Flags,
    #[arg(skip = PhantomData)]
    kind: PhantomData<K>,
}

/// Which objects of a list are shown.
#[derive(Debug, Default, Args)]
pub(crate) struct ListFilter {
    /// Only those whose names begin so.
    #[arg(long, value_name = "TEXT")]
    pub(crate) prefix: Option<String>,
    /// Only those whose current version ends within this time, such as 30d, or has ended.
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub(crate) expiring: Option<Duration>,
    /// Only those with this label, whatever its value or with this value; may be repeated, and all must match.
    #[arg(short = 'l', long = "tag", value_name = "KEY[=VALUE]", value_parser = wanted)]
    pub(crate) tags: Vec<(String, Option<String>)>,
}

/// Reads a label that is looked for.
fn wanted(text: &str) -> Result<(String, Option<String>), String> {
    let (key, value) = match text.split_once('=') {
        Some((key, value)) => (key, Some(value.to_owned())),
        None => (text, None),
    };
    if key.is_empty() {
        return Err("a tag to look for is KEY, or KEY=VALUE".to_owned());
    }
    Ok((key.to_owned(), value))
}

/// What is destroyed.
#[derive(Debug, Args)]
pub(crate) struct PurgeArguments<K: VaultKind> {
    #[command(flatten)]
    pub(crate) named: Named<K>,
    /// Does not ask.
    #[arg(long, short = 'y')]
    pub(crate) yes: bool,
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

/// What the help of a command ends with: lines of the noun of the kind, about an object as it may be called.
fn examples<K: VaultKind>(lines: [&str; 3]) -> String {
    let (noun, name) = match K::KIND {
        ObjectKind::Secrets => ("secret", "db-password"),
        ObjectKind::Keys => ("key", "order-signer"),
        ObjectKind::Certificates => ("cert", "web"),
    };
    let [first, second, third] =
        lines.map(|line| format!("strongroom {noun} {}", line.replace("NAME", name)));
    format!("Examples:\n  {first} --vault team-a/prod\n  {second}\n  {third}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_is_looked_for_with_any_value_or_with_one() {
        assert_eq!(wanted("team"), Ok(("team".to_owned(), None)));
        assert_eq!(
            wanted("team=a=b"),
            Ok(("team".to_owned(), Some("a=b".to_owned())))
        );
        assert_eq!(wanted("team="), Ok(("team".to_owned(), Some(String::new()))));
        assert!(wanted("=a").is_err());
    }
}
