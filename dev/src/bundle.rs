//! The certificates that a program trusts: those of this system, and our own authority beside them, so that it still reaches
//! the rest of the world.

use std::{
    io,
    path::{Path, PathBuf},
};

use pem::{EncodeConfig, LineEnding, Pem};
use strongroom_certificates::{keystore::KeystoreError, trust_store::NewTrustStore};

use crate::place::write_private;

/// The file for most programs.
const FILE: &str = "bundle.pem";

/// The file for those of Java.
const JAVA_FILE: &str = "bundle.jks";

/// Shows Java that nobody changed its file. What is in there is no secret.
const JAVA_PASSWORD: &str = "changeit";

/// Why there is no bundle.
#[derive(Debug, thiserror::Error)]
pub enum BundleError {
    /// A file cannot be written.
    #[error("cannot write the certificates to trust: {0}")]
    Write(#[from] io::Error),
    /// Our own certificate is none.
    #[error("cannot read the certificate of the authority: {0}")]
    Authority(#[from] pem::PemError),
    /// The form of Java holds less than there is.
    #[error("cannot write the certificates to trust for Java: {0}")]
    Java(#[from] KeystoreError),
}

/// The files that hold it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bundle {
    /// In PEM.
    pub pem: PathBuf,
    /// As a JKS, which Java reads without a password.
    pub java: PathBuf,
}

/// Writes the bundle into a directory, with our own authorities (each in PEM). Certificates of this system that cannot be read are
/// left out.
///
/// # Errors
/// A file cannot be written.
pub fn write(directory: &Path, own: &[&str]) -> Result<Bundle, BundleError> {
    let system = rustls_native_certs::load_native_certs();
    for error in &system.errors {
        tracing::warn!(%error, "certificates of this system cannot be read");
    }
    let mut all = Vec::new();
    for authority in own {
        all.extend(pem::parse_many(authority)?.into_iter().map(Pem::into_contents));
    }
    all.extend(system.certs.iter().map(|certificate| certificate.to_vec()));

    let blocks: Vec<Pem> = all
        .iter()
        .map(|der| Pem::new("CERTIFICATE", der.clone()))
        .collect();
    let config = EncodeConfig::new().set_line_ending(LineEnding::LF);
    let text = pem::encode_many_config(&blocks, config);
    let names: Vec<String> = (0..all.len())
        .map(|number| format!("authority-{number}"))
        .collect();
    let entries: Vec<(&str, &[u8])> = names
        .iter()
        .zip(&all)
        .map(|(name, der)| (name.as_str(), der.as_slice()))
        .collect();
    let store = NewTrustStore { entries: &entries };
    let java = store.to_jks(JAVA_PASSWORD, 0)?;

    let bundle = Bundle {
        pem: directory.join(FILE),
        java: directory.join(JAVA_FILE),
    };
    write_private(&bundle.pem, text.as_bytes())?;
    write_private(&bundle.java, &java)?;
    Ok(bundle)
}
