//! How commands print.

mod document;
mod form;

pub(crate) use document::{API_VERSION, ErrorBody, ErrorDocument, List};
pub(crate) use form::{Form, FormError};

/// What to print.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Output {
    /// A table with more columns.
    Wide,
    /// A document: everything that is known, without the values of secrets, in a [`Form`].
    Json,
    /// Names only.
    Name,
    /// Lines `NAME=VALUE`.
    Env,
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
            Self::Wide => "wide",
            Self::Json => "json",
            Self::Name => "name",
            Self::Env => "env",
            Self::Jwk => "jwk",
            Self::Pem => "pem",
            Self::Base64 => "base64",
        }
    }
}

/// What follows `-o`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct OutputArgument {
    /// Nothing is what is printed if nobody says anything: a table, or a sentence.
    pub(crate) output: Option<Output>,
    /// The form of a document.
    pub(crate) form: Form,
}

impl OutputArgument {
    /// Reads it.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let (output, form) = match text {
            "table" => (None, Form::Json),
            "wide" => (Some(Output::Wide), Form::Json),
            "json" => (Some(Output::Json), Form::Json),
            "yaml" => (Some(Output::Json), Form::Yaml),
            "name" => (Some(Output::Name), Form::Json),
            "env" => (Some(Output::Env), Form::Json),
            "jwk" => (Some(Output::Jwk), Form::Json),
            "pem" => (Some(Output::Pem), Form::Json),
            "base64" => (Some(Output::Base64), Form::Json),
            _ => match text.split_once('=') {
                Some(("jsonpath", path)) => (Some(Output::Json), Form::path(path)?),
                _ => {
                    return Err(
                        "an output is table, json, yaml, jsonpath=PATH, name, wide, env, jwk, pem or base64"
                            .to_owned(),
                    );
                }
            },
        };
        Ok(Self { output, form })
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
            None | Some(Output::Wide) => Ok(Self::Text),
            Some(Output::Name) => Ok(Self::Name),
            Some(Output::Json) => Ok(Self::Json),
            Some(given @ (Output::Env | Output::Jwk | Output::Pem | Output::Base64)) => Err(OutputError {
                given,
                known: "json, yaml, jsonpath=PATH or name",
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
            None | Some(Output::Wide) => Ok(Self::Object(ObjectOutput::Text)),
            Some(Output::Name) => Ok(Self::Object(ObjectOutput::Name)),
            Some(Output::Json) => Ok(Self::Object(ObjectOutput::Json)),
            Some(Output::Jwk) => Ok(Self::Jwk),
            Some(Output::Pem) => Ok(Self::Pem),
            Some(given @ (Output::Env | Output::Base64)) => Err(OutputError {
                given,
                known: "json, yaml, jsonpath=PATH, jwk, pem or name",
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
            None | Some(Output::Wide) => Ok(Self::Object(ObjectOutput::Text)),
            Some(Output::Name) => Ok(Self::Object(ObjectOutput::Name)),
            Some(Output::Json) => Ok(Self::Object(ObjectOutput::Json)),
            Some(Output::Pem) => Ok(Self::Pem),
            Some(given @ (Output::Env | Output::Jwk | Output::Base64)) => Err(OutputError {
                given,
                known: "json, yaml, jsonpath=PATH, pem or name",
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
            Some(given @ (Output::Wide | Output::Env | Output::Name | Output::Jwk | Output::Pem)) => {
                Err(OutputError {
                    given,
                    known: "json, yaml, jsonpath=PATH or base64",
                })
            }
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
            Some(
                given
                @ (Output::Wide | Output::Env | Output::Json | Output::Name | Output::Jwk | Output::Pem),
            ) => Err(OutputError {
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
            None | Some(Output::Wide) => Ok(Self::Text),
            Some(Output::Json) => Ok(Self::Json),
            Some(given @ (Output::Env | Output::Name | Output::Jwk | Output::Pem | Output::Base64)) => {
                Err(OutputError {
                    given,
                    known: "json, yaml or jsonpath=PATH",
                })
            }
        }
    }
}
