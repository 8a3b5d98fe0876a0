//! The next version of a key: of the same type, for the same uses, and as long as the rotation policy lets it live.
//!
//! To make it may take seconds, in which the key may change. So what the next version takes over is read when it is made
//! already, and the change that puts it there says what was read: the store refuses it where that is not so any more.

use strongroom_core::{ObjectKind, ObjectName, Timestamp, Uid};
use strongroom_engine::{
    CryptoKey, KeyBundle, KeyFields, KeyMaterial, KeyWriteRequest, ObjectError, Objects,
    crypto_key::{release::ReleaseTerms, rotation::KeyObject},
    object::request::Seen,
};
use strongroom_keys::{Key, KeyError, KeyOperations, KeySpec, PublicJwk};

use super::{Keys, make::MakeError};
use crate::timekeeper::Timekeeper;

/// How often a key that changes meanwhile is read at most.
pub const TRIES: usize = 3;

/// A key that was made to be the next version of another.
#[derive(Debug)]
pub struct Made {
    spec: KeySpec,
    key: Key,
}

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
    /// There is no such key, it changes its type faster than one is made, or as [`Self::generate`].
    pub async fn succeed(
        &self,
        objects: &Objects,
        timekeeper: &Timekeeper,
        account: &Uid,
        name: ObjectName,
    ) -> Result<KeyWriteRequest, SuccessorError> {
        self.succeed_with(objects, timekeeper, account, &name, &mut None)
            .await
    }

    /// The same with a key that is `made` already, where one of that type is what is needed; else `made` is the new one.
    ///
    /// # Errors
    /// As [`Self::succeed`].
    pub async fn succeed_with(
        &self,
        objects: &Objects,
        timekeeper: &Timekeeper,
        account: &Uid,
        name: &ObjectName,
        made: &mut Option<Made>,
    ) -> Result<KeyWriteRequest, SuccessorError> {
        for _ in 0..TRIES {
            let (seen, current) = objects.current::<CryptoKey>(name)?;
            let spec = spec_of(&current)?;
            if let Some(made) = made.as_ref().filter(|made| made.spec == spec) {
                let now = timekeeper.now();
                return Ok(replacement(name.clone(), (seen, current), &made.key, now)?);
            }
            let key = self.generate(account, spec).await?;
            *made = Some(Made { spec, key });
        }
        Err(SuccessorError::Object(ObjectError::Superseded {
            kind: ObjectKind::Keys,
            name: name.clone(),
        }))
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

/// The change that puts `key` at `now` in the place of `current`, the current version of `name`, as it was `seen`.
fn replacement(
    name: ObjectName,
    (seen, current): (Seen<KeyObject>, KeyBundle),
    key: &Key,
    now: Timestamp,
) -> Result<KeyWriteRequest, KeyError> {
    let life = current.object.rules().life;
    let (content, fields) = stored(key, Some(current.fields.operations), current.fields.release)?;
    Ok(KeyWriteRequest::Replace {
        name,
        seen,
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
            is_part: false,
        },
    ))
}

/// A number of at most eight bytes, the most significant first.
fn number(bytes: &[u8]) -> u64 {
    bytes
        .iter()
        .fold(0, |number, byte| number << 8 | u64::from(*byte))
}
