//! `strongroom cert download`.

use std::path::PathBuf;

use clap::Args;

use super::CertVersion;

/// What is written, and where.
#[derive(Debug, Args)]
pub(crate) struct DownloadArguments {
    #[command(flatten)]
    pub(crate) cert: CertVersion,
    /// The file to write, which must not be there yet; `-` or nothing is standard output.
    #[arg(long, short = 'f', value_name = "PATH")]
    pub(crate) to_file: Option<PathBuf>,
    /// Writes the private key too, where it may leave the vault: a PFX without password or PEM, as the policy says. No terminal
    /// gets it.
    #[arg(long)]
    pub(crate) with_private_key: bool,
    /// Writes PEM also where the policy says PFX.
    #[arg(long, requires = "with_private_key")]
    pub(crate) pem: bool,
}
