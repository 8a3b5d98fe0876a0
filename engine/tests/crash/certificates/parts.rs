//! What is seen of certificates: each version with the key and the secret that are part of it.

use std::collections::BTreeMap;

use strongroom_core::{ObjectName, Timestamp, Version};
use strongroom_engine::{
    Certificate, CryptoKey, ObjectError, Objects, PageRequest, ReadRequest, Secret, every_name,
    object::{
        answer::{Answer, Bundle},
        kind::Kind,
        tasks::Tasks,
    },
};

use super::{NAMES, named};
use crate::script::NOW;

/// Adds what is seen of every certificate, and checks that each version has its key and its secret, and that neither is
/// alone.
pub fn see(vault: &Objects, seen: &mut BTreeMap<String, String>) {
    for name in NAMES {
        seen.extend(seen_of(vault, name));
    }
}

/// What is seen of one certificate, live or deleted, with the same check.
pub fn seen_of(vault: &Objects, name: &str) -> BTreeMap<String, String> {
    let name = named(name);
    let mut seen = BTreeMap::new();
    // The first is the current one, which may say that it is not issued.
    let listed = versions::<Certificate>(vault, &name).into_iter().map(Some);
    for version in std::iter::once(None).chain(listed) {
        let of = version.map_or_else(|| name.to_string(), |version| format!("{name} {version}"));
        check_parts(
            &of,
            live::<Certificate>(vault, &name, version).as_ref(),
            live::<CryptoKey>(vault, &name, version).as_ref(),
            live::<Secret>(vault, &name, version).as_ref(),
            &mut seen,
        );
    }
    check_parts(
        &format!("deleted {name}"),
        deleted::<Certificate>(vault, &name).as_ref(),
        deleted::<CryptoKey>(vault, &name).as_ref(),
        deleted::<Secret>(vault, &name).as_ref(),
        &mut seen,
    );
    // What of a certificate that there is not is left may not be there either.
    let issued = versions::<Certificate>(vault, &name);
    assert_eq!(issued, versions::<CryptoKey>(vault, &name), "{name}");
    assert_eq!(issued, versions::<Secret>(vault, &name), "{name}");
    seen
}

/// Where the certificate is issued, the others are of its version, with its attributes and its tags; else they are not
/// there.
fn check_parts(
    of: &str,
    certificate: Option<&Bundle<Certificate>>,
    key: Option<&Bundle<CryptoKey>>,
    secret: Option<&Bundle<Secret>>,
    seen: &mut BTreeMap<String, String>,
) {
    let issued = certificate.filter(|found| Certificate::is_complete(&found.fields));
    let issued = issued.map(noted);
    assert_eq!(issued, key.map(noted), "the key of {of}");
    assert_eq!(issued, secret.map(noted), "the secret of {of}");
    let der = |found: &Bundle<Certificate>| found.content.as_ref().map(|der| der.0.to_vec());
    let private = |found: &Bundle<CryptoKey>| found.content.as_ref().map(|key| key.expose().to_vec());
    let value = |found: &Bundle<Secret>| {
        found
            .content
            .as_ref()
            .map(|value| value.expose().as_bytes().to_vec())
    };
    for (part, shown, content) in [
        (
            "certificate",
            format!("{certificate:?}"),
            certificate.and_then(der),
        ),
        ("key", format!("{key:?}"), key.and_then(private)),
        ("secret", format!("{secret:?}"), secret.and_then(value)),
    ] {
        let content = content.map(|bytes| String::from_utf8(bytes).unwrap());
        seen.insert(format!("{part} {of}"), format!("{shown} {content:?}"));
    }
}

/// What the three have in common.
fn noted<K: Kind>(found: &Bundle<K>) -> String {
    let Bundle {
        version,
        attributes,
        tags,
        ..
    } = found;
    format!("{version} {attributes:?} {tags:?}")
}

/// A version with its content, also where it is disabled.
fn live<K: Tasks>(vault: &Objects, name: &ObjectName, version: Option<Version>) -> Option<Bundle<K>> {
    match vault.open(name, version.as_ref(), |_| None, |_, bundle| bundle) {
        Ok(bundle) => Some(bundle),
        Err(ObjectError::NotFound { .. }) => None,
        Err(error) => panic!("{name}: {error}"),
    }
}

fn deleted<K: Tasks>(vault: &Objects, name: &ObjectName) -> Option<Bundle<K>> {
    let request = ReadRequest::GetDeleted { name: name.clone() };
    match vault.read::<K>(&request, Timestamp::from_unix(NOW), &every_name) {
        Ok(Answer::Object(bundle)) => Some(*bundle),
        Err(ObjectError::DeletedNotFound { .. }) => None,
        other => panic!("{name}: {other:?}"),
    }
}

/// The versions that are issued.
fn versions<K: Tasks>(vault: &Objects, name: &ObjectName) -> Vec<Version> {
    let (mut found, mut page) = (Vec::new(), PageRequest::default());
    loop {
        let request = ReadRequest::ListVersions {
            name: name.clone(),
            page: page.clone(),
        };
        match vault.read::<K>(&request, Timestamp::from_unix(NOW), &every_name) {
            Ok(Answer::Page(items)) => {
                found.extend(items.items.iter().map(|item| item.version));
                page.marker = items.next;
            }
            other => panic!("{name}: {other:?}"),
        }
        if page.marker.is_none() {
            return found;
        }
    }
}
