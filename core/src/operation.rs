//! Every operation there is, one row each. Routes, the policy decision, the audit log, the labels of metrics and
//! `docs/reference/operations.md` derive from this table.
//!
//! To add an operation, add its row; the compiler then names the places that must perform it.

use std::fmt;

use crate::{name::ObjectKind, permission::Permission};

pub mod page;
pub mod permissions;

/// Whether an operation changes something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum OperationEffect {
    /// It reads; the store stays as it is.
    Read,
    /// It changes the store, and waits for the disk.
    Write,
}

/// What the policy decision of an operation is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DecidedOn {
    /// The object that the request names.
    NamedObject,
    /// First any object at all, then each object of the list by its own name: the caller sees those that policy
    /// allows.
    ListedObjects,
    /// First any object at all, then the object whose name is inside the backup blob.
    BackupBlob,
    /// Each object of the subscription by its own name: the subscription stands while policy allows one of them.
    SubscribedObjects,
    /// Every object: a policy on all names (`*`) must allow it. One on some names is not about it.
    EveryObject,
    /// Nothing: policy is not asked.
    Nothing,
}

/// The row of one operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OperationRow {
    /// The kind of object it is about; `None` where the request decides that.
    pub kind: Option<ObjectKind>,
    /// The permission that it needs; `None` where policy is not asked.
    pub permission: Option<Permission>,
    /// Whether it changes something.
    pub effect: OperationEffect,
    /// What the policy decision is about.
    pub decided_on: DecidedOn,
    /// What it does, in one sentence.
    pub summary: &'static str,
}

/// Declares the operations from one table: what it does, its word, and the rest of its row.
macro_rules! operations {
    ($(#[doc = $summary:literal] $word:ident: $kind:expr, $permission:expr, $effect:ident, $decided_on:ident;)+) => {
        /// What a request asks for. Its word is Azure Key Vault's `operationName` (learn.microsoft.com, Key Vault
        /// logging), or one of the same form for what Azure lacks.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Operation {
            $(#[doc = $summary] $word,)+
        }

        impl Operation {
            /// Every operation, in the order of the table.
            pub const ALL: &[Self] = &[$(Self::$word),+];

            /// The operation's word in the audit log and in the labels of metrics.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$word => stringify!($word),)+ }
            }

            /// The operation's row.
            pub const fn row(self) -> OperationRow {
                use ObjectKind::{Certificates, Keys, Secrets};
                match self {
                    $(Self::$word => OperationRow {
                        kind: $kind,
                        permission: $permission,
                        effect: OperationEffect::$effect,
                        decided_on: DecidedOn::$decided_on,
                        summary: $summary.trim_ascii(),
                    },)+
                }
            }
        }
    };
}

