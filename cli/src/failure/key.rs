//! What is wrong with the arguments or the input of a command on keys.

use std::path::PathBuf;

use strongroom_core::{ObjectName, Version};
use strongroom_keys::{Algorithm, BadKey};

use super::key_file::KeyFileError;

/// Why a command on keys does nothing.
#[derive(Debug, thiserror::Error)]
pub(crate) enum KeyFailure {
    /// A flag that means nothing for the key that is asked for.
    #[error("--{flag} is of {of} alone")]
    Foreign { flag: &'static str, of: &'static str },
    /// ML-DSA without its parameter set.
    #[error("which AKP key? Give --parameter-set ML-DSA-44, ML-DSA-65 or ML-DSA-87")]
    NoParameterSet,
    /// No such key can be made.
    #[error(transparent)]
    BadKey(BadKey),
    /// A file that holds no key to import.
    #[error("{} cannot be imported: {source}", .path.display())]
    Import { path: PathBuf, source: KeyFileError },
    /// An algorithm of other commands.
    #[error("{algorithm} is no algorithm to {verb} with")]
    WrongAlgorithm {
        algorithm: Algorithm,
        verb: &'static str,
    },
    /// No algorithm was named.
    #[error("which algorithm? Give --algorithm, or the document that -o json printed")]
    NoAlgorithm,
    /// More data than a key works on.
    #[error("the data is longer than 64 KiB, the most that a key works on")]
    TooLong,
    /// More base64 than is read.
    #[error(
        "the input is longer than 256 KiB, the most that is read of base64 or a document; decode it first"
    )]
    EncodedTooLong,
    /// The data is not base64.
    #[error("the data is not base64 or base64url")]
    NotBase64,
    /// The digest has another length, or is no text of bytes.
    #[error("--digest is no digest of {algorithm}, which is {length} bytes in hexadecimal or base64")]
    Digest { algorithm: Algorithm, length: usize },
    /// A digest for an algorithm that takes none.
    #[error("{0} signs the data itself and no digest: leave out --digest")]
    NoDigest(Algorithm),
    /// Output that would lose what a decryption needs.
    #[error(
        "{0} makes an IV and a tag beside the encrypted data, without which nobody decrypts it: give -o json, which prints \
         what `key decrypt` takes back"
    )]
    LosesParts(Algorithm),
    /// The signature is too long for one.
    #[error("the file of the signature is longer than any signature")]
    LongSignature,
    /// The document is of another key.
    #[error("the document is of key {document}, and not of key {given}")]
    OtherKey { document: ObjectName, given: ObjectName },
    /// The document is of another version.
    #[error("the document is of version {document}, and not of version {given}: leave out --version")]
    OtherVersion { document: Version, given: Version },
    /// The document is of another algorithm.
    #[error("the document is of {document}, and not of {given}: leave out --algorithm")]
    OtherAlgorithm { document: Algorithm, given: Algorithm },
    /// The document names an algorithm that does not exist.
    #[error("the document names no algorithm that this release knows")]
    UnknownAlgorithm,
    /// The file holds no rotation policy.
    #[error("the file is no rotation policy as -o json prints it: line {line}, column {column}")]
    Policy { line: usize, column: usize },
    /// A misspelled member would otherwise be passed over, and the policy would say less than it seems to.
    #[error("a rotation policy has no member {0}")]
    PolicyMember(String),
    /// A rotation policy of more than any.
    #[error("the file is longer than any rotation policy")]
    LongPolicy,
    /// A symmetric key is secret as a whole.
    #[error("key {0} is symmetric and has no public part")]
    NoPublicPart(ObjectName),
    /// The answer is no public key.
    #[error("the vault answered with a public part that is no public key")]
    MalformedPublic,
}

impl KeyFailure {
    /// As the help says: 1 where the vault's answer is none, 2 where the arguments are wrong, 5 where the input is.
    pub(crate) fn exit_code(&self) -> u8 {
        match self {
            Self::NoPublicPart(_) | Self::MalformedPublic => 1,
            Self::Foreign { .. }
            | Self::NoParameterSet
            | Self::BadKey(_)
            | Self::WrongAlgorithm { .. }
            | Self::NoAlgorithm
            | Self::Digest { .. }
            | Self::NoDigest(_)
            | Self::LosesParts(_)
            | Self::OtherKey { .. }
            | Self::OtherVersion { .. }
            | Self::OtherAlgorithm { .. }
            | Self::Import {
                source: KeyFileError::OtherType { .. },
                ..
            } => 2,
            Self::Import { .. }
            | Self::TooLong
            | Self::EncodedTooLong
            | Self::NotBase64
            | Self::LongSignature
            | Self::UnknownAlgorithm
            | Self::Policy { .. }
            | Self::PolicyMember(_)
            | Self::LongPolicy => 5,
        }
    }
}
