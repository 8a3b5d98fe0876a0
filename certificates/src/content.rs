//! What an import brings, and the certificates of a merge.
//!
//! | an import's value | who sends it |
//! |---|---|
//! | PEM, as text | .NET, Java, JavaScript |
//! | base64 of PEM | Python |
//! | base64 of a PFX, whatever the policy says of its content type | all |
//!
//! The bytes tell which it is. No signature and no algorithm is checked, and no certificate is read: they come as the file has
//! them, in its order.

mod private_key;

use std::str;

use zeroize::Zeroizing;

pub use self::private_key::ContentKey;
use crate::{
    encoding::{decode_base64, decode_either_base64},
    pem::{self, Block, PemError},
    pkcs12::{self, Pfx, Pkcs12Error},
};

/// The longest text of an import, in bytes: the base64 of the longest PFX, with its lines.
pub const LONGEST_TEXT: usize = 2 * pkcs12::LARGEST;

/// The most certificates of a merge.
pub const MOST_CERTIFICATES: usize = 100;

/// How often a text may be base64 of base64.
const MOST_LAYERS: usize = 2;
/// The first byte of a certificate and of a PFX: a sequence.
const SEQUENCE: u8 = 0x30;
/// The labels under which programs have written certificates (RFC 7468, 5.1).
const CERTIFICATE_LABELS: [&str; 3] = [pem::CERTIFICATE, "X509 CERTIFICATE", "X.509 CERTIFICATE"];

/// The private key and the certificates of an import.
#[derive(Debug)]
pub struct Content {
    /// The one private key.
    pub private_key: ContentKey,
    /// The certificates in DER, in the order of the file; there is one at least.
    pub certificates: Vec<Vec<u8>>,
}

/// Why an import cannot be read, in the sentences that Azure uses. The source says more.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ContentError {
    /// It is longer than [`LONGEST_TEXT`].
    #[error("The specified X.509 certificate content has more than {LONGEST_TEXT} bytes.")]
    TooLong,
    /// It has no private key, several, or no certificate.
    #[error(
        "No certificate with private key found in the specified X.509 certificate content. Please specify X.509 certificate \
         content with only one certificate containing private key."
    )]
    NoPrivateKey,
    /// It is neither PEM nor a PFX that can be read with the password.
    #[error(
        "The specified PKCS#12 X.509 certificate content can not be read. Please check if certificate is in valid PKCS#12 \
         format."
    )]
    Pkcs12(#[from] Pkcs12Error),
    /// It is PEM that cannot be read.
    #[error(
        "The specified PEM X.509 certificate content is in an unexpected format. Please check if certificate is in valid PEM \
         format."
    )]
    Pem(#[from] PemError),
}

/// The private keys and the certificates of a file, before anybody knows whether they belong together.
#[derive(Debug, Default)]
pub struct Parts {
    /// The private keys.
    pub private_keys: Vec<ContentKey>,
    /// The certificates in DER, in the order of the file.
    pub certificates: Vec<Vec<u8>>,
}

/// Why a text is not what the secret of a certificate holds.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SecretError {
    /// It is something else.
    #[error("it is neither PEM nor base64 of a PFX")]
    Form,
    /// It is PEM that cannot be read.
    #[error(transparent)]
    Pem(#[from] PemError),
    /// It is a PFX that cannot be read.
    #[error(transparent)]
    Pkcs12(#[from] Pkcs12Error),
}

/// Why the certificates of a merge cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MergeError {
    /// There is none.
    #[error("Property x5c has invalid value\r\n")]
    Empty,
    /// There are more than [`MOST_CERTIFICATES`], or they are longer than [`LONGEST_TEXT`].
    #[error("Property x5c has more than {MOST_CERTIFICATES} certificates or {LONGEST_TEXT} bytes.")]
    TooMany,
    /// The one with this index is no certificate.
    #[error("Property x5c has invalid value\r\n")]
    NoCertificate(usize),
}

/// What a text turned out to be.
enum Form {
    Pem(Zeroizing<Vec<u8>>),
    Der(Zeroizing<Vec<u8>>),
}

impl Content {
    /// Reads the value of an import. The password is that of a PFX, if it has one; that of PEM is not used.
    pub fn read(text: &str, password: Option<&str>) -> Result<Self, ContentError> {
        if text.len() > LONGEST_TEXT {
            return Err(ContentError::TooLong);
        }
        if pem::is_pem(text) {
            return Self::from_pem(text);
        }
        match Form::of_base64(text) {
            Some(Form::Pem(text)) => Self::from_pem(str::from_utf8(&text).map_err(|_| PemError::Base64)?),
            Some(Form::Der(bytes)) => Self::from_pfx(Pfx::read(&bytes, password)?),
            None => Err(Pkcs12Error::Malformed.into()),
        }
    }

    fn from_pem(text: &str) -> Result<Self, ContentError> {
        Self::of(Parts::of_pem(text)?)
    }

    fn from_pfx(pfx: Pfx) -> Result<Self, ContentError> {
        Self::of(pfx.into())
    }

