//! The next version of a key: of the same type, for the same uses, and as long as the rotation policy lets it live.

use strongroom_core::{ObjectName, Timestamp};
use strongroom_engine::{KeyBundle, KeyFields, KeyMaterial, KeyWriteRequest};
use strongroom_keys::{Key, KeyError, KeyOperations, KeySpec, PublicJwk};

/// What has to be made in the place of `current`.
///
/// # Errors
/// The stored public part is none.
pub fn spec_of(current: &KeyBundle) -> Result<KeySpec, KeyError> {
    let public = &current.fields.public;
    let spec = KeySpec::new(public.key_type().ok_or(KeyError::Damaged)?);
    match public {
        PublicJwk::Rsa { e, .. } => Ok(spec.with_public_exponent(number(e))?),
        PublicJwk::Ec { .. } | PublicJwk::Oct(_) | PublicJwk::Akp { .. } => Ok(spec),
    }
}

/// The change that puts `key`, made at `now`, in the place of `current`, the current version of `name`.
///
/// # Errors
/// The provider gives no form of the key to store.
pub fn replacement(
    name: ObjectName,
    current: KeyBundle,
    key: &Key,
    now: Timestamp,
) -> Result<KeyWriteRequest, KeyError> {
    let life = current.object.rules().life;
    let (content, fields) = stored(key, Some(current.fields.operations))?;
    Ok(KeyWriteRequest::Replace {
        name,
        replaced: current.version,
        content,
        fields,
        expires: life.and_then(|life| life.after(now)),
    })
}

/// What is stored of a key; without `operations` it may do what is usual for its kind.
///
/// # Errors
/// As [`replacement`].
pub fn stored(key: &Key, operations: Option<KeyOperations>) -> Result<(KeyMaterial, KeyFields), KeyError> {
    let public = PublicJwk::from(key.public());
    let usual = || KeyOperations::defaults(public.kind());
    let operations = operations.unwrap_or_else(usual);
    Ok((
        KeyMaterial::new(key.to_bytes()?),
        KeyFields { public, operations },
    ))
}

/// A number of at most eight bytes, the most significant first.
fn number(bytes: &[u8]) -> u64 {
    bytes
        .iter()
        .fold(0, |number, byte| number << 8 | u64::from(*byte))
}
