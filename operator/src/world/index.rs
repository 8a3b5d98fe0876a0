//! Objects of one kind by what they name, kept one object at a time.
//!
//! The cost of a changed object is that of its own keys, and the cost of a lookup that of what is found: neither grows
//! with the number of objects.

use std::{
    collections::{HashMap, HashSet},
    hash::Hash,
};

use kube::{Resource, runtime::reflector::ObjectRef};

use super::visits::visit;

/// An index of the objects `K` by their keys `G`, with a value for each.
#[derive(Debug)]
pub struct Index<K: Resource<DynamicType = ()>, G, V> {
    entries: HashMap<ObjectRef<K>, Entry<G, V>>,
    groups: HashMap<G, HashSet<ObjectRef<K>>>,
}

#[derive(Debug)]
struct Entry<G, V> {
    keys: Vec<G>,
    value: V,
}

impl<K: Resource<DynamicType = ()>, G, V> Default for Index<K, G, V> {
    fn default() -> Self {
        Self {
            entries: HashMap::new(),
            groups: HashMap::new(),
        }
    }
}

impl<K: Resource<DynamicType = ()>, G: Hash + Eq + Clone, V> Index<K, G, V> {
    /// Puts an object under these keys and under no others. Returns the keys and the value that it had.
    pub fn insert(&mut self, object: ObjectRef<K>, keys: Vec<G>, value: V) -> Option<(Vec<G>, V)> {
        let before = self.remove(&object);
        for key in &keys {
            let group = self.groups.entry(key.clone()).or_default();
            group.insert(object.clone());
        }
        self.entries.insert(object, Entry { keys, value });
        before
    }

    /// Removes an object. Returns the keys and the value that it had.
    pub fn remove(&mut self, object: &ObjectRef<K>) -> Option<(Vec<G>, V)> {
        visit();
        let Entry { keys, value } = self.entries.remove(object)?;
        for key in &keys {
            if let Some(group) = self.groups.get_mut(key) {
                group.remove(object);
                if group.is_empty() {
                    self.groups.remove(key);
                }
            }
        }
        Some((keys, value))
    }

    /// The value of an object.
    pub fn get(&self, object: &ObjectRef<K>) -> Option<&V> {
        visit();
        self.entries.get(object).map(|entry| &entry.value)
    }

    /// The objects under a key, in no order.
    pub fn under<'a>(
        &'a self,
        key: &G,
    ) -> impl Iterator<Item = (&'a ObjectRef<K>, &'a V)> + use<'a, K, G, V> {
        let group = self.groups.get(key).into_iter().flatten();
        group.filter_map(|object| Some((object, self.get(object)?)))
    }

    /// Whether there is an object under a key.
    pub fn has(&self, key: &G) -> bool {
        visit();
        self.groups.contains_key(key)
    }

    /// Every object, in no order.
    pub fn all(&self) -> impl Iterator<Item = (&ObjectRef<K>, &V)> {
        self.entries.iter().map(|(object, entry)| {
            visit();
            (object, &entry.value)
        })
    }
}

#[cfg(test)]
impl<K: Resource<DynamicType = ()>, G: std::fmt::Debug, V: std::fmt::Debug> Index<K, G, V> {
    /// All that the index holds, in an order that depends on nothing else.
    pub fn picture(&self) -> std::collections::BTreeSet<String> {
        let entries = self
            .entries
            .iter()
            .map(|(object, entry)| format!("{object:?} {entry:?}"));
        let groups = self.groups.iter().map(|(key, group)| {
            let members: std::collections::BTreeSet<_> =
                group.iter().map(|object| format!("{object:?}")).collect();
            format!("{key:?} {members:?}")
        });
        entries.chain(groups).collect()
    }
}
