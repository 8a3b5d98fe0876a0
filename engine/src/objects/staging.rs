//! A change with more records than one commit takes: a restore of many versions.
//!
//! Its versions go into the store first, some at a time, with their entries of the index: no head leads to them, so nobody
//! sees them. A record of what is left of an object stands beside them until the last commit, which puts the head. Where
//! that one never comes, after a crash or a failure, the sweep removes them like the versions of a purged object.

use std::collections::BTreeMap;

use crate::{
    crypt::keyring::Keyring,
    format::{key, records::Garbage},
    store::{Batch, Key, Value},
};

/// A change in several commits.
pub(super) struct Staged {
    /// What is committed before, in this order.
    pub(super) before: Vec<Batch>,
    /// What makes the change seen.
    pub(super) last: Batch,
}

/// Parts `batch` so that none of the commits before the last has more than `most` records; none if it is no change that
/// can be parted.
pub(super) fn stage(batch: &Batch, keyring: &Keyring, most: usize) -> Option<Staged> {
    let object = batch.iter().find_map(|(key, _)| key::object_of_index(key))?;
    let (mut parts, mut last) = (BTreeMap::new(), Batch::default());
    for (key, record) in batch.iter() {
        match record {
            Some(record) if key::is_part(key, object) => {
                parts.insert(key.clone(), record.clone());
            }
            Some(record) => last.put(key.clone(), record.clone()),
            None => last.remove(key.clone()),
        }
    }
    // The version that was numbered last is the current one, to which no entry of the index leads.
    let current = parts.iter().rfind(|(key, _)| key::is_version(key));
    let (key, record) = current.map(|(key, record)| (key.clone(), record.clone()))?;
    parts.remove(&key);
    last.put(key, record);
    let place = key::garbage(object);
    last.remove(place.clone());
    let left = keyring.prove(&place, &Garbage { current: None });
    Some(Staged {
        before: chunks(parts, (place, left), most),
        last,
    })
}

/// The parts in batches of at most `most` records; the first has `left` too.
fn chunks(parts: BTreeMap<Key, Value>, left: (Key, Value), most: usize) -> Vec<Batch> {
    let mut batches = vec![Batch::default()];
    for (key, record) in std::iter::once(left).chain(parts) {
        if batches.last().is_none_or(|batch| batch.len() >= most) {
            batches.push(Batch::default());
        }
        if let Some(batch) = batches.last_mut() {
            batch.put(key, record);
        }
    }
    batches
}
