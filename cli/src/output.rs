//! How commands print.

use clap::ValueEnum;

/// How to print.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Output {
    /// As JSON, without the values of secrets.
    Json,
    /// Names only.
    Name,
    /// The public part of a key as a JWK (`key show`).
    Jwk,
    /// As PEM: the public part of a key (`key show`), a certificate (`cert show`), or a request for one (`cert pending show`).
    Pem,
    /// What a key made of its input, in base64.
    Base64,
}

impl Output {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Name => "name",
            Self::Jwk => "jwk",
            Self::Pem => "pem",
            Self::Base64 => "base64",
        }
    }
}

/// A form of output that the command does not have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the command prints no {}: give -o {known}, or nothing", given.name())]
pub(crate) struct OutputError {
    given: Output,
    /// The forms that it has, in a sentence.
    known: &'static str,
}

/// How objects are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ObjectOutput {
    /// For people.
    Text,
    /// Names only.
    Name,
    /// As JSON.
    Json,
}

impl ObjectOutput {
    pub(crate) const fn of(given: Option<Output>) -> Result<Self, OutputError> {
        match given {
            None => Ok(Self::Text),
            Some(Output::Name) => Ok(Self::Name),
            Some(Output::Json) => Ok(Self::Json),
            Some(given @ (Output::Jwk | Output::Pem | Output::Base64)) => Err(OutputError {
                given,
                known: "json or name",
            }),
        }
    }
}

/// How the public part of a key is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PublicOutput {
    /// With everything else that is known about the key.
    Object(ObjectOutput),
    /// As a JWK.
    Jwk,
    /// As PEM.
    Pem,
}

impl PublicOutput {
    pub(crate) const fn of(given: Option<Output>) -> Result<Self, OutputError> {
        match given {
            None => Ok(Self::Object(ObjectOutput::Text)),
            Some(Output::Name) => Ok(Self::Object(ObjectOutput::Name)),
            Some(Output::Json) => Ok(Self::Object(ObjectOutput::Json)),
            Some(Output::Jwk) => Ok(Self::Jwk),
            Some(Output::Pem) => Ok(Self::Pem),
            Some(given @ Output::Base64) => Err(OutputError {
                given,
                known: "json, jwk, pem or name",
            }),
        }
    }
}

/// How a certificate, or the operation that makes one, is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CertificateOutput {
    /// With everything else that is known about it.
    Object(ObjectOutput),
    /// As PEM: the certificate, or the request for it.
    Pem,
}

impl CertificateOutput {
    pub(crate) const fn of(given: Option<Output>) -> Result<Self, OutputError> {
        match given {
            None => Ok(Self::Object(ObjectOutput::Text)),
            Some(Output::Name) => Ok(Self::Object(ObjectOutput::Name)),
            Some(Output::Json) => Ok(Self::Object(ObjectOutput::Json)),
            Some(Output::Pem) => Ok(Self::Pem),
            Some(given @ (Output::Jwk | Output::Base64)) => Err(OutputError {
                given,
                known: "json, pem or name",
            }),
        }
    }
}

/// How what a key made public is printed: a signature, a ciphertext.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ProductOutput {
    /// The bytes as they are.
    Raw,
    /// In base64.
    Base64,
    /// As a document with everything that the opposite operation needs.
    Json,
}

impl ProductOutput {
    pub(crate) const fn of(given: Option<Output>) -> Result<Self, OutputError> {
        match given {
            None => Ok(Self::Raw),
            Some(Output::Base64) => Ok(Self::Base64),
            Some(Output::Json) => Ok(Self::Json),
            Some(given @ (Output::Name | Output::Jwk | Output::Pem)) => Err(OutputError {
                given,
                known: "json or base64",
            }),
        }
    }
}

/// How what a key revealed is printed: a plaintext, another key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PlaintextOutput {
    /// The bytes as they are.
    Raw,
    /// In base64.
    Base64,
}

impl PlaintextOutput {
    pub(crate) const fn of(given: Option<Output>) -> Result<Self, OutputError> {
        match given {
            None => Ok(Self::Raw),
            Some(Output::Base64) => Ok(Self::Base64),
            Some(given @ (Output::Json | Output::Name | Output::Jwk | Output::Pem)) => Err(OutputError {
                given,
                known: "base64",
            }),
        }
    }
}

/// How an answer that is no object is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AnswerOutput {
    /// For people.
    Text,
    /// As JSON.
    Json,
}

impl AnswerOutput {
    pub(crate) const fn of(given: Option<Output>) -> Result<Self, OutputError> {
        match given {
            None => Ok(Self::Text),
            Some(Output::Json) => Ok(Self::Json),
            Some(given @ (Output::Name | Output::Jwk | Output::Pem | Output::Base64)) => {
                Err(OutputError { given, known: "json" })
            }
        }
    }
}
