//! Bytes in a JSON body.

use std::fmt;

use base64::{
    Engine as _, alphabet,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
    prelude::BASE64_URL_SAFE_NO_PAD,
};
use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{Error, Visitor},
};
use zeroize::Zeroizing;

/// Base64url with padding or without.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &alphabet::URL_SAFE,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Bytes that are base64url on the wire (RFC 4648, section 5). They are wiped when dropped, and do not print.
#[derive(Clone, Default)]
pub struct Octets(Zeroizing<Vec<u8>>);

impl Octets {
    /// The bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The bytes, to be kept.
    pub fn into_bytes(self) -> Zeroizing<Vec<u8>> {
        self.0
    }
}

impl From<Zeroizing<Vec<u8>>> for Octets {
    fn from(bytes: Zeroizing<Vec<u8>>) -> Self {
        Self(bytes)
    }
}

impl fmt::Debug for Octets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Octets")
            .field("length", &self.0.len())
            .finish_non_exhaustive()
    }
}

impl Serialize for Octets {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let text = Zeroizing::new(BASE64_URL_SAFE_NO_PAD.encode(&*self.0));
        serializer.serialize_str(&text)
    }
}

impl<'de> Deserialize<'de> for Octets {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(OctetsVisitor)
    }
}

struct OctetsVisitor;

impl Visitor<'_> for OctetsVisitor {
    type Value = Octets;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("bytes in base64url")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Octets, E> {
        // With its room at once, so that no part of it stays behind.
        let mut bytes = Zeroizing::new(Vec::with_capacity(text.len()));
        LENIENT
            .decode_vec(text, &mut bytes)
            .map_err(|_| E::custom("not base64url"))?;
        Ok(Octets(bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_base64url_on_the_wire_and_do_not_print() {
        let octets = Octets::from(Zeroizing::new(vec![0xfb, 0xff, 0x01, 0x02]));
        assert_eq!(serde_json::to_string(&octets).unwrap(), r#""-_8BAg""#);
        assert_eq!(format!("{octets:?}"), "Octets { length: 4, .. }");
        for text in [r#""-_8BAg""#, r#""-_8BAg==""#] {
            let read: Octets = serde_json::from_str(text).unwrap();
            assert_eq!(read.as_bytes(), octets.as_bytes());
        }
        for text in [r#""+/8BAg""#, r#""-_8BA""#, r#""a b""#, "7", "null"] {
            assert!(serde_json::from_str::<Octets>(text).is_err(), "{text}");
        }
    }
}
