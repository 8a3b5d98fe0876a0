//! A certificate with its chain and key, in the forms that the store keeps.

use aws_lc_rs::rand;
use base64::{Engine as _, prelude::BASE64_STANDARD};
use strongroom_certificates::{
    certificate::Certificate,
    chain::Chain,
    pem,
    pkcs12::{NewPfx, Protection, Salts},
    policy::{Policy, SecretContentType},
};
use strongroom_engine::{
    SecretValue,
    certificate::{object::PolicyTerms, request::Issued},
};
use strongroom_keys::Key;
use zeroize::Zeroizing;

use super::{error::CertificateError, lifetime, timestamp};

/// What the store keeps of a policy.
pub fn terms(policy: &Policy) -> PolicyTerms {
    PolicyTerms {
        json: policy.stored().into(),
        lifetime: lifetime::of(policy),
    }
}

/// What the store keeps of a certificate that was issued: itself, and its secret, which holds the chain and, where the policy
/// says so, the private key.
///
/// # Errors
/// The chain cannot be written.
pub fn of(chain: &Chain, key: &Key, policy: &Policy) -> Result<Issued, CertificateError> {
    let private_key = if policy.is_exportable() {
        Some(key.to_pkcs8().map_err(|_| CertificateError::Unwritable)?)
    } else {
        None
    };
    let leaf = chain.leaf();
    let validity = leaf.validity();
    let content_type = policy.content_type();
    Ok(Issued {
        der: leaf.der().into(),
        thumbprint: leaf.thumbprint(),
        not_before: timestamp(validity.not_before),
        expires: timestamp(validity.not_after),
        secret: secret(content_type, chain.certificates(), private_key.as_ref())?,
        content_type: content_type.name().to_owned(),
    })
}

/// The text of a secret that holds these.
fn secret(
    content_type: SecretContentType,
    certificates: &[Certificate],
    private_key: Option<&Zeroizing<Vec<u8>>>,
) -> Result<SecretValue, CertificateError> {
    let private_key = private_key.map(|key| key.as_slice());
    let certificates: Vec<&[u8]> = certificates.iter().map(Certificate::der).collect();
    let text = match content_type {
        SecretContentType::Pem => {
            let key = private_key.map(|key| (pem::PRIVATE_KEY, key));
            let chain = certificates.iter().map(|der| (pem::CERTIFICATE, *der));
            let blocks: Vec<_> = key.into_iter().chain(chain).collect();
            pem::write(&blocks).map_err(|_| CertificateError::Unwritable)?
        }
        SecretContentType::Pkcs12 => {
            let salts = Salts::generate(rand::fill);
            let salts = salts.map_err(|_| CertificateError::Unwritable)?;
            let pfx = NewPfx {
                private_key,
                certificates: &certificates,
                alias: None,
            };
            let pfx = pfx.to_der(Protection::Azure, &salts)?;
            let mut text = Zeroizing::new(String::with_capacity(pfx.len().div_ceil(3) * 4));
            BASE64_STANDARD.encode_string(pfx.as_slice(), &mut text);
            text
        }
    };
    Ok(SecretValue::from(text))
}
