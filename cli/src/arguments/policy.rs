//! `strongroom policy`.

use std::str::FromStr;

use clap::{Args, Subcommand};
use strongroom_core::{AccountName, NamespaceName, ObjectName, Permission, VaultName};

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
    /// The vault whose policies decide.
    #[arg(long, value_name = "NAMESPACE/NAME")]
    pub(crate) vault: VaultPath,
    /// The service account that asks.
    #[arg(long, value_name = "NAMESPACE:NAME")]
    pub(crate) service_account: AccountName,
    /// The permission, as `secrets/get`.
    #[arg(long, value_name = "KIND/NAME")]
    pub(crate) permission: Permission,
    /// The object. Without it: whether the permission is given for any object.
    #[arg(long)]
    pub(crate) object: Option<ObjectName>,
}

/// A vault in its namespace: `NAMESPACE/NAME`, or `NAME` in the namespace of the command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct VaultPath {
    pub(crate) namespace: Option<NamespaceName>,
    pub(crate) name: VaultName,
}

impl FromStr for VaultPath {
    type Err = strongroom_core::name::NameError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.split_once('/') {
            Some((namespace, name)) => Ok(Self {
                namespace: Some(namespace.parse()?),
                name: name.parse()?,
            }),
            None => Ok(Self {
                namespace: None,
                name: text.parse()?,
            }),
        }
    }
}
