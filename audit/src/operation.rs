//! The words for what a request asks.

use std::fmt;

/// Makes an enum whose arms have one word each.
macro_rules! words {
    ($(#[$doc:meta] $arm:ident = $word:literal,)+) => {
        /// What a request asks: Azure Key Vault's `operationName` (learn.microsoft.com, Key Vault logging), and words
        /// of the same form for what Azure lacks.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Operation {
            $(#[$doc] $arm,)+
        }

        impl Operation {
            /// Every operation.
            pub const ALL: &[Self] = &[$(Self::$arm),+];

            /// The word.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$arm => $word,)+
                }
            }
        }
    };
}

words! {
    /// Set a secret: a new version.
    SecretSet = "SecretSet",
    /// Read a secret's value.
    SecretGet = "SecretGet",
    /// Change a version's attributes.
    SecretUpdate = "SecretUpdate",
    /// Delete a secret, recoverably.
    SecretDelete = "SecretDelete",
    /// List the secrets.
    SecretList = "SecretList",
    /// List one secret's versions.
    SecretListVersions = "SecretListVersions",
    /// Read a deleted secret's attributes.
    SecretGetDeleted = "SecretGetDeleted",
    /// List the deleted secrets.
    SecretListDeleted = "SecretListDeleted",
    /// Recover a deleted secret.
    SecretRecover = "SecretRecover",
    /// Purge a deleted secret.
    SecretPurge = "SecretPurge",
    /// Back a secret up.
    SecretBackup = "SecretBackup",
    /// Restore a secret.
    SecretRestore = "SecretRestore",
    /// Ask for a path or method that there is not.
    Unknown = "Unknown",
    /// Subscribe a volume to changes (ours).
    VolumeSubscribe = "VolumeSubscribe",
    /// Renew a volume's subscription (ours).
    VolumeRenew = "VolumeRenew",
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
