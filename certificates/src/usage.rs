//! What a certificate's key is for: the extension `keyUsage` (RFC 5280, 4.2.1.3).
//!
//! Azure reads the names in any case and gives them back in their own case, sorted.

use std::{collections::BTreeSet, fmt, str::FromStr};

use der::{
    Decode, Encode, Tag, Tagged,
    asn1::{Any, BitString},
};
use strongroom_keys::{KeyKind, KeyOperation, KeyOperations, UnknownName};

/// One use of a key. The order is that of the names, which is the one that Azure lists them in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum KeyUsage {
    /// `cRLSign`: sign revocation lists.
    CrlSign,
    /// `dataEncipherment`: encrypt data.
    DataEncipherment,
    /// `decipherOnly`: with `keyAgreement`, decrypt only.
    DecipherOnly,
    /// `digitalSignature`: sign what is neither a certificate nor a revocation list.
    DigitalSignature,
    /// `encipherOnly`: with `keyAgreement`, encrypt only.
    EncipherOnly,
    /// `keyAgreement`: agree on a key.
    KeyAgreement,
    /// `keyCertSign`: sign certificates.
    KeyCertSign,
    /// `keyEncipherment`: encrypt keys.
    KeyEncipherment,
    /// `nonRepudiation`: sign what the signer cannot deny later.
    NonRepudiation,
}

impl KeyUsage {
    /// Every use.
    pub const ALL: [Self; 9] = [
        Self::CrlSign,
        Self::DataEncipherment,
        Self::DecipherOnly,
        Self::DigitalSignature,
        Self::EncipherOnly,
        Self::KeyAgreement,
        Self::KeyCertSign,
        Self::KeyEncipherment,
        Self::NonRepudiation,
    ];

    /// The name on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::CrlSign => "cRLSign",
            Self::DataEncipherment => "dataEncipherment",
            Self::DecipherOnly => "decipherOnly",
            Self::DigitalSignature => "digitalSignature",
            Self::EncipherOnly => "encipherOnly",
            Self::KeyAgreement => "keyAgreement",
            Self::KeyCertSign => "keyCertSign",
            Self::KeyEncipherment => "keyEncipherment",
            Self::NonRepudiation => "nonRepudiation",
        }
    }

    /// What a key with this use may do. A key agreement is no operation of a vault.
    const fn operations(self) -> &'static [KeyOperation] {
        match self {
            Self::DigitalSignature | Self::NonRepudiation | Self::KeyCertSign | Self::CrlSign => {
                &[KeyOperation::Sign, KeyOperation::Verify]
            }
            Self::KeyEncipherment => &[KeyOperation::WrapKey, KeyOperation::UnwrapKey],
            Self::DataEncipherment => &[KeyOperation::Encrypt, KeyOperation::Decrypt],
            Self::EncipherOnly => &[KeyOperation::Encrypt],
            Self::DecipherOnly => &[KeyOperation::Decrypt],
            Self::KeyAgreement => &[],
        }
    }

    /// Its bit in the extension.
    const fn bit(self) -> usize {
        match self {
            Self::DigitalSignature => 0,
            Self::NonRepudiation => 1,
            Self::KeyEncipherment => 2,
            Self::DataEncipherment => 3,
            Self::KeyAgreement => 4,
            Self::KeyCertSign => 5,
            Self::CrlSign => 6,
            Self::EncipherOnly => 7,
            Self::DecipherOnly => 8,
        }
    }
}

impl FromStr for KeyUsage {
    type Err = UnknownName;

    fn from_str(name: &str) -> Result<Self, UnknownName> {
        Self::ALL
            .into_iter()
            .find(|usage| usage.name().eq_ignore_ascii_case(name))
            .ok_or(UnknownName)
    }
}

impl fmt::Display for KeyUsage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The uses of a key, each once, sorted by name. None at all is legal: the certificate then has no such extension.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct KeyUsages(BTreeSet<KeyUsage>);

impl KeyUsages {
    /// What a certificate is for when its policy does not say: `digitalSignature` and `keyEncipherment`.
    pub fn defaults() -> Self {
        [KeyUsage::DigitalSignature, KeyUsage::KeyEncipherment]
            .into_iter()
            .collect()
    }

