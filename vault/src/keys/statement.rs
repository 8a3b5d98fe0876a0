//! Statements that the vault signs: JSON Web Signatures (RFC 7515) by the key of its serving certificate. Who can verify the
//! vault's TLS can verify them, with the same authorities.
//!
//! What TLS signs with that key begins with blanks (RFC 8446, 4.4.3) or with random bytes of both sides, and this with a
//! header in base64url: neither can be taken for the other.

use std::{fmt, sync::Arc};

use aws_lc_rs::digest::{self, SHA1_FOR_LEGACY_USE_ONLY, SHA256};
use base64::{
    Engine,
    prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD},
};
use rustls::{SignatureScheme, sign::CertifiedKey};
use serde::Serialize;
use strongroom_serving::tls::ServingCertificate;
use x509_cert::der::{self, Decode as _, Reader as _, SliceReader, asn1::UintRef};

/// The key of the certificate signs nothing that a statement could carry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the statement cannot be signed")]
pub struct Unsigned;

/// How a statement can be signed: the scheme of TLS, the name in the header, and for ECDSA the bytes of r and of s.
const SCHEMES: [(SignatureScheme, &str, Option<usize>); 3] = [
    (SignatureScheme::ECDSA_NISTP256_SHA256, "ES256", Some(32)),
    (SignatureScheme::ECDSA_NISTP384_SHA384, "ES384", Some(48)),
    (SignatureScheme::RSA_PKCS1_SHA256, "RS256", None),
];

/// Signs statements.
#[derive(Clone)]
pub struct Statements(Arc<ServingCertificate>);

impl fmt::Debug for Statements {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Statements").finish_non_exhaustive()
    }
}

/// The header: the certificate that verifies the statement, by its digests and with its chain.
#[derive(Serialize)]
struct Header<'a> {
    alg: &'a str,
    kid: &'a str,
    x5t: String,
    typ: &'a str,
    #[serde(rename = "x5t#S256")]
    x5t_s256: &'a str,
    x5c: Vec<String>,
}

impl Statements {
    /// Statements under the certificate that the vault serves with, whichever it is then.
    pub const fn new(certificate: Arc<ServingCertificate>) -> Self {
        Self(certificate)
    }

    /// Signs `payload`, in the compact form.
    ///
    /// # Errors
    /// The certificate is of another kind of key than any that is known here, or signing fails.
    pub fn sign(&self, payload: &impl Serialize) -> Result<String, Unsigned> {
        let certified = self.0.current();
        for (scheme, name, width) in SCHEMES {
            if let Some(signer) = certified.key.choose_scheme(&[scheme]) {
                let mut text = header(&certified, name)?;
                text.push('.');
                text.push_str(&encoded(payload)?);
                let signature = signer.sign(text.as_bytes()).map_err(|_| Unsigned)?;
                let signature = match width {
                    Some(width) => fixed(&signature, width).ok_or(Unsigned)?,
                    None => signature,
                };
                text.push('.');
                BASE64_URL_SAFE_NO_PAD.encode_string(signature, &mut text);
                return Ok(text);
            }
        }
        Err(Unsigned)
    }

    /// The chain that verifies the statements, in PEM.
    pub fn chain_pem(&self) -> String {
        let certified = self.0.current();
        certified
            .cert
            .iter()
            .map(|certificate| pem(certificate))
            .collect()
    }
}

fn header(certified: &CertifiedKey, name: &str) -> Result<String, Unsigned> {
    let leaf = certified.cert.first().ok_or(Unsigned)?;
    let thumbprint = |algorithm| BASE64_URL_SAFE_NO_PAD.encode(digest::digest(algorithm, leaf));
    let sha256 = thumbprint(&SHA256);
    let chain = certified.cert.iter();
    encoded(&Header {
        alg: name,
        kid: &sha256,
        x5t: thumbprint(&SHA1_FOR_LEGACY_USE_ONLY),
        typ: "JWT",
        x5t_s256: &sha256,
        x5c: chain
            .map(|certificate| BASE64_STANDARD.encode(certificate))
            .collect(),
    })
}

fn encoded(part: &impl Serialize) -> Result<String, Unsigned> {
    let json = serde_json::to_vec(part).map_err(|_| Unsigned)?;
    Ok(BASE64_URL_SAFE_NO_PAD.encode(json))
}

/// r, then s, each as wide as that (RFC 7518, 3.4), of a signature as TLS has it (RFC 3279, 2.2.3).
fn fixed(der: &[u8], width: usize) -> Option<Vec<u8>> {
    let mut reader = SliceReader::new(der).ok()?;
    let numbers: der::Result<_> =
        reader.sequence(|reader| Ok((UintRef::decode(reader)?, UintRef::decode(reader)?)));
    let (r, s) = numbers.ok()?;
    let mut bytes = Vec::with_capacity(2 * width);
    for number in [r, s] {
        let number = number.as_bytes();
        let zeros = width.checked_sub(number.len())?;
        bytes.resize(bytes.len() + zeros, 0);
        bytes.extend_from_slice(number);
    }
    Some(bytes)
}

/// A certificate in PEM (RFC 7468).
fn pem(der: &[u8]) -> String {
    const LINE: usize = 64;
    let base64 = BASE64_STANDARD.encode(der);
    let mut pem = "-----BEGIN CERTIFICATE-----\n".to_owned();
    let mut rest = base64.as_str();
    while !rest.is_empty() {
        let (line, others) = rest.split_at_checked(LINE).unwrap_or((rest, ""));
        pem.push_str(line);
        pem.push('\n');
        rest = others;
    }
    pem.push_str("-----END CERTIFICATE-----\n");
    pem
}