operations! {
    /// Sets a secret: a new version.
    SecretSet: Some(Secrets), Some(Permission::SecretSet), Write, NamedObject;
    /// Reads a secret's value.
    SecretGet: Some(Secrets), Some(Permission::SecretGet), Read, NamedObject;
    /// Changes the attributes of a version.
    SecretUpdate: Some(Secrets), Some(Permission::SecretSet), Write, NamedObject;
    /// Deletes a secret, recoverably.
    SecretDelete: Some(Secrets), Some(Permission::SecretDelete), Write, NamedObject;
    /// Lists the secrets.
    SecretList: Some(Secrets), Some(Permission::SecretList), Read, ListedObjects;
    /// Lists the versions of one secret.
    SecretListVersions: Some(Secrets), Some(Permission::SecretList), Read, NamedObject;
    /// Reads the attributes of a deleted secret.
    SecretGetDeleted: Some(Secrets), Some(Permission::SecretGet), Read, NamedObject;
    /// Lists the deleted secrets.
    SecretListDeleted: Some(Secrets), Some(Permission::SecretList), Read, ListedObjects;
    /// Recovers a deleted secret.
    SecretRecover: Some(Secrets), Some(Permission::SecretRecover), Write, NamedObject;
    /// Purges a deleted secret.
    SecretPurge: Some(Secrets), Some(Permission::SecretPurge), Write, NamedObject;
    /// Backs up a secret with all its versions.
    SecretBackup: Some(Secrets), Some(Permission::SecretBackup), Read, NamedObject;
    /// Restores a secret from a backup.
    SecretRestore: Some(Secrets), Some(Permission::SecretRestore), Write, BackupBlob;
    /// Creates a key: a new version, made by the vault.
    KeyCreate: Some(Keys), Some(Permission::KeyCreate), Write, NamedObject;
    /// Imports a key: a new version, made elsewhere.
    KeyImport: Some(Keys), Some(Permission::KeyImport), Write, NamedObject;
    /// Rotates a key: a new version of the same type, made by the vault.
    KeyRotate: Some(Keys), Some(Permission::KeyRotate), Write, NamedObject;
    /// Reads the rotation policy of a key.
    KeyRotationPolicyGet: Some(Keys), Some(Permission::KeyGetRotationPolicy), Read, NamedObject;
    /// Sets the rotation policy of a key.
    KeyRotationPolicySet: Some(Keys), Some(Permission::KeySetRotationPolicy), Write, NamedObject;
    /// Reads the public part of a key.
    KeyGet: Some(Keys), Some(Permission::KeyGet), Read, NamedObject;
    /// Changes the attributes of a version.
    KeyUpdate: Some(Keys), Some(Permission::KeyUpdate), Write, NamedObject;
    /// Deletes a key, recoverably.
    KeyDelete: Some(Keys), Some(Permission::KeyDelete), Write, NamedObject;
    /// Lists the keys.
    KeyList: Some(Keys), Some(Permission::KeyList), Read, ListedObjects;
    /// Lists the versions of one key.
    KeyListVersions: Some(Keys), Some(Permission::KeyList), Read, NamedObject;
    /// Reads the public part of a deleted key.
    KeyGetDeleted: Some(Keys), Some(Permission::KeyGet), Read, NamedObject;
    /// Lists the deleted keys.
    KeyListDeleted: Some(Keys), Some(Permission::KeyList), Read, ListedObjects;
    /// Recovers a deleted key.
    KeyRecover: Some(Keys), Some(Permission::KeyRecover), Write, NamedObject;
    /// Purges a deleted key.
    KeyPurge: Some(Keys), Some(Permission::KeyPurge), Write, NamedObject;
    /// Backs up a key with all its versions.
    KeyBackup: Some(Keys), Some(Permission::KeyBackup), Read, NamedObject;
    /// Restores a key from a backup.
    KeyRestore: Some(Keys), Some(Permission::KeyRestore), Write, BackupBlob;
    /// Encrypts with a key.
    KeyEncrypt: Some(Keys), Some(Permission::KeyEncrypt), Read, NamedObject;
    /// Decrypts with a key.
    KeyDecrypt: Some(Keys), Some(Permission::KeyDecrypt), Read, NamedObject;
    /// Signs with a key.
    KeySign: Some(Keys), Some(Permission::KeySign), Read, NamedObject;
    /// Verifies a signature with a key.
    KeyVerify: Some(Keys), Some(Permission::KeyVerify), Read, NamedObject;
    /// Wraps another key with a key.
    KeyWrap: Some(Keys), Some(Permission::KeyWrapKey), Read, NamedObject;
    /// Unwraps another key with a key.
    KeyUnwrap: Some(Keys), Some(Permission::KeyUnwrapKey), Read, NamedObject;
    /// Releases a key to an attested environment, encrypted for it.
    KeyRelease: Some(Keys), Some(Permission::KeyRelease), Read, NamedObject;
    /// Wraps another key for an attested environment; no key of a vault does.
    KeySecureWrap: Some(Keys), Some(Permission::KeyWrapKey), Read, NamedObject;
    /// Unwraps another key for an attested environment; no key of a vault does.
    KeySecureUnwrap: Some(Keys), Some(Permission::KeyUnwrapKey), Read, NamedObject;
    /// Reads a key with a statement of where its private part lives.
    KeyGetAttestation: Some(Keys), Some(Permission::KeyGet), Read, NamedObject;
    /// Makes random bytes.
    KeyGetRandomBytes: Some(Keys), Some(Permission::KeyEncrypt), Read, EveryObject;
    /// Creates a certificate: the operation that makes a version begins.
    CertificateCreate: Some(Certificates), Some(Permission::CertificateCreate), Write, NamedObject;
    /// Imports a certificate with its private key: a new version, issued elsewhere.
    CertificateImport: Some(Certificates), Some(Permission::CertificateImport), Write, NamedObject;
    /// Reads a certificate.
    CertificateGet: Some(Certificates), Some(Permission::CertificateGet), Read, NamedObject;
    /// Changes the attributes of a version, or the policy.
    CertificateUpdate: Some(Certificates), Some(Permission::CertificateUpdate), Write, NamedObject;
    /// Deletes a certificate with its key and secret, recoverably.
    CertificateDelete: Some(Certificates), Some(Permission::CertificateDelete), Write, NamedObject;
    /// Lists the certificates.
    CertificateList: Some(Certificates), Some(Permission::CertificateList), Read, ListedObjects;
    /// Lists the versions of one certificate.
    CertificateListVersions: Some(Certificates), Some(Permission::CertificateList), Read, NamedObject;
    /// Reads a deleted certificate.
    CertificateGetDeleted: Some(Certificates), Some(Permission::CertificateGet), Read, NamedObject;
    /// Lists the deleted certificates.
    CertificateListDeleted: Some(Certificates), Some(Permission::CertificateList), Read, ListedObjects;
    /// Recovers a deleted certificate with its key and secret.
    CertificateRecover: Some(Certificates), Some(Permission::CertificateRecover), Write, NamedObject;
    /// Purges a deleted certificate with its key and secret.
    CertificatePurge: Some(Certificates), Some(Permission::CertificatePurge), Write, NamedObject;
    /// Backs up a certificate with all its versions, its key and its secret.
    CertificateBackup: Some(Certificates), Some(Permission::CertificateBackup), Read, NamedObject;
    /// Restores a certificate with its key and secret from a backup.
    CertificateRestore: Some(Certificates), Some(Permission::CertificateRestore), Write, BackupBlob;
    /// Reads the policy of a certificate.
    CertificatePolicyGet: Some(Certificates), Some(Permission::CertificateGet), Read, NamedObject;
    /// Changes the policy of a certificate.
    CertificatePolicyUpdate: Some(Certificates), Some(Permission::CertificateUpdate), Write, NamedObject;
    /// Reads the operation that makes a version of a certificate.
    CertificatePendingGet: Some(Certificates), Some(Permission::CertificateGet), Read, NamedObject;
    /// Cancels the operation that makes a version of a certificate.
    CertificatePendingUpdate: Some(Certificates), Some(Permission::CertificateUpdate), Write, NamedObject;
    /// Forgets the operation that makes a version of a certificate.
    CertificatePendingDelete: Some(Certificates), Some(Permission::CertificateUpdate), Write, NamedObject;
    /// Merges a certificate that was issued elsewhere for the operation's request.
    CertificatePendingMerge: Some(Certificates), Some(Permission::CertificateCreate), Write, NamedObject;
    /// Revokes a version of a certificate that an authority of the vault issued.
    CertificateRevoke: Some(Certificates), Some(Permission::CertificateRevoke), Write, NamedObject;
    /// Reads the contacts of the vault's certificates.
    CertificateContactsGet: Some(Certificates), Some(Permission::CertificateManageContacts), Read, EveryObject;
    /// Sets the contacts of the vault's certificates.
    CertificateContactsSet: Some(Certificates), Some(Permission::CertificateManageContacts), Write, EveryObject;
    /// Deletes the contacts of the vault's certificates.
    CertificateContactsDelete: Some(Certificates), Some(Permission::CertificateManageContacts), Write, EveryObject;
    /// Lists the issuers of certificates.
    CertificateIssuersList: Some(Certificates), Some(Permission::CertificateListIssuers), Read, EveryObject;
    /// Reads an issuer of certificates.
    CertificateIssuerGet: Some(Certificates), Some(Permission::CertificateGetIssuers), Read, EveryObject;
    /// Sets an issuer of certificates.
    CertificateIssuerSet: Some(Certificates), Some(Permission::CertificateSetIssuers), Write, EveryObject;
    /// Changes an issuer of certificates.
    CertificateIssuerUpdate: Some(Certificates), Some(Permission::CertificateSetIssuers), Write, EveryObject;
    /// Deletes an issuer of certificates.
    CertificateIssuerDelete: Some(Certificates), Some(Permission::CertificateDeleteIssuers), Write, EveryObject;
    /// Reads the list of revoked certificates of an authority, without login.
    RevocationListGet: None, None, Read, Nothing;
    /// Asks for a path or method that no operation has.
    Unknown: None, None, Read, Nothing;
    /// Subscribes a volume to the changes of its objects.
    VolumeSubscribe: None, Some(Permission::SecretGet), Read, SubscribedObjects;
    /// Renews the subscription of a volume.
    VolumeRenew: None, Some(Permission::SecretGet), Read, SubscribedObjects;
}

