//! Accounts and vaults, in every spelling in which conditions, RBAC, tokens and this program show them. Each is read once,
//! here.

use std::str::FromStr;

use strongroom_core::{
    AccountName, NamespaceName, ObjectKind, Permission, VaultName, VaultRef, name::NameError,
};

/// Reads a service account: `NAMESPACE/NAME` as conditions and events write it, `NAMESPACE:NAME`, or
/// `system:serviceaccount:NAMESPACE:NAME` as RBAC and the API server's messages do.
pub(super) fn account(text: &str) -> Result<AccountName, String> {
    let wrong = || {
        "a service account is NAMESPACE/NAME, NAMESPACE:NAME or system:serviceaccount:NAMESPACE:NAME"
            .to_owned()
    };
    if text.starts_with(AccountName::SUBJECT_PREFIX) {
        return AccountName::from_subject(text).map_err(|_| wrong());
    }
    let (namespace, name) = text.split_once(['/', ':']).ok_or_else(wrong)?;
    Ok(AccountName {
        namespace: namespace.parse().map_err(|_| wrong())?,
        name: name.parse().map_err(|_| wrong())?,
    })
}

/// Reads a permission: `KIND/NAME`, or the name alone where secrets have it or one other kind does.
pub(super) fn permission(text: &str) -> Result<Permission, String> {
    if let Ok(permission) = text.parse() {
        return Ok(permission);
    }
    // The permissions of secrets come first in the list.
    let mut named = Permission::ALL
        .iter()
        .filter(|permission| permission.name() == text);
    match (named.next(), named.next()) {
        (Some(permission), second) if permission.kind() == ObjectKind::Secrets || second.is_none() => {
            Ok(*permission)
        }
        (Some(one), Some(other)) => Err(format!("write {one} or {other}")),
        _ => Err("a permission is KIND/NAME, as secrets/get; docs/permissions.md lists them".to_owned()),
    }
}

/// A vault: `NAMESPACE/NAME`, or `NAME` in the namespace of the command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct VaultPath {
    namespace: Option<NamespaceName>,
    name: VaultName,
}

impl VaultPath {
    /// The namespace that the path names, or the one that is `given`.
    pub(crate) fn in_namespace(self, given: &NamespaceName) -> VaultRef {
        let namespace = self.namespace.unwrap_or_else(|| given.clone());
        VaultRef::new(namespace, self.name)
    }

    /// The vault's name.
    pub(crate) const fn name(&self) -> &VaultName {
        &self.name
    }

    /// The namespace that the path names.
    pub(crate) const fn namespace(&self) -> Option<&NamespaceName> {
        self.namespace.as_ref()
    }

    /// Whether `namespace`, given beside the path, is another one than the path names.
    pub(crate) fn contradicts(&self, namespace: &str) -> bool {
        self.namespace
            .as_ref()
            .is_some_and(|own| own.as_str() != namespace)
    }
}

impl FromStr for VaultPath {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_of_an_account_is_the_same_account() {
        let expected: AccountName = "shop:api.v2".parse().unwrap();
        for text in [
            "shop/api.v2",
            "shop:api.v2",
            "system:serviceaccount:shop:api.v2",
            &expected.to_string(),
            &expected.path(),
            &expected.subject(),
        ] {
            assert_eq!(account(text).as_ref(), Ok(&expected), "{text}");
        }
    }

    #[test]
    fn what_is_no_account_is_refused_with_every_spelling() {
        for text in [
            "",
            "api",
            "shop/",
            "/api",
            "shop/api/x",
            "shop:api:x",
            "shop/api:x",
            "Shop/api",
            "system:serviceaccount:shop",
            "system:serviceaccount:shop/api",
            "system:node:shop:api",
        ] {
            let refused = account(text).unwrap_err();
            assert!(refused.contains("NAMESPACE/NAME"), "{text}: {refused}");
        }
    }

    #[test]
    fn a_permission_without_a_kind_is_that_of_secrets_or_the_only_one() {
        for (text, read) in [
            ("secrets/get", "secrets/get"),
            ("keys/get", "keys/get"),
            ("get", "secrets/get"),
            ("sign", "keys/sign"),
            ("certificates/strongroom/revoke", "certificates/strongroom/revoke"),
            ("strongroom/revoke", "certificates/strongroom/revoke"),
        ] {
            assert_eq!(permission(text).unwrap().to_string(), read, "{text}");
        }
        assert_eq!(
            permission("create").unwrap_err(),
            "write keys/create or certificates/create"
        );
        assert!(permission("read").unwrap_err().contains("KIND/NAME"));
    }

    #[test]
    fn a_vaults_path_names_its_namespace_or_takes_that_of_the_command() {
        let here: NamespaceName = "team-b".parse().unwrap();
        let in_namespace = |text: &str| text.parse::<VaultPath>().unwrap().in_namespace(&here).to_string();
        assert_eq!(in_namespace("team-a/prod"), "team-a/prod");
        assert_eq!(in_namespace("prod"), "team-b/prod");
        let path: VaultPath = "team-a/prod".parse().unwrap();
        assert!(path.contradicts("team-b") && !path.contradicts("team-a"));
        for text in ["", "a/b/c", "team-a/", "/prod", "team-a/Prod", "team-a:prod"] {
            assert!(text.parse::<VaultPath>().is_err(), "{text}");
        }
    }
}
