//! Reads the names of a certificate that somebody else made. Types are taken by their tags alone, since a name of a kind
//! that nobody needs must not make a certificate unreadable.

use core::net::{Ipv4Addr, Ipv6Addr};

use der::{
    Class, Decode, Reader, SliceReader, Tag, Tagged,
    asn1::{Any, ContextSpecific, ObjectIdentifier},
};

use super::{AlternativeNames, USER_PRINCIPAL_NAME};

/// The names in the value of the extension.
pub fn names(bytes: &[u8]) -> Option<AlternativeNames> {
    let mut names = AlternativeNames::default();
    for name in Vec::<Any>::from_der(bytes).ok()? {
        let tag = name.tag();
        if tag.class() != Class::ContextSpecific {
            continue;
        }
        match tag.number().value() {
            0 => add(&mut names.upns, user_principal_name(name.value())),
            1 => add(&mut names.emails, Some(text(name.value()))),
            2 => add(&mut names.dns_names, Some(text(name.value()))),
            6 => add(&mut names.uris, Some(text(name.value()))),
            7 => add(&mut names.ip_addresses, ip_address(name.value())),
            _ => {}
        }
    }
    Some(names)
}

fn add(names: &mut Option<Vec<String>>, name: Option<String>) {
    if let Some(name) = name {
        names.get_or_insert_default().push(name);
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn ip_address(bytes: &[u8]) -> Option<String> {
    if let Ok(four) = <[u8; 4]>::try_from(bytes) {
        return Some(Ipv4Addr::from(four).to_string());
    }
    <[u8; 16]>::try_from(bytes)
        .ok()
        .map(|sixteen| Ipv6Addr::from(sixteen).to_string())
}

/// The text of an `otherName` that is a user principal name.
fn user_principal_name(bytes: &[u8]) -> Option<String> {
    let mut reader = SliceReader::new(bytes).ok()?;
    if ObjectIdentifier::decode(&mut reader).ok()? != USER_PRINCIPAL_NAME {
        return None;
    }
    let value = ContextSpecific::<Any>::decode(&mut reader).ok()?.value;
    let is_text = matches!(
        value.tag(),
        Tag::Utf8String | Tag::PrintableString | Tag::Ia5String
    );
    (is_text && reader.is_finished()).then(|| text(value.value()))
}
