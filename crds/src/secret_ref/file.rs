//! One file of a `SecretRef`.

use kube::KubeSchema;
use serde::{Deserialize, Serialize};
use strongroom_core::{ObjectName, Version, name::NameError};

use super::{
    certificate::{
        CertificateFile, CertificatePart, CertificateSource, CertificateSourceError, CertificateStore,
    },
    key::{KeyEncoding, KeyEncodingError, KeySource},
    secret::{SecretEncoding, SecretEncodingError, SecretSource},
    trust_bundle::{TrustBundle, TrustBundleError, TrustBundleSource},
};

/// One file: a path and exactly one source.
#[derive(Clone, Debug, Deserialize, Eq, KubeSchema, PartialEq, Serialize)]
#[x_kube(validation = Rule::new("[has(self.secret), has(self.key), has(self.certificate), has(self.trustBundle)].exists_one(present, present)").message("A file has exactly one source: secret, key, certificate or trustBundle."))]
#[serde(rename_all = "camelCase")]
pub struct SecretRefFile {
    /// Where the file lies below the mount point: names of letters, digits, dots, dashes and underscores, divided by
    /// slashes, at most four of them, 200 characters in all. No name begins with two dots.
    #[schemars(length(min = 1, max = 200))]
    #[x_kube(validation = Rule::new("self.matches('^([.]?[a-zA-Z0-9_-][a-zA-Z0-9._-]*/){0,3}[.]?[a-zA-Z0-9_-][a-zA-Z0-9._-]*$')").message("A path is relative and clean: at most four names of letters, digits, dots, dashes and underscores, divided by slashes, none of them beginning with two dots."))]
    pub path: String,
    /// The file's permissions, as octal text in quotes, since YAML readers disagree about 0440. Default: "0440" where
    /// the pod has an fsGroup, else "0444".
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 3, max = 4))]
    #[x_kube(validation = Rule::new("self.matches('^0?[0-7]{3}$')").message("A mode is three octal digits in quotes, such as \"0440\"."))]
    pub mode: Option<String>,
    /// The value of a secret.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret: Option<SecretSource>,
    /// The public part of a key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<KeySource>,
    /// A part of a certificate. All files of one certificate are of one version, and change at once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub certificate: Option<CertificateSource>,
    /// The certificates that the vault's own TLS certificate can be verified with. Write {} for these alone, as PEM.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trust_bundle: Option<TrustBundleSource>,
}

/// What a file is made of.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum FileSource {
    /// The value of a secret.
    Secret {
        /// The secret's name in the vault.
        name: ObjectName,
        /// The version it is pinned to; `None` follows the current one.
        version: Option<Version>,
        /// What the value is decoded of, if it is.
        encoding: Option<SecretEncoding>,
    },
    /// The public part of a key.
    Key {
        /// The key's name in the vault.
        name: ObjectName,
        /// The version it is pinned to; `None` follows the current one.
        version: Option<Version>,
        /// The file's encoding.
        encoding: KeyEncoding,
    },
    /// A part of a certificate.
    Certificate {
        /// The certificate's name in the vault, which its secret has, too.
        name: ObjectName,
        /// The version it is pinned to; `None` follows the current one.
        version: Option<Version>,
        /// What of it the file holds.
        part: CertificatePart,
    },
    /// A store of Java with a part of a certificate.
    Store {
        /// The certificate's name in the vault, which its secret has, too.
        name: ObjectName,
        /// The version it is pinned to; `None` follows the current one.
        version: Option<Version>,
        /// What the store holds, and how.
        store: CertificateStore,
        /// What protects it.
        password: StorePassword,
    },
    /// The certificates that verify the vault.
    TrustBundle(TrustBundle),
}

/// The secret whose value is the password of a store.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct StorePassword {
    /// The secret's name in the vault.
    pub name: ObjectName,
    /// The version it is pinned to; `None` follows the current one.
    pub version: Option<Version>,
}

