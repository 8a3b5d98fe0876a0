//! `strongroom secret`.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use strongroom_core::{AccountName, ObjectName, Version};

use super::names::{self, VaultPath};

/// Which vault, as whom, and what to do.
#[derive(Debug, Args)]
pub(crate) struct SecretArguments {
    #[command(subcommand)]
    pub(crate) command: SecretCommand,
    /// The vault that holds the secrets: NAMESPACE/NAME, or NAME in the namespace of the command.
    #[arg(long, global = true)]
    pub(crate) vault: Option<VaultPath>,
    /// The service account to act as: NAMESPACE/NAME, NAMESPACE:NAME or `system:serviceaccount:NAMESPACE:NAME`. You need the
    /// right to create tokens of it. Default: `default` of the vault's namespace.
    #[arg(
        long,
        visible_alias = "as-service-account",
        value_name = "ACCOUNT",
        value_parser = names::account,
        global = true
    )]
    pub(crate) service_account: Option<AccountName>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum SecretCommand {
    /// Makes a new version of a secret, with the value from a file or standard input.
    Set {
        /// The name of the secret.
        name: ObjectName,
        #[command(flatten)]
        change: Change,
    },
    /// Prints a secret's value as it is; with -o json, everything but the value.
    Get {
        /// The name of the secret.
        name: ObjectName,
        /// The version; the current one by default.
        #[arg(long)]
        version: Option<Version>,
        /// Prints the value to a terminal also where it holds control characters, which the terminal obeys.
        #[arg(long)]
        raw: bool,
    },
    /// Lists the secrets that the service account may list.
    List,
    /// Deletes a secret with all its versions. It can be recovered until it is purged.
    Delete {
        /// The name of the secret.
        name: ObjectName,
    },
}

/// What a new version holds.
#[derive(Debug, Args)]
pub(crate) struct Change {
    /// The file that holds the value; `-` or nothing is standard input.
    #[arg(long, short = 'f', value_name = "PATH")]
    pub(crate) from_file: Option<PathBuf>,
    /// Leaves out one newline at the end of the value.
    #[arg(long)]
    pub(crate) trim_newline: bool,
    /// What the value is, for its readers.
    #[arg(long)]
    pub(crate) content_type: Option<String>,
    /// A label, as KEY=VALUE; may be repeated.
    #[arg(long = "tag", value_name = "KEY=VALUE", value_parser = tag)]
    pub(crate) tags: Vec<(String, String)>,
    /// Makes the version unreadable until it is enabled.
    #[arg(long)]
    pub(crate) disabled: bool,
}

fn tag(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.is_empty() => Ok((key.to_owned(), value.to_owned())),
        _ => Err("a tag is KEY=VALUE".to_owned()),
    }
}
