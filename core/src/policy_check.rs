//! The question why a request is refused, as the command line takes it.

use std::fmt;

use crate::{AccountName, ObjectName, Permission, VaultRef};

/// What `strongroom policy check` is asked. Displays as the command without the program's name, ready to be pasted: none of
/// its words has a character that a shell reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyCheck {
    /// The vault whose policies decide.
    pub vault: VaultRef,
    /// The account that asks.
    pub account: AccountName,
    /// What it asks for.
    pub permission: Permission,
    /// The object; `None` asks whether the permission is given for any.
    pub object: Option<ObjectName>,
}

impl fmt::Display for PolicyCheck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            vault,
            account,
            permission,
            object,
        } = self;
        write!(
            f,
            "policy check --vault {vault} --service-account {} --permission {permission}",
            account.path()
        )?;
        match object {
            Some(object) => write!(f, " --object {object}"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_question_names_vault_account_permission_and_object() {
        let mut check = PolicyCheck {
            vault: VaultRef::new("team-a".parse().unwrap(), "prod".parse().unwrap()),
            account: "shop:api".parse().unwrap(),
            permission: Permission::SecretGet,
            object: Some("DB".parse().unwrap()),
        };
        let asked = "policy check --vault team-a/prod --service-account shop/api --permission secrets/get";
        assert_eq!(check.to_string(), format!("{asked} --object db"));
        check.object = None;
        assert_eq!(check.to_string(), asked);
    }
}