/// Why a file of a `SecretRef` cannot be made by this release.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum FileError {
    /// Not exactly one source that this release knows.
    #[error("a file needs exactly one source: secret, key, certificate or trustBundle")]
    Source,
    /// The trust bundle is asked for in a way that this release does not know.
    #[error(transparent)]
    TrustBundle(#[from] TrustBundleError),
    /// The key is asked for in a way that this release does not know.
    #[error(transparent)]
    Key(#[from] KeyEncodingError),
    /// The secret is to be decoded in a way that this release does not know.
    #[error(transparent)]
    Secret(#[from] SecretEncodingError),
    /// The certificate is asked for in a way that this release does not know, or that there is not.
    #[error(transparent)]
    Certificate(#[from] CertificateSourceError),
    /// The name or version of the secret, key, certificate or password cannot be parsed.
    #[error(transparent)]
    Name(#[from] NameError),
    /// The mode is not octal.
    #[error("a mode is three octal digits")]
    Mode,
    /// The path is not one that may be written.
    #[error(
        "a path is relative and clean: at most four names of letters, digits, dots, dashes and underscores"
    )]
    Path,
}

impl SecretRefFile {
    /// The most names that a path has.
    pub const MAX_DEPTH: usize = 4;
    /// The longest path, in bytes.
    pub const MAX_PATH: usize = 200;

    /// What the file is made of.
    pub fn source(&self) -> Result<FileSource, FileError> {
        match (&self.secret, &self.key, &self.certificate, self.trust_bundle) {
            (Some(secret), None, None, None) => Ok(FileSource::Secret {
                name: secret.name.parse()?,
                version: parsed_version(secret.version.as_deref())?,
                encoding: secret.encoding()?,
            }),
            (None, Some(key), None, None) => Ok(FileSource::Key {
                name: key.name.parse()?,
                version: parsed_version(key.version.as_deref())?,
                encoding: key.encoding()?,
            }),
            (None, None, Some(certificate), None) => of_certificate(certificate),
            (None, None, None, Some(bundle)) => Ok(FileSource::TrustBundle(bundle.parsed()?)),
            _ => Err(FileError::Source),
        }
    }

    /// The file's permissions, the lowest nine bits; `None` where the default applies.
    pub fn mode(&self) -> Result<Option<u32>, FileError> {
        let Some(text) = self.mode.as_deref() else {
            return Ok(None);
        };
        let octal = matches!(text.len(), 3 | 4) && text.bytes().all(|byte| matches!(byte, b'0'..=b'7'));
        let mode = u32::from_str_radix(text, 8).map_err(|_| FileError::Mode)?;
        if octal && mode <= 0o777 {
            Ok(Some(mode))
        } else {
            Err(FileError::Mode)
        }
    }

    /// The names of the path, outermost directory first. Checked again here: the author of the
    /// object may have passed the API server's rules by.
    pub fn path(&self) -> Result<Vec<&str>, FileError> {
        let names: Vec<_> = self.path.split('/').collect();
        let fits = self.path.len() <= Self::MAX_PATH && names.len() <= Self::MAX_DEPTH;
        let clean = fits && names.iter().all(|name| is_file_name(name));
        if clean { Ok(names) } else { Err(FileError::Path) }
    }
}

fn of_certificate(certificate: &CertificateSource) -> Result<FileSource, FileError> {
    let name = certificate.name.parse()?;
    let version = parsed_version(certificate.version.as_deref())?;
    match certificate.file()? {
        CertificateFile::Part(part) => Ok(FileSource::Certificate { name, version, part }),
        CertificateFile::Store(store, password) => Ok(FileSource::Store {
            name,
            version,
            store,
            password: StorePassword {
                name: password.secret.parse()?,
                version: parsed_version(password.version.as_deref())?,
            },
        }),
    }
}

fn parsed_version(text: Option<&str>) -> Result<Option<Version>, NameError> {
    text.map(str::parse).transpose()
}

/// Whether `name` may stand in a path: never empty, `.`, `..`, or anything the volume itself could use.
fn is_file_name(name: &str) -> bool {
    let plain = name
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_'));
    plain && !name.is_empty() && name != "." && !name.starts_with("..")
}
