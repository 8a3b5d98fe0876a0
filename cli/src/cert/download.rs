//! `strongroom cert download`.

use std::{
    io::{self, IsTerminal as _},
    path::{Path, PathBuf},
};

use secrecy::ExposeSecret as _;
use strongroom_certificates::{
    content::LONGEST_TEXT,
    pem::{self, Block},
    pkcs12::Pfx,
    policy::SecretContentType,
};
use strongroom_client::vault::{Octets, Secret};
use strongroom_core::Permission;
use zeroize::Zeroizing;

use super::pem as written;
use crate::{
    Failure,
    arguments::{CertVersion, DownloadArguments},
    encoding,
    failure::CertFailure,
    new_file::NewFile,
    output::Output,
    printed::{Printed, Refusal},
    session::Session,
};

/// What ends the label of a private key.
const PRIVATE_KEY: &str = "PRIVATE KEY";

/// What is to be written, and where.
pub(crate) struct DownloadRequest {
    cert: CertVersion,
    /// Nothing is standard output.
    to: Option<PathBuf>,
    with_private_key: bool,
    pem: bool,
}

impl DownloadRequest {
    /// What `arguments` name. A private key is not asked for where a terminal would get it.
    pub(super) fn prepare(arguments: DownloadArguments, output: Option<Output>) -> Result<Self, Failure> {
        if let Some(given) = output {
            return Err(Failure::NoOutput(given));
        }
        let to = arguments.to_file.filter(|path| path != Path::new("-"));
        if arguments.with_private_key && to.is_none() && io::stdout().is_terminal() {
            return Err(Failure::PrivateKeyToTerminal);
        }
        Ok(Self {
            cert: arguments.cert,
            to,
            with_private_key: arguments.with_private_key,
            pem: arguments.pem,
        })
    }

    /// Reads the secret, and writes what is wanted of it.
    pub(super) async fn perform(self, session: &Session) -> Result<Printed, Failure> {
        let CertVersion { name, version } = &self.cert;
        // Before the vault is asked: it would be of no use to read a key that has no place.
        let file = self
            .to
            .as_deref()
            .map(|path| NewFile::create("certificate", path))
            .transpose()?;
        let secret = session
            .vault
            .certificate_secret(
                &session.token,
                name,
                version.as_ref(),
                self.pem || !self.with_private_key,
            )
            .await
            .map_err(session.failed(Permission::SecretGet, Some(name)))?;
        let bytes = if self.with_private_key {
            let (bytes, has_key) = content(&secret)?;
            if !has_key {
                return Err(CertFailure::NotExportable(name.clone()).into());
            }
            bytes
        } else {
            chain(&secret)?
        };
        match file {
            Some(file) => {
                let path = file.write(bytes.as_bytes())?;
                let with = if self.with_private_key {
                    " with its private key"
                } else {
                    ""
                };
                Ok(Printed::Text(format!(
                    "certificate/{name}{with} written to {}\n",
                    path.display()
                )))
            }
            None => Ok(Printed::Bytes {
                bytes,
                raw: false,
                refusal: if self.with_private_key {
                    Refusal::PrivateKey
                } else {
                    Refusal::Value
                },
            }),
        }
    }
}

/// What the secret holds, and whether a private key is in it.
fn content(secret: &Secret) -> Result<(Octets, bool), CertFailure> {
    let value = secret.value.expose_secret();
    match secret
        .content_type
        .as_deref()
        .and_then(SecretContentType::from_name)
    {
        Some(SecretContentType::Pem) => {
            let has_key = blocks(value)?
                .iter()
                .any(|block| block.label.ends_with(PRIVATE_KEY));
            Ok((Zeroizing::new(value.as_bytes().to_vec()).into(), has_key))
        }
        Some(SecretContentType::Pkcs12) => {
            let bytes = encoding::decode_base64(value.as_bytes()).ok_or(CertFailure::MalformedAnswer)?;
            let pfx = Pfx::read(&bytes, None).map_err(|_| CertFailure::MalformedAnswer)?;
            let has_key = !pfx.private_keys.is_empty();
            Ok((bytes.into(), has_key))
        }
        None => Err(CertFailure::NoCertificateSecret),
    }
}

/// The certificates of the secret, in their order, without the private key.
fn chain(secret: &Secret) -> Result<Octets, CertFailure> {
    if secret
        .content_type
        .as_deref()
        .and_then(SecretContentType::from_name)
        != Some(SecretContentType::Pem)
    {
        return Err(CertFailure::NoCertificateSecret);
    }
    let blocks = blocks(secret.value.expose_secret())?;
    let certificates: Vec<_> = blocks
        .iter()
        .filter(|block| block.label == pem::CERTIFICATE)
        .map(|block| (block.label, block.der.as_slice()))
        .collect();
    let text = written::write(&certificates)?;
    Ok(Zeroizing::new(text.into_bytes()).into())
}

fn blocks(text: &str) -> Result<Vec<Block<'_>>, CertFailure> {
    pem::read(text, LONGEST_TEXT).map_err(|_| CertFailure::MalformedAnswer)
}
