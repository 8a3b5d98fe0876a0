//! The next version of a key: of the same type, for the same uses, and as long as the rotation policy lets it live.

use strongroom_core::{ObjectName, Timestamp, Uid};
use strongroom_engine::{
    CryptoKey, KeyBundle, KeyFields, KeyMaterial, KeyWriteRequest, ObjectError, Objects, ReadRequest,
    crypto_key::release::ReleaseTerms, no_name, object::answer::Answer,
};
use strongroom_keys::{Key, KeyError, KeyOperations, KeySpec, PublicJwk};

use super::{Keys, make::MakeError};
use crate::timekeeper::Timekeeper;

/// Why there is no next version.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SuccessorError {
    /// There is no such key, or it cannot be read.
    #[error(transparent)]
    Object(#[from] ObjectError),
    /// It was not made.
    #[error(transparent)]
    Make(#[from] MakeError),
}

impl From<KeyError> for SuccessorError {
    fn from(error: KeyError) -> Self {
        MakeError::from(error).into()
    }
}

impl Keys {
    /// Makes for `account` what is to be put in the place of the current version of `name`, and gives the change that puts
    /// it there.
    ///
    /// # Errors
    /// There is no such key, or as [`Self::generate`].
    pub async fn succeed(
        &self,
        objects: &Objects,
        timekeeper: &Timekeeper,
        account: &Uid,
        name: ObjectName,
    ) -> Result<KeyWriteRequest, SuccessorError> {
        let request = ReadRequest::Get {
            name: name.clone(),
            version: None,
        };
        let current = match objects.read::<CryptoKey>(&request, timekeeper.now(), &no_name)? {
            Answer::Object(bundle) => *bundle,
            // A get answers one object.
            Answer::Page(_) | Answer::Backup(_) | Answer::Purged => return Err(KeyError::Failed.into()),
        };
        let key = self.generate(account, spec_of(&current)?).await?;
        Ok(replacement(name, current, &key, timekeeper.now())?)
    }
}

/// What has to be made in the place of `current`.
fn spec_of(current: &KeyBundle) -> Result<KeySpec, KeyError> {
    let public = &current.fields.public;
    let spec = KeySpec::new(public.key_type().ok_or(KeyError::Damaged)?);
    match public {
        PublicJwk::Rsa { e, .. } => Ok(spec.with_public_exponent(number(e))?),
        PublicJwk::Ec { .. } | PublicJwk::Oct(_) | PublicJwk::Akp { .. } => Ok(spec),
    }
}

/// The change that puts `key`, made at `now`, in the place of `current`, the current version of `name`.
fn replacement(
    name: ObjectName,
    current: KeyBundle,
    key: &Key,
    now: Timestamp,
) -> Result<KeyWriteRequest, KeyError> {
    let life = current.object.rules().life;
    let (content, fields) = stored(key, Some(current.fields.operations), current.fields.release)?;
    Ok(KeyWriteRequest::Replace {
        name,
        replaced: current.version,
        content,
        fields,
        expires: life.and_then(|life| life.after(now)),
    })
}

/// What is stored of a key; without `operations` it may do what is usual for its kind, and without `release` it never
/// leaves the vault.
///
/// # Errors
/// The provider gives no form of the key to store.
pub fn stored(
    key: &Key,
    operations: Option<KeyOperations>,
    release: Option<ReleaseTerms>,
) -> Result<(KeyMaterial, KeyFields), KeyError> {
    let public = PublicJwk::from(key.public());
    let usual = || KeyOperations::defaults(public.kind());
    let operations = operations.unwrap_or_else(usual);
    Ok((
        KeyMaterial::new(key.to_bytes()?),
        KeyFields {
            public,
            operations,
            release,
        },
    ))
}

/// A number of at most eight bytes, the most significant first.
fn number(bytes: &[u8]) -> u64 {
    bytes
        .iter()
        .fold(0, |number, byte| number << 8 | u64::from(*byte))
}
