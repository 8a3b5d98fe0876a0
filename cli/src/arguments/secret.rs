//! `strongroom secret`.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use strongroom_client::vault::Secrets;
use strongroom_core::{ObjectName, Version};

use super::{
    about::{About, AboutChange},
    life::LifeCommand,
    selection::Selection,
};

/// Which vault, as whom, and what to do.
#[derive(Debug, Args)]
pub(crate) struct SecretArguments {
    #[command(subcommand)]
    pub(crate) command: SecretCommand,
    #[command(flatten)]
    pub(crate) selection: Selection,
}

#[derive(Debug, Subcommand)]
pub(crate) enum SecretCommand {
    /// Makes a new version of a secret, with the value from a file or standard input.
    Set {
        /// The name of the secret.
        name: ObjectName,
        #[command(flatten)]
        new: NewVersion,
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
    /// Changes what is known about a version, and not the value.
    Update {
        /// The name of the secret.
        name: ObjectName,
        /// The version; the current one by default.
        #[arg(long)]
        version: Option<Version>,
        /// What the value is, for its readers.
        #[arg(long)]
        content_type: Option<String>,
        #[command(flatten)]
        change: AboutChange,
    },
    #[command(flatten)]
    Life(LifeCommand<Secrets>),
}

/// What a new version holds.
#[derive(Debug, Args)]
pub(crate) struct NewVersion {
    /// The file that holds the value; `-` or nothing is standard input.
    #[arg(long, short = 'f', value_name = "PATH")]
    pub(crate) from_file: Option<PathBuf>,
    /// Leaves out one newline at the end of the value.
    #[arg(long)]
    pub(crate) trim_newline: bool,
    /// What the value is, for its readers.
    #[arg(long)]
    pub(crate) content_type: Option<String>,
    #[command(flatten)]
    pub(crate) about: About,
}
