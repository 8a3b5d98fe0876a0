//! Permissions with Azure's exact names, sets of them, and the built-in roles.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::name::ObjectKind;

/// Why a text is not a permission or a role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PermissionError {
    /// Not a permission of that kind of object.
    #[error("no such permission")]
    Permission,
    /// Not a built-in role.
    #[error("no such role")]
    Role,
}

/// Declares the permissions from one table: variant, kind, Azure's name.
macro_rules! permissions {
    ($($variant:ident $kind:ident $name:literal)+) => {
        /// One thing a caller may do with objects of one kind. The names are Azure's, case included
        /// (Key Vault management API, `Permissions`). Written with its kind: `secrets/get`.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub enum Permission {
            $(#[doc = concat!("`", $name, "`")] $variant,)+
        }

        impl Permission {
            /// Every permission there is.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The kind of object it is about.
            pub const fn kind(self) -> ObjectKind {
                match self { $(Self::$variant => ObjectKind::$kind,)+ }
            }

            /// Azure's name, without the kind.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)+ }
            }
        }
    };
}

permissions! {
    SecretGet Secrets "get"
    SecretList Secrets "list"
    SecretSet Secrets "set"
    SecretDelete Secrets "delete"
    SecretBackup Secrets "backup"
    SecretRestore Secrets "restore"
    SecretRecover Secrets "recover"
    SecretPurge Secrets "purge"
    KeyEncrypt Keys "encrypt"
    KeyDecrypt Keys "decrypt"
    KeyWrapKey Keys "wrapKey"
    KeyUnwrapKey Keys "unwrapKey"
    KeySign Keys "sign"
    KeyVerify Keys "verify"
    KeyGet Keys "get"
    KeyList Keys "list"
    KeyCreate Keys "create"
    KeyUpdate Keys "update"
    KeyImport Keys "import"
    KeyDelete Keys "delete"
    KeyBackup Keys "backup"
    KeyRestore Keys "restore"
    KeyRecover Keys "recover"
    KeyPurge Keys "purge"
    KeyRelease Keys "release"
    KeyRotate Keys "rotate"
    KeyGetRotationPolicy Keys "getrotationpolicy"
    KeySetRotationPolicy Keys "setrotationpolicy"
    CertificateGet Certificates "get"
    CertificateList Certificates "list"
    CertificateDelete Certificates "delete"
    CertificateCreate Certificates "create"
    CertificateImport Certificates "import"
    CertificateUpdate Certificates "update"
    CertificateManageContacts Certificates "managecontacts"
    CertificateGetIssuers Certificates "getissuers"
    CertificateListIssuers Certificates "listissuers"
    CertificateSetIssuers Certificates "setissuers"
    CertificateDeleteIssuers Certificates "deleteissuers"
    CertificateManageIssuers Certificates "manageissuers"
    CertificateRecover Certificates "recover"
    CertificatePurge Certificates "purge"
    CertificateBackup Certificates "backup"
    CertificateRestore Certificates "restore"
    CertificateUseIssuer Certificates "strongroom/issuers/use"
    CertificateRevoke Certificates "strongroom/revoke"
}

impl Permission {
    /// The permission of `kind` that Azure calls `name`.
    pub fn parse(kind: ObjectKind, name: &str) -> Result<Self, PermissionError> {
        Self::ALL
            .iter()
            .copied()
            .find(|permission| permission.kind() == kind && permission.name() == name)
            .ok_or(PermissionError::Permission)
    }

    /// What a read of an object of `kind` needs.
    pub const fn to_get(kind: ObjectKind) -> Self {
        match kind {
            ObjectKind::Secrets => Self::SecretGet,
            ObjectKind::Keys => Self::KeyGet,
            ObjectKind::Certificates => Self::CertificateGet,
        }
    }

    const fn bit(self) -> u64 {
        1 << self as u64
    }
}

impl fmt::Display for Permission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.kind(), self.name())
    }
}

impl FromStr for Permission {
    type Err = PermissionError;

    fn from_str(text: &str) -> Result<Self, PermissionError> {
        let (kind, name) = text.split_once('/').ok_or(PermissionError::Permission)?;
        Self::parse(kind.parse().map_err(|_| PermissionError::Permission)?, name)
    }
}

impl TryFrom<String> for Permission {
    type Error = PermissionError;

    fn try_from(text: String) -> Result<Self, PermissionError> {
        text.parse()
    }
}

impl From<Permission> for String {
    fn from(permission: Permission) -> Self {
        permission.to_string()
    }
}

/// A set of permissions. Serialises as the list of their names, so that a reader that does not know one refuses the whole set.
#[derive(Clone, Copy, PartialEq, Eq, Default, Hash, Serialize, Deserialize)]
#[serde(from = "Vec<Permission>", into = "Vec<Permission>")]
pub struct PermissionSet(u64);

