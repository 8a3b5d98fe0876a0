//! What a vault gave of one object, until it is in the files.

use std::{
    fmt,
    sync::{Arc, OnceLock},
};

use strongroom_core::Version;
use strongroom_crds::secret_ref::{CertificatePart, CertificateStore, KeyEncoding, SecretEncoding};
use zeroize::Zeroizing;

use super::{
    Content,
    certificate::{SecretCertificate, decode_base64, without_space},
    fault::{CertificateFault, ContentError},
    store::{Password, Stored},
};

/// What a vault gave of one object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// The value of a secret.
    Secret(SecretValue),
    /// The public part of a key.
    Key(KeyFiles),
}

/// The value of a secret, and the files that it can become.
#[derive(Clone)]
pub struct SecretValue {
    content: Content,
    /// Read for the first file that shows a part of it, and kept for the others: all are of one reading.
    certificate: OnceLock<Result<Arc<SecretCertificate>, CertificateFault>>,
}

/// The files that the public part of a key can become. They hold what the node driver wrote of a key that it parsed: of
/// the vault's own text nothing is in them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyFiles {
    /// `SubjectPublicKeyInfo`, as PEM.
    pub pem: Content,
    /// One JSON object.
    pub jwk: Content,
}

impl SecretValue {
    /// The value as it is.
    pub const fn as_content(&self) -> &Content {
        &self.content
    }

    /// What the value is the encoding of.
    pub fn decoded(&self, encoding: SecretEncoding) -> Result<Content, ContentError> {
        let text = self.content.as_bytes();
        let bytes = match encoding {
            SecretEncoding::Base64 => decode_base64(text),
            SecretEncoding::Hex => decode_hex(text),
        };
        let mut bytes = bytes.ok_or(ContentError::Undecodable(encoding))?;
        Ok(std::mem::take(&mut *bytes).into())
    }

    /// The file of a part of the certificate that the value holds.
    pub fn certificate_part(&self, part: CertificatePart) -> Result<Content, ContentError> {
        self.certificate()?.content_of(part)
    }

    /// The store of the certificate that the value holds, under that other value as its password. `alias` is the name of the
    /// certificate. `versions` are those of the two values: with them comes a store of other bytes.
    pub fn store(
        &self,
        store: CertificateStore,
        alias: &str,
        password: &Self,
        versions: [Option<Version>; 2],
    ) -> Result<Content, ContentError> {
        let certificate = self.certificate()?;
        let password = Password::read(password.content.as_bytes())?;
        let stored = Stored::of(certificate, store.holds, alias)?;
        stored.written(store.format, password, versions)
    }

    fn certificate(&self) -> Result<&SecretCertificate, ContentError> {
        let read = || SecretCertificate::read(self.content.as_bytes()).map(Arc::new);
        match self.certificate.get_or_init(read) {
            Ok(certificate) => Ok(certificate.as_ref()),
            Err(fault) => Err(ContentError::NoCertificate(fault.clone())),
        }
    }
}

fn decode_hex(text: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let digits = without_space(text);
    let mut bytes = Zeroizing::new(vec![0; digits.len() / 2]);
    hex::decode_to_slice(&*digits, &mut bytes).ok()?;
    Some(bytes)
}

impl From<Content> for SecretValue {
    fn from(content: Content) -> Self {
        Self {
            content,
            certificate: OnceLock::new(),
        }
    }
}

impl PartialEq for SecretValue {
    fn eq(&self, other: &Self) -> bool {
        self.content == other.content
    }
}

impl Eq for SecretValue {}

impl fmt::Debug for SecretValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SecretValue").field(&self.content).finish()
    }
}

impl KeyFiles {
    /// The file in this encoding.
    pub const fn encoded(&self, encoding: KeyEncoding) -> &Content {
        match encoding {
            KeyEncoding::Pem => &self.pem,
            KeyEncoding::Jwk => &self.jwk,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(text: &str, encoding: SecretEncoding) -> Result<Vec<u8>, ContentError> {
        let value = SecretValue::from(Content::from(text.as_bytes().to_vec()));
        let content = value.decoded(encoding)?;
        Ok(content.as_bytes().to_vec())
    }

    #[test]
    fn a_value_is_decoded_with_white_space_and_without_padding() {
        for text in ["AAH/", "AAH/\n", "AA\r\nH/", " A A H / "] {
            assert_eq!(
                decoded(text, SecretEncoding::Base64),
                Ok(vec![0, 1, 255]),
                "{text:?}"
            );
        }
        for text in ["AAE=", "AAE", "AAE=\n"] {
            assert_eq!(decoded(text, SecretEncoding::Base64), Ok(vec![0, 1]), "{text:?}");
        }
        for text in ["0001fF", "00 01 ff\n", "0\t001FF"] {
            assert_eq!(
                decoded(text, SecretEncoding::Hex),
                Ok(vec![0, 1, 255]),
                "{text:?}"
            );
        }
        for encoding in [SecretEncoding::Base64, SecretEncoding::Hex] {
            assert_eq!(decoded(" ", encoding), Ok(Vec::new()));
        }
    }

    #[test]
    fn a_value_that_is_not_encoded_so_is_refused_without_a_word_of_it() {
        for (text, encoding, sentence) in [
            ("CANARY!", SecretEncoding::Base64, "its value is not base64"),
            ("AAH_", SecretEncoding::Base64, "its value is not base64"),
            ("AAF=", SecretEncoding::Base64, "its value is not base64"),
            ("CANARY", SecretEncoding::Hex, "its value is not hexadecimal"),
            ("0", SecretEncoding::Hex, "its value is not hexadecimal"),
            ("0x00", SecretEncoding::Hex, "its value is not hexadecimal"),
            ("\u{fc}", SecretEncoding::Hex, "its value is not hexadecimal"),
        ] {
            let refused = decoded(text, encoding).unwrap_err();
            assert_eq!(refused, ContentError::Undecodable(encoding), "{text}");
            assert_eq!(refused.to_string(), sentence);
        }
    }

    #[test]
    fn printing_a_value_shows_no_byte_of_it() {
        let value = SecretValue::from(Content::from(b"CANARY".to_vec()));
        drop(value.certificate_part(CertificatePart::Chain));
        let text = format!("{:?}", Value::Secret(value));
        assert_eq!(text, "Secret(SecretValue(Content(6 bytes)))");
    }
}
