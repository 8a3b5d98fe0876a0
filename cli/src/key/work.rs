//! `strongroom key sign`, `encrypt`, `decrypt`, `wrap` and `unwrap`.

use strongroom_client::vault::{KeyInput, KeyResult, KeyWork, Octets};
use strongroom_core::Permission;
use strongroom_keys::{Algorithm, KeyOperation};

use super::{
    data::{self, Encrypted},
    document::Document,
};
use crate::{
    Failure,
    arguments::{
        CipherArguments, CipherParts, DecipherArguments, KeyVersion, SignArguments, UnwrapArguments,
        WrapArguments,
    },
    failure::KeyFailure,
    output::{Output, PlaintextOutput, ProductOutput},
    printed::{Printed, Refusal},
    session::Session,
};

/// Something to be done with a key, with everything that is read on this machine.
pub(crate) struct WorkRequest {
    key: KeyVersion,
    work: KeyWork,
    algorithm: Algorithm,
    input: KeyInput,
    form: Form,
    /// Whether a terminal gets the result although it would obey it.
    raw: bool,
}

/// How the result is printed.
enum Form {
    /// A signature or a ciphertext, which is no secret.
    Product(ProductOutput),
    /// What was encrypted.
    Plaintext(PlaintextOutput),
}

impl WorkRequest {
    /// Signs what `arguments` name.
    pub(super) fn sign(arguments: SignArguments, output: Option<Output>) -> Result<Self, Failure> {
        let form = Form::Product(ProductOutput::of(output)?);
        let algorithm = arguments.signed.algorithm;
        check_algorithm(algorithm, KeyOperation::Sign, "sign")?;
        let input = input(algorithm, data::signed(&arguments.signed)?);
        Ok(Self {
            key: arguments.signed.key,
            work: KeyWork::Sign,
            algorithm,
            input,
            form,
            raw: arguments.raw,
        })
    }

    /// Encrypts what `arguments` name.
    pub(super) fn encrypt(arguments: CipherArguments, output: Option<Output>) -> Result<Self, Failure> {
        let output = ProductOutput::of(output)?;
        let algorithm = arguments.algorithm;
        check_algorithm(algorithm, KeyOperation::Encrypt, "encrypt")?;
        check_aad(algorithm, arguments.aad.as_ref())?;
        if is_gcm(algorithm) && output != ProductOutput::Json {
            return Err(KeyFailure::LosesParts(algorithm).into());
        }
        Ok(Self {
            key: arguments.key,
            work: KeyWork::Encrypt,
            algorithm,
            input: KeyInput {
                iv: arguments.iv,
                aad: arguments.aad,
                ..input(algorithm, data::plain(&arguments.data)?)
            },
            form: Form::Product(output),
            raw: arguments.raw,
        })
    }

    /// Wraps what `arguments` name.
    pub(super) fn wrap(arguments: WrapArguments, output: Option<Output>) -> Result<Self, Failure> {
        let form = Form::Product(ProductOutput::of(output)?);
        let algorithm = arguments.algorithm;
        check_algorithm(algorithm, KeyOperation::WrapKey, "wrap")?;
        Ok(Self {
            key: arguments.key,
            work: KeyWork::Wrap,
            algorithm,
            input: input(algorithm, data::plain(&arguments.data)?),
            form,
            raw: arguments.raw,
        })
    }

    /// Decrypts what `arguments` name.
    pub(super) fn decrypt(arguments: DecipherArguments, output: Option<Output>) -> Result<Self, Failure> {
        let request = Self::reveal(arguments.unwrap, arguments.parts, KeyWork::Decrypt, output)?;
        check_algorithm(request.algorithm, KeyOperation::Decrypt, "decrypt")?;
        check_aad(request.algorithm, request.input.aad.as_ref())?;
        Ok(request)
    }

    /// Unwraps what `arguments` name.
    pub(super) fn unwrap(arguments: UnwrapArguments, output: Option<Output>) -> Result<Self, Failure> {
        let request = Self::reveal(arguments, CipherParts::default(), KeyWork::Unwrap, output)?;
        check_algorithm(request.algorithm, KeyOperation::UnwrapKey, "unwrap")?;
        Ok(request)
    }

