//! `strongroom cert issuer` and `strongroom cert contacts`.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use strongroom_core::ObjectName;

#[derive(Debug, Subcommand)]
pub(crate) enum IssuerCommand {
    /// Lists the issuers of the vault.
    List,
    /// Prints an issuer.
    Show {
        /// The name of the issuer.
        name: ObjectName,
    },
    /// Makes an issuer, or puts another one in its place.
    Set {
        /// The name of the issuer.
        name: ObjectName,
        #[command(flatten)]
        flags: IssuerFlags,
    },
    /// Deletes an issuer.
    Delete {
        /// The name of the issuer.
        name: ObjectName,
    },
}

/// What an issuer is.
#[derive(Debug, Args)]
pub(crate) struct IssuerFlags {
    /// Who issues, where there is no more to say: Test, or a provider that the vault does not ask.
    #[arg(long, conflicts_with = "from_file")]
    pub(crate) provider: Option<String>,
    /// The file that holds the issuer as JSON, as `cert issuer show -o json` prints it; `-` or nothing is standard input.
    #[arg(long, short = 'f', value_name = "PATH")]
    pub(crate) from_file: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ContactsCommand {
    /// Prints the contacts.
    Show,
    /// Puts contacts in the place of those that there are.
    Set {
        /// The mail addresses of the contacts.
        #[arg(value_name = "EMAIL", conflicts_with = "from_file")]
        emails: Vec<String>,
        /// The file that holds the contacts as JSON, as `cert contacts show -o json` prints them; `-` or nothing is standard input.
        #[arg(long, short = 'f', value_name = "PATH")]
        from_file: Option<PathBuf>,
    },
    /// Deletes the contacts.
    Delete,
}
