//! What a SecretRef asks for, checked again: a client that may write one may have written it past its rules.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use serde::{Deserialize, Serialize};
use strongroom_core::{ObjectName, VaultRef, Version, name::NameError};
use strongroom_crds::{
    SecretRefSpec,
    secret_ref::{FileError, FileSource, SecretRefFile, TrustBundle},
};

use crate::volume::{
    FilePath,
    path::{PathError, check_disjoint},
};

/// The most files of one volume.
pub const MAX_FILES: usize = 64;

/// A secret and the version it is pinned to; `None` follows the current one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the names of the fields say what they hold")]
pub struct Object {
    pub name: ObjectName,
    pub version: Option<Version>,
}

/// What a file is made of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "SavedSource")]
pub enum Source {
    /// The value of a secret.
    Secret(Object),
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
    TrustBundle(TrustBundle),
}

impl From<SavedSource> for Source {
    fn from(saved: SavedSource) -> Self {
        match saved {
            SavedSource::Earlier(EarlierSource::TrustBundle) => Self::TrustBundle(TrustBundle::default()),
            SavedSource::Now(NowSource::Secret(object)) => Self::Secret(object),
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

    /// The objects to subscribe to, at most one of each name: where the current version is wanted it is that one that
    /// changes; pinned versions never do.
    pub fn watched(&self) -> BTreeMap<&ObjectName, &Object> {
        // Sorted with the current one first.
        let mut watched = BTreeMap::new();
        for object in self.objects() {
            watched.entry(&object.name).or_insert(object);
        }
        watched
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
            FileSource::Secret { name, version } => Source::Secret(Object { name, version }),
            FileSource::TrustBundle(bundle) => Source::TrustBundle(bundle),
        };
        let mode = file.mode().map_err(wrong)?;
        Ok(Self { path, mode, source })
    }

    /// The object it is made of.
    pub const fn object(&self) -> Option<&Object> {
        match &self.source {
            Source::Secret(object) => Some(object),
            Source::TrustBundle(_) => None,
        }
    }
}

impl fmt::Display for Object {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.version {
            None => write!(f, "secret {}", self.name),
            Some(version) => write!(f, "secret {} version {version}", self.name),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn parse(files: &serde_json::Value) -> Result<VolumeSpec, SpecError> {
        let spec = json!({
            "vaultRef": {"name": "prod", "namespace": "team-a"}, "serviceAccountName": "api", "files": files,
        });
        VolumeSpec::parse(&serde_json::from_value(spec).unwrap())
    }

    #[test]
    fn a_specs_files_are_read_with_source_and_mode() {
        let spec = parse(&json!([
            {"path": "password", "mode": "0400", "secret": {"name": "DB"}},
            {"path": "ca/ca.crt", "trustBundle": {}},
        ]))
        .unwrap();
        assert_eq!(spec.vault.to_string(), "team-a/prod");
        assert_eq!(spec.files[0].mode, Some(0o400));
        assert_eq!(spec.files[0].object().unwrap().to_string(), "secret db");
        assert_eq!(spec.files[1].source, Source::TrustBundle(TrustBundle::default()));
    }

    #[test]
    fn a_volume_connects_to_a_vault_for_a_secret_alone() {
        let bundle = json!({"path": "ca.crt", "trustBundle": {}});
        assert_eq!(parse(&json!([bundle])).unwrap().connected_vault(), None);
        let spec = parse(&json!([bundle, {"path": "password", "secret": {"name": "db"}}])).unwrap();
        assert_eq!(spec.connected_vault(), Some(&spec.vault));
    }

    #[test]
    fn of_a_secret_that_is_both_pinned_and_followed_the_followed_one_is_watched() {
        let pinned = "0123456789abcdef0123456789abcdef";
        let spec = parse(&json!([
            {"path": "old", "secret": {"name": "db", "version": pinned}},
            {"path": "new", "secret": {"name": "db"}},
            {"path": "copy", "secret": {"name": "db"}},
            {"path": "only", "secret": {"name": "other", "version": pinned}},
        ]))
        .unwrap();
        let watched: Vec<_> = spec.watched().values().map(ToString::to_string).collect();
        assert_eq!(
            watched,
            ["secret db".to_owned(), format!("secret other version {pinned}")]
        );
        assert_eq!(spec.objects().len(), 3);
    }

    #[test]
    fn what_the_api_server_should_have_refused_is_refused_here() {
        let secret = json!({"name": "db"});
        let file = |path: &str| json!({"path": path, "secret": secret});
        assert_eq!(parse(&json!([])), Err(SpecError::Files(0)));
        let many: Vec<_> = (0..65).map(|n| file(&format!("f{n}"))).collect();
        assert_eq!(parse(&json!(many)), Err(SpecError::Files(65)));
        assert!(matches!(
            parse(&json!([file("../x")])),
            Err(SpecError::Path(PathError::Malformed(_)))
        ));
        assert!(matches!(
            parse(&json!([file("a"), file("a/b")])),
            Err(SpecError::Path(PathError::Directory(_)))
        ));
        assert!(matches!(
            parse(&json!([file("a"), file("a")])),
            Err(SpecError::Path(PathError::Twice(_)))
        ));
        assert!(matches!(
            parse(&json!([{"path": "a", "secret": secret, "trustBundle": {}}])),
            Err(SpecError::File {
                source: FileError::Source,
                ..
            })
        ));
        assert!(matches!(
            parse(&json!([{"path": "a", "secret": secret, "mode": "4755"}])),
            Err(SpecError::File {
                source: FileError::Mode,
                ..
            })
        ));
        assert!(matches!(
            parse(&json!([{"path": "a", "secret": {"name": "a/../b"}}])),
            Err(SpecError::File { .. })
        ));
    }
}