impl PermissionSet {
    /// The set without a permission.
    pub const EMPTY: Self = Self(0);

    /// The set of these.
    pub const fn of(permissions: &[Permission]) -> Self {
        let (mut set, mut rest) = (Self::EMPTY, permissions);
        while let [permission, others @ ..] = rest {
            set = set.with(*permission);
            rest = others;
        }
        set
    }

    /// Every permission of one kind of object.
    pub const fn of_kind(kind: ObjectKind) -> Self {
        let (mut set, mut rest) = (Self::EMPTY, Permission::ALL);
        while let [permission, others @ ..] = rest {
            // `==` is not for constants.
            if permission.kind() as u8 == kind as u8 {
                set = set.with(*permission);
            }
            rest = others;
        }
        set
    }

    /// Whether `permission` is in the set.
    pub const fn contains(self, permission: Permission) -> bool {
        self.0 & permission.bit() != 0
    }

    /// The set with `permission` added, and with what that implies: who may manage issuers may do each thing with them.
    #[must_use]
    pub const fn with(self, permission: Permission) -> Self {
        let implied = match permission {
            Permission::CertificateManageIssuers => {
                Permission::CertificateGetIssuers.bit()
                    | Permission::CertificateListIssuers.bit()
                    | Permission::CertificateSetIssuers.bit()
                    | Permission::CertificateDeleteIssuers.bit()
            }
            _ => 0,
        };
        Self(self.0 | permission.bit() | implied)
    }

    /// The set with `permission` taken out.
    #[must_use]
    pub const fn without(self, permission: Permission) -> Self {
        Self(self.0 & !permission.bit())
    }

    /// The permissions of both sets.
    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether the set holds no permission.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The permissions, in the order of [`Permission::ALL`].
    pub fn iter(self) -> impl Iterator<Item = Permission> {
        Permission::ALL
            .iter()
            .copied()
            .filter(move |permission| self.contains(*permission))
    }
}

impl FromIterator<Permission> for PermissionSet {
    fn from_iter<I: IntoIterator<Item = Permission>>(permissions: I) -> Self {
        permissions.into_iter().fold(Self::EMPTY, Self::with)
    }
}

impl From<Vec<Permission>> for PermissionSet {
    fn from(permissions: Vec<Permission>) -> Self {
        permissions.into_iter().collect()
    }
}

impl From<PermissionSet> for Vec<Permission> {
    fn from(set: PermissionSet) -> Self {
        set.iter().collect()
    }
}

impl fmt::Debug for PermissionSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set()
            .entries(self.iter().map(|permission| permission.to_string()))
            .finish()
    }
}

/// Declares the built-in roles from one table: Azure's role of that name, its data actions there, and what it allows here.
macro_rules! roles {
    ($(#[doc = $doc:literal] $variant:ident [$($action:literal)+] $permissions:expr;)+) => {
        /// A built-in role: a name for a set of permissions, after Azure's role of that name (learn.microsoft.com, Azure
        /// built-in roles for Key Vault data plane operations).
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
        pub enum Role {
            $(#[doc = $doc] $variant,)+
        }

        impl Role {
            /// Every role there is.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The name.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => stringify!($variant),)+ }
            }

            /// What it allows, in one sentence.
            pub const fn summary(self) -> &'static str {
                match self { $(Self::$variant => $doc.trim_ascii(),)+ }
            }

            /// The data actions of Azure's role of that name, without `Microsoft.KeyVault/vaults/` in front.
            pub const fn data_actions(self) -> &'static [&'static str] {
                match self { $(Self::$variant => &[$($action),+],)+ }
            }

            /// The permissions of the role.
            pub const fn permissions(self) -> PermissionSet {
                match self { $(Self::$variant => $permissions,)+ }
            }
        }
    };
}

