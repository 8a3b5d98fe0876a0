//! Which vault a command works with, and as whom.

use std::path::PathBuf;

use clap::Args;
use strongroom_core::AccountName;

use super::names::{self, VaultPath};

/// Which vault, and as whom.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Vault")]
pub(crate) struct Selection {
    /// The vault: NAMESPACE/NAME, or NAME in the namespace of the command.
    #[arg(long, env = "STRONGROOM_VAULT", hide_env_values = true, global = true)]
    pub(crate) vault: Option<VaultPath>,
    /// The service account to act as: NAMESPACE/NAME, NAMESPACE:NAME or `system:serviceaccount:NAMESPACE:NAME`. You need the
    /// right to create tokens of it. Default: `default` of the vault's namespace.
    #[arg(
        long,
        visible_aliases = ["as-account", "as-service-account"],
        env = "STRONGROOM_AS",
        hide_env_values = true,
        value_name = "ACCOUNT",
        value_parser = names::account,
        global = true
    )]
    pub(crate) service_account: Option<AccountName>,
    #[command(flatten)]
    pub(crate) direct: DirectFlags,
}

/// A vault that is reached without the Kubernetes API.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Vault")]
pub(crate) struct DirectFlags {
    /// Where the vault is: `https://HOST[:PORT]`. Then no kubeconfig is read, and the command is the account whose token is in
    /// --token-file. `strongroom dev` sets it.
    #[arg(long, env = "STRONGROOM_VAULT_URL", hide_env_values = true, global = true)]
    pub(crate) url: Option<String>,
    /// With --url: where the identity service is [default: what `AZURE_AUTHORITY_HOST` says].
    #[arg(
        long,
        env = "STRONGROOM_LOGIN_URL",
        hide_env_values = true,
        value_name = "URL",
        global = true,
        hide_short_help = true
    )]
    pub(crate) login_url: Option<String>,
    /// With --url: the file that holds the token of the account [default: what `AZURE_FEDERATED_TOKEN_FILE` says].
    #[arg(
        long,
        env = "STRONGROOM_TOKEN_FILE",
        hide_env_values = true,
        value_name = "PATH",
        global = true,
        hide_short_help = true
    )]
    pub(crate) token_file: Option<PathBuf>,
    /// With --url: the file with the authorities to trust, in PEM [default: what `SSL_CERT_FILE` says].
    #[arg(
        long,
        env = "STRONGROOM_CA",
        hide_env_values = true,
        value_name = "PATH",
        global = true,
        hide_short_help = true
    )]
    pub(crate) ca: Option<PathBuf>,
}
