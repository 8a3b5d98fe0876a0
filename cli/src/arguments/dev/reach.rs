//! How the vaults of `strongroom dev` are reached beside the usual.

use std::path::PathBuf;

use clap::Args;

/// How vaults are reached beside the usual.
#[derive(Debug, Default, Args)]
pub(crate) struct ReachOptions {
    /// A certificate of your own for the vaults, in PEM, with those that signed it after it. It must name every vault
    /// (NAME.vault.localhost).
    #[arg(long, value_name = "FILE", requires = "key")]
    pub(crate) cert: Option<PathBuf>,
    /// The private key of --cert, in PEM.
    #[arg(long, value_name = "FILE", requires = "cert")]
    pub(crate) key: Option<PathBuf>,
    /// A further name that leads to the first vault, such as kv.docker.internal. It must be one that the authority of this machine
    /// signs for. May be repeated.
    #[arg(long, value_name = "NAME")]
    pub(crate) san: Vec<String>,
    /// The vaults are NAME.vault.azure.net, too, for whoever has that name lead here. An authority that signs for such names alone is
    /// made, and programs get it to trust by their environment.
    #[arg(long)]
    pub(crate) azure_names: bool,
    /// Runs in a pod that has a service account, too.
    #[arg(long)]
    pub(crate) in_pod: bool,
}
