//! Which service accounts exist, under which UIDs.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::{Namespace, ServiceAccount};
use kube::{ResourceExt, api::ObjectMeta, core::PartialObjectMeta, runtime::reflector::ObjectRef};
use strongroom_core::{AccountName, NamespaceName, ResourceName, Uid};

use super::{changes::Change, visits::visit, watch::Table};

/// The namespaces and service accounts of the cluster. An object whose name or UID is not one is left out: no account
/// and no namespace can be it.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Directory {
    namespaces: BTreeMap<NamespaceName, Uid>,
    accounts: BTreeMap<NamespaceName, BTreeMap<ResourceName, Uid>>,
}

impl Directory {
    /// The UID of a namespace.
    pub fn namespace(&self, name: &NamespaceName) -> Option<&Uid> {
        visit();
        self.namespaces.get(name)
    }

    /// The UID of a service account.
    pub fn account(&self, namespace: &NamespaceName, name: &ResourceName) -> Option<&Uid> {
        visit();
        self.accounts.get(namespace)?.get(name)
    }

    /// The UIDs of a namespace's service accounts.
    pub fn accounts(&self, namespace: &NamespaceName) -> impl Iterator<Item = &Uid> {
        let accounts = self.accounts.get(namespace).into_iter();
        accounts.flat_map(BTreeMap::values).inspect(|_| visit())
    }

    /// The same with an account and its namespace: for whoever knows of them otherwise than by watching a cluster.
    #[must_use]
    pub fn with_account(mut self, account: &AccountName, namespace: &Uid, uid: &Uid) -> Self {
        self.set_namespace(account.namespace.clone(), Some(namespace));
        self.set_account(account.namespace.clone(), account.name.clone(), Some(uid));
        self
    }

    /// Sets or removes the UID of a namespace. Returns whether it changed.
    fn set_namespace(&mut self, name: NamespaceName, uid: Option<&Uid>) -> bool {
        visit();
        let before = match uid {
            Some(uid) => self.namespaces.insert(name, uid.clone()),
            None => self.namespaces.remove(&name),
        };
        before.as_ref() != uid
    }

    /// Sets or removes the UID of a service account. Returns whether it changed.
    fn set_account(&mut self, namespace: NamespaceName, name: ResourceName, uid: Option<&Uid>) -> bool {
        visit();
        let before = match uid {
            Some(uid) => self
                .accounts
                .entry(namespace)
                .or_default()
                .insert(name, uid.clone()),
            None => self.remove_account(&namespace, &name),
        };
        before.as_ref() != uid
    }

    fn remove_account(&mut self, namespace: &NamespaceName, name: &ResourceName) -> Option<Uid> {
        let accounts = self.accounts.get_mut(namespace)?;
        let before = accounts.remove(name);
        if accounts.is_empty() {
            self.accounts.remove(namespace);
        }
        before
    }
}

fn uid_of(metadata: &ObjectMeta) -> Option<Uid> {
    metadata.uid.as_deref()?.parse().ok()
}

fn changes_of(namespace: &str, is_changed: bool) -> Vec<Change> {
    let change = is_changed.then(|| Change::Accounts {
        namespace: namespace.to_owned(),
    });
    change.into_iter().collect()
}

/// What the tables do.
impl Directory {
    fn note_namespace(&mut self, name: &str, uid: Option<&Uid>) -> Vec<Change> {
        let is_changed = name.parse().is_ok_and(|name| self.set_namespace(name, uid));
        changes_of(name, is_changed)
    }

    fn note_account(&mut self, namespace: &str, name: &str, uid: Option<&Uid>) -> Vec<Change> {
        let Ok(name) = name.parse() else {
            return Vec::new();
        };
        let parsed = namespace.parse();
        let is_changed = parsed.is_ok_and(|namespace| self.set_account(namespace, name, uid));
        changes_of(namespace, is_changed)
    }
}

impl Table<PartialObjectMeta<Namespace>> for Directory {
    fn apply(&mut self, object: &PartialObjectMeta<Namespace>) -> Vec<Change> {
        self.note_namespace(&object.name_any(), uid_of(&object.metadata).as_ref())
    }

    fn remove(&mut self, object: &ObjectRef<PartialObjectMeta<Namespace>>) -> Vec<Change> {
        self.note_namespace(&object.name, None)
    }

    fn kept(&self) -> Vec<ObjectRef<PartialObjectMeta<Namespace>>> {
        let names = self.namespaces.keys();
        names.map(|name| ObjectRef::new(name.as_str())).collect()
    }
}

impl Table<PartialObjectMeta<ServiceAccount>> for Directory {
    fn apply(&mut self, object: &PartialObjectMeta<ServiceAccount>) -> Vec<Change> {
        let namespace = object.namespace().unwrap_or_default();
        self.note_account(&namespace, &object.name_any(), uid_of(&object.metadata).as_ref())
    }

    fn remove(&mut self, object: &ObjectRef<PartialObjectMeta<ServiceAccount>>) -> Vec<Change> {
        let namespace = object.namespace.as_deref().unwrap_or_default();
        self.note_account(namespace, &object.name, None)
    }

    fn kept(&self) -> Vec<ObjectRef<PartialObjectMeta<ServiceAccount>>> {
        let accounts = self.accounts.iter();
        let names =
            accounts.flat_map(|(namespace, accounts)| accounts.keys().map(move |name| (namespace, name)));
        names
            .map(|(namespace, name)| ObjectRef::new(name.as_str()).within(namespace.as_str()))
            .collect()
    }
}

/// A namespace of a test: its name, its UID, and its accounts with theirs.
#[cfg(test)]
pub(crate) type Listed<'a> = (&'a str, &'a str, &'a [(&'a str, &'a str)]);

#[cfg(test)]
impl Directory {
    /// A directory for tests.
    pub(crate) fn of(namespaces: &[Listed<'_>]) -> Self {
        let mut directory = Self::default();
        for (namespace, uid, accounts) in namespaces {
            directory.note_namespace(namespace, Some(&uid.parse().unwrap()));
            for (name, uid) in *accounts {
                directory.note_account(namespace, name, Some(&uid.parse().unwrap()));
            }
        }
        directory
    }
}