roles! {
    /// Read secrets: get and list.
    KeyVaultSecretsUser [
        "secrets/getSecret/action"
        "secrets/readMetadata/action"
    ] PermissionSet::of(&[Permission::SecretGet, Permission::SecretList]);
    /// Every permission of secrets.
    KeyVaultSecretsOfficer ["secrets/*"] PermissionSet::of_kind(ObjectKind::Secrets);
    /// Use keys: encrypt, decrypt, wrap, unwrap, sign and verify, and get, list, update and back up.
    KeyVaultCryptoUser [
        "keys/read"
        "keys/update/action"
        "keys/backup/action"
        "keys/encrypt/action"
        "keys/decrypt/action"
        "keys/wrap/action"
        "keys/unwrap/action"
        "keys/sign/action"
        "keys/verify/action"
    ] PermissionSet::of(&[
        Permission::KeyGet,
        Permission::KeyList,
        Permission::KeyUpdate,
        Permission::KeyBackup,
        Permission::KeyEncrypt,
        Permission::KeyDecrypt,
        Permission::KeyWrapKey,
        Permission::KeyUnwrapKey,
        Permission::KeySign,
        Permission::KeyVerify,
    ]);
    /// Every permission of keys.
    KeyVaultCryptoOfficer ["keys/*" "keyrotationpolicies/*"] PermissionSet::of_kind(ObjectKind::Keys);
    /// Encrypt data of a service with keys: get, list, wrap and unwrap.
    KeyVaultCryptoServiceEncryptionUser [
        "keys/read"
        "keys/wrap/action"
        "keys/unwrap/action"
    ] PermissionSet::of(&[
        Permission::KeyGet,
        Permission::KeyList,
        Permission::KeyWrapKey,
        Permission::KeyUnwrapKey,
    ]);
    /// Release keys to attested environments.
    KeyVaultCryptoServiceReleaseUser ["keys/release/action"] PermissionSet::of(&[Permission::KeyRelease]);
    /// Every permission of certificates, contacts and issuers, but for the vault's own authorities. It reads no private key.
    KeyVaultCertificatesOfficer [
        "certificatecas/*"
        "certificates/*"
        "certificatecontacts/write"
    ] PermissionSet::of_kind(ObjectKind::Certificates)
        .without(Permission::CertificateUseIssuer)
        .without(Permission::CertificateRevoke);
    /// Read certificates with their keys and secrets, and so with their private keys where these may leave the vault.
    KeyVaultCertificateUser [
        "certificates/read"
        "secrets/getSecret/action"
        "secrets/readMetadata/action"
        "keys/read"
    ] PermissionSet::of(&[
        Permission::CertificateGet,
        Permission::CertificateList,
        Permission::SecretGet,
        Permission::SecretList,
        Permission::KeyGet,
        Permission::KeyList,
    ]);
}

impl FromStr for Role {
    type Err = PermissionError;

