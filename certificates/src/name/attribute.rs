//! The attributes of names: their types by the names of users, and their values in DER.

use std::fmt;

use der::{
    Tag, Tagged,
    asn1::{Any, Ia5StringRef, ObjectIdentifier, PrintableStringRef, Utf8StringRef},
};
use x509_cert::{attr::AttributeTypeAndValue, name::RelativeDistinguishedName};

/// 2.5.4.3.
pub const COMMON_NAME: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.3");
/// 1.2.840.113549.1.9.1.
pub const EMAIL_ADDRESS: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.1");

/// How a value is written in DER.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Encoding {
    /// `PrintableString` where it fits, else `UTF8String`.
    Directory,
    /// `PrintableString` alone (RFC 5280, appendix A.1).
    Printable,
    /// `IA5String` alone.
    Ia5,
}

/// What is known of a type.
struct Known {
    oid: &'static str,
    /// The name that is written; none is written by its object identifier.
    written: Option<&'static str>,
    encoding: Encoding,
    /// Every name that is read, in lower case.
    read: &'static [&'static str],
}

const fn known(
    oid: &'static str,
    written: Option<&'static str>,
    encoding: Encoding,
    read: &'static [&'static str],
) -> Known {
    Known {
        oid,
        written,
        encoding,
        read,
    }
}

/// The types that have names. Those that are written have the names of .NET.
#[rustfmt::skip] // A table.
const KNOWN: &[Known] = &[
    known("2.5.4.3", Some("CN"), Encoding::Directory, &["cn", "commonname"]),
    known("2.5.4.4", Some("SN"), Encoding::Directory, &["sn", "surname"]),
    known("2.5.4.5", Some("SERIALNUMBER"), Encoding::Printable, &["serialnumber"]),
    known("2.5.4.6", Some("C"), Encoding::Printable, &["c", "country", "countryname"]),
    known("2.5.4.7", Some("L"), Encoding::Directory, &["l", "locality", "localityname"]),
    known("2.5.4.8", Some("S"), Encoding::Directory, &["s", "st", "state", "stateorprovincename"]),
    known("2.5.4.9", Some("STREET"), Encoding::Directory, &["street", "streetaddress"]),
    known("2.5.4.10", Some("O"), Encoding::Directory, &["o", "org", "organization", "organizationname"]),
    known("2.5.4.11", Some("OU"), Encoding::Directory, &["ou", "orgunit", "organizationunit", "organizationalunit", "organizationalunitname"]),
    known("2.5.4.12", Some("T"), Encoding::Directory, &["t", "title"]),
    known("2.5.4.13", Some("Description"), Encoding::Directory, &["description"]),
    known("2.5.4.15", None, Encoding::Directory, &["businesscategory"]),
    known("2.5.4.17", Some("PostalCode"), Encoding::Directory, &["postalcode"]),
    known("2.5.4.18", Some("POBox"), Encoding::Directory, &["pobox", "postofficebox"]),
    known("2.5.4.42", Some("G"), Encoding::Directory, &["g", "gn", "givenname"]),
    known("2.5.4.43", Some("I"), Encoding::Directory, &["i", "initials"]),
    known("2.5.4.44", None, Encoding::Directory, &["generationqualifier"]),
    known("2.5.4.46", Some("dnQualifier"), Encoding::Printable, &["dnqualifier"]),
    known("2.5.4.65", None, Encoding::Directory, &["pseudonym"]),
    known("2.5.4.97", None, Encoding::Directory, &["organizationidentifier"]),
    known("0.9.2342.19200300.100.1.1", None, Encoding::Directory, &["uid", "userid"]),
    known("0.9.2342.19200300.100.1.25", Some("DC"), Encoding::Ia5, &["dc", "domaincomponent"]),
    known("1.2.840.113549.1.9.1", Some("E"), Encoding::Ia5, &["e", "email", "emailaddress"]),
];

/// The type that a user's name stands for.
pub fn type_of(name: &str) -> Option<ObjectIdentifier> {
    let name = name.to_ascii_lowercase();
    let named = KNOWN.iter().find(|known| known.read.contains(&name.as_str()));
    let dotted = named.map_or(name.strip_prefix("oid.").unwrap_or(&name), |known| known.oid);
    ObjectIdentifier::new(dotted).ok()
}

