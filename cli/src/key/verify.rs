//! `strongroom key verify`.

use std::path::Path;

use serde_json::json;
use strongroom_client::vault::{Octets, Verification};
use strongroom_core::Permission;
use strongroom_keys::{Algorithm, KeyOperation};

use crate::failure::KeyFailure;

use super::{data, document::Document, work::check_algorithm};
use crate::{
    Failure,
    arguments::{KeyVersion, SignedArguments, VerifyArguments},
    output::{AnswerOutput, Output},
    printed::{Outcome, Printed},
    session::Session,
    value::Source,
};

/// The longest file of a signature, in bytes: a document with one of ML-DSA-87, and room to spare.
const LONGEST: usize = 16 << 10;

/// A signature to verify, with everything that is read on this machine.
pub(crate) struct VerifyRequest {
    key: KeyVersion,
    verification: Verification,
    output: AnswerOutput,
}

impl VerifyRequest {
    /// Reads what `arguments` name.
    pub(super) fn prepare(arguments: VerifyArguments, output: Option<Output>) -> Result<Self, Failure> {
        let output = AnswerOutput::of(output)?;
        let algorithm = arguments.signed.algorithm;
        check_algorithm(algorithm, KeyOperation::Verify, "verify")?;
        let digest = data::signed(&arguments.signed)?;
        let SignedArguments { key, .. } = arguments.signed;
        let (key, signature) = match (arguments.signature, arguments.signature_file) {
            (_, Some(path)) => read(&path, key, algorithm)?,
            (signature, None) => (key, signature.unwrap_or_default()),
        };
        Ok(Self {
            key,
            verification: Verification {
                algorithm: algorithm.name().to_owned(),
                digest,
                signature,
            },
            output,
        })
    }

    /// Asks the vault.
    pub(super) async fn perform(self, session: &Session) -> Result<Outcome, Failure> {
        let KeyVersion { name, version } = &self.key;
        let is_valid = session
            .vault
            .verify(&session.token, name, version.as_ref(), &self.verification)
            .await
            .map_err(session.failed(Permission::KeyVerify, Some(name)))?;
        Ok(Outcome {
            printed: answer(is_valid, self.output)?,
            is_yes: is_valid,
        })
    }
}

fn answer(is_valid: bool, output: AnswerOutput) -> Result<Printed, Failure> {
    let word = if is_valid { "valid" } else { "not valid" };
    match output {
        AnswerOutput::Text => Ok(Printed::Text(format!("{word}\n"))),
        AnswerOutput::Json => Printed::json(&json!({ "valid": is_valid })),
    }
}

/// The signature in a file, and the version that it is of where the file says that.
fn read(path: &Path, key: KeyVersion, algorithm: Algorithm) -> Result<(KeyVersion, Octets), Failure> {
    let bytes = Source::file(path)?.bytes(LONGEST)?;
    let bytes = bytes.ok_or(KeyFailure::LongSignature)?;
    match Document::read(&bytes) {
        Some(document) => {
            let (key, _) = document.settle(key, Some(algorithm))?;
            Ok((key, document.value))
        }
        None => Ok((key, bytes.into())),
    }
}
