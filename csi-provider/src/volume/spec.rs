//! What a SecretRef asks for, checked again: a client that may write one may have written it past its rules.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use serde::{Deserialize, Serialize};
use strongroom_core::{ObjectKind, ObjectName, ObjectPath, VaultRef, Version, name::NameError};
use strongroom_crds::{
    SecretRefSpec,
    secret_ref::{
        CertificatePart, FileError, FileSource, KeyEncoding, SecretEncoding, SecretRefFile, TrustBundle,
    },
};

use crate::volume::{
    Content, ContentError, FilePath, Value,
    path::{PathError, check_disjoint},
};

/// The most files of one volume.
pub const MAX_FILES: usize = 64;

/// A secret or a key, and the version it is pinned to; `None` follows the current one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the names of the fields say what they hold")]
pub struct Object {
    /// What a record of a release before keys does not say: it has secrets alone.
    #[serde(default = "secrets", skip_serializing_if = "is_secrets")]
    pub kind: ObjectKind,
    pub name: ObjectName,
    pub version: Option<Version>,
}

const fn secrets() -> ObjectKind {
    ObjectKind::Secrets
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the form that serde calls")]
const fn is_secrets(kind: &ObjectKind) -> bool {
    matches!(kind, ObjectKind::Secrets)
}

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
            SavedSource::Now(NowSource::Key { object, encoding }) => Self::Key { object, encoding },
            SavedSource::Now(NowSource::TrustBundle(bundle)) => Self::TrustBundle(bundle),
        }
    }
}

/// One file to write.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the names of the fields say what they hold")]
pub struct FileSpec {
    /// The path in the volume.
    pub path: FilePath,
    /// Its permissions; `None` where the default applies.
    pub mode: Option<u32>,
    pub source: Source,
}

/// The files of a volume and the vault that their objects are in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VolumeSpec {
    /// The vault that holds the objects.
    pub vault: VaultRef,
    /// The files, 1 to 64.
    pub files: Vec<FileSpec>,
}

/// Why a SecretRef cannot be mounted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SpecError {
    /// The vault's name.
    #[error("its vaultRef: {0}")]
    Vault(NameError),
    /// None, or too many.
    #[error("it has {0} files; 1 to 64 can be mounted")]
    Files(usize),
    /// A path, alone or beside the others.
    #[error(transparent)]
    Path(#[from] PathError),
    /// A file's source or mode.
    #[error("file {path}: {source}")]
    #[allow(missing_docs, reason = "the names of the fields say what they hold")]
    File { path: FilePath, source: FileError },
}

impl VolumeSpec {
    /// Checks what the API server gave.
    pub fn parse(spec: &SecretRefSpec) -> Result<Self, SpecError> {
        let vault = spec.vault_ref.parsed().map_err(SpecError::Vault)?;
        if !(1..=MAX_FILES).contains(&spec.files.len()) {
            return Err(SpecError::Files(spec.files.len()));
        }
        let files = spec
            .files
            .iter()
            .map(FileSpec::parse)
            .collect::<Result<Vec<_>, _>>()?;
        check_disjoint(files.iter().map(|file| &file.path))?;
        Ok(Self { vault, files })
    }

    /// The objects that the files are made of, each once.
    pub fn objects(&self) -> BTreeSet<&Object> {
        self.files.iter().filter_map(FileSpec::object).collect()
    }

    /// The vault to connect to: none where the files show nothing of a vault's.
    pub fn connected_vault(&self) -> Option<&VaultRef> {
        self.files
            .iter()
            .any(|file| file.object().is_some())
            .then_some(&self.vault)
    }

    /// The objects to subscribe to, at most one of each kind and name: where the current version is wanted it is that one
    /// that changes; pinned versions never do.
    pub fn watched(&self) -> BTreeMap<ObjectPath, &Object> {
        // Sorted with the current one first.
        let mut watched = BTreeMap::new();
        for object in self.objects() {
            watched.entry(object.path()).or_insert(object);
        }
        watched
    }