    /// Reads names in any case. The first unknown name is the error.
    pub fn parse<'a>(names: impl IntoIterator<Item = &'a str>) -> Result<Self, UnknownKeyUsage> {
        names
            .into_iter()
            .map(|name| name.parse().map_err(|UnknownName| UnknownKeyUsage::new(name)))
            .collect()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether it is one of them.
    pub fn contains(&self, usage: KeyUsage) -> bool {
        self.0.contains(&usage)
    }

    /// The uses, sorted by name.
    pub fn iter(&self) -> impl Iterator<Item = KeyUsage> {
        self.0.iter().copied()
    }

    /// What a key of that kind may do under these uses. One on a curve may sign and verify at most. No use at all limits
    /// nothing: a certificate without the extension is for everything (RFC 5280, 4.2.1.3).
    pub fn operations(&self, kind: KeyKind) -> KeyOperations {
        let possible = KeyOperations::defaults(kind);
        if self.is_empty() {
            return possible;
        }
        self.iter()
            .flat_map(|usage| usage.operations().iter().copied())
            .filter(|operation| possible.permits(*operation))
            .collect()
    }

    /// What a certificate with a key of that kind says of them. A key on a curve enciphers nothing, so that neither
    /// `keyEncipherment` nor `dataEncipherment` may stand there (RFC 8813, 3). Where nothing else was asked for they stay: a
    /// certificate that says nothing would be for everything.
    pub(crate) fn stated_of(&self, kind: KeyKind) -> Self {
        let is_impossible = |usage: &KeyUsage| {
            kind == KeyKind::Ec && matches!(usage, KeyUsage::KeyEncipherment | KeyUsage::DataEncipherment)
        };
        let possible: Self = self.iter().filter(|usage| !is_impossible(usage)).collect();
        if possible.is_empty() {
            self.clone()
        } else {
            possible
        }
    }

    /// The value of the extension in DER: as many bits as the last that is set needs (X.690, 11.2.2).
    pub fn to_der(&self) -> der::Result<Vec<u8>> {
        let flags = self
            .iter()
            .fold(0_u16, |flags, usage| flags | (0x8000 >> usage.bit()));
        let used = self.iter().map(|usage| usage.bit() + 1).max().unwrap_or(0);
        let bytes: Vec<_> = flags.to_be_bytes().into_iter().take(used.div_ceil(8)).collect();
        let unused = u8::try_from(bytes.len() * 8 - used).unwrap_or_default();
        BitString::new(unused, bytes)?.to_der()
    }

    /// Reads the value of the extension in DER, also with zeros at its end, which DER forbids and some write. None if
    /// it is no string of bits.
    pub fn from_der(bytes: &[u8]) -> Option<Self> {
        let value = Any::from_der(bytes)
            .ok()
            .filter(|value| value.tag() == Tag::BitString)?;
        let (_unused, bits) = value.value().split_first()?;
        let is_set = |usage: &KeyUsage| {
            let bit = usage.bit();
            bits.get(bit / 8)
                .is_some_and(|byte| byte & (0x80 >> (bit % 8)) != 0)
        };
        Some(KeyUsage::ALL.into_iter().filter(is_set).collect())
    }
}

impl FromIterator<KeyUsage> for KeyUsages {
    fn from_iter<I: IntoIterator<Item = KeyUsage>>(given: I) -> Self {
        Self(given.into_iter().collect())
    }
}

/// The name is no use of a key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("\"{0}\" is no key usage")]
pub struct UnknownKeyUsage(String);

impl UnknownKeyUsage {
    /// The most characters of the name that are shown.
    const SHOWN: usize = 64;

    fn new(name: &str) -> Self {
        Self(name.chars().take(Self::SHOWN).collect())
    }
}

#[cfg(test)]
mod tests {
    use KeyOperation::{Decrypt, Encrypt, Sign, UnwrapKey, Verify, WrapKey};

    use super::*;

    #[test]
    fn names_are_read_in_any_case_and_listed_in_their_own_sorted() {
        let usages = KeyUsages::parse(["NONREPUDIATION", "crlSign", "DigitalSignature", "cRLSign"]).unwrap();
        let names: Vec<_> = usages.iter().map(KeyUsage::name).collect();
        assert_eq!(names, ["cRLSign", "digitalSignature", "nonRepudiation"]);
        let mut sorted = KeyUsage::ALL.map(KeyUsage::name);
        sorted.sort_unstable();
        assert_eq!(sorted, KeyUsage::ALL.map(KeyUsage::name));
        let unknown = KeyUsages::parse(["digitalSignature", "sign"]).unwrap_err();
        assert_eq!(unknown.to_string(), "\"sign\" is no key usage");
    }

    #[test]
    fn the_extension_is_read_as_it_is_written() {
        for bits in 0..512_u32 {
            let one = |usage: &KeyUsage| bits & (1 << usage.bit()) != 0;
            let usages: KeyUsages = KeyUsage::ALL.into_iter().filter(one).collect();
            assert_eq!(KeyUsages::from_der(&usages.to_der().unwrap()), Some(usages));
        }
        let der =
            |names: &[&str]| hex::encode(KeyUsages::parse(names.iter().copied()).unwrap().to_der().unwrap());
        assert_eq!(der(&["digitalSignature", "keyEncipherment"]), "030205a0");
        assert_eq!(der(&["decipherOnly"]), "0303070080");
        assert_eq!(der(&[]), "030100");
        let with_zeros = KeyUsages::from_der(&[3, 3, 0, 0xa0, 0]);
        assert_eq!(with_zeros, Some(KeyUsages::defaults()));
        assert_eq!(KeyUsages::from_der(&[3, 0]), None);
        assert_eq!(KeyUsages::from_der(&[4, 2, 0, 0x80]), None);
    }

    #[test]
    fn a_key_may_do_what_it_is_for() {
        for (usages, rsa, ec) in [
            (
                &["digitalSignature", "keyEncipherment"][..],
                &[Sign, Verify, WrapKey, UnwrapKey][..],
                &[Sign, Verify][..],
            ),
            (&["keyEncipherment"], &[WrapKey, UnwrapKey], &[]),
            (&["dataEncipherment"], &[Encrypt, Decrypt], &[]),
            (&["decipherOnly", "keyAgreement"], &[Decrypt], &[]),
            (&["encipherOnly"], &[Encrypt], &[]),
            (
                &["keyCertSign", "cRLSign", "nonRepudiation"],
                &[Sign, Verify],
                &[Sign, Verify],
            ),
        ] {
            let usages = KeyUsages::parse(usages.iter().copied()).unwrap();
            assert_eq!(usages.operations(KeyKind::Rsa).as_slice(), rsa);
            assert_eq!(usages.operations(KeyKind::Ec).as_slice(), ec);
        }
        for kind in KeyKind::ALL {
            assert_eq!(
                KeyUsages::default().operations(kind),
                KeyOperations::defaults(kind)
            );
        }
    }
}
