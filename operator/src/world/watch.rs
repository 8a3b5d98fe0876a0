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

/// Brings a table up to date with a watch. A list replaces all: what it does not hold is removed when it ends, and what
/// it changed is announced then.
pub(super) struct Intake<K: Resource<DynamicType = ()>> {
    listing: Option<Listing<K>>,
}

struct Listing<K: Resource<DynamicType = ()>> {
    seen: HashSet<ObjectRef<K>>,
    changes: HashSet<Change>,
}

impl<K: Resource<DynamicType = ()>> Default for Intake<K> {
    fn default() -> Self {
        Self { listing: None }
    }
}

impl<K: Resource<DynamicType = ()>> Intake<K> {
    /// Takes one event into the table. Returns what is to be announced.
    pub(super) fn take(&mut self, table: &mut impl Table<K>, event: &Event<K>) -> Vec<Change> {
        match event {
            Event::Apply(object) => table.apply(object),
            Event::Delete(object) => table.remove(&ObjectRef::from_obj(object)),
            Event::Init => {
                self.listing = Some(Listing {
                    seen: HashSet::new(),
                    changes: HashSet::new(),
                });
                Vec::new()
            }
            Event::InitApply(object) => {
                let changes = table.apply(object);
                if let Some(listing) = &mut self.listing {
                    listing.seen.insert(ObjectRef::from_obj(object));
                    listing.changes.extend(changes);
                }
                Vec::new()
            }
            Event::InitDone => {
                let Some(mut listing) = self.listing.take() else {
                    return Vec::new();
                };
                for gone in table.kept() {
                    if !listing.seen.contains(&gone) {
                        listing.changes.extend(table.remove(&gone));
                    }
                }
                listing.changes.into_iter().collect()
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