    /// How many files hold something that is made of a value, and not the value itself: each takes memory of its own.
    pub fn derived_files(&self) -> usize {
        let is_derived =
            |file: &&FileSpec| matches!(file.source, Source::Decoded { .. } | Source::Certificate { .. });
        self.files.iter().filter(is_derived).count()
    }

    /// Whether `value` makes a content of every file that is made of `object`, which only change together.
    ///
    /// # Errors
    /// Why it makes none of the first one of which it does not.
    pub fn check_contents(&self, object: &Object, value: &Value) -> Result<(), ContentError> {
        self.files_of(object)
            .try_for_each(|file| file.source.content_of(value).map(drop))
    }

    /// The files made of `object`.
    pub fn files_of(&self, object: &Object) -> impl Iterator<Item = &FileSpec> {
        self.files
            .iter()
            .filter(move |file| file.object() == Some(object))
    }
}

impl FileSpec {
    fn parse(file: &SecretRefFile) -> Result<Self, SpecError> {
        let path: FilePath = file.path.parse()?;
        let wrong = |source| SpecError::File {
            path: path.clone(),
            source,
        };
        let source = match file.source().map_err(wrong)? {
            FileSource::Secret {
                name,
                version,
                encoding,
            } => {
                let object = secret(name, version);
                match encoding {
                    None => Source::Secret(object),
                    Some(encoding) => Source::Decoded { object, encoding },
                }
            }
            FileSource::Certificate { name, version, part } => Source::Certificate {
                object: secret(name, version),
                part,
            },
            FileSource::Key {
                name,
                version,
                encoding,
            } => Source::Key {
                object: Object {
                    kind: ObjectKind::Keys,
                    name,
                    version,
                },
                encoding,
            },
            FileSource::TrustBundle(bundle) => Source::TrustBundle(bundle),
        };
        let mode = file.mode().map_err(wrong)?;
        Ok(Self { path, mode, source })
    }

    /// The object it is made of.
    pub const fn object(&self) -> Option<&Object> {
        self.source.object()
    }
}

impl Source {
    /// The object that it is.
    pub const fn object(&self) -> Option<&Object> {
        match self {
            Self::Secret(object)
            | Self::Decoded { object, .. }
            | Self::Certificate { object, .. }
            | Self::Key { object, .. } => Some(object),
            Self::TrustBundle(_) => None,
        }
    }

    /// The content that it makes of what the vault gave of its object.
    ///
    /// # Errors
    /// That is an object of another kind, or holds nothing of what is asked for.
    pub fn content_of(&self, value: &Value) -> Result<Content, ContentError> {
        match (self, value) {
            (Self::Secret(_), Value::Secret(secret)) => Ok(secret.as_content().clone()),
            (Self::Decoded { encoding, .. }, Value::Secret(secret)) => secret.decoded(*encoding),
            (Self::Certificate { part, .. }, Value::Secret(secret)) => secret.certificate_part(*part),
            (Self::Key { encoding, .. }, Value::Key(key)) => Ok(key.encoded(*encoding).clone()),
            (Self::Secret(_) | Self::Decoded { .. } | Self::Certificate { .. }, Value::Key(_))
            | (Self::Key { .. }, Value::Secret(_))
            | (Self::TrustBundle(_), _) => Err(ContentError::Kind),
        }
    }
}

const fn secret(name: ObjectName, version: Option<Version>) -> Object {
    Object {
        kind: ObjectKind::Secrets,
        name,
        version,
    }
}

impl Object {
    /// The object, whatever its version.
    pub fn path(&self) -> ObjectPath {
        ObjectPath {
            kind: self.kind,
            name: self.name.clone(),
        }
    }
}

impl fmt::Display for Object {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.kind.singular(), self.name)?;
        self.version
            .map_or(Ok(()), |version| write!(f, " version {version}"))
    }
}

#[cfg(test)]
mod tests;
