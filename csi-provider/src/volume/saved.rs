//! What a new process needs to go on where the old one ended: tokens and subscriptions, never a value.
//!
//! One file of mode 0600 per volume, in a tmpfs of the node driver's own that is never swapped and that outlives it.

use std::{
    collections::BTreeMap,
    fs, io,
    io::Write as _,
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
};

use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize, Serializer};
use strongroom_core::{ResourceName, Version};
use zeroize::Zeroizing;

use crate::{
    pod::{Pod, PodToken, TokenError},
    volume::{
        Facts, VolumeId,
        mount::MountPaths,
        spec::{Object, VolumeSpec},
    },
};

/// The format that is written and the only one that is read.
const FORMAT: u32 = 1;
/// The longest file that is read: 64 objects and a token stay far below.
const MAX_LENGTH: u64 = 256 << 10;

/// One volume.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct VolumeRecord {
    format: u32,
    id: VolumeId,
    own: PathBuf,
    target: PathBuf,
    pod: Pod,
    secret_ref: ResourceName,
    group: Option<u32>,
    #[serde(serialize_with = "expose")]
    token: SecretString,
    spec: VolumeSpec,
    held: Vec<(Object, Version)>,
}

/// Why a volume's state could not be kept or read.
#[derive(Debug, thiserror::Error)]
pub enum SavedError {
    /// The file cannot be read, written or removed.
    #[error("failed to {step} {path}: {source}")]
    #[allow(missing_docs, reason = "the names of the fields say what they hold")]
    Io {
        step: &'static str,
        path: PathBuf,
        source: io::Error,
    },
    /// What is in it. Neither the text nor serde's message is repeated: there is a token in it.
    #[error("{0} does not hold the state of a volume in format {FORMAT}")]
    Malformed(PathBuf),
    /// The token in it.
    #[error("{path}: {source}")]
    #[allow(missing_docs, reason = "the names of the fields say what they hold")]
    Token { path: PathBuf, source: TokenError },
}

/// A volume as it was kept.
#[derive(Debug)]
pub struct SavedVolume {
    /// What never changes about it.
    pub facts: Facts,
    /// The pod's newest token.
    pub token: PodToken,
    /// What the SecretRef asked for.
    pub spec: VolumeSpec,
    /// What the files hold.
    pub held: BTreeMap<Object, Version>,
}

impl VolumeRecord {
    /// What is kept of a volume.
    pub fn new(facts: &Facts, token: &PodToken, spec: &VolumeSpec, held: &BTreeMap<Object, Version>) -> Self {
        Self {
            format: FORMAT,
            id: facts.id.clone(),
            own: facts.paths.own.clone(),
            target: facts.paths.target.clone(),
            pod: facts.pod.clone(),
            secret_ref: facts.secret_ref.clone(),
            group: facts.group,
            token: token.secret().clone(),
            spec: spec.clone(),
            held: held
                .iter()
                .map(|(object, version)| (object.clone(), *version))
                .collect(),
        }
    }

    fn restore(self, path: &Path) -> Result<SavedVolume, SavedError> {
        let token = PodToken::checked(self.token, &self.pod).map_err(|source| SavedError::Token {
            path: path.to_owned(),
            source,
        })?;
        let facts = Facts {
            id: self.id,
            paths: MountPaths {
                own: self.own,
                target: self.target,
            },
            pod: self.pod,
            secret_ref: self.secret_ref,
            group: self.group,
        };
        Ok(SavedVolume {
            facts,
            token,
            spec: self.spec,
            held: self.held.into_iter().collect(),
        })
    }
}

fn expose<S: Serializer>(token: &SecretString, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(token.expose_secret())
}

/// The directory of the files.
#[derive(Debug)]
pub struct SavedVolumes {
    directory: PathBuf,
}

impl SavedVolumes {
    /// Keeps state in `directory`.
    pub const fn new(directory: PathBuf) -> Self {
        Self { directory }
    }

    fn path(&self, id: &VolumeId) -> PathBuf {
        self.directory.join(format!("{id}.json"))
    }

    /// Keeps a volume in place of what was kept of it.
    pub fn write(&self, record: &VolumeRecord) -> Result<(), SavedError> {
        let path = self.path(&record.id);
        // With the room reserved no grown-out-of buffer is left behind unwiped.
        let mut json = Zeroizing::new(Vec::with_capacity(64 << 10));
        serde_json::to_writer(&mut *json, record).map_err(|_| SavedError::Malformed(path.clone()))?;
        // Begins with a dot, so that it is never read back.
        let staged = self.directory.join(format!(".{}", record.id));
        let failed = |step| {
            let path = path.clone();
            move |source| SavedError::Io { step, path, source }
        };
        let mut file = fs::OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&staged)
            .map_err(failed("make"))?;
        file.write_all(&json).map_err(failed("write"))?;
        fs::rename(&staged, &path).map_err(failed("replace"))
    }

    /// Forgets a volume.
    pub fn remove(&self, id: &VolumeId) -> Result<(), SavedError> {
        let path = self.path(id);
        match fs::remove_file(&path) {
            Err(source) if source.kind() != io::ErrorKind::NotFound => Err(SavedError::Io {
                step: "remove",
                path,
                source,
            }),
            Ok(()) | Err(_) => Ok(()),
        }
    }

    /// Everything that was kept; what cannot be read is answered as an error of its own.
    pub fn read_all(&self) -> Result<Vec<Result<SavedVolume, SavedError>>, SavedError> {
        let failed = |source| SavedError::Io {
            step: "list",
            path: self.directory.clone(),
            source,
        };
        let mut found = Vec::new();
        for entry in fs::read_dir(&self.directory).map_err(failed)? {
            let name = entry.map_err(failed)?.file_name();
            if !name.as_encoded_bytes().starts_with(b".") {
                found.push(read(&self.directory.join(name)));
            }
        }
        Ok(found)
    }
}

fn read(path: &Path) -> Result<SavedVolume, SavedError> {
    use io::Read as _;
    let failed = |source| SavedError::Io {
        step: "read",
        path: path.to_owned(),
        source,
    };
    let mut json = Zeroizing::new(Vec::with_capacity(64 << 10));
    fs::File::open(path)
        .map_err(failed)?
        .take(MAX_LENGTH)
        .read_to_end(&mut json)
        .map_err(failed)?;
    let record: VolumeRecord =
        serde_json::from_slice(&json).map_err(|_| SavedError::Malformed(path.to_owned()))?;
    let expected = format!("{}.json", record.id);
    if record.format != FORMAT || path.file_name() != Some(expected.as_ref()) {
        return Err(SavedError::Malformed(path.to_owned()));
    }
    record.restore(path)
}

#[cfg(test)]
mod tests;