impl Operation {
    /// The kind of object it is about; `None` where the request decides that.
    pub const fn kind(self) -> Option<ObjectKind> {
        self.row().kind
    }

    /// The permission that it needs; `None` where policy is not asked.
    pub const fn permission(self) -> Option<Permission> {
        self.row().permission
    }

    /// Whether it changes something.
    pub const fn effect(self) -> OperationEffect {
        self.row().effect
    }

    /// What the policy decision is about.
    pub const fn decided_on(self) -> DecidedOn {
        self.row().decided_on
    }
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::permission::Role;

    #[test]
    fn every_operation_has_a_word_of_its_own() {
        let words: BTreeSet<_> = Operation::ALL
            .iter()
            .map(|operation| operation.as_str())
            .collect();
        assert_eq!(words.len(), Operation::ALL.len());
        assert!(
            words
                .iter()
                .all(|word| word.bytes().all(|byte| byte.is_ascii_alphanumeric()))
        );
    }

    #[test]
    fn an_operation_needs_a_permission_unless_policy_is_not_asked() {
        for operation in Operation::ALL {
            let is_decided = operation.decided_on() != DecidedOn::Nothing;
            assert_eq!(operation.permission().is_some(), is_decided, "{operation}");
        }
    }

    #[test]
    fn the_permission_of_an_operation_is_one_of_its_kind() {
        for operation in Operation::ALL {
            if let (Some(kind), Some(permission)) = (operation.kind(), operation.permission()) {
                assert_eq!(permission.kind(), kind, "{operation}");
            }
        }
    }

    #[test]
    fn every_permission_is_needed_by_an_operation_but_for_what_others_imply_or_need_beside_theirs() {
        let needed: BTreeSet<_> = Operation::ALL
            .iter()
            .filter_map(|operation| operation.permission())
            .collect();
        let secrets = Role::KeyVaultSecretsOfficer.permissions();
        let keys = Role::KeyVaultCryptoOfficer.permissions();
        let certificates = Role::KeyVaultCertificatesOfficer.permissions();
        let certificates = certificates.without(Permission::CertificateManageIssuers);
        let certificates = certificates.with(Permission::CertificateRevoke);
        let all = secrets.union(keys).union(certificates);
        assert_eq!(needed, all.iter().collect());
    }

    #[test]
    fn an_operation_that_needs_a_reading_permission_only_reads() {
        for operation in Operation::ALL {
            if matches!(
                operation.permission(),
                Some(
                    Permission::SecretGet | Permission::SecretList | Permission::KeyGet | Permission::KeyList
                )
            ) {
                assert_eq!(operation.effect(), OperationEffect::Read, "{operation}");
            }
        }
    }
}
