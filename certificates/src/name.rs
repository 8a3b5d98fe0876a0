//! Distinguished names: X.500 names as users write them, and in DER (RFC 5280, 4.1.2.4).
//!
//! A text names what is most specific first (`CN=vault, O=Contoso, C=DE`). DER has the reverse order, as .NET, and so
//! Azure, writes it.

use std::fmt;

use der::{Decode, Encode};
use x509_cert::name::{RdnSequence, RelativeDistinguishedName};

mod attribute;
mod text;

pub use self::attribute::BadValue;

/// The most characters of a name that a user writes (Azure's limit).
pub const LONGEST: usize = 200;

/// A distinguished name. It may be empty: a certificate is then known by its alternative names alone.
///
/// Two are equal if their DER is. Its text, read again, is a name with the same values.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DistinguishedName(RdnSequence);

/// Why a text or DER is no distinguished name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// It has more than [`LONGEST`] characters.
    #[error("the distinguished name has {0} characters, and at most 200 are allowed")]
    TooLong(usize),
    /// Nothing stands between two separators, or after the last.
    #[error("the distinguished name has nothing between two separators, or after the last one")]
    EmptyPart,
    /// A part has no `=`.
    #[error("\"{0}\" has no \"=\" between the type of an attribute and its value")]
    NoValue(String),
    /// An attribute has a type that nobody knows, and that is no object identifier.
    #[error("\"{0}\" is no type of an attribute, such as CN, O or an object identifier")]
    UnknownType(String),
    /// A value begins with a quotation mark, and no mark ends it.
    #[error("the value of {0} begins with a quotation mark, and none ends it")]
    Unterminated(String),
    /// Something stands between the end of a quoted value and the next separator.
    #[error("the quoted value of {0} is followed by something other than a separator")]
    AfterQuotation(String),
    /// A value has no characters and no quotation marks.
    #[error("{0} has no value")]
    Empty(String),
    /// An attribute cannot have its value.
    #[error("the value of {0} {1}")]
    Value(String, BadValue),
    /// One part of several attributes has one type twice.
    #[error("a part of the distinguished name that \"+\" joins has one type of attribute twice")]
    Repeated,
    /// It is not the DER of a name.
    #[error("the distinguished name is not the DER that it should be")]
    Malformed,
}

impl DistinguishedName {
    /// Reads the text form: attributes between `,` or `;`, or `+` where they make one part together.
    ///
    /// Types are read in any case, also as object identifiers, with or without `OID.`. A value may be quoted; a
    /// quotation mark in it is then doubled. Without quotation marks, `\` escapes a special character or stands before
    /// two hexadecimal digits; elsewhere it means itself.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        let length = text.chars().count();
        if length > LONGEST {
            return Err(NameError::TooLong(length));
        }
        text::read(text).map(Self)
    }

    /// Reads DER.
    pub fn from_der(bytes: &[u8]) -> Result<Self, NameError> {
        RdnSequence::from_der(bytes)
            .map(Self)
            .map_err(|_| NameError::Malformed)
    }

    /// The name in DER.
    pub fn to_der(&self) -> der::Result<Vec<u8>> {
        self.0.to_der()
    }

    /// Whether it has no attribute.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many attributes it has.
    pub(crate) fn attribute_count(&self) -> usize {
        self.0.iter().map(RelativeDistinguishedName::len).sum()
    }

    /// The texts of the common names, most specific first.
    pub fn common_names(&self) -> Vec<String> {
        self.texts_of(attribute::COMMON_NAME)
    }

    /// The texts of the e-mail addresses, most specific first. They are names that others may rely on (RFC 5280,
    /// 4.2.1.10).
    pub fn email_addresses(&self) -> Vec<String> {
        self.texts_of(attribute::EMAIL_ADDRESS)
    }

    fn texts_of(&self, oid: der::asn1::ObjectIdentifier) -> Vec<String> {
        let parts: Vec<_> = self.0.iter().collect();
        parts
            .into_iter()
            .rev()
            .flat_map(RelativeDistinguishedName::iter)
            .filter(|attribute| attribute.oid == oid)
            .map(|attribute| attribute::text_of(&attribute.value))
            .collect()
    }

    /// Whether both are one name (RFC 5280, 7.1): their string types, case and repeated spaces do not matter.
    pub fn is_same(&self, other: &Self) -> bool {
        self.0.len() == other.0.len() && self.is_within(other)
    }

    /// Whether `base` is a prefix of it in DER, that is, a suffix of its text (RFC 5280, 7.1). Case and repeated spaces
    /// do not matter.
    pub fn is_within(&self, base: &Self) -> bool {
        base.0.len() <= self.0.len()
            && base
                .0
                .iter()
                .zip(self.0.iter())
                .all(|(base, part)| attribute::folded(base) == attribute::folded(part))
    }
}

/// The text form: most specific first, `, ` between parts, and values quoted where that is needed.
impl fmt::Display for DistinguishedName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        text::write(&self.0, f)
    }
}

#[cfg(test)]
mod tests;