    fn of(parts: Parts) -> Result<Self, ContentError> {
        let Parts {
            mut private_keys,
            certificates,
        } = parts;
        match (private_keys.pop(), private_keys.is_empty()) {
            (Some(private_key), true) if !certificates.is_empty() => Ok(Self {
                private_key,
                certificates,
            }),
            _ => Err(ContentError::NoPrivateKey),
        }
    }
}

impl Parts {
    /// Those of the secret of a certificate: PEM, or base64 of a PFX with the empty password, which may take so many `hashes`.
    ///
    /// # Errors
    /// It is something else, or too much of it.
    pub fn of_secret(text: &str, hashes: u64) -> Result<Self, SecretError> {
        if pem::is_pem(text) {
            return Ok(Self::of_pem(text)?);
        }
        let pfx = decode_base64(text.as_bytes()).ok_or(SecretError::Form)?;
        Ok(Pfx::read_within(&pfx, None, hashes)?.into())
    }

    fn of_pem(text: &str) -> Result<Self, PemError> {
        let mut parts = Self::default();
        for Block { label, der } in pem::read(text, LONGEST_TEXT)? {
            match label {
                pem::PRIVATE_KEY => parts.private_keys.push(ContentKey::Pkcs8(der)),
                pem::RSA_PRIVATE_KEY => parts.private_keys.push(ContentKey::Pkcs1(der)),
                pem::EC_PRIVATE_KEY => parts.private_keys.push(ContentKey::Sec1(der)),
                label if CERTIFICATE_LABELS.contains(&label) => parts.certificates.push(der.to_vec()),
                // Parameters of curves, public keys, requests, revocation lists.
                _ => {}
            }
        }
        Ok(parts)
    }
}

impl From<Pfx> for Parts {
    fn from(pfx: Pfx) -> Self {
        Self {
            private_keys: pfx.private_keys.into_iter().map(ContentKey::Pkcs8).collect(),
            certificates: pfx.certificates,
        }
    }
}

/// What the secret of a certificate holds, as a vault writes it; none where the text is something else. A private key is in it
/// only where that may leave the vault.
pub fn read_secret(text: &str) -> Option<Pfx> {
    let parts = Parts::of_secret(text, pkcs12::LARGEST_WORK).ok()?;
    let private_keys = parts.private_keys.into_iter().map(ContentKey::into_pkcs8);
    Some(Pfx {
        private_keys: private_keys.collect::<Result<_, _>>().ok()?,
        certificates: parts.certificates,
    })
}

/// The certificates of a merge (`x5c`) in DER, in their order.
///
/// Each text is base64 of DER, as JSON wants it, or base64 of base64 or of PEM, as the SDKs for Python and JavaScript send it; PEM
/// may hold several.
pub fn merge_certificates(x5c: &[String]) -> Result<Vec<Vec<u8>>, MergeError> {
    let length = x5c.iter().map(String::len).fold(0, usize::saturating_add);
    if x5c.len() > MOST_CERTIFICATES || length > LONGEST_TEXT {
        return Err(MergeError::TooMany);
    }
    let mut certificates = Vec::new();
    for (index, text) in x5c.iter().enumerate() {
        let found = certificates_of(text).filter(|found| !found.is_empty());
        certificates.extend(found.ok_or(MergeError::NoCertificate(index))?);
    }
    if certificates.len() > MOST_CERTIFICATES {
        return Err(MergeError::TooMany);
    }
    if certificates.is_empty() {
        return Err(MergeError::Empty);
    }
    Ok(certificates)
}

fn certificates_of(text: &str) -> Option<Vec<Vec<u8>>> {
    if pem::is_pem(text) {
        return certificates_of_pem(text);
    }
    match Form::of_base64(text)? {
        Form::Pem(text) => certificates_of_pem(str::from_utf8(&text).ok()?),
        Form::Der(der) => Some(vec![der.to_vec()]),
    }
}

fn certificates_of_pem(text: &str) -> Option<Vec<Vec<u8>>> {
    let blocks = pem::read(text, LONGEST_TEXT).ok()?;
    let certificates = blocks
        .iter()
        .filter(|block| CERTIFICATE_LABELS.contains(&block.label));
    Some(certificates.map(|block| block.der.to_vec()).collect())
}

impl Form {
    fn of_base64(text: &str) -> Option<Self> {
        Self::of_layers(text.as_bytes(), MOST_LAYERS)
    }

    /// What the base64 is of; where that is base64 again, what that is of.
    fn of_layers(text: &[u8], layers: usize) -> Option<Self> {
        let layers = layers.checked_sub(1)?;
        let bytes = decode_either_base64(text)?;
        if bytes.first() == Some(&SEQUENCE) {
            return Some(Self::Der(bytes));
        }
        if str::from_utf8(&bytes).is_ok_and(pem::is_pem) {
            return Some(Self::Pem(bytes));
        }
        Self::of_layers(&bytes, layers)
    }
}
