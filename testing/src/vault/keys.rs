//! Changes of keys, as the writer gets them once access has admitted a request.

use std::collections::BTreeMap;

use strongroom_core::Version;
use strongroom_engine::{AttributesPatch, CryptoKey, KeyPatch, KeyWriteRequest, object::answer::Answer};
use strongroom_keys::{KeyProvider as _, KeySpec, KeyType, Software};
use strongroom_vault::{keys::successor::stored, service::Service};

use super::write;

/// Makes a new version of a key, of this type; returns which.
pub fn set_key(service: &Service, name: &str, key_type: KeyType) -> Version {
    let key = Software.generate(KeySpec::new(key_type)).unwrap();
    let (content, fields) = stored(&key, None, None).unwrap();
    let request = KeyWriteRequest::Set {
        name: name.parse().unwrap(),
        content,
        fields,
        attributes: AttributesPatch::default(),
        tags: BTreeMap::new(),
    };
    version_of(write(service, request))
}

/// Rotates a key as a request to rotate it does, and as the vault does when its time has come; returns the new version.
pub async fn rotate_key(service: &Service, name: &str) -> Version {
    let account = "uid-of-nobody".parse().unwrap();
    let keys = &service.keys;
    let request = keys.succeed(
        &service.objects,
        &service.timekeeper,
        &account,
        name.parse().unwrap(),
    );
    version_of(write(service, request.await.unwrap()))
}

/// Enables or disables the current version of a key.
pub fn enable_key(service: &Service, name: &str, enabled: bool) {
    let attributes = AttributesPatch {
        enabled: Some(enabled),
        ..AttributesPatch::default()
    };
    let request = KeyWriteRequest::Update {
        name: name.parse().unwrap(),
        version: None,
        fields: KeyPatch::default(),
        attributes,
        tags: None,
    };
    write(service, request);
}

/// Deletes a key.
pub fn delete_key(service: &Service, name: &str) {
    let name = name.parse().unwrap();
    write(service, KeyWriteRequest::Delete { name });
}

/// Brings a deleted key back.
pub fn recover_key(service: &Service, name: &str) {
    let name = name.parse().unwrap();
    write(service, KeyWriteRequest::Recover { name });
}

fn version_of(answer: Answer<CryptoKey>) -> Version {
    match answer {
        Answer::Object(key) => key.version,
        other => panic!("not a key: {other:?}"),
    }
}
