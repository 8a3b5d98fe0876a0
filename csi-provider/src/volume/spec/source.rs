//! What one file is made of.

use serde::{Deserialize, Serialize};
use strongroom_core::Version;
use strongroom_crds::secret_ref::{
    CertificatePart, CertificateStore, KeyEncoding, SecretEncoding, StoreFormat, TrustBundle,
};

use super::object::Object;
use crate::volume::{Content, ContentError, Value};

/// What a vault gave of an object, and the version that it is of, if the vault said so.
pub type Given<'a> = (&'a Value, Option<Version>);

/// What a file is made of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "SavedSource")]
pub enum Source {
    /// The value of a secret.
    Secret(Object),
    /// What the value of a secret is the encoding of.
    Decoded {
        /// The secret.
        object: Object,
        /// What it is decoded of.
        encoding: SecretEncoding,
    },
    /// A part of a certificate.
    Certificate {
        /// The secret of the certificate's name, which holds the chain and the private key.
        object: Object,
        /// What of it the file shows.
        part: CertificatePart,
    },
    /// A store of a certificate, under a password.
    Store {
        /// The secret of the certificate's name.
        object: Object,
        /// What of it the store holds, and how.
        store: CertificateStore,
        /// The secret whose value is the password.
        password: Object,
    },
    /// The public part of a key.
    Key {
        /// The key.
        object: Object,
        /// How the file shows it.
        encoding: KeyEncoding,
    },
    /// The certificates that verify vaults.
    TrustBundle(TrustBundle),
}

/// A source as records of volumes have it, in this release's words or in those of an earlier one.
#[derive(Deserialize)]
#[serde(untagged)]
enum SavedSource {
    Earlier(EarlierSource),
    Now(NowSource),
}

/// The bundle before it had a format and other roots than the vault's: it was what is the default now.
#[derive(Deserialize)]
enum EarlierSource {
    TrustBundle,
}

#[derive(Deserialize)]
enum NowSource {
    Secret(Object),
    Decoded {
        object: Object,
        encoding: SecretEncoding,
    },
    Certificate {
        object: Object,
        part: CertificatePart,
    },
    Store {
        object: Object,
        store: CertificateStore,
        password: Object,
    },
    Key {
        object: Object,
        encoding: KeyEncoding,
    },
    TrustBundle(TrustBundle),
}

impl From<SavedSource> for Source {
    fn from(saved: SavedSource) -> Self {
        match saved {
            SavedSource::Earlier(EarlierSource::TrustBundle) => Self::TrustBundle(TrustBundle::default()),
            SavedSource::Now(NowSource::Secret(object)) => Self::Secret(object),
            SavedSource::Now(NowSource::Decoded { object, encoding }) => Self::Decoded { object, encoding },
            SavedSource::Now(NowSource::Certificate { object, part }) => Self::Certificate { object, part },
            SavedSource::Now(NowSource::Store {
                object,
                store,
                password,
            }) => Self::Store {
                object,
                store,
                password,
            },
            SavedSource::Now(NowSource::Key { object, encoding }) => Self::Key { object, encoding },
            SavedSource::Now(NowSource::TrustBundle(bundle)) => Self::TrustBundle(bundle),
        }
    }
}

impl Source {
    /// The objects that it is made of: none of a vault's, one, or for a store the certificate and then the password.
    pub fn objects(&self) -> impl Iterator<Item = &Object> {
        let (object, password) = match self {
            Self::Secret(object)
            | Self::Decoded { object, .. }
            | Self::Certificate { object, .. }
            | Self::Key { object, .. } => (Some(object), None),
            Self::Store { object, password, .. } => (Some(object), Some(password)),
            Self::TrustBundle(_) => (None, None),
        };
        object.into_iter().chain(password)
    }

    /// Whether it is a store of PKCS#12.
    pub(super) const fn is_pkcs12(&self) -> bool {
        match self {
            Self::Store { store, .. } => matches!(store.format, StoreFormat::Pkcs12),
            Self::Secret(_)
            | Self::Decoded { .. }
            | Self::Certificate { .. }
            | Self::Key { .. }
            | Self::TrustBundle(_) => false,
        }
    }

    /// Whether it is made of a value, and not the value itself.
    pub(super) const fn is_derived(&self) -> bool {
        match self {
            Self::Decoded { .. } | Self::Certificate { .. } | Self::Store { .. } => true,
            Self::Secret(_) | Self::Key { .. } | Self::TrustBundle(_) => false,
        }
    }

    /// The content that it makes of what the vault gave of its objects, in their order. The same versions always make the same
    /// bytes.
    ///
    /// # Errors
    /// That is an object of another kind, or holds nothing of what is asked for.
    pub fn content_of(&self, given: &[Given<'_>]) -> Result<Content, ContentError> {
        match (self, given) {
            (Self::Secret(_), [(Value::Secret(secret), _)]) => Ok(secret.as_content().clone()),
            (Self::Decoded { encoding, .. }, [(Value::Secret(secret), _)]) => secret.decoded(*encoding),
            (Self::Certificate { part, .. }, [(Value::Secret(secret), _)]) => secret.certificate_part(*part),
            (
                Self::Store { object, store, .. },
                [
                    (Value::Secret(secret), version),
                    (Value::Secret(password), password_version),
                ],
            ) => {
                let alias = object.name.to_string();
                let versions = [*version, *password_version];
                secret.store(*store, &alias, password, versions)
            }
            (Self::Key { encoding, .. }, [(Value::Key(key), _)]) => Ok(key.encoded(*encoding).clone()),
            (
                Self::Secret(_)
                | Self::Decoded { .. }
                | Self::Certificate { .. }
                | Self::Store { .. }
                | Self::Key { .. }
                | Self::TrustBundle(_),
                _,
            ) => Err(ContentError::Kind),
        }
    }

    /// Which of the objects keeps it from being made.
    pub fn at_fault(&self, error: &ContentError) -> Option<&Object> {
        match error {
            ContentError::Password(_) => self.objects().last(),
            ContentError::Kind
            | ContentError::NoCertificate(_)
            | ContentError::NoAuthority
            | ContentError::NoPrivateKey
            | ContentError::Undecodable(_) => self.objects().next(),
        }
    }
}
