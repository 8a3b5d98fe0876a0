//! What keys work on, as it is read on this machine.

use aws_lc_rs::digest;
use strongroom_client::vault::Octets;
use strongroom_keys::limits;
use zeroize::Zeroizing;

use crate::failure::KeyFailure;

use super::document::Document;
use crate::{
    arguments::{DataArguments, SignedArguments},
    encoding,
    failure::Failure,
    value::Source,
};

/// The most that is read of base64, or of a document, in bytes: data and additional data of 64 KiB each in base64, and room
/// to spare.
const ENCODED: usize = 256 << 10;

/// By how many bytes encrypted data may be longer than data: a block.
const BLOCK: usize = 16;

/// Data to encrypt, to wrap, or to sign as it is.
pub(super) fn plain(arguments: &DataArguments) -> Result<Octets, Failure> {
    let source = Source::open(arguments.from_file.as_deref())?;
    let bytes = if arguments.base64 {
        decoded(&encoded(source)?)?
    } else {
        source.bytes(limits::DATA)?.ok_or(KeyFailure::TooLong)?
    };
    bounded(bytes, limits::DATA)
}

/// What is to be decrypted or unwrapped.
pub(super) enum Encrypted {
    /// A document, as a command prints it.
    Document(Document),
    /// The encrypted data alone.
    Bytes(Octets),
}

/// Encrypted data to decrypt or to unwrap.
pub(super) fn encrypted(arguments: &DataArguments) -> Result<Encrypted, Failure> {
    let read = encoded(Source::open(arguments.from_file.as_deref())?)?;
    let bytes = if arguments.base64 { decoded(&read)? } else { read };
    match Document::read(&bytes) {
        Some(document) => Ok(Encrypted::Document(document)),
        None => bounded(bytes, limits::DATA + BLOCK).map(Encrypted::Bytes),
    }
}

/// What the vault is given to sign, or to verify a signature of: the digest, or the data itself where the algorithm takes
/// that.
pub(super) fn signed(arguments: &SignedArguments) -> Result<Octets, Failure> {
    let algorithm = arguments.algorithm;
    match (algorithm.digest_length(), &arguments.digest) {
        (Some(length), Some(text)) => encoding::decode_digest(text, length)
            .map(Octets::from)
            .ok_or_else(|| KeyFailure::Digest { algorithm, length }.into()),
        (Some(length), None) => digest_of(&arguments.data, length),
        (None, Some(_)) => Err(KeyFailure::NoDigest(algorithm).into()),
        (None, None) => plain(&arguments.data),
    }
}

/// The digest of `length` bytes of data of any size; of base64, up to what is read of it.
fn digest_of(arguments: &DataArguments, length: usize) -> Result<Octets, Failure> {
    let source = Source::open(arguments.from_file.as_deref())?;
    let mut context = digest::Context::new(hash_of(length));
    if arguments.base64 {
        context.update(&decoded(&encoded(source)?)?);
    } else {
        source.parts(|part| context.update(part))?;
    }
    Ok(Zeroizing::new(context.finish().as_ref().to_vec()).into())
}

/// The hash function of SHA-2 with digests of that length (RFC 7518, section 3; RFC 8812, section 3.2).
const fn hash_of(length: usize) -> &'static digest::Algorithm {
    match length {
        48 => &digest::SHA384,
        64 => &digest::SHA512,
        _ => &digest::SHA256,
    }
}

fn encoded(source: Source) -> Result<Zeroizing<Vec<u8>>, Failure> {
    let bytes = source.bytes(ENCODED)?;
    bytes.ok_or_else(|| KeyFailure::EncodedTooLong.into())
}

fn decoded(text: &[u8]) -> Result<Zeroizing<Vec<u8>>, KeyFailure> {
    encoding::decode_base64(text).ok_or(KeyFailure::NotBase64)
}

fn bounded(bytes: Zeroizing<Vec<u8>>, most: usize) -> Result<Octets, Failure> {
    if bytes.len() > most {
        Err(KeyFailure::TooLong.into())
    } else {
        Ok(bytes.into())
    }
}
