//! What holds of every name after every request: a certificate has its key and its secret, and they have their certificate.

use strongroom_core::{ObjectName, Version};
use strongroom_engine::{
    Certificate, CryptoKey, ObjectError, ReadRequest, Secret, Tags,
    object::{
        answer::{Answer, Attributes, Bundle},
        kind::Kind,
        tasks::Tasks,
    },
};

use crate::{certificates::Vault, fixture::name};

/// Answers questions about a vault, in memory or running.
pub trait Reads {
    fn read_all<K: Tasks>(&self, request: ReadRequest) -> Result<Answer<K>, ObjectError>;

    /// Every version of a live object.
    fn versions<K: Tasks>(&self, name: &ObjectName) -> Vec<Bundle<K>>;
}

impl Reads for Vault {
    fn read_all<K: Tasks>(&self, request: ReadRequest) -> Result<Answer<K>, ObjectError> {
        self.0.read_of(&request, &strongroom_engine::every_name)
    }

    fn versions<K: Tasks>(&self, name: &ObjectName) -> Vec<Bundle<K>> {
        let name = || name.clone();
        self.0
            .all_of(|page| ReadRequest::ListVersions { name: name(), page })
            .unwrap()
    }
}

/// A live object, whether a get shows it or not.
fn live<K: Tasks>(vault: &impl Reads, name: &ObjectName) -> Option<Bundle<K>> {
    let request = ReadRequest::Get {
        name: name.clone(),
        version: None,
    };
    match vault.read_all::<K>(request) {
        Ok(Answer::Object(bundle)) => Some(*bundle),
        Err(ObjectError::NotFound { .. }) => None,
        // A disabled secret has its versions.
        Err(ObjectError::Disabled { .. }) => Some(vault.versions::<K>(name).remove(0)),
        other => panic!("{other:?}"),
    }
}

fn deleted<K: Tasks>(vault: &impl Reads, name: &ObjectName) -> Option<Bundle<K>> {
    match vault.read_all::<K>(ReadRequest::GetDeleted { name: name.clone() }) {
        Ok(Answer::Object(bundle)) => Some(*bundle),
        Err(ObjectError::DeletedNotFound { .. }) => None,
        other => panic!("{other:?}"),
    }
}

/// What the three have in common of each version.
fn shared<K: Tasks>(vault: &impl Reads, name: &ObjectName) -> Vec<(Version, Attributes, Tags)> {
    let versions = vault.versions::<K>(name).into_iter();
    versions
        .map(|version| {
            assert!(
                K::KIND == Certificate::KIND || K::is_managed(&version.fields),
                "{name}"
            );
            (version.version, version.attributes, version.tags)
        })
        .collect()
}

/// Checks the names. Some of them may be those of a plain key or secret.
pub fn check(vault: &impl Reads, names: &[&str]) {
    for name in names.iter().copied().map(name) {
        check_live(vault, &name);
        check_deleted(vault, &name);
    }
}

fn check_live(vault: &impl Reads, name: &ObjectName) {
    let certificate = live::<Certificate>(vault, name);
    let (key, secret) = (live::<CryptoKey>(vault, name), live::<Secret>(vault, name));
    let Some(certificate) = certificate else {
        assert!(key.is_none_or(|key| !key.fields.is_part), "a key alone: {name}");
        assert!(
            secret.is_none_or(|secret| secret.fields.part.is_none()),
            "a secret alone: {name}"
        );
        return;
    };
    if !Certificate::is_complete(&certificate.fields) {
        assert!(
            key.is_none() && secret.is_none(),
            "the name of what is not issued: {name}"
        );
        assert_eq!(vault.versions::<Certificate>(name).len(), 0);
        assert!(!certificate.attributes.enabled);
        return;
    }
    let (key, secret) = (key.unwrap(), secret.unwrap());
    for spelling in [key.name.spelling(), secret.name.spelling()] {
        assert_eq!(spelling, certificate.name.spelling());
    }
    let versions = shared::<Certificate>(vault, name);
    assert_eq!(versions, shared::<CryptoKey>(vault, name), "the key of {name}");
    assert_eq!(versions, shared::<Secret>(vault, name), "the secret of {name}");
    check_order(vault, name, certificate.version);
}

/// The secrets lead from the current version to the first, and reach all.
fn check_order(vault: &impl Reads, name: &ObjectName, current: Version) {
    let secrets = vault.versions::<Secret>(name);
    let mut at = Some(current);
    let mut reached = 0;
    while let Some(version) = at {
        let secret = secrets.iter().find(|secret| secret.version == version).unwrap();
        at = secret.fields.part.unwrap().previous;
        reached += 1;
        assert!(reached <= secrets.len(), "{name} goes round");
    }
    assert_eq!(reached, secrets.len(), "{name}");
}

fn check_deleted(vault: &impl Reads, name: &ObjectName) {
    let certificate = deleted::<Certificate>(vault, name);
    let certificate = certificate.filter(|found| Certificate::is_complete(&found.fields));
    let (key, secret) = (deleted::<CryptoKey>(vault, name), deleted::<Secret>(vault, name));
    let key = key.filter(|key| key.fields.is_part);
    let secret = secret.filter(|secret| secret.fields.part.is_some());
    let common = |version, deleted, tags: Tags| (version, deleted, tags);
    let certificate = certificate.map(|found| common(found.version, found.deleted, found.tags));
    let key = key.map(|found| common(found.version, found.deleted, found.tags));
    let secret = secret.map(|found| common(found.version, found.deleted, found.tags));
    assert_eq!(certificate, key, "the deleted key of {name}");
    assert_eq!(certificate, secret, "the deleted secret of {name}");
}
