//! A seal key in a mounted directory, as a Kubernetes Secret provides it.

use std::{fs, io::Read as _, path::Path};

use zeroize::Zeroizing;

use super::{Seal, SealError};
use crate::crypt::cipher::{self, Form, KeyBytes};

/// A key file stands for one way to wrap, so nothing has to say which.
const FORM: Form = Form::Unnumbered;

/// The longest file a seal directory may hold; a longer one is not a seal's.
const MAX_FILE: u16 = 4_096;

/// A seal key from a directory with the files `key` (32 raw bytes), `id` (text), and, once the vault has started for
/// the first time, `vault-id` (text; absent or empty means the key was never used).
pub struct SecretFile {
    key: KeyBytes,
    id: String,
    used_by: Option<String>,
}

impl std::fmt::Debug for SecretFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SecretFile")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

impl SecretFile {
    /// Reads the directory.
    pub fn read(directory: &Path) -> Result<Self, SealError> {
        let key = read(directory, "key")?;
        let key =
            KeyBytes::new(<[u8; 32]>::try_from(key.as_slice()).map_err(|_| SealError::KeyLength(key.len()))?);
        let id = text(directory, "id")?.ok_or(SealError::Id { file: "id".into() })?;
        let used_by = match text(directory, "vault-id") {
            Err(SealError::Unreadable {
                reason: std::io::ErrorKind::NotFound,
                ..
            }) => None,
            other => other?,
        };
        Ok(Self { key, id, used_by })
    }
}

/// The trimmed text of a file; none when it is empty.
fn text(directory: &Path, file: &str) -> Result<Option<String>, SealError> {
    let bytes = read(directory, file)?;
    let text = std::str::from_utf8(&bytes)
        .map_err(|_| SealError::Id { file: file.into() })?
        .trim();
    if text.len() > 128 || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(SealError::Id { file: file.into() });
    }
    Ok(Some(text.to_owned()).filter(|text| !text.is_empty()))
}

fn read(directory: &Path, file: &str) -> Result<Zeroizing<Vec<u8>>, SealError> {
    let unreadable = |error: std::io::Error| SealError::Unreadable {
        file: file.into(),
        reason: error.kind(),
    };
    // Room for the whole file at once: a growing buffer would leave copies of the key behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(usize::from(MAX_FILE)));
    fs::File::open(directory.join(file))
        .and_then(|file| file.take(u64::from(MAX_FILE)).read_to_end(&mut bytes))
        .map_err(unreadable)?;
    Ok(bytes)
}

impl Seal for SecretFile {
    fn key_id(&self) -> &str {
        &self.id
    }

    fn used_by(&self) -> Option<&str> {
        self.used_by.as_deref()
    }

    fn wrap(&self, context: &[u8], salt: &[u8; 32], plaintext: &[u8]) -> Result<Vec<u8>, SealError> {
        cipher::seal(FORM, &self.key, context, salt, plaintext).map_err(|_| self.not_opened())
    }

    fn unwrap(&self, context: &[u8], wrapped: &[u8]) -> Result<Zeroizing<Vec<u8>>, SealError> {
        cipher::open(FORM, &self.key, context, wrapped).map_err(|_| self.not_opened())
    }
}

impl SecretFile {
    fn not_opened(&self) -> SealError {
        SealError::NotOpened {
            key_id: self.id.as_str().into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn directory(files: &[(&str, &[u8])]) -> tempfile::TempDir {
        let directory = tempfile::tempdir().unwrap();
        for (name, content) in files {
            fs::write(directory.path().join(name), content).unwrap();
        }
        directory
    }

    #[test]
    fn a_key_never_used_names_no_vault() {
        let directory = directory(&[("key", &[1; 32]), ("id", b"one\n"), ("vault-id", b"")]);
        let seal = SecretFile::read(directory.path()).unwrap();
        assert_eq!((seal.key_id(), seal.used_by()), ("one", None));
    }

    #[test]
    fn a_used_key_names_its_vault() {
        let directory = directory(&[("key", &[1; 32]), ("id", b"one"), ("vault-id", b"v-1\n")]);
        assert_eq!(SecretFile::read(directory.path()).unwrap().used_by(), Some("v-1"));
    }

    #[test]
    fn a_key_of_another_length_and_a_missing_or_empty_id_are_refused() {
        let short = directory(&[("key", &[1; 31]), ("id", b"one")]);
        assert_eq!(
            SecretFile::read(short.path()).unwrap_err(),
            SealError::KeyLength(31)
        );
        let missing = directory(&[("key", &[1; 32])]);
        assert!(matches!(
            SecretFile::read(missing.path()),
            Err(SealError::Unreadable { .. })
        ));
        let empty = directory(&[("key", &[1; 32]), ("id", b" \n")]);
        assert!(matches!(
            SecretFile::read(empty.path()),
            Err(SealError::Id { .. })
        ));
    }

    #[test]
    fn another_seal_key_does_not_unwrap() {
        let one = directory(&[("key", &[1; 32]), ("id", b"one")]);
        let two = directory(&[("key", &[2; 32]), ("id", b"two")]);
        let wrapped = SecretFile::read(one.path())
            .unwrap()
            .wrap(b"c", &[3; 32], b"keyring")
            .unwrap();
        let error = SecretFile::read(two.path())
            .unwrap()
            .unwrap(b"c", &wrapped)
            .unwrap_err();
        assert_eq!(error, SealError::NotOpened { key_id: "two".into() });
    }

    #[test]
    fn debug_output_holds_no_key() {
        let directory = directory(&[("key", &[b'Z'; 32]), ("id", b"one")]);
        let shown = format!("{:?}", SecretFile::read(directory.path()).unwrap());
        assert!(!shown.contains("90, 90") && !shown.contains("ZZ"), "{shown}");
    }
}
