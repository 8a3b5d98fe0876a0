//! The certificate that the value of a secret holds, and the files that it becomes.
//!
//! A vault is not trusted. What it says is bounded and parsed, and each file is written anew from that: it holds
//! certificates and a key, or there is none. A vault serves PEM, or base64 of a PFX with the empty password.

use std::fmt;

use base64::{
    Engine as _, alphabet,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use strongroom_certificates::{
    certificate::Certificate,
    chain::{Chain, ChainOrder},
    content::Parts,
    pem::{self, PemWriteError},
};
use strongroom_core::limits::VALUE_BYTES;
use strongroom_crds::secret_ref::{CertificateFormat, CertificatePart};
use strongroom_keys::{KeyProvider as _, Software};
use zeroize::Zeroizing;

use super::{
    Content,
    fault::{CertificateFault, ContentError, PFX_WORK},
};

/// With padding or without it.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// A certificate with its chain, and its private key where that may leave the vault.
pub struct SecretCertificate {
    chain: Chain,
    /// In PKCS#8.
    private_key: Option<Zeroizing<Vec<u8>>>,
}

/// The private keys and certificates of a value.
fn read(value: &[u8]) -> Result<Parts, CertificateFault> {
    if value.len() > VALUE_BYTES {
        return Err(CertificateFault::TooLong);
    }
    let text = std::str::from_utf8(value).map_err(|_| CertificateFault::Form)?;
    Ok(Parts::of_secret(text, PFX_WORK)?)
}

impl SecretCertificate {
    /// Reads the value of a secret.
    ///
    /// # Errors
    /// It holds no certificate, or several things that do not belong together.
    pub fn read(value: &[u8]) -> Result<Self, CertificateFault> {
        let mut found = read(value)?;
        if found.certificates.is_empty() {
            return Err(CertificateFault::Empty);
        }
        let certificates = found.certificates.iter().map(|der| Certificate::from_der(der));
        let certificates = certificates.collect::<Result<Vec<_>, _>>()?;
        let private_key = found.private_keys.pop();
        if !found.private_keys.is_empty() {
            return Err(CertificateFault::SeveralKeys);
        }
        let Some(private_key) = private_key else {
            let chain = Chain::of_unknown_key(certificates)?;
            return Ok(Self {
                chain,
                private_key: None,
            });
        };
        let jwk = private_key.as_der().to_jwk().ok();
        let key = jwk.and_then(|jwk| Software.import(&jwk).ok());
        let key = key.ok_or(CertificateFault::PrivateKey)?;
        Ok(Self {
            chain: Chain::of(key.public(), certificates, ChainOrder::LeafFirst)?,
            private_key: Some(key.to_pkcs8().map_err(|_| CertificateFault::PrivateKey)?),
        })
    }

    /// The file of a part.
    ///
    /// # Errors
    /// The chain has no certificate of an authority, or the private key is not there.
    pub fn content_of(&self, part: CertificatePart) -> Result<Content, ContentError> {
        match part {
            CertificatePart::Chain => written(&self.chain_blocks()),
            CertificatePart::Leaf(format) => {
                let leaf = self.chain.leaf().der();
                in_format(format, pem::CERTIFICATE, leaf)
            }
            CertificatePart::Ca => {
                let authorities = self.authorities()?;
                written(&authorities.into_iter().map(block).collect::<Vec<_>>())
            }
            CertificatePart::PrivateKey(format) => in_format(format, pem::PRIVATE_KEY, self.private_key()?),
            CertificatePart::Bundle => {
                let mut blocks = vec![(pem::PRIVATE_KEY, self.private_key()?)];
                blocks.extend(self.chain_blocks());
                written(&blocks)
            }
        }
    }

    /// The leaf, and after it whoever signed the one before.
    pub(super) const fn chain(&self) -> &Chain {
        &self.chain
    }

    /// Those that a program may trust as authorities; there is one at least.
    ///
    /// # Errors
    /// There is none.
    pub(super) fn authorities(&self) -> Result<Vec<&Certificate>, ContentError> {
        let leaf = self.chain.leaf();
        let others = self.chain.certificates().iter().filter(|other| *other != leaf);
        let authorities: Vec<_> = others.filter(|other| other.is_authority()).collect();
        if authorities.is_empty() {
            return Err(ContentError::NoAuthority);
        }
        Ok(authorities)
    }

    /// In PKCS#8.
    ///
    /// # Errors
    /// It is not there.
    pub(super) fn private_key(&self) -> Result<&[u8], ContentError> {
        let key = self.private_key.as_ref().map(|key| key.as_slice());
        key.ok_or(ContentError::NoPrivateKey)
    }

    fn chain_blocks(&self) -> Vec<(&'static str, &[u8])> {
        self.chain.certificates().iter().map(block).collect()
    }
}

fn block(certificate: &Certificate) -> (&'static str, &[u8]) {
    (pem::CERTIFICATE, certificate.der())
}

fn in_format(format: CertificateFormat, label: &str, der: &[u8]) -> Result<Content, ContentError> {
    match format {
        CertificateFormat::Pem => written(&[(label, der)]),
        CertificateFormat::Der => Ok(der.to_vec().into()),
    }
}

/// The labels are ours, and lengths are bounded, so that it does not fail.
fn written(blocks: &[(&str, &[u8])]) -> Result<Content, ContentError> {
    let unwritable = |_: PemWriteError| ContentError::NoCertificate(CertificateFault::Form);
    let mut text = pem::write(blocks).map_err(unwritable)?;
    Ok(std::mem::take(&mut *text).into_bytes().into())
}

/// The bytes of base64 with white space in it. No part of them stays behind in memory.
pub(super) fn decode_base64(text: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let text = without_space(text);
    let mut bytes = Zeroizing::new(Vec::with_capacity(text.len()));
    BASE64.decode_vec(&*text, &mut bytes).ok()?;
    Some(bytes)
}

/// The text without its white space.
pub(super) fn without_space(text: &[u8]) -> Zeroizing<Vec<u8>> {
    // With their room at once, since a vector that grows leaves a copy.
    let mut clean = Zeroizing::new(Vec::with_capacity(text.len()));
    clean.extend(text.iter().filter(|byte| !byte.is_ascii_whitespace()));
    clean
}

impl fmt::Debug for SecretCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SecretCertificate")
            .field("certificates", &self.chain.certificates().len())
            .field("has_private_key", &self.private_key.is_some())
            .finish()
    }
}

#[cfg(test)]
mod tests;
