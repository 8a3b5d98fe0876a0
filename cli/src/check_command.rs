//! The command that answers why a vault refused a request.

use std::fmt;

use strongroom_core::{AccountName, ObjectName, Permission, VaultRef};

/// The command that says what policy thinks of a request.
#[derive(Debug)]
pub(crate) struct CheckCommand {
    pub(crate) vault: VaultRef,
    pub(crate) account: AccountName,
    pub(crate) permission: Permission,
    pub(crate) object: Option<ObjectName>,
}

impl fmt::Display for CheckCommand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            vault,
            account,
            permission,
            object,
        } = self;
        write!(
            f,
            "kubectl strongroom policy check --vault {vault} --service-account {account} --permission {permission}"
        )?;
        match object {
            Some(object) => write!(f, " --object {object}"),
            None => Ok(()),
        }
    }
}
