//! What `key import` brings: a private key from a file, read and checked on this machine.
//!
//! ```text
//!   PEM --> DER ---\
//!   JWK ------------> members --check, as the vault does--> KeyImport
//!   bytes of oct --/
//! ```

mod jwk;
mod pem;

use strongroom_client::vault::{KeyImport, PrivateJwk};
use strongroom_keys::{KeyKind, KeyOperation, KeyProvider as _, Member, OctSize, Software};
use zeroize::Zeroizing;

use super::making::names;
use crate::{
    arguments::ImportArguments,
    encoding,
    failure::{Failure, KeyFailure, KeyFileError},
    value::Source,
};

/// The longest file, in bytes: a key, and the certificates that may stand beside it.
const LONGEST: usize = 64 << 10;

/// A key that was read, and its uses where the file names them.
struct ReadKey {
    jwk: strongroom_keys::PrivateJwk,
    key_ops: Option<Vec<String>>,
}

impl From<strongroom_keys::PrivateJwk> for ReadKey {
    /// A key in a form that names no uses.
    fn from(jwk: strongroom_keys::PrivateJwk) -> Self {
        Self { jwk, key_ops: None }
    }
}

/// The key in the file that `arguments` name. What the vault would refuse of it is refused here, and not sent.
pub(super) fn read(arguments: &ImportArguments) -> Result<KeyImport, Failure> {
    if arguments.base64 && arguments.kind != Some(KeyKind::Oct) {
        return Err(KeyFailure::Foreign {
            flag: "base64",
            of: "oct keys",
        }
        .into());
    }
    let source = Source::open(arguments.from_file.as_deref())?;
    let path = source.path().to_owned();
    let bytes = source.bytes(LONGEST)?;
    let key = bytes
        .ok_or(KeyFileError::TooLong)
        .and_then(|bytes| checked(&bytes, arguments))
        .map_err(|source| KeyFailure::Import { path, source })?;
    Ok(KeyImport {
        key,
        attributes: arguments.about.of_new(),
        tags: arguments.about.tags(),
    })
}

/// The key in `bytes`, with the uses that the flag or the file names.
fn checked(bytes: &[u8], arguments: &ImportArguments) -> Result<PrivateJwk, KeyFileError> {
    let key = in_its_form(bytes, arguments)?;
    let found = key.jwk.kind;
    if let Some(given) = arguments.kind
        && given != found
    {
        return Err(KeyFileError::OtherType { found, given });
    }
    Software.import(&key.jwk).map_err(KeyFileError::Key)?;
    let key_ops = match &arguments.ops {
        Some(operations) => Some(names(operations)),
        None => known(key.key_ops)?,
    };
    Ok(PrivateJwk {
        key_ops,
        ..sent(&key.jwk)
    })
}

/// Refuses uses that no vault knows. Without them, the key would do less than its file says.
fn known(key_ops: Option<Vec<String>>) -> Result<Option<Vec<String>>, KeyFileError> {
    let is_known = |name: &String| name.parse::<KeyOperation>().is_ok();
    match key_ops {
        Some(names) if !names.iter().all(is_known) => Err(KeyFileError::UnknownUse),
        names => Ok(names),
    }
}

/// The forms tell themselves apart: PEM and a JWK begin as they do, and are longer than any symmetric key.
fn in_its_form(bytes: &[u8], arguments: &ImportArguments) -> Result<ReadKey, KeyFileError> {
    let is_oct = arguments.kind == Some(KeyKind::Oct);
    if arguments.base64 {
        let decoded = encoding::decode_base64(bytes).ok_or(KeyFileError::NotBase64)?;
        Ok(oct(&decoded))
    } else if is_oct && is_size(bytes) {
        if looks_encoded(bytes) {
            return Err(KeyFileError::LooksEncoded);
        }
        Ok(oct(bytes))
    } else if jwk::is_json(bytes) {
        jwk::read(bytes)
    } else if pem::is_pem(bytes) {
        Ok(pem::private_key(bytes)?.into())
    } else if is_oct {
        // The check says that there is no such size.
        Ok(oct(bytes))
    } else {
        Err(KeyFileError::UnknownForm)
    }
}

fn is_size(bytes: &[u8]) -> bool {
    OctSize::from_bits(bytes.len() * 8).is_some()
}

/// Whether bytes that could be a key are another one written as text. Of keys that are random, hardly any is.
fn looks_encoded(bytes: &[u8]) -> bool {
    // Hexadecimal of 16 bytes is base64 of 24.
    encoding::decode_base64(bytes).is_some_and(|decoded| is_size(&decoded))
}

fn oct(bytes: &[u8]) -> ReadKey {
    let mut jwk = strongroom_keys::PrivateJwk::new(KeyKind::Oct);
    jwk.set(Member::K, Zeroizing::new(bytes.to_vec()));
    jwk.into()
}

/// The key as it is sent, without its uses.
fn sent(jwk: &strongroom_keys::PrivateJwk) -> PrivateJwk {
    let members = jwk.members();
    PrivateJwk {
        kty: jwk.kind.name().to_owned(),
        curve: jwk.curve.map(|curve| curve.name().to_owned()),
        parameter_set: jwk.parameter_set.map(|set| set.name().to_owned()),
        members: members
            .map(|(member, bytes)| (member.name(), Zeroizing::new(bytes.to_vec()).into()))
            .collect(),
        ..PrivateJwk::default()
    }
}
