//! What `cert import` and `cert merge` bring, read and checked on this machine.

use std::path::Path;

use secrecy::{ExposeSecret as _, SecretString};
use serde_json::json;
use strongroom_certificates::{
    content::{Content, ContentError, LONGEST_TEXT, merge_certificates},
    pem::{self, PemError},
    pkcs12::Pkcs12Error,
};
use strongroom_client::vault::{CertificateChange, CertificateImport, CertificateMerge, NewAttributes};
use zeroize::Zeroizing;

use super::policy;
use crate::{
    arguments::{CertImportArguments, MergeArguments},
    encoding,
    failure::{CertFailure, CertFileError, Failure},
    terminal,
    value::Source,
};

/// The longest file of a password, in bytes.
const LONGEST_PASSWORD: usize = 1024;

/// The first byte of DER of a certificate and of a PFX: a sequence.
const SEQUENCE: u8 = 0x30;

/// What `arguments` name. What holds no certificate with its private key is refused here, and not sent.
pub(super) fn read(arguments: &CertImportArguments) -> Result<CertificateImport, Failure> {
    let is_input = |path: Option<&Path>| path.is_none_or(|path| path == Path::new("-"));
    let from_file = arguments.from_file.as_deref();
    let password_file = arguments.password_file.as_deref();
    let policy_file = arguments.policy_file.as_deref();
    let others = [password_file, policy_file];
    let inputs = others
        .iter()
        .flatten()
        .filter(|path| is_input(Some(path)))
        .count();
    if inputs + usize::from(is_input(from_file)) > 1 {
        return Err(CertFailure::TwoInputs.into());
    }
    let policy = if let Some(path) = policy_file {
        Some(policy::read(Some(path))?)
    } else {
        let form = arguments.secret_form;
        form.map(|form| json!({ "secret_props": { "contentType": form.name() } }))
    };
    let given = password_file.map(password).transpose()?;
    let source = Source::open(from_file)?;
    let path = source.path().to_owned();
    let bytes = source.bytes(LONGEST_TEXT)?;
    let failed = |source| CertFailure::Import {
        path: path.clone(),
        source,
    };
    let value = text(&bytes.ok_or(CertFileError::TooLong).map_err(failed)?);
    let password = checked(&value, given, || terminal::ask("Password of the PFX: ")).map_err(failed)?;
    Ok(CertificateImport {
        value,
        password,
        policy,
        preserve_order: arguments.preserve_order.then_some(true),
        about: arguments.about.of_new(),
    })
}

/// What a file holds, as the vault takes it: PEM as it is, and bytes in base64.
fn text(bytes: &[u8]) -> SecretString {
    match std::str::from_utf8(bytes) {
        Ok(text) if bytes.first() != Some(&SEQUENCE) || pem::is_pem(text) => text.trim().into(),
        _ => encoding::encode_base64(bytes).as_str().into(),
    }
}

/// The password with which the vault will open it; one is asked for where it is needed and none was given.
fn checked(
    value: &SecretString,
    given: Option<SecretString>,
    ask: impl FnOnce() -> Option<SecretString>,
) -> Result<Option<SecretString>, CertFileError> {
    let open = |password: Option<&SecretString>| {
        Content::read(value.expose_secret(), password.map(SecretString::expose_secret)).map(drop)
    };
    let error = match open(given.as_ref()) {
        Ok(()) => return Ok(given),
        Err(error) => error,
    };
    match error {
        ContentError::Pkcs12(Pkcs12Error::WrongPassword) if given.is_none() => {
            let asked = ask().ok_or(CertFileError::NoPassword)?;
            open(Some(&asked)).map_err(refused)?;
            Ok(Some(asked))
        }
        error => Err(refused(error)),
    }
}

/// Says what a vault would say, in the words of this program.
fn refused(error: ContentError) -> CertFileError {
    match error {
        ContentError::TooLong | ContentError::Pkcs12(Pkcs12Error::TooLarge) => CertFileError::TooLong,
        ContentError::NoPrivateKey => CertFileError::NoPrivateKey,
        ContentError::Pem(PemError::Encrypted) => CertFileError::Encrypted,
        ContentError::Pem(error) => CertFileError::Pem(error),
        ContentError::Pkcs12(Pkcs12Error::Malformed) => CertFileError::UnknownForm,
        ContentError::Pkcs12(error) => CertFileError::Pkcs12(error),
    }
}

/// The password in the first line of a file.
fn password(path: &Path) -> Result<SecretString, Failure> {
    let bytes = Source::open(Some(path))?.bytes(LONGEST_PASSWORD)?;
    let bytes = bytes.ok_or(CertFailure::Password)?;
    let text = std::str::from_utf8(&bytes).map_err(|_| CertFailure::Password)?;
    let line = text.strip_suffix('\n').unwrap_or(text);
    let line = line.strip_suffix('\r').unwrap_or(line);
    if line.contains('\n') {
        return Err(CertFailure::Password.into());
    }
    Ok(line.into())
}

/// The certificates that `arguments` name.
pub(super) fn merge(arguments: MergeArguments) -> Result<CertificateMerge, Failure> {
    let source = Source::open(arguments.from_file.as_deref())?;
    let path = source.path().to_owned();
    let bytes = source.bytes(LONGEST_TEXT)?;
    let chain = bytes
        .ok_or(CertFileError::TooLong)
        .and_then(|bytes| chain(&bytes))
        .map_err(|source| CertFailure::Merge { path, source })?;
    Ok(CertificateMerge {
        chain,
        about: CertificateChange {
            attributes: NewAttributes::default(),
            tags: (!arguments.tags.is_empty()).then(|| arguments.tags.into_iter().collect()),
        },
    })
}

/// Certificates in base64, as the vault takes them. What is not one of them is not sent: a private key that stands in the same
/// file stays where it is.
fn chain(bytes: &[u8]) -> Result<Vec<String>, CertFileError> {
    // Wiped, since a private key may stand beside the certificates.
    let texts = Zeroizing::new([text(bytes).expose_secret().to_owned()]);
    let certificates = merge_certificates(&*texts).map_err(|_| CertFileError::NoCertificate)?;
    let base64 = certificates
        .iter()
        .map(|der| encoding::encode_base64(der).to_string());
    Ok(base64.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_one_line() {
        let directory = strongroom_testing::Directory::new();
        let path = directory.path().join("password");
        for (bytes, read) in [
            (&b"p4ss word\n"[..], Some("p4ss word")),
            (b"p4ss\r\n", Some("p4ss")),
            (b"p4ss", Some("p4ss")),
            (b"", Some("")),
            (b"a\nb\n", None),
            (b"\xff", None),
        ] {
            std::fs::write(&path, bytes).unwrap();
            let password = password(&path).ok();
            assert_eq!(
                password.as_ref().map(SecretString::expose_secret),
                read,
                "{bytes:?}"
            );
        }
    }
}
