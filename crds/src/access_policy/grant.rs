//! What a policy lets its subjects do.

use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use strongroom_core::{Permission, PermissionSet, Role};

use super::PolicySpecError;

/// Permissions by Azure's names, on one kind of object: secrets, keys or certificates. There is no word for all of them.
#[derive(Clone, Debug, Default, Deserialize, Eq, KubeSchema, PartialEq, Serialize)]
// Where the API server drops a misspelled list, nothing may be left that looks whole: least of all of a Deny.
#[x_kube(validation = Rule::new("[has(self.secrets), has(self.keys), has(self.certificates)].exists_one(it, it)").message("permissions names at least one permission on one kind of object, as in secrets: [get]; another kind has a policy of its own."))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Permissions {
    /// What may be done with secrets: get, list, set, delete, backup, restore, recover, purge.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 8))]
    #[x_kube(merge_strategy = ListMerge::Atomic)]
    pub secrets: Option<Vec<SecretPermission>>,
    /// What may be done with keys: get, list, create, import, update, rotate, getrotationpolicy, setrotationpolicy,
    /// delete, backup, restore, recover, purge, and encrypt, decrypt, wrapKey, unwrapKey, sign, verify, with the private part staying in the vault. With release, an exportable key is released to an
    /// environment that its release policy allows.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 20))]
    #[x_kube(merge_strategy = ListMerge::Atomic)]
    pub keys: Option<Vec<KeyPermission>>,
    /// What may be done with certificates: get, list, create, import, update, delete, backup, restore, recover, purge. For
    /// every name (`objects: ["*"]`) also with their contacts and issuers: managecontacts, getissuers, listissuers, setissuers,
    /// deleteissuers, and manageissuers for all four of these. With strongroom/issuers/use, an authority of the vault issues;
    /// with strongroom/revoke, what it issued is revoked.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 18))]
    #[x_kube(merge_strategy = ListMerge::Atomic)]
    pub certificates: Option<Vec<CertificatePermission>>,
}

/// What may be done with secrets.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
#[schemars(transform = crate::schema::undescribed)]
pub enum SecretPermission {
    /// Read the value and attributes of a secret.
    Get,
    /// List secrets and versions, without values.
    List,
    /// Set a value or change attributes.
    Set,
    /// Delete, recoverably.
    Delete,
    /// Take an encrypted backup.
    Backup,
    /// Restore an encrypted backup.
    Restore,
    /// Recover a deleted secret.
    Recover,
    /// Destroy a deleted secret before its retention ends.
    Purge,
    /// A value of a newer release.
    #[serde(other)]
    #[schemars(skip)]
    Unknown,
}

/// What may be done with keys.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[schemars(transform = crate::schema::undescribed)]
pub enum KeyPermission {
    /// Read the public part and attributes of a key.
    Get,
    /// List keys and versions.
    List,
    /// Have the vault make a key.
    Create,
    /// Bring a key that was made elsewhere.
    Import,
    /// Change attributes and uses.
    Update,
    /// Have the vault make a new version.
    Rotate,
    /// Read the rotation policy.
    #[serde(rename = "getrotationpolicy")]
    GetRotationPolicy,
    /// Set the rotation policy.
    #[serde(rename = "setrotationpolicy")]
    SetRotationPolicy,
    /// Delete, recoverably.
    Delete,
    /// Take an encrypted backup.
    Backup,
    /// Restore an encrypted backup.
    Restore,
    /// Recover a deleted key.
    Recover,
    /// Destroy a deleted key before its retention ends.
    Purge,
    /// Encrypt data.
    Encrypt,
    /// Decrypt data.
    Decrypt,
    /// Encrypt another key.
    WrapKey,
    /// Decrypt another key.
    UnwrapKey,
    /// Sign.
    Sign,
    /// Verify a signature.
    Verify,
    /// Release an exportable key to an attested environment.
    Release,
    /// A value of a newer release.
    #[serde(other)]
    #[schemars(skip)]
    Unknown,
}

/// What may be done with certificates.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
#[schemars(transform = crate::schema::undescribed)]
pub enum CertificatePermission {
    /// Read a certificate, its policy and its operation.
    Get,
    /// List certificates and versions.
    List,
    /// Have the vault make a certificate, or merge one.
    Create,
    /// Bring a certificate that was issued elsewhere.
    Import,
    /// Change attributes and policy.
    Update,
    /// Delete, recoverably.
    Delete,
    /// Take an encrypted backup.
    Backup,
    /// Restore an encrypted backup.
    Restore,
    /// Recover a deleted certificate.
    Recover,
    /// Destroy a deleted certificate before its retention ends.
    Purge,
    /// Read and set the contacts.
    ManageContacts,
    /// Read an issuer.
    GetIssuers,
    /// List the issuers.
    ListIssuers,
    /// Set or change an issuer.
    SetIssuers,
    /// Delete an issuer.
    DeleteIssuers,
    /// Everything with issuers.
    ManageIssuers,
    /// Have an authority of the vault issue.
    #[serde(rename = "strongroom/issuers/use")]
    UseIssuer,
    /// Revoke what an authority of the vault issued.
    #[serde(rename = "strongroom/revoke")]
    Revoke,
    /// A value of a newer release.
    #[serde(other)]
    #[schemars(skip)]
    Unknown,
}

