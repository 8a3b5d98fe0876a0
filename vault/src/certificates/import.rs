//! An import: a certificate that was issued elsewhere, with its private key.

use strongroom_certificates::{
    certificate::Certificate as Parsed,
    chain::{Chain, ChainOrder},
    content::Content,
    policy::{CertificateFacts, Policy, SentPolicy},
};
use strongroom_core::{ObjectName, Timestamp};
use strongroom_engine::{Tags, certificate::request};
use strongroom_keys::{Key, PrivateJwk};
use zeroize::Zeroizing;

use super::{begin::part, error::CertificateError, issued, issued::terms, seconds};

/// What a request to import gives.
pub struct Import {
    /// The certificate.
    pub name: ObjectName,
    /// The file: PEM, base64 of PEM, or base64 of a PFX.
    pub value: Zeroizing<String>,
    /// The password of a PFX.
    pub password: Option<Zeroizing<String>>,
    /// The policy, where one was sent.
    pub policy: Option<SentPolicy>,
    /// Whether the chain stays in its order, where that was said.
    pub preserve_order: Option<bool>,
    /// Whether the version is enabled.
    pub enabled: bool,
    /// The tags of the version.
    pub tags: Tags,
}

impl std::fmt::Debug for Import {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Import")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

/// What a file holds.
pub struct Opened {
    /// The private key, which is believed no more than one that is imported by itself.
    pub private_key: PrivateJwk,
    /// The certificates, in the order of the file.
    pub certificates: Vec<Parsed>,
}

impl std::fmt::Debug for Opened {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Opened").finish_non_exhaustive()
    }
}

/// Opens the file of `import`, which may take as long as its password is hard to try.
///
/// # Errors
/// It holds no private key with its certificate, or cannot be read.
pub fn open(import: &Import) -> Result<Opened, CertificateError> {
    let password = import.password.as_ref().map(|password| password.as_str());
    let content = Content::read(&import.value, password)?;
    let certificates = content.certificates.iter().map(|der| Parsed::from_der(der));
    Ok(Opened {
        certificates: certificates.collect::<Result<_, _>>()?,
        private_key: content.private_key.as_der().to_jwk()?,
    })
}

/// The request that stores what `import` gives, whose file held these `certificates` and the private key that was imported as
/// `key`, at `now`.
///
/// # Errors
/// No certificate is of that key, it has ended, or a policy cannot say what it is.
pub fn request(
    import: Import,
    certificates: Vec<Parsed>,
    key: &Key,
    now: Timestamp,
) -> Result<request::Import, CertificateError> {
    let order = ChainOrder::of(import.preserve_order);
    let chain = Chain::of(key.public(), certificates, order)?;
    if chain.leaf().validity().not_after < seconds(now) {
        return Err(CertificateError::Expired);
    }
    let sent = import.policy.as_ref().map(SentPolicy::as_value);
    let policy = Policy::of_certificate(&CertificateFacts::from(chain.leaf()), sent)?;
    let (material, fields) = part(key, &policy).map_err(|_| CertificateError::Unwritable)?;
    Ok(request::Import {
        issued: issued::of(&chain, key, &policy)?,
        policy: terms(&policy),
        name: import.name,
        material,
        key: fields,
        preserve_order: import.preserve_order,
        enabled: import.enabled,
        tags: import.tags,
    })
}
