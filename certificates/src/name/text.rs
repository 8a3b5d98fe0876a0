//! The text form of names. It is that of .NET, which Azure uses, with the escapes of RFC 4514 beside its quotation marks.

use std::{collections::BTreeSet, fmt, iter::Peekable, str::Chars};

use der::asn1::ObjectIdentifier;
use x509_cert::{
    attr::AttributeTypeAndValue,
    name::{RdnSequence, RelativeDistinguishedName},
};

use super::{NameError, attribute, attribute::BadValue};

/// What ends an attribute.
#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    /// `+`: the next attribute belongs to the same part.
    Joined,
    /// `,` or `;`.
    Separated,
    /// The text ends.
    Text,
}

/// Reads a text. One of spaces alone is an empty name.
pub fn read(text: &str) -> Result<RdnSequence, NameError> {
    let mut parts: Vec<RelativeDistinguishedName> = Vec::new();
    let mut rest = text.chars().peekable();
    skip_spaces(&mut rest);
    let mut part = Vec::new();
    while rest.peek().is_some() {
        let (attribute, end) = read_attribute(&mut rest)?;
        part.push(attribute);
        if end != End::Joined {
            parts.push(joined(std::mem::take(&mut part))?);
        }
        if end != End::Text {
            skip_spaces(&mut rest);
            if rest.peek().is_none() {
                return Err(NameError::EmptyPart);
            }
        }
    }
    parts.reverse();
    Ok(parts.into())
}

/// A part of attributes, of which no two may have one type (X.501, 9.3).
fn joined(part: Vec<AttributeTypeAndValue>) -> Result<RelativeDistinguishedName, NameError> {
    let types: BTreeSet<_> = part.iter().map(|attribute| attribute.oid).collect();
    if types.len() < part.len() {
        return Err(NameError::Repeated);
    }
    RelativeDistinguishedName::try_from(part).map_err(|_| NameError::Repeated)
}

fn read_attribute(rest: &mut Peekable<Chars<'_>>) -> Result<(AttributeTypeAndValue, End), NameError> {
    let (name, oid) = read_type(rest)?;
    skip_spaces(rest);
    let (text, end) = if rest.next_if_eq(&'"').is_some() {
        read_quoted(rest, &name)?
    } else {
        read_bare(rest, &name)?
    };
    let value = attribute::value(oid, &text).map_err(|bad| NameError::Value(name, bad))?;
    Ok((AttributeTypeAndValue { oid, value }, end))
}

fn read_type(rest: &mut Peekable<Chars<'_>>) -> Result<(String, ObjectIdentifier), NameError> {
    let mut name = String::new();
    loop {
        match rest.next() {
            Some('=') => break,
            Some(',' | ';' | '+') | None => {
                let name = name.trim();
                return Err(match name {
                    "" => NameError::EmptyPart,
                    _ => NameError::NoValue(name.to_owned()),
                });
            }
            Some(other) => name.push(other),
        }
    }
    let name = name.trim().to_owned();
    match attribute::type_of(&name) {
        Some(oid) => Ok((name, oid)),
        None => Err(NameError::UnknownType(name)),
    }
}

/// Reads up to the closing mark, of which two stand for one, and the separator behind it.
fn read_quoted(rest: &mut Peekable<Chars<'_>>, name: &str) -> Result<(String, End), NameError> {
    let mut value = String::new();
    loop {
        match rest.next() {
            Some('"') => {
                if rest.next_if_eq(&'"').is_none() {
                    break;
                }
                value.push('"');
            }
            Some('\\') => {
                let escaped = rest.next_if(|next| matches!(next, '"' | '\\'));
                value.push(escaped.unwrap_or('\\'));
            }
            Some(other) => value.push(other),
            None => return Err(NameError::Unterminated(name.to_owned())),
        }
    }
    skip_spaces(rest);
    match rest.next() {
        None => Ok((value, End::Text)),
        Some(',' | ';') => Ok((value, End::Separated)),
        Some('+') => Ok((value, End::Joined)),
        Some(_) => Err(NameError::AfterQuotation(name.to_owned())),
    }
}

/// Reads up to a separator. Spaces before it do not belong to the value unless they are escaped.
fn read_bare(rest: &mut Peekable<Chars<'_>>, name: &str) -> Result<(String, End), NameError> {
    let mut value = Vec::new();
    // The bytes up to the last one that is no space, or is escaped.
    let mut kept = 0;
    let end = loop {
        match rest.next() {
            None => break End::Text,
            Some(',' | ';') => break End::Separated,
            Some('+') => break End::Joined,
            Some('\\') => {
                read_escape(rest, &mut value);
                kept = value.len();
            }
            Some(other) => {
                value.extend_from_slice(other.encode_utf8(&mut [0; 4]).as_bytes());
                if other != ' ' {
                    kept = value.len();
                }
            }
        }
    };
    value.truncate(kept);
    if value.is_empty() {
        return Err(NameError::Empty(name.to_owned()));
    }
    let value = String::from_utf8(value).map_err(|_| NameError::Value(name.to_owned(), BadValue::NotUtf8))?;
    Ok((value, end))
}

/// Reads what follows a backslash: a special character, or two hexadecimal digits (RFC 4514, 2.4). Before anything else
/// the backslash means itself, as in `DOMAIN\user`.
fn read_escape(rest: &mut Peekable<Chars<'_>>, value: &mut Vec<u8>) {
    const SPECIAL: &str = " \"#+,;<=>\\";
    if let Some(special) = rest.next_if(|next| SPECIAL.contains(*next)) {
        value.extend_from_slice(special.encode_utf8(&mut [0; 4]).as_bytes());
        return;
    }
    let mut ahead = rest.clone();
    let digits = (digit(ahead.next()), digit(ahead.next()));
    if let (Some(high), Some(low)) = digits {
        value.push(high << 4 | low);
        *rest = ahead;
    } else {
        value.push(b'\\');
    }
}

fn digit(character: Option<char>) -> Option<u8> {
    character?.to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

fn skip_spaces(rest: &mut Peekable<Chars<'_>>) {
    while rest.next_if(|next| next.is_whitespace()).is_some() {}
}

/// Writes a name.
pub fn write(name: &RdnSequence, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let parts: Vec<_> = name.iter().collect();
    for (index, part) in parts.into_iter().rev().enumerate() {
        if index > 0 {
            f.write_str(", ")?;
        }
        for (index, attribute) in part.iter().enumerate() {
            if index > 0 {
                f.write_str(" + ")?;
            }
            write!(f, "{}=", attribute::name_of(attribute.oid))?;
            write_value(&attribute::text_of(&attribute.value), f)?;
        }
    }
    Ok(())
}

/// Writes a value, quoted if it is empty, begins or ends with a space, or has a character that means something.
fn write_value(value: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    const SPECIAL: &str = ",+=\"\n<>#;\\";
    let has_edge = value.starts_with(char::is_whitespace) || value.ends_with(char::is_whitespace);
    let is_plain = !value.is_empty() && !has_edge && !value.contains(|it| SPECIAL.contains(it));
    if is_plain {
        return f.write_str(value);
    }
    let escaped = value.replace('\\', "\\\\").replace('"', "\"\"");
    write!(f, "\"{escaped}\"")
}
