//! `strongroom cert import` and `strongroom cert merge`.

use std::path::PathBuf;

use clap::Args;
use strongroom_certificates::policy::SecretContentType;

use super::{CertAbout, making::form};

/// What is imported.
#[derive(Debug, Args)]
pub(crate) struct CertImportArguments {
    /// The file that holds the certificate and its private key; `-` or nothing is standard input.
    #[arg(long, short = 'f', value_name = "PATH")]
    pub(crate) from_file: Option<PathBuf>,
    /// The file that holds the password of the PFX, in one line; `-` is standard input. Without it, a terminal is asked where the
    /// PFX needs one.
    #[arg(long, value_name = "PATH")]
    pub(crate) password_file: Option<PathBuf>,
    /// The file that holds a policy as JSON, for what the certificate does not say by itself.
    #[arg(long, value_name = "PATH", conflicts_with = "secret_form")]
    pub(crate) policy_file: Option<PathBuf>,
    /// How its secret holds it: pfx or pem. Default: as it comes.
    #[arg(long, value_name = "FORM", value_parser = form)]
    pub(crate) secret_form: Option<SecretContentType>,
    /// Leaves the chain in the order in which it comes.
    #[arg(long)]
    pub(crate) preserve_order: bool,
    #[command(flatten)]
    pub(crate) about: CertAbout,
}

/// What was issued.
#[derive(Debug, Args)]
pub(crate) struct MergeArguments {
    /// The file that holds the certificate, and perhaps those of its authorities, in PEM or DER; `-` or nothing is standard input.
    #[arg(long, short = 'f', value_name = "PATH")]
    pub(crate) from_file: Option<PathBuf>,
    /// A label in the place of those of the operation, as KEY=VALUE; may be repeated.
    #[arg(long = "tag", value_name = "KEY=VALUE", value_parser = super::super::about::tag)]
    pub(crate) tags: Vec<(String, String)>,
}
