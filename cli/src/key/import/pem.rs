//! A private key as PEM (RFC 7468), also with other blocks beside it, and text around them.
//!
//! The `pem` crate would leave copies of the key in memory that nobody wipes.

use strongroom_keys::{PrivateJwk, PrivateKeyDer};
use zeroize::Zeroizing;

use crate::{encoding, failure::KeyFileError};

const BEGIN: &str = "-----BEGIN ";
const END: &str = "-----END ";
const DASHES: &str = "-----";

/// The longest label that is shown, in bytes.
const LONGEST_LABEL: usize = 40;
/// How every label of a private key ends.
const PRIVATE_KEY: &str = "PRIVATE KEY";
/// The header of a block that is encrypted in the old form of openssl (RFC 1421, 4.6.1.1).
const ENCRYPTED_HEADER: &str = "Proc-Type:";

/// A block: its label, and what stands between its first and its last line.
struct Block<'a> {
    label: &'a str,
    body: &'a str,
}

/// Whether a file holds PEM.
pub(super) fn is_pem(bytes: &[u8]) -> bool {
    std::str::from_utf8(bytes).is_ok_and(|text| text.contains(BEGIN))
}

/// The one private key in a file.
pub(super) fn private_key(bytes: &[u8]) -> Result<PrivateJwk, KeyFileError> {
    let text = std::str::from_utf8(bytes).map_err(|_| KeyFileError::UnknownForm)?;
    let mut keys = blocks(text)?
        .into_iter()
        .filter(|block| block.label.ends_with(PRIVATE_KEY));
    let key = keys.next().ok_or(KeyFileError::NoPrivateKey)?;
    if keys.next().is_some() {
        return Err(KeyFileError::TwoPrivateKeys);
    }
    key.read()
}

fn blocks(text: &str) -> Result<Vec<Block<'_>>, KeyFileError> {
    let mut blocks = Vec::new();
    let mut rest = text;
    while let Some((_, after)) = rest.split_once(BEGIN) {
        let (label, after) = after.split_once(DASHES).ok_or(KeyFileError::MalformedPem)?;
        let (body, after) = after.split_once(END).ok_or(KeyFileError::MalformedPem)?;
        let end = after
            .strip_prefix(label)
            .and_then(|after| after.strip_prefix(DASHES));
        rest = end.ok_or(KeyFileError::MalformedPem)?;
        blocks.push(Block { label, body });
    }
    Ok(blocks)
}

/// Whether a label is like those of other programs. An error shows it, and what a broken line holds in the place of one could
/// be the key.
fn is_plain(label: &str) -> bool {
    let is_usual = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b' ';
    label.len() <= LONGEST_LABEL && label.bytes().all(is_usual)
}

impl Block<'_> {
    fn read(&self) -> Result<PrivateJwk, KeyFileError> {
        let form = match self.label {
            _ if self.body.contains(ENCRYPTED_HEADER) => return Err(KeyFileError::Encrypted),
            "ENCRYPTED PRIVATE KEY" => return Err(KeyFileError::Encrypted),
            "PRIVATE KEY" => PrivateKeyDer::Pkcs8,
            "RSA PRIVATE KEY" => PrivateKeyDer::Pkcs1,
            "EC PRIVATE KEY" => PrivateKeyDer::Sec1,
            other if is_plain(other) => return Err(KeyFileError::Label(other.to_owned())),
            _ => return Err(KeyFileError::MalformedPem),
        };
        let der = self.der().ok_or(KeyFileError::MalformedPem)?;
        Ok(form(&der).to_jwk()?)
    }

    fn der(&self) -> Option<Zeroizing<Vec<u8>>> {
        encoding::decode_base64(self.body.as_bytes())
    }
}
