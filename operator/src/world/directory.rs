//! Which service accounts exist, under which UIDs.

use std::collections::BTreeMap;

use kube::{ResourceExt, core::PartialObjectMeta};
use strongroom_core::{NamespaceName, ResourceName, Uid};

use k8s_openapi::api::core::v1::{Namespace, ServiceAccount};

/// The namespaces and service accounts of the cluster at one moment.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Directory {
    namespaces: BTreeMap<NamespaceName, Uid>,
    accounts: BTreeMap<NamespaceName, BTreeMap<ResourceName, Uid>>,
}

impl Directory {
    /// Collects what the watches hold. An object whose name or UID is not one is left out: nobody can be it.
    pub fn collect<'a>(
        namespaces: impl IntoIterator<Item = &'a PartialObjectMeta<Namespace>>,
        accounts: impl IntoIterator<Item = &'a PartialObjectMeta<ServiceAccount>>,
    ) -> Self {
        let mut directory = Self::default();
        for namespace in namespaces {
            if let (Ok(name), Some(Ok(uid))) = (namespace.name_any().parse(), uid_of(&namespace.metadata)) {
                directory.namespaces.insert(name, uid);
            }
        }
        for account in accounts {
            let name = account.name_any().parse();
            let namespace = account.namespace().map(|namespace| namespace.parse());
            if let (Ok(name), Some(Ok(namespace)), Some(Ok(uid))) =
                (name, namespace, uid_of(&account.metadata))
            {
                directory.add(namespace, name, uid);
            }
        }
        directory
    }

    fn add(&mut self, namespace: NamespaceName, name: ResourceName, uid: Uid) {
        self.accounts.entry(namespace).or_default().insert(name, uid);
    }

    /// The UID of a namespace.
    pub fn namespace(&self, name: &NamespaceName) -> Option<&Uid> {
        self.namespaces.get(name)
    }

    /// The UID of a service account.
    pub fn account(&self, namespace: &NamespaceName, name: &ResourceName) -> Option<&Uid> {
        self.accounts.get(namespace)?.get(name)
    }

    /// The UIDs of a namespace's service accounts.
    pub fn accounts(&self, namespace: &NamespaceName) -> impl Iterator<Item = &Uid> {
        self.accounts
            .get(namespace)
            .into_iter()
            .flat_map(BTreeMap::values)
    }
}

fn uid_of(
    metadata: &kube::core::ObjectMeta,
) -> Option<Result<Uid, strongroom_core::resource::ResourceNameError>> {
    metadata.uid.as_deref().map(str::parse)
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
            let namespace: NamespaceName = namespace.parse().unwrap();
            directory
                .namespaces
                .insert(namespace.clone(), uid.parse().unwrap());
            for (name, uid) in *accounts {
                directory.add(namespace.clone(), name.parse().unwrap(), uid.parse().unwrap());
            }
        }
        directory
    }
}
