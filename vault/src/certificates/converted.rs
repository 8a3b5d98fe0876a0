//! The secret of a certificate in another form than the one that its policy says.

use strongroom_certificates::{
    content::read_secret,
    pem,
    policy::SecretContentType::{self, Pem, Pkcs12},
};
use strongroom_engine::{SecretBundle, SecretValue};

use super::error::CertificateError;

/// Writes `secret` as `wanted`, where it is part of a certificate; another stays as it is.
///
/// # Errors
/// It cannot be written so.
pub fn convert(secret: &mut SecretBundle, wanted: SecretContentType) -> Result<(), CertificateError> {
    if secret.fields.part.is_none() {
        return Ok(());
    }
    let stored = secret.fields.content_type.as_deref();
    let stored = stored.and_then(SecretContentType::from_name);
    match (stored, wanted, &secret.content) {
        (Some(Pkcs12), Pkcs12, _) | (Some(Pem), Pem, _) => Ok(()),
        (Some(Pkcs12), Pem, Some(pfx)) => {
            secret.content = Some(pem_of(pfx)?);
            secret.fields.content_type = Some(Pem.name().to_owned());
            Ok(())
        }
        (_, Pkcs12 | Pem, _) => Err(CertificateError::NotConverted),
    }
}

/// The same as PEM: the private key, where there is one, and the certificates in their order.
fn pem_of(pfx: &SecretValue) -> Result<SecretValue, CertificateError> {
    let pfx = read_secret(pfx.expose()).ok_or(CertificateError::Damaged)?;
    let keys = pfx
        .private_keys
        .iter()
        .map(|key| (pem::PRIVATE_KEY, key.as_slice()));
    let certificates = pfx.certificates.iter();
    let certificates = certificates.map(|der| (pem::CERTIFICATE, der.as_slice()));
    let text = pem::write(&keys.chain(certificates).collect::<Vec<_>>());
    Ok(text.map_err(|_| CertificateError::Unwritable)?.into())
}
