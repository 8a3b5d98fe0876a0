//! Which vault a command works with, and as whom.

use clap::Args;
use strongroom_core::AccountName;

use super::names::{self, VaultPath};

/// Which vault, and as whom.
#[derive(Debug, Args)]
pub(crate) struct Selection {
    /// The vault: NAMESPACE/NAME, or NAME in the namespace of the command.
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
