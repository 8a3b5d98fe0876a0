//! `strongroom secret`.

mod examples;
mod moving;
mod place;
mod source;

use clap::{Args, Subcommand};
use strongroom_client::vault::Secrets;
use strongroom_core::{ObjectName, Version};

use super::{
    about::{About, AboutChange},
    life::LifeCommand,
    selection::Selection,
};
pub(crate) use moving::{CopyArguments, ExportArguments, SecretImportArguments};
pub(crate) use place::{KubernetesKey, KubernetesSecret};
pub(crate) use source::{Alphabet, GeneratedValue, ValueFlags};

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
    /// Makes a new version of a secret.
    ///
    /// The value is typed twice on a terminal, or comes from standard input, unless a flag names another source.
    #[command(after_help = examples::SET)]
    Set(Box<SetArguments>),
    /// Prints a secret's value as it is; with -o json, everything but the value.
    ///
    /// With -o env, a line NAME='VALUE' for a shell: the name in upper case, a dash of it as an underscore.
    #[command(after_help = examples::GET)]
    Get(GetArguments),
    /// Shows everything that is known about a secret but its value.
    ///
    /// The value is not read: the right to list is enough.
    #[command(after_help = examples::SHOW)]
    Show {
        /// The name of the secret.
        name: ObjectName,
        /// The version; the current one by default.
        #[arg(long)]
        version: Option<Version>,
    },
    /// Changes what is known about a version, and not the value.
    #[command(after_help = examples::UPDATE)]
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
    /// Makes an earlier value the current one again.
    ///
    /// That is a new version with the value, the content type and the tags of the earlier one. No value is shown.
    #[command(after_help = examples::ROLLBACK)]
    Rollback {
        /// The name of the secret.
        name: ObjectName,
        /// The version whose value comes back; the one before the current one by default.
        #[arg(long, value_name = "VERSION")]
        to: Option<Version>,
    },
    /// Makes a new version of one secret with the value of another.
    ///
    /// It has the content type, the tags and the dates of the other one, too. No value is shown.
    #[command(after_help = examples::COPY)]
    Copy(CopyArguments),
    /// Sets the secrets of a file, or of a Kubernetes Secret.
    ///
    /// Each is a request of its own, and gets a new version. No value is shown.
    #[command(after_help = examples::IMPORT)]
    Import(SecretImportArguments),
    /// Prints the names of the secrets that the service account may list, a line each.
    #[command(after_help = examples::EXPORT)]
    Export(ExportArguments),
    /// Opens a secret's value in an editor, and makes a new version if it was changed.
    ///
    /// The editor is VISUAL, else EDITOR, else vi. The value lies in a file in memory meanwhile, never on a disk, and is wiped
    /// afterwards; where there is no such place, the command refuses.
    #[cfg(unix)]
    #[command(after_help = examples::EDIT)]
    Edit {
        /// The name of the secret.
        name: ObjectName,
    },
    #[command(flatten)]
    Life(LifeCommand<Secrets>),
}

/// What a new version holds.
#[derive(Debug, Args)]
pub(crate) struct SetArguments {
    /// The name of the secret; with --from-env-file, the file has the names.
    #[cfg_attr(
        unix,
        arg(required_unless_present = "from_env_file", conflicts_with = "from_env_file")
    )]
    #[cfg_attr(not(unix), arg(required = true))]
    pub(crate) name: Option<ObjectName>,
    #[command(flatten)]
    pub(crate) source: ValueFlags,
    /// Leaves out one newline at the end of the value.
    #[arg(long, conflicts_with_all = ["from_literal", "generate"])]
    pub(crate) trim_newline: bool,
    /// What the value is, for its readers.
    #[arg(long)]
    pub(crate) content_type: Option<String>,
    #[command(flatten)]
    pub(crate) about: About,
    /// Refuses unless this is the current version. It is looked up before the value is sent: who sets the secret in the moment
    /// between is not noticed, since the vault's API has no such condition.
    #[arg(long, value_name = "VERSION")]
    pub(crate) if_version: Option<Version>,
}

/// Which value, and how it is printed.
#[derive(Debug, Args)]
pub(crate) struct GetArguments {
    /// The name of the secret.
    pub(crate) name: ObjectName,
    /// The version; the current one by default.
    #[arg(long, conflicts_with = "previous")]
    pub(crate) version: Option<Version>,
    /// The version that was made before the current one.
    #[arg(long)]
    pub(crate) previous: bool,
    /// Prints the value to a terminal also where it holds control characters, which the terminal obeys.
    #[arg(long)]
    pub(crate) raw: bool,
    /// With -o json, yaml or jsonpath=PATH: the document holds the value, too.
    #[arg(long)]
    pub(crate) show_value: bool,
}