    fn from_str(text: &str) -> Result<Self, PermissionError> {
        Self::ALL
            .iter()
            .copied()
            .find(|role| role.name() == text)
            .ok_or(PermissionError::Role)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// What a data action of Azure's allows, in permissions.
    type Action = (&'static str, &'static [&'static str]);

    const READ: Action = ("keys/read", &["get", "list"]);
    const WRAP: Action = ("keys/wrap/action", &["wrapKey"]);
    const UNWRAP: Action = ("keys/unwrap/action", &["unwrapKey"]);

    /// Azure's built-in roles for keys, as its documentation lists them (learn.microsoft.com, Azure built-in roles for Key
    /// Vault data plane operations).
    const OF_KEYS: [(&str, &[Action]); 4] = [
        (
            "KeyVaultCryptoUser",
            &[
                READ,
                ("keys/update/action", &["update"]),
                ("keys/backup/action", &["backup"]),
                ("keys/encrypt/action", &["encrypt"]),
                ("keys/decrypt/action", &["decrypt"]),
                WRAP,
                UNWRAP,
                ("keys/sign/action", &["sign"]),
                ("keys/verify/action", &["verify"]),
            ],
        ),
        (
            "KeyVaultCryptoOfficer",
            &[
                (
                    "keys/*",
                    &[
                        "encrypt",
                        "decrypt",
                        "wrapKey",
                        "unwrapKey",
                        "sign",
                        "verify",
                        "get",
                        "list",
                        "create",
                        "update",
                        "import",
                        "delete",
                        "backup",
                        "restore",
                        "recover",
                        "purge",
                        "release",
                        "rotate",
                    ],
                ),
                (
                    "keyrotationpolicies/*",
                    &["getrotationpolicy", "setrotationpolicy"],
                ),
            ],
        ),
        ("KeyVaultCryptoServiceEncryptionUser", &[READ, WRAP, UNWRAP]),
        (
            "KeyVaultCryptoServiceReleaseUser",
            &[("keys/release/action", &["release"])],
        ),
    ];

    #[test]
    fn every_permission_has_a_bit_of_its_own_and_survives_its_text() {
        for (index, permission) in Permission::ALL.iter().enumerate() {
            assert_eq!(*permission as usize, index);
            assert_eq!(permission.to_string().parse(), Ok(*permission));
        }
        assert!(Permission::ALL.len() <= 64);
    }

    #[test]
    fn permissions_of_one_kind_are_not_those_of_another() {
        let set = PermissionSet::EMPTY.with(Permission::KeyGet);
        assert!(!set.contains(Permission::SecretGet));
        assert_eq!(
            "secrets/sign".parse::<Permission>(),
            Err(PermissionError::Permission)
        );
        assert_eq!(
            "secrets/Get".parse::<Permission>(),
            Err(PermissionError::Permission)
        );
    }

    #[test]
    fn a_role_for_keys_allows_what_the_data_actions_of_azures_do_and_nothing_else() {
        for (name, actions) in OF_KEYS {
            let role: Role = name.parse().unwrap();
            let names: Vec<_> = actions.iter().map(|(action, _)| *action).collect();
            assert_eq!(role.data_actions(), names, "{name}");
            let allowed: BTreeSet<_> = role.permissions().iter().map(|p| p.to_string()).collect();
            let of_azure: BTreeSet<_> = actions
                .iter()
                .flat_map(|(_, permissions)| *permissions)
                .map(|permission| format!("keys/{permission}"))
                .collect();
            assert_eq!(allowed, of_azure, "{name}");
        }
        let of_certificates = [Role::KeyVaultCertificatesOfficer, Role::KeyVaultCertificateUser];
        let others = Role::ALL.iter().filter(|role| {
            let is_of_keys = OF_KEYS.iter().any(|(name, _)| role.name() == *name);
            !is_of_keys && !of_certificates.contains(role)
        });
        for role in others {
            let mut permissions = role.permissions().iter();
            assert!(
                permissions.all(|permission| permission.kind() == ObjectKind::Secrets),
                "{role:?}"
            );
        }
    }

    /// `CertificatePermissions` of Azure's API, without `all`, and our own.
    #[test]
    fn the_permissions_on_certificates_have_azures_names() {
        let of_kind = Permission::ALL.iter().copied();
        let of_kind = of_kind.filter(|permission| permission.kind() == ObjectKind::Certificates);
        let names: Vec<_> = of_kind.map(Permission::name).collect();
        assert_eq!(
            names,
            [
                "get",
                "list",
                "delete",
                "create",
                "import",
                "update",
                "managecontacts",
                "getissuers",
                "listissuers",
                "setissuers",
                "deleteissuers",
                "manageissuers",
                "recover",
                "purge",
                "backup",
                "restore",
                "strongroom/issuers/use",
                "strongroom/revoke"
            ]
        );
    }

    #[test]
    fn the_certificates_officer_does_everything_with_certificates_but_use_the_vaults_own_authorities() {
        let role = Role::KeyVaultCertificatesOfficer;
        let actions = ["certificatecas/*", "certificates/*", "certificatecontacts/write"];
        assert_eq!(role.data_actions(), actions);
        let of_kind = Permission::ALL.iter().copied();
        let of_kind = of_kind.filter(|permission| permission.kind() == ObjectKind::Certificates);
        let own = [Permission::CertificateUseIssuer, Permission::CertificateRevoke];
        let expected: PermissionSet = of_kind.filter(|permission| !own.contains(permission)).collect();
        assert_eq!(role.permissions(), expected);
        assert_eq!(expected.iter().count(), 16);
    }

    #[test]
    fn the_certificate_user_reads_the_three_parts_and_changes_nothing() {
        let names = Role::KeyVaultCertificateUser.permissions();
        let names: Vec<_> = names.iter().map(|permission| permission.to_string()).collect();
        assert_eq!(
            names,
            [
                "secrets/get",
                "secrets/list",
                "keys/get",
                "keys/list",
                "certificates/get",
                "certificates/list"
            ]
        );
    }

    #[test]
    fn who_manages_issuers_may_do_each_thing_with_them() {
        let manages = PermissionSet::of(&[Permission::CertificateManageIssuers]);
        for implied in [
            Permission::CertificateGetIssuers,
            Permission::CertificateListIssuers,
            Permission::CertificateSetIssuers,
            Permission::CertificateDeleteIssuers,
        ] {
            assert!(manages.contains(implied), "{implied}");
        }
        assert!(!manages.contains(Permission::CertificateUseIssuer));
        assert_eq!(manages.iter().count(), 5);
    }

    #[test]
    fn the_secrets_officer_can_do_everything_with_secrets() {
        let names: Vec<_> = Role::KeyVaultSecretsOfficer
            .permissions()
            .iter()
            .map(Permission::name)
            .collect();
        assert_eq!(
            names,
            [
                "get", "list", "set", "delete", "backup", "restore", "recover", "purge"
            ]
        );
    }

    #[test]
    fn the_secrets_user_can_only_read() {
        let names: Vec<_> = Role::KeyVaultSecretsUser
            .permissions()
            .iter()
            .map(|p| p.to_string())
            .collect();
        assert_eq!(names, ["secrets/get", "secrets/list"]);
    }
}
