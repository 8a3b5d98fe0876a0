//! Why a file holds no key to import. No sentence quotes the file, but for names that everybody may know.

use strongroom_keys::{KeyError, KeyKind, PrivateKeyDerError};

/// Why a file holds no key to import.
#[derive(Debug, thiserror::Error)]
pub(crate) enum KeyFileError {
    /// More than any key.
    #[error("it is longer than 64 KiB, which no key is")]
    TooLong,
    /// Another form, or none.
    #[error(
        "it holds neither a private key in PEM nor a JWK; the bytes of a symmetric key are read with --type oct"
    )]
    UnknownForm,
    /// Certificates, public keys, parameters.
    #[error("none of its PEM blocks is a private key")]
    NoPrivateKey,
    /// The file does not say which of them is meant.
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
    /// The file begins as JSON does.
    #[error("it is no JWK: line {line}, column {column}")]
    MalformedJwk { line: usize, column: usize },
    /// The file does not say which key is meant.
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
    /// Text of which the bytes would be a key, and most likely are not the key that is meant.
    #[error(
        "it holds text that looks like base64 or hexadecimal, and not the bytes of a key: --base64 reads base64"
    )]
    LooksEncoded,
    /// Another type than the flag names.
    #[error("it holds a key of type {found}, and not {given}")]
    OtherType { found: KeyKind, given: KeyKind },
    /// The members are no key, as the vault would say.
    #[error(transparent)]
    Key(KeyError),
}