/// The name of a type in a text.
pub fn name_of(oid: ObjectIdentifier) -> String {
    let known = known_type(oid).and_then(|known| known.written);
    known.map_or_else(|| format!("OID.{oid}"), str::to_owned)
}

fn known_type(oid: ObjectIdentifier) -> Option<&'static Known> {
    KNOWN
        .iter()
        .find(|known| ObjectIdentifier::new(known.oid) == Ok(oid))
}

/// Why an attribute cannot have a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BadValue {
    /// It has a control character.
    Control,
    /// Its escapes make no UTF-8.
    NotUtf8,
    /// The type allows ASCII alone.
    NotAscii,
    /// The type allows a `PrintableString` alone.
    NotPrintable,
    /// It is too long for DER.
    Length,
}

impl fmt::Display for BadValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Control => "has a control character",
            Self::NotUtf8 => "has escaped bytes that are no UTF-8; a backslash itself is written twice",
            Self::NotAscii => "has characters other than ASCII, which its type does not allow",
            Self::NotPrintable => {
                "has characters other than letters, digits, spaces and '()+,-./:=?, which its type does not allow"
            }
            Self::Length => "is too long",
        })
    }
}

/// The value of an attribute of that type in DER.
pub fn value(oid: ObjectIdentifier, text: &str) -> Result<Any, BadValue> {
    if text.chars().any(char::is_control) {
        return Err(BadValue::Control);
    }
    let encoding = known_type(oid).map_or(Encoding::Directory, |known| known.encoding);
    let printable = PrintableStringRef::new(text);
    let value = match (encoding, printable) {
        (Encoding::Ia5, _) => Ia5StringRef::new(text)
            .map(Any::from)
            .map_err(|_| BadValue::NotAscii)?,
        (_, Ok(printable)) => Any::from(printable),
        (Encoding::Printable, Err(_)) => return Err(BadValue::NotPrintable),
        (Encoding::Directory, Err(_)) => Utf8StringRef::new(text)
            .and_then(|text| Any::new(Tag::Utf8String, text.as_bytes()))
            .map_err(|_| BadValue::Length)?,
    };
    Ok(value)
}

/// The text of a value; of what is no string, `#` and its DER in hexadecimal digits (RFC 4514, 2.4).
pub fn text_of(value: &Any) -> String {
    string_of(value).unwrap_or_else(|| {
        let der = der::Encode::to_der(value).unwrap_or_default();
        let digits = der.iter().map(|byte| format!("{byte:02x}"));
        format!("#{}", digits.collect::<String>())
    })
}

/// The text of a value that is a string of any of the types that names have or had.
fn string_of(value: &Any) -> Option<String> {
    let bytes = value.value();
    match value.tag() {
        Tag::PrintableString | Tag::Utf8String | Tag::Ia5String | Tag::NumericString | Tag::VisibleString => {
            Some(String::from_utf8_lossy(bytes).into_owned())
        }
        // Nobody writes T.61; everybody who writes the type means Latin-1.
        Tag::TeletexString => Some(bytes.iter().copied().map(char::from).collect()),
        Tag::BmpString if bytes.len().is_multiple_of(2) => {
            let units = bytes
                .as_chunks::<2>()
                .0
                .iter()
                .map(|unit| u16::from_be_bytes(*unit));
            Some(
                char::decode_utf16(units)
                    .map(|it| it.unwrap_or(char::REPLACEMENT_CHARACTER))
                    .collect(),
            )
        }
        _ => None,
    }
}

/// A part as it is compared: types with their values in lower case, spaces made one, in the order of types.
pub fn folded(part: &RelativeDistinguishedName) -> Vec<(ObjectIdentifier, String)> {
    let mut attributes: Vec<_> = part.iter().map(folded_attribute).collect();
    attributes.sort();
    attributes
}

fn folded_attribute(attribute: &AttributeTypeAndValue) -> (ObjectIdentifier, String) {
    let text = text_of(&attribute.value).to_lowercase();
    let words: Vec<_> = text.split_whitespace().collect();
    (attribute.oid, words.join(" "))
}
