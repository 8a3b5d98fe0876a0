//! Secrets that move in and out.

use std::path::PathBuf;

use clap::Args;

use super::place::{KubernetesSecret, SecretPlace};

/// From where to where.
#[derive(Debug, Args)]
pub(crate) struct CopyArguments {
    /// The secret to copy: NAME, or NAMESPACE/VAULT:NAME in another vault than --vault names.
    #[arg(value_name = "SOURCE")]
    pub(crate) from: SecretPlace,
    /// The secret that gets a new version, in the same form.
    #[arg(value_name = "TARGET")]
    pub(crate) to: SecretPlace,
    /// Says which version would be copied, and copies none. The value is not read.
    #[arg(long)]
    pub(crate) dry_run: bool,
}

/// Which secrets are brought in.
#[derive(Debug, Args)]
pub(crate) struct SecretImportArguments {
    /// A list of YAML (.yaml, .yml, .json) as `strongroom dev --seed` reads it; any other file has lines NAME=VALUE, and an
    /// underscore of a name becomes a dash.
    #[cfg(unix)]
    #[arg(
        value_name = "FILE",
        required_unless_present = "from_secret",
        conflicts_with = "from_secret"
    )]
    pub(crate) file: Option<PathBuf>,
    /// Every key of a Kubernetes Secret of the cluster of the kubeconfig, which you need the right to get. An underscore or a
    /// dot of a key becomes a dash.
    #[arg(long, value_name = "NAMESPACE/NAME")]
    #[cfg_attr(not(unix), arg(required = true))]
    pub(crate) from_secret: Option<KubernetesSecret>,
    /// Prints the names of the secrets that would be set, and sets none.
    #[arg(long)]
    pub(crate) dry_run: bool,
}

/// What is written out.
#[derive(Debug, Args)]
pub(crate) struct ExportArguments {
    /// Prints names. There is nothing else that this command prints: values leave a vault one by one, by `secret get`.
    #[arg(long, required = true)]
    pub(crate) names: bool,
    /// Only secrets whose names begin so.
    #[arg(long, value_name = "TEXT")]
    pub(crate) prefix: Option<String>,
}
