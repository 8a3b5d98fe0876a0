//! Writes, as the writer gets them once access has admitted a request.

use std::{collections::BTreeMap, sync::mpsc::sync_channel};

use strongroom_audit::{Entry, Event};
use strongroom_core::Version;
use strongroom_engine::{
    Answer, AttributesPatch, SecretFields, SecretPatch, SecretValue, WriteRequest,
    object::{answer, request, tasks::Tasks},
};
use strongroom_vault::service::Service;

/// Writes `request`, of an object of any kind, and waits for it.
pub fn write<K: Tasks>(service: &Service, request: request::WriteRequest<K>) -> answer::Answer<K> {
    let (done, outcome) = sync_channel(1);
    let now = service.clock.time();
    let time = service.timekeeper.request_time();
    let record = move |_: &_| Entry::event(now, &Event::VaultStop);
    let done = Box::new(move |result| done.send(result).unwrap());
    service
        .objects
        .submit(request, time, Box::new(record), done)
        .unwrap();
    outcome.recv().unwrap().unwrap()
}

/// Sets a secret; returns its new version.
pub fn set(service: &Service, name: &str, value: &str) -> Version {
    let request = WriteRequest::Set {
        name: name.parse().unwrap(),
        content: SecretValue::new(value.to_owned()),
        fields: SecretFields::default(),
        attributes: AttributesPatch::default(),
        tags: BTreeMap::new(),
    };
    match write(service, request) {
        Answer::Object(secret) => secret.version,
        other => panic!("not a secret: {other:?}"),
    }
}

/// Enables or disables the current version of a secret.
pub fn enable(service: &Service, name: &str, enabled: bool) {
    let attributes = AttributesPatch {
        enabled: Some(enabled),
        ..AttributesPatch::default()
    };
    let request = WriteRequest::Update {
        name: name.parse().unwrap(),
        version: None,
        fields: SecretPatch::default(),
        attributes,
        tags: None,
    };
    write(service, request);
}

/// Deletes a secret.
pub fn delete(service: &Service, name: &str) {
    let name = name.parse().unwrap();
    write(service, WriteRequest::Delete { name });
}

/// Purges a deleted secret.
pub fn purge(service: &Service, name: &str) {
    let name = name.parse().unwrap();
    write(service, WriteRequest::Purge { name });
}
