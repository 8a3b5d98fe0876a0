//! `strongroom policy`.

use clap::{Args, Subcommand};
use strongroom_core::{AccountName, ObjectName, Permission};

use super::names::{self, VaultPath};

#[derive(Debug, Args)]
pub(crate) struct PolicyCommand {
    #[command(subcommand)]
    pub(crate) command: PolicySubcommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum PolicySubcommand {
    /// Says whether a service account may do something with an object.
    ///
    /// Reads the `AccessPolicy` objects of the vault's namespace as you, and decides by them as the vault does: no policy, no
    /// access; a Deny wins over every Allow. It does not ask the vault, so beside the answer it says of each policy
    /// about the account whether the vault has confirmed it (ENFORCED); the answer holds once all have.
    Check(Check),
}

#[derive(Debug, Args)]
pub(crate) struct Check {
    /// The vault whose policies decide: NAMESPACE/NAME, or NAME in the namespace of the command.
    #[arg(long, value_name = "VAULT")]
    pub(crate) vault: VaultPath,
    /// The service account that asks: NAMESPACE/NAME, NAMESPACE:NAME or `system:serviceaccount:NAMESPACE:NAME`.
    #[arg(long, visible_alias = "as-service-account", value_name = "ACCOUNT", value_parser = names::account)]
    pub(crate) service_account: AccountName,
    /// The permission, as `secrets/get`.
    #[arg(long, value_name = "KIND/NAME")]
    pub(crate) permission: Permission,
    /// The object. Without it: whether the permission is given for any object.
    #[arg(long)]
    pub(crate) object: Option<ObjectName>,
}
