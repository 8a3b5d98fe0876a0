//! The secrets of the vault that runs, in a file that it can be seeded with.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    process::ExitCode,
};

use strongroom_client::vault::{
    Certificates, NewAttributes, NewSecret, Secret, SecretChange, Secrets, VaultError, VaultRefusal,
};
use strongroom_core::{ObjectName, Permission};
use strongroom_dev::{place::write_private, seed::Seed, snapshot};

use crate::{
    failure::{DevFailure, Failure},
    new_file::NewFile,
    session::Session,
    terminal,
};

/// The most secrets that are listed.
const MOST: usize = 100_000;

/// What is said at the head of the file.
const ABOUT: [&str; 2] = [
    "Secrets of a vault, as `strongroom dev --seed` takes them. Their values stand here: keep this file out of repositories.",
    "Keys and certificates are not among them.",
];

/// Where the snapshot is to be.
pub(super) enum Target {
    /// A file that was not there.
    New(NewFile),
    /// In the place of whatever is there.
    InPlace(PathBuf),
}

impl Target {
    /// Before the vault is asked: it would be of no use to read secrets that have no place.
    pub(super) fn open(path: &Path, force: bool) -> Result<Self, Failure> {
        Ok(if force {
            Self::InPlace(path.to_owned())
        } else {
            Self::New(NewFile::create("snapshot", path)?)
        })
    }

    fn write(self, bytes: &[u8]) -> Result<PathBuf, Failure> {
        match self {
            Self::New(file) => file.write(bytes),
            Self::InPlace(path) => match write_private(&path, bytes) {
                Ok(()) => Ok(path),
                Err(source) => Err(DevFailure::File { path, source }.into()),
            },
        }
    }
}

/// Writes it, and says what is not in it.
pub(super) async fn write(session: &Session, to: Target) -> Result<ExitCode, Failure> {
    let listed = session.vault.list_all::<Secrets>(&session.token, MOST).await;
    let listed = listed.map_err(session.failed(Permission::SecretList, None))?;
    let certificates = certificates(session).await?;
    let mut seeds = Vec::new();
    for item in listed {
        let name = item.id.name;
        if certificates.contains(&name) {
            continue;
        }
        match session.vault.get_secret(&session.token, &name, None).await {
            Ok(secret) => seeds.push(seed(name, secret)),
            Err(VaultError::Refused(refusal)) if refusal.is_disabled() => terminal::complain(&format!(
                "{} is disabled, so that its value cannot be read: it is not in the snapshot",
                name.spelling()
            )),
            Err(error) => return Err(session.failed(Permission::SecretGet, Some(&name))(error)),
        }
    }
    seeds.sort_by(|one, other| one.name.spelling().cmp(other.name.spelling()));
    let path = to.write(snapshot::write(&seeds, &ABOUT).as_bytes())?;
    terminal::print(&format!(
        "{} secrets written to {}; keys and certificates are not in it\n",
        seeds.len(),
        path.display()
    ))?;
    Ok(ExitCode::SUCCESS)
}

/// The names of the certificates, each of which has a secret of its name that is made with it.
async fn certificates(session: &Session) -> Result<BTreeSet<ObjectName>, Failure> {
    let listed = session
        .vault
        .list_all_and_pending::<Certificates>(&session.token, MOST)
        .await;
    match listed {
        Ok(listed) => Ok(listed.into_iter().map(|item| item.id.name).collect()),
        Err(error) if error.refusal().is_some_and(VaultRefusal::is_by_policy) => {
            terminal::complain(
                "The account may not list certificates: their secrets are in the snapshot, if there are any.",
            );
            Ok(BTreeSet::new())
        }
        Err(error) => Err(session.failed(Permission::CertificateList, None)(error)),
    }
}

fn seed(name: ObjectName, secret: Secret) -> Seed {
    let Secret {
        value,
        content_type,
        attributes,
        tags,
        ..
    } = secret;
    Seed {
        name,
        secret: NewSecret {
            value,
            about: SecretChange {
                content_type,
                attributes: NewAttributes {
                    enabled: attributes.enabled,
                    nbf: attributes.nbf,
                    exp: attributes.exp,
                },
                tags: Some(tags),
            },
        },
    }
}
