//! Which vaults there are in a namespace, and which SecretRefs name a vault or belong to a namespace.

use kube::{Resource, ResourceExt, runtime::reflector::ObjectRef};
use strongroom_crds::{SecretRef, Vault};

use super::{changes::Change, index::Index, watch::Table};

/// The `resourceVersion` of an object, which changes with it.
type Version = Option<String>;

/// What a SecretRef is found by.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum SecretRefKey {
    /// The vault that it names.
    Vault(ObjectRef<Vault>),
    /// The namespace that it is in.
    Namespace(String),
}

/// All SecretRefs.
pub type SecretRefs = Index<SecretRef, SecretRefKey, Version>;

/// All vaults, by namespace.
pub type Vaults = Index<Vault, String, Version>;

fn has_changed<G>(before: Option<(Vec<G>, Version)>, version: &Version) -> bool {
    version.is_none() || before.is_none_or(|(_, before)| before != *version)
}

fn version_of(object: &impl Resource) -> Version {
    object.resource_version()
}

impl Table<SecretRef> for SecretRefs {
    fn apply(&mut self, secret_ref: &SecretRef) -> Vec<Change> {
        let object = ObjectRef::from_obj(secret_ref);
        let reference = &secret_ref.spec.vault_ref;
        let keys = vec![
            SecretRefKey::Vault(ObjectRef::new(&reference.name).within(&reference.namespace)),
            SecretRefKey::Namespace(secret_ref.namespace().unwrap_or_default()),
        ];
        let version = version_of(secret_ref);
        let before = self.insert(object.clone(), keys, version.clone());
        let change = has_changed(before, &version).then_some(Change::SecretRef(object));
        change.into_iter().collect()
    }

    fn remove(&mut self, object: &ObjectRef<SecretRef>) -> Vec<Change> {
        let removed = Self::remove(self, object);
        let change = removed.map(|_| Change::SecretRef(object.clone()));
        change.into_iter().collect()
    }

    fn kept(&self) -> Vec<ObjectRef<SecretRef>> {
        self.all().map(|(object, _)| object.clone()).collect()
    }
}

impl Table<Vault> for Vaults {
    fn apply(&mut self, vault: &Vault) -> Vec<Change> {
        let object = ObjectRef::from_obj(vault);
        let keys = vec![vault.namespace().unwrap_or_default()];
        let version = version_of(vault);
        let before = self.insert(object.clone(), keys, version.clone());
        let change = has_changed(before, &version).then_some(Change::Vault(object));
        change.into_iter().collect()
    }

    fn remove(&mut self, object: &ObjectRef<Vault>) -> Vec<Change> {
        let removed = Self::remove(self, object);
        removed
            .map(|_| Change::Vault(object.clone()))
            .into_iter()
            .collect()
    }

    fn kept(&self) -> Vec<ObjectRef<Vault>> {
        self.all().map(|(object, _)| object.clone()).collect()
    }
}
