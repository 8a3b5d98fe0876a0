//! Certificates and requests as PEM (RFC 7468).

use strongroom_certificates::pem;
use strongroom_client::vault::{Certificate, CertificateOperation};
use strongroom_core::ObjectName;

use crate::{encoding, failure::CertFailure};

/// The label of a request (RFC 7468, section 7).
const REQUEST: &str = "CERTIFICATE REQUEST";

/// A certificate that is issued.
pub(super) fn certificate(cert: &Certificate) -> Result<String, CertFailure> {
    let text = cert.cer.as_deref();
    let text = text.ok_or_else(|| CertFailure::NotIssued(cert.id.name.clone()))?;
    block(pem::CERTIFICATE, text)
}

/// The request of an operation on the certificate `name`.
pub(super) fn request(operation: &CertificateOperation, name: &ObjectName) -> Result<String, CertFailure> {
    let text = operation.csr.as_deref().filter(|text| !text.is_empty());
    let text = text.ok_or_else(|| CertFailure::NoRequest(name.clone()))?;
    block(REQUEST, text)
}

fn block(label: &str, base64: &str) -> Result<String, CertFailure> {
    let der = encoding::decode_base64(base64.as_bytes()).ok_or(CertFailure::MalformedAnswer)?;
    write(&[(label, &der)])
}

/// Blocks as openssl writes them.
pub(super) fn write(blocks: &[(&str, &[u8])]) -> Result<String, CertFailure> {
    let text = pem::write(blocks).map_err(|_| CertFailure::MalformedAnswer)?;
    Ok(text.as_str().to_owned())
}
