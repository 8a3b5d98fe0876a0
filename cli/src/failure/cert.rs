//! What is wrong with the arguments or the input of a command on certificates, or with what became of it.

use std::path::PathBuf;

use strongroom_certificates::{pem::PemError, pkcs12::Pkcs12Error, policy::PolicyError};
use strongroom_client::vault::OperationStatus;
use strongroom_core::ObjectName;

/// Why a command on certificates does nothing, or came to nothing.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CertFailure {
    /// A certificate of nothing.
    #[error("which name? Give --subject, --dns, --ip, --email or --uri, or a policy with -f")]
    NoName,
    /// No vault takes such a policy. Sentences of Azure end with a line of their own.
    #[error("{}", .0.to_string().trim_end())]
    Policy(PolicyError),
    /// The file does not hold what it should.
    #[error("the file is no {what} as -o json prints it: line {line}, column {column}")]
    Json {
        what: &'static str,
        line: usize,
        column: usize,
    },
    /// A misspelled member would otherwise be passed over, and the rest say less than it seems to.
    #[error("no {what} has a member {member}")]
    Member { what: &'static str, member: String },
    /// More than any.
    #[error("the file is longer than any {0}")]
    Long(&'static str),
    /// The vault would throw it away.
    #[error("a vault keeps no password of an issuer: leave credentials.pwd out")]
    IssuerPassword,
    /// A file that holds no certificate to import.
    #[error("{} cannot be imported: {source}", .path.display())]
    Import { path: PathBuf, source: CertFileError },
    /// A file that holds no certificate to merge.
    #[error("{} cannot be merged: {source}", .path.display())]
    Merge { path: PathBuf, source: CertFileError },
    /// Two files would be read from one input.
    #[error("only one of the files can be standard input")]
    TwoInputs,
    /// A file of a password is none.
    #[error("the file of the password does not hold one line of at most 1 KiB of UTF-8 text")]
    Password,
    /// Nothing was issued yet.
    #[error("certificate {0} is not issued yet")]
    NotIssued(ObjectName),
    /// The operation has no request.
    #[error("the operation on certificate {0} has no request to be signed")]
    NoRequest(ObjectName),
    /// The operation ended without a certificate.
    #[error("certificate {name} was not issued, its operation is {status}{reason}")]
    Ended {
        name: ObjectName,
        status: OperationStatus,
        /// Why, behind a colon, where the vault says so.
        reason: String,
    },
    /// The operation did not end in time.
    #[error("certificate {name} was not issued within {seconds} s; its operation goes on")]
    InTime {
        name: ObjectName,
        seconds: u64,
        /// The flags by which the vault is reached again.
        flags: String,
    },
    /// The secret has no private key in it.
    #[error("the private key of certificate {0} may not leave the vault: leave out --with-private-key")]
    NotExportable(ObjectName),
    /// The secret of that name is another.
    #[error("the secret of that name is not that of a certificate")]
    NoCertificateSecret,
    /// The answer cannot be read.
    #[error("the vault answered with a certificate that cannot be read")]
    MalformedAnswer,
}

impl CertFailure {
    /// As the help says: 1 where the vault's answer is no, 2 where the arguments are wrong, 5 where the input is, 6 where
    /// something did not come in time.
    pub(crate) fn exit_code(&self) -> u8 {
        match self {
            Self::NotIssued(_)
            | Self::NoRequest(_)
            | Self::Ended { .. }
            | Self::NotExportable(_)
            | Self::NoCertificateSecret
            | Self::MalformedAnswer => 1,
            Self::NoName | Self::Policy(_) | Self::TwoInputs => 2,
            Self::Json { .. }
            | Self::Member { .. }
            | Self::Long(_)
            | Self::IssuerPassword
            | Self::Import { .. }
            | Self::Merge { .. }
            | Self::Password => 5,
            Self::InTime { .. } => 6,
        }
    }
}

/// Why a file holds no certificate to import or to merge. No sentence quotes the file.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CertFileError {
    /// More than any.
    #[error("it is longer than any PFX or PEM that a vault takes")]
    TooLong,
    /// Another form, or none.
    #[error("it holds neither PEM nor a PFX")]
    UnknownForm,
    /// Certificates without a key, or keys without a certificate.
    #[error("it does not hold one private key with its certificate")]
    NoPrivateKey,
    /// A key that needs a passphrase.
    #[error(
        "its private key is encrypted; pipe what `openssl pkey -in FILE`, and after that the certificates, into this command"
    )]
    Encrypted,
    /// A PFX with a password, and nobody to ask for it.
    #[error("the PFX needs a password: give --password-file PATH")]
    NoPassword,
    /// PEM that cannot be read.
    #[error(transparent)]
    Pem(PemError),
    /// A PFX that cannot be read.
    #[error(transparent)]
    Pkcs12(Pkcs12Error),
    /// Nothing to merge.
    #[error("it holds no certificate in PEM or DER")]
    NoCertificate,
}
