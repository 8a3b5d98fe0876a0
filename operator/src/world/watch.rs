//! From the events of a watch to a table of what exists, and to the changes that this makes.

use std::{collections::HashSet, fmt::Debug, hash::Hash};

use futures::StreamExt;
use kube::{
    Api, Resource,
    runtime::{
        WatchStreamExt,
        reflector::ObjectRef,
        watcher::{self, Event, watcher},
    },
};
use serde::de::DeserializeOwned;

use super::changes::{Change, Changes};

/// What is kept of the objects of one kind.
pub(super) trait Table<K: Resource<DynamicType = ()>> {
    /// Keeps an object as it is now. Returns what this changes: nothing if it is as it was.
    fn apply(&mut self, object: &K) -> Vec<Change>;

    /// Removes an object. Returns what this changes.
    fn remove(&mut self, object: &ObjectRef<K>) -> Vec<Change>;

    /// Every object that is kept.
    fn kept(&self) -> Vec<ObjectRef<K>>;
}

/// Brings a table up to date with a watch. A list replaces all: what it does not hold is removed when it ends. What a
/// list changes is announced when one ends: this one, or the next if this one breaks off.
pub(super) struct Intake<K: Resource<DynamicType = ()>> {
    /// The objects that the list holds so far.
    listed: HashSet<ObjectRef<K>>,
    /// What lists have changed since one ended.
    pending: HashSet<Change>,
}

impl<K: Resource<DynamicType = ()>> Default for Intake<K> {
    fn default() -> Self {
        Self {
            listed: HashSet::new(),
            pending: HashSet::new(),
        }
    }
}

impl<K: Resource<DynamicType = ()>> Intake<K> {
    /// Takes one event into the table. Returns what is to be announced.
    pub(super) fn take(&mut self, table: &mut impl Table<K>, event: &Event<K>) -> Vec<Change> {
        match event {
            Event::Apply(object) => table.apply(object),
            Event::Delete(object) => table.remove(&ObjectRef::from_obj(object)),
            Event::Init => {
                self.listed.clear();
                Vec::new()
            }
            Event::InitApply(object) => {
                self.listed.insert(ObjectRef::from_obj(object));
                self.pending.extend(table.apply(object));
                Vec::new()
            }
            Event::InitDone => {
                // Not only emptied: the memory of a long list is given back.
                let listed = std::mem::take(&mut self.listed);
                for gone in table.kept().iter().filter(|object| !listed.contains(object)) {
                    self.pending.extend(table.remove(gone));
                }
                std::mem::take(&mut self.pending).into_iter().collect()
            }
        }
    }
}

/// Watches all objects of a kind until the process ends, and announces what `take` returns for each event.
pub(super) fn watch<K>(
    api: Api<K>,
    changes: &Changes,
    mut take: impl FnMut(&Event<K>) -> Vec<Change> + Send + 'static,
) where
    K: Resource<DynamicType = ()> + Clone + Debug + Send + Sync + DeserializeOwned + 'static,
    ObjectRef<K>: Hash + Eq,
{
    let changes = changes.clone();
    let events = watcher(api, watcher::Config::default().page_size(500))
        .default_backoff()
        .modify(strip);
    tokio::spawn(events.for_each(move |event| {
        match event {
            Ok(event) => take(&event)
                .into_iter()
                .for_each(|change| changes.announce(change)),
            Err(error) => tracing::warn!(%error, "a watch failed and will be resumed"),
        }
        std::future::ready(())
    }));
}

/// Drops the metadata that the operator does not read and that costs the most memory.
fn strip<K: Resource>(object: &mut K) {
    let metadata = object.meta_mut();
    metadata.managed_fields = None;
    if let Some(annotations) = &mut metadata.annotations {
        annotations.remove("kubectl.kubernetes.io/last-applied-configuration");
    }
}
