//! Why a file holds no key to import. No sentence quotes the file, but for names that everybody may know.

use strongroom_keys::{KeyError, KeyKind, PrivateKeyDerError};

/// Why a file holds no key to import.
#[derive(Debug, thiserror::Error)]
pub(crate) enum KeyFileError {
    /// More than any key.
    #[error("it is longer than 64 KiB, and so no key")]
    TooLong,
    /// Another form, or none.
    #[error(
        "it holds neither a private key in PEM nor a JWK; the bytes of a symmetric key are read with --type oct"
    )]
    UnknownForm,
    /// Certificates, public keys, parameters.
    #[error("none of its PEM blocks is a private key")]
    NoPrivateKey,
    /// It does not say which.
    #[error("it holds more than one private key")]
    TwoPrivateKeys,
    /// A key that needs a passphrase.
    #[error(
        "its private key is encrypted; pipe what `openssl pkey -in FILE` prints into this command, and no decrypted file is \
         left behind"
    )]
    Encrypted,
    /// A private key in a form of another program.
    #[error("its private key has the label {0}, and not PRIVATE KEY, RSA PRIVATE KEY or EC PRIVATE KEY")]
    Label(String),
    /// A block that does not end, or holds something else than base64.
    #[error("it was cut off or altered: a PEM block has no end, or is not base64")]
    MalformedPem,
    /// What the PEM holds is no private key that a vault takes.
    #[error(transparent)]
    Der(#[from] PrivateKeyDerError),
    /// It begins as JSON.
    #[error("it is no JWK: line {line}, column {column}")]
    MalformedJwk { line: usize, column: usize },
    /// It does not say which.
    #[error("it holds a set of JWKs: take the one that is to be imported out of it")]
    JwkSet,
    /// A member has no value that a vault knows.
    #[error("its member {member} must be {known}")]
    JwkMember {
        member: &'static str,
        known: &'static str,
    },
    /// A use that no vault knows, such as the derivation of other keys.
    #[error("its member key_ops names a use that no vault knows; --ops takes its place")]
    UnknownUse,
    /// Bytes of a symmetric key in another form.
    #[error("it is not base64 or base64url")]
    NotBase64,
    /// Another type than the flag names.
    #[error("it holds a key of type {found}, and not {given}")]
    OtherType { found: KeyKind, given: KeyKind },
    /// The members are no key, as the vault would say.
    #[error(transparent)]
    Key(KeyError),
}
