//! One operation on a volume at a time.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use tokio::sync::{Mutex as AsyncMutex, OwnedMutexGuard};
use tokio_util::sync::CancellationToken;

use crate::volume::VolumeId;

type Map = Arc<Mutex<BTreeMap<VolumeId, Entry>>>;

#[derive(Clone, Default)]
struct Entry {
    lock: Arc<AsyncMutex<()>>,
    cancel: CancellationToken,
}

/// Who works on which volume.
#[derive(Default)]
pub(super) struct Holds(Map);

/// The right to work on a volume.
pub(super) struct Hold {
    map: Map,
    id: VolumeId,
    /// Cancelled when somebody wants to take the volume away.
    pub(super) cancelled: CancellationToken,
    guard: Option<OwnedMutexGuard<()>>,
}

impl Holds {
    /// The right to publish `id`; `None` while somebody else works on it.
    pub(super) fn try_hold(&self, id: &VolumeId) -> Option<Hold> {
        let entry = self.entry(id);
        let guard = Arc::clone(&entry.lock).try_lock_owned().ok()?;
        Some(self.hold_with(id, entry, guard))
    }

    /// The right to take `id` away: whoever publishes it is told to stop.
    pub(super) async fn hold(&self, id: &VolumeId) -> Hold {
        let entry = self.entry(id);
        entry.cancel.cancel();
        let guard = Arc::clone(&entry.lock).lock_owned().await;
        self.hold_with(id, entry, guard)
    }

    fn entry(&self, id: &VolumeId) -> Entry {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .entry(id.clone())
            .or_default()
            .clone()
    }

    fn hold_with(&self, id: &VolumeId, entry: Entry, guard: OwnedMutexGuard<()>) -> Hold {
        Hold {
            map: Arc::clone(&self.0),
            id: id.clone(),
            cancelled: entry.cancel,
            guard: Some(guard),
        }
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        let mut map = self.map.lock().unwrap_or_else(PoisonError::into_inner);
        self.guard = None;
        // The map's own is the last one left when nobody waits.
        if map
            .get(&self.id)
            .is_some_and(|entry| Arc::strong_count(&entry.lock) == 1)
        {
            map.remove(&self.id);
        } else if let Some(entry) = map.get_mut(&self.id) {
            entry.cancel = CancellationToken::new();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_second_publish_is_turned_away_and_taking_away_cancels_the_first() {
        let holds = Arc::new(Holds::default());
        let id: VolumeId = "v".parse().unwrap();
        let first = holds.try_hold(&id).unwrap();
        assert!(holds.try_hold(&id).is_none());
        assert!(holds.try_hold(&"w".parse().unwrap()).is_some());
        let waiting = tokio::spawn({
            let (holds, id) = (Arc::clone(&holds), id.clone());
            async move { drop(holds.hold(&id).await) }
        });
        first.cancelled.cancelled().await;
        drop(first);
        waiting.await.unwrap();
        assert!(!holds.try_hold(&id).unwrap().cancelled.is_cancelled());
        assert!(holds.0.lock().unwrap().is_empty());
    }
}