/// A built-in role.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[schemars(transform = crate::schema::undescribed)]
pub enum RoleField {
    /// Read secrets: get and list.
    KeyVaultSecretsUser,
    /// Everything with secrets.
    KeyVaultSecretsOfficer,
    /// Use keys, get, list, update and back them up.
    KeyVaultCryptoUser,
    /// Everything with keys.
    KeyVaultCryptoOfficer,
    /// Get, list, wrap and unwrap with keys.
    KeyVaultCryptoServiceEncryptionUser,
    /// Release keys to attested environments.
    KeyVaultCryptoServiceReleaseUser,
    /// Everything with certificates, contacts and issuers, but for the vault's own authorities.
    KeyVaultCertificatesOfficer,
    /// Read certificates with their keys and secrets.
    KeyVaultCertificateUser,
    /// A value of a newer release.
    #[serde(other)]
    #[schemars(skip)]
    Unknown,
}

impl Permissions {
    /// The permissions as one set.
    pub(super) fn to_set(&self) -> Result<PermissionSet, PolicySpecError> {
        let secrets = self.secrets.iter().flatten().map(|it| it.to_core());
        let keys = self.keys.iter().flatten().map(|it| it.to_core());
        let certificates = self.certificates.iter().flatten().map(|it| it.to_core());
        secrets.chain(keys).chain(certificates).collect()
    }
}

impl SecretPermission {
    fn to_core(self) -> Result<Permission, PolicySpecError> {
        match self {
            Self::Get => Ok(Permission::SecretGet),
            Self::List => Ok(Permission::SecretList),
            Self::Set => Ok(Permission::SecretSet),
            Self::Delete => Ok(Permission::SecretDelete),
            Self::Backup => Ok(Permission::SecretBackup),
            Self::Restore => Ok(Permission::SecretRestore),
            Self::Recover => Ok(Permission::SecretRecover),
            Self::Purge => Ok(Permission::SecretPurge),
            Self::Unknown => Err(PolicySpecError::UnknownValue {
                field: "permissions.secrets",
            }),
        }
    }
}

impl KeyPermission {
    fn to_core(self) -> Result<Permission, PolicySpecError> {
        match self {
            Self::Get => Ok(Permission::KeyGet),
            Self::List => Ok(Permission::KeyList),
            Self::Create => Ok(Permission::KeyCreate),
            Self::Import => Ok(Permission::KeyImport),
            Self::Update => Ok(Permission::KeyUpdate),
            Self::Rotate => Ok(Permission::KeyRotate),
            Self::GetRotationPolicy => Ok(Permission::KeyGetRotationPolicy),
            Self::SetRotationPolicy => Ok(Permission::KeySetRotationPolicy),
            Self::Delete => Ok(Permission::KeyDelete),
            Self::Backup => Ok(Permission::KeyBackup),
            Self::Restore => Ok(Permission::KeyRestore),
            Self::Recover => Ok(Permission::KeyRecover),
            Self::Purge => Ok(Permission::KeyPurge),
            Self::Encrypt => Ok(Permission::KeyEncrypt),
            Self::Decrypt => Ok(Permission::KeyDecrypt),
            Self::WrapKey => Ok(Permission::KeyWrapKey),
            Self::UnwrapKey => Ok(Permission::KeyUnwrapKey),
            Self::Sign => Ok(Permission::KeySign),
            Self::Verify => Ok(Permission::KeyVerify),
            Self::Release => Ok(Permission::KeyRelease),
            Self::Unknown => Err(PolicySpecError::UnknownValue {
                field: "permissions.keys",
            }),
        }
    }
}

impl CertificatePermission {
    fn to_core(self) -> Result<Permission, PolicySpecError> {
        match self {
            Self::Get => Ok(Permission::CertificateGet),
            Self::List => Ok(Permission::CertificateList),
            Self::Create => Ok(Permission::CertificateCreate),
            Self::Import => Ok(Permission::CertificateImport),
            Self::Update => Ok(Permission::CertificateUpdate),
            Self::Delete => Ok(Permission::CertificateDelete),
            Self::Backup => Ok(Permission::CertificateBackup),
            Self::Restore => Ok(Permission::CertificateRestore),
            Self::Recover => Ok(Permission::CertificateRecover),
            Self::Purge => Ok(Permission::CertificatePurge),
            Self::ManageContacts => Ok(Permission::CertificateManageContacts),
            Self::GetIssuers => Ok(Permission::CertificateGetIssuers),
            Self::ListIssuers => Ok(Permission::CertificateListIssuers),
            Self::SetIssuers => Ok(Permission::CertificateSetIssuers),
            Self::DeleteIssuers => Ok(Permission::CertificateDeleteIssuers),
            Self::ManageIssuers => Ok(Permission::CertificateManageIssuers),
            Self::UseIssuer => Ok(Permission::CertificateUseIssuer),
            Self::Revoke => Ok(Permission::CertificateRevoke),
            Self::Unknown => Err(PolicySpecError::UnknownValue {
                field: "permissions.certificates",
            }),
        }
    }
}

impl RoleField {
    /// What the role permits.
    pub(super) fn to_set(self) -> Result<PermissionSet, PolicySpecError> {
        let role = match self {
            Self::KeyVaultSecretsUser => Role::KeyVaultSecretsUser,
            Self::KeyVaultSecretsOfficer => Role::KeyVaultSecretsOfficer,
            Self::KeyVaultCryptoUser => Role::KeyVaultCryptoUser,
            Self::KeyVaultCryptoOfficer => Role::KeyVaultCryptoOfficer,
            Self::KeyVaultCryptoServiceEncryptionUser => Role::KeyVaultCryptoServiceEncryptionUser,
            Self::KeyVaultCryptoServiceReleaseUser => Role::KeyVaultCryptoServiceReleaseUser,
            Self::KeyVaultCertificatesOfficer => Role::KeyVaultCertificatesOfficer,
            Self::KeyVaultCertificateUser => Role::KeyVaultCertificateUser,
            Self::Unknown => return Err(PolicySpecError::UnknownValue { field: "role" }),
        };
        Ok(role.permissions())
    }
}