    /// What the flags name goes before what a document holds: additional data is what its reader expects it to be.
    fn reveal(
        arguments: UnwrapArguments,
        parts: CipherParts,
        work: KeyWork,
        output: Option<Output>,
    ) -> Result<Self, Failure> {
        let form = Form::Plaintext(PlaintextOutput::of(output)?);
        let CipherParts { iv, tag, aad } = parts;
        let (key, algorithm, input) = match data::encrypted(&arguments.data)? {
            Encrypted::Bytes(value) => {
                let algorithm = arguments.algorithm.ok_or(KeyFailure::NoAlgorithm)?;
                let input = KeyInput {
                    iv,
                    tag,
                    aad,
                    ..input(algorithm, value)
                };
                (arguments.key, algorithm, input)
            }
            Encrypted::Document(document) => {
                let (key, algorithm) = document.settle(arguments.key, arguments.algorithm)?;
                let input = KeyInput {
                    iv: iv.or(document.iv),
                    tag: tag.or(document.tag),
                    aad: aad.or(document.aad),
                    ..input(algorithm, document.value)
                };
                (key, algorithm, input)
            }
        };
        Ok(Self {
            key,
            work,
            algorithm,
            input,
            form,
            raw: arguments.raw,
        })
    }

    /// Has the vault do it.
    pub(super) async fn perform(self, session: &Session) -> Result<Printed, Failure> {
        let KeyVersion { name, version } = &self.key;
        let result = session
            .vault
            .use_key(&session.token, name, version.as_ref(), self.work, &self.input)
            .await
            .map_err(session.failed(permission(self.work), Some(name)))?;
        self.form.of(result, self.algorithm, self.raw)
    }
}

impl Form {
    fn of(self, result: KeyResult, algorithm: Algorithm, raw: bool) -> Result<Printed, Failure> {
        match self {
            Self::Product(ProductOutput::Json) => Printed::json(&Document::of(result, algorithm)),
            Self::Product(ProductOutput::Base64) | Self::Plaintext(PlaintextOutput::Base64) => {
                Ok(Printed::Base64(result.value))
            }
            Self::Product(ProductOutput::Raw) | Self::Plaintext(PlaintextOutput::Raw) => Ok(Printed::Bytes {
                bytes: result.value,
                raw,
                refusal: Refusal::Result,
            }),
        }
    }
}

fn input(algorithm: Algorithm, value: Octets) -> KeyInput {
    KeyInput {
        algorithm: algorithm.name().to_owned(),
        value,
        ..KeyInput::default()
    }
}

const fn is_gcm(algorithm: Algorithm) -> bool {
    matches!(algorithm, Algorithm::AesGcm(_))
}

/// Refuses an algorithm of other commands.
pub(super) fn check_algorithm(
    algorithm: Algorithm,
    operation: KeyOperation,
    verb: &'static str,
) -> Result<(), KeyFailure> {
    if algorithm.serves(operation) {
        Ok(())
    } else {
        Err(KeyFailure::WrongAlgorithm { algorithm, verb })
    }
}

/// Refuses additional data that an algorithm would pass over, and so not authenticate.
fn check_aad(algorithm: Algorithm, aad: Option<&Octets>) -> Result<(), KeyFailure> {
    if aad.is_some() && !is_gcm(algorithm) {
        return Err(KeyFailure::Foreign {
            flag: "aad",
            of: "AES-GCM",
        });
    }
    Ok(())
}

const fn permission(work: KeyWork) -> Permission {
    match work {
        KeyWork::Encrypt => Permission::KeyEncrypt,
        KeyWork::Decrypt => Permission::KeyDecrypt,
        KeyWork::Sign => Permission::KeySign,
        KeyWork::Wrap => Permission::KeyWrapKey,
        KeyWork::Unwrap => Permission::KeyUnwrapKey,
    }
}
