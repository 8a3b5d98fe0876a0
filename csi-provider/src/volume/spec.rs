//! What a SecretRef asks for, checked again: a client that may write one may have written it past its rules.

mod object;
mod source;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use strongroom_core::{ObjectKind, ObjectName, ObjectPath, VaultRef, Version, name::NameError};
use strongroom_crds::{
    SecretRefSpec,
    secret_ref::{FileError, FileSource, SecretRefFile},
};

pub use self::{
    object::Object,
    source::{Given, Source},
};
use crate::volume::{
    FilePath,
    path::{PathError, check_disjoint},
};

/// The most files of one volume.
pub const MAX_FILES: usize = 64;
/// The most objects that they are made of: as many as a vault reports the changes of.
const MAX_OBJECTS: usize = MAX_FILES;

/// The most files that are stores of PKCS#12: each costs some fifty thousand hashes of the one thread that all volumes of a
/// node have.
const MAX_PKCS12: usize = 8;

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
    /// Its stores have so many passwords that no vault reports the changes of all of it.
    #[error("its files are made of {0} secrets and keys; at most 64 can be followed")]
    Objects(usize),
    /// So many stores of PKCS#12 that making them takes the driver away from others.
    #[error("{0} of its files are PKCS12 stores; at most 8 can be mounted")]
    Stores(usize),
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
        let spec = Self { vault, files };
        let objects = spec.objects().len();
        if objects > MAX_OBJECTS {
            return Err(SpecError::Objects(objects));
        }
        let stores = spec.files.iter().filter(|file| file.source.is_pkcs12()).count();
        if stores > MAX_PKCS12 {
            return Err(SpecError::Stores(stores));
        }
        Ok(spec)
    }

    /// The objects that the files are made of, each once.
    pub fn objects(&self) -> BTreeSet<&Object> {
        self.files.iter().flat_map(|file| file.source.objects()).collect()
    }

    /// The vault to connect to: none where the files show nothing of a vault's.
    pub fn connected_vault(&self) -> Option<&VaultRef> {
        (!self.objects().is_empty()).then_some(&self.vault)
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

    /// `object` and all that files are made of together with it: none of these changes in a file without the others at hand.
    /// It is alone unless it is in a store.
    pub fn bound_to<'a>(&'a self, object: &'a Object) -> BTreeSet<&'a Object> {
        let mut bound = BTreeSet::from([object]);
        loop {
            let known = bound.len();
            for file in &self.files {
                if file.source.objects().any(|object| bound.contains(object)) {
                    bound.extend(file.source.objects());
                }
            }
            if bound.len() == known {
                return bound;
            }
        }
    }

    /// How many files hold something that is made of a value, and not the value itself: each takes memory of its own.
    pub fn derived_files(&self) -> usize {
        self.files.iter().filter(|file| file.source.is_derived()).count()
    }

    /// The files that `object` is in.
    pub fn files_of(&self, object: &Object) -> impl Iterator<Item = &FileSpec> {
        self.files
            .iter()
            .filter(move |file| file.source.objects().any(|other| other == object))
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
            FileSource::Store {
                name,
                version,
                store,
                password,
            } => Source::Store {
                object: secret(name, version),
                store,
                password: secret(password.name, password.version),
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
}

const fn secret(name: ObjectName, version: Option<Version>) -> Object {
    Object {
        kind: ObjectKind::Secrets,
        name,
        version,
    }
}

#[cfg(test)]
mod tests;
