//! Why what a vault gave makes no content of a file. Nothing of the value is in it.

use strongroom_certificates::{
    certificate::CertificateError, chain::ChainError, content::SecretError, pem::PemError,
    pkcs12::Pkcs12Error,
};
use strongroom_core::limits::VALUE_BYTES;
use strongroom_crds::secret_ref::SecretEncoding;

/// How many hashes a PFX may take: some milliseconds of the node driver's one thread. A vault's takes 14,000.
pub(super) const PFX_WORK: u64 = 200_000;

/// Why a value is no certificate. Nothing of the value is in it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CertificateFault {
    /// It is longer than any value of a vault.
    #[error("it has more than {VALUE_BYTES} bytes")]
    TooLong,
    /// It is something else.
    #[error("it is neither PEM nor base64 of a PFX")]
    Form,
    /// It is a PFX that nobody can read without its password.
    #[error("its PFX has a password")]
    Password,
    /// It is a PFX that takes more time than the node driver gives it.
    #[error("the keys of its PFX take more than {PFX_WORK} hashes")]
    Work,
    /// It is no PFX that can be read.
    #[error(transparent)]
    Pfx(Pkcs12Error),
    /// It is no PEM that can be read.
    #[error(transparent)]
    Pem(PemError),
    /// It has a private key at most.
    #[error("it has no certificate")]
    Empty,
    /// It has more than one.
    #[error("it has several private keys")]
    SeveralKeys,
    /// Its private key is none that a vault makes or imports.
    #[error("its private key is damaged, or is of a kind that a vault does not have")]
    PrivateKey,
    /// One of its certificates is none.
    #[error(transparent)]
    Certificate(#[from] CertificateError),
    /// Its certificates do not belong to its private key.
    #[error(transparent)]
    Chain(#[from] ChainError),
}

impl From<SecretError> for CertificateFault {
    fn from(error: SecretError) -> Self {
        match error {
            SecretError::Form => Self::Form,
            SecretError::Pem(error) => Self::Pem(error),
            SecretError::Pkcs12(error) => error.into(),
        }
    }
}

impl From<Pkcs12Error> for CertificateFault {
    fn from(error: Pkcs12Error) -> Self {
        match error {
            Pkcs12Error::WrongPassword => Self::Password,
            Pkcs12Error::TooMuchWork => Self::Work,
            Pkcs12Error::TooLarge
            | Pkcs12Error::Malformed
            | Pkcs12Error::Unsupported(_)
            | Pkcs12Error::TooManyBags => Self::Pfx(error),
        }
    }
}

/// The longest password of a store, in bytes. openssl(1) reads no longer one.
pub(super) const PASSWORD_BYTES: usize = 1024;

/// Why a value is no password of a store. Nothing of the value is in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PasswordFault {
    /// There is nothing in it.
    #[error("it is empty")]
    Empty,
    /// It is longer than programs read.
    #[error("it has more than {PASSWORD_BYTES} bytes")]
    TooLong,
    /// It is no text that a program can be given.
    #[error("it is not UTF-8, or has a zero byte")]
    Text,
}

/// Why what a vault gave makes no content of a file. Nothing of the value is in it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ContentError {
    /// It is an object of another kind.
    #[error("it is an object of another kind")]
    Kind,
    /// It is a secret that holds no certificate.
    #[error("it holds no certificate that can be read: {0}")]
    NoCertificate(CertificateFault),
    /// It is a certificate whose secret holds none of an authority.
    #[error("its chain has no certificate of an authority")]
    NoAuthority,
    /// It is a certificate whose secret holds no private key.
    #[error("its private key may not leave the vault")]
    NoPrivateKey,
    /// It is a secret whose value cannot protect a store.
    #[error("it cannot be the password of a store: {0}")]
    Password(#[from] PasswordFault),
    /// It is a secret whose value is not encoded so.
    #[error("its value is not {}", encoding_name(*.0))]
    Undecodable(SecretEncoding),
}

const fn encoding_name(encoding: SecretEncoding) -> &'static str {
    match encoding {
        SecretEncoding::Base64 => "base64",
        SecretEncoding::Hex => "hexadecimal",
    }
}
