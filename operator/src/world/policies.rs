//! The access policies: those of a vault, and those that name a namespace.

use std::sync::Arc;

use kube::{ResourceExt, core::DeserializeGuard, runtime::reflector::ObjectRef};
use strongroom_crds::{
    AccessPolicy, Vault,
    access_policy::{AccessPolicySpec, PolicySubject},
};

use super::{changes::Change, index::Index, watch::Table};

/// An access policy as the watch holds it: one that cannot be read is held with the reason.
pub type PolicyObject = DeserializeGuard<AccessPolicy>;

/// What a policy is found by.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Key {
    /// The vault that it names.
    Vault(ObjectRef<Vault>),
    /// Its namespace, where the policy cannot be read: it may be meant for any vault there.
    Unreadable(String),
    /// A namespace that a subject names.
    Subject(String),
}

/// All access policies.
#[derive(Debug, Default)]
pub struct Policies(Index<PolicyObject, Key, Arc<PolicyObject>>);

impl Policies {
    /// The policies of one vault, and those of its namespace that cannot be read, by name.
    pub fn of(&self, vault: &ObjectRef<Vault>) -> Vec<Arc<PolicyObject>> {
        let namespace = vault.namespace.clone().unwrap_or_default();
        let mut policies = self.unreadable(&namespace);
        let readable = self.0.under(&Key::Vault(vault.clone()));
        policies.extend(readable.map(|(_, policy)| Arc::clone(policy)));
        policies.sort_by_key(|policy| policy.name_any());
        policies
    }

    /// The policies of a namespace that cannot be read.
    pub fn unreadable(&self, namespace: &str) -> Vec<Arc<PolicyObject>> {
        let found = self.0.under(&Key::Unreadable(namespace.to_owned()));
        found.map(|(_, policy)| Arc::clone(policy)).collect()
    }

    /// The vaults with a policy that names this namespace, each once.
    pub fn vaults_naming(&self, namespace: &str) -> Vec<ObjectRef<Vault>> {
        let policies = self.0.under(&Key::Subject(namespace.to_owned()));
        let mut vaults: Vec<_> = policies
            .filter_map(|(object, policy)| {
                Some(vault_of(
                    object.namespace.as_deref()?,
                    &policy.0.as_ref().ok()?.spec,
                ))
            })
            .collect();
        vaults.sort_by(|a, b| (&a.namespace, &a.name).cmp(&(&b.namespace, &b.name)));
        vaults.dedup();
        vaults
    }

    /// Every policy.
    pub fn all(&self) -> Vec<Arc<PolicyObject>> {
        self.0.all().map(|(_, policy)| Arc::clone(policy)).collect()
    }
}

fn vault_of(namespace: &str, spec: &AccessPolicySpec) -> ObjectRef<Vault> {
    ObjectRef::new(&spec.vault_ref.name).within(namespace)
}

fn keys_of(policy: &PolicyObject) -> Vec<Key> {
    let namespace = policy.namespace().unwrap_or_default();
    let Ok(readable) = &policy.0 else {
        return vec![Key::Unreadable(namespace)];
    };
    let mut keys = vec![Key::Vault(vault_of(&namespace, &readable.spec))];
    for key in readable
        .spec
        .subjects
        .iter()
        .flat_map(namespaces_of)
        .map(Key::Subject)
    {
        if !keys.contains(&key) {
            keys.push(key);
        }
    }
    keys
}

/// The namespaces that a subject names. A subject that this release cannot read may name both ways.
fn namespaces_of(subject: &PolicySubject) -> Vec<String> {
    let account = subject
        .service_account
        .as_ref()
        .map(|account| account.namespace.clone());
    let all = subject
        .all_service_accounts
        .as_ref()
        .map(|all| all.namespace.clone());
    account.into_iter().chain(all).collect()
}

/// What a policy under these keys changes: its vault, or every vault of its namespace.
fn changes_of(object: &ObjectRef<PolicyObject>, keys: &[Key]) -> Vec<Change> {
    let namespace = object.namespace.clone().unwrap_or_default();
    let change = |key: &Key| match key {
        Key::Vault(vault) => Some(Change::Policy {
            namespace: namespace.clone(),
            vault: Some(vault.name.clone()),
        }),
        Key::Unreadable(_) => Some(Change::Policy {
            namespace: namespace.clone(),
            vault: None,
        }),
        Key::Subject(_) => None,
    };
    keys.iter().filter_map(change).collect()
}

fn is_same(before: &PolicyObject, now: &PolicyObject) -> bool {
    let version = now.resource_version();
    version.is_some() && before.resource_version() == version && before.uid() == now.uid()
}

impl Table<PolicyObject> for Policies {
    fn apply(&mut self, policy: &PolicyObject) -> Vec<Change> {
        let object = ObjectRef::from_obj(policy);
        let keys = keys_of(policy);
        let mut changes = changes_of(&object, &keys);
        let before = self.0.insert(object.clone(), keys, Arc::new(policy.clone()));
        let Some((keys, before)) = before else {
            return changes;
        };
        if is_same(&before, policy) {
            return Vec::new();
        }
        for change in changes_of(&object, &keys) {
            if !changes.contains(&change) {
                changes.push(change);
            }
        }
        changes
    }

    fn remove(&mut self, object: &ObjectRef<PolicyObject>) -> Vec<Change> {
        let removed = self.0.remove(object);
        removed.map_or_else(Vec::new, |(keys, _)| changes_of(object, &keys))
    }

    fn kept(&self) -> Vec<ObjectRef<PolicyObject>> {
        self.0.all().map(|(object, _)| object.clone()).collect()
    }
}

#[cfg(test)]
impl Policies {
    /// All that the index holds.
    pub fn picture(&self) -> std::collections::BTreeSet<String> {
        self.0.picture()
    }
}
