//! One operation on a volume at a time.

use std::{collections::BTreeMap, sync::Arc};

use parking_lot::Mutex;
use tokio::sync::{Mutex as AsyncMutex, OwnedMutexGuard};
use tokio_util::sync::CancellationToken;

use crate::volume::VolumeId;

type Map = Arc<Mutex<BTreeMap<VolumeId, Entry>>>;

#[derive(Clone, Default)]
struct Entry {
    lock: Arc<AsyncMutex<()>>,
    cancel: CancellationToken,
}

/// The locks of all volumes that an operation is under way on.
#[derive(Default)]
pub(super) struct VolumeLocks(Map);

/// The right to work on a volume. Dropped, the next operation has it.
pub(super) struct VolumeLock {
    map: Map,
    id: VolumeId,
    /// Cancelled when the kubelet asks to take the volume away.
    pub(super) cancelled: CancellationToken,
    guard: Option<OwnedMutexGuard<()>>,
}

impl VolumeLocks {
    /// The right to publish `id`; `None` while another operation has it.
    pub(super) fn try_lock(&self, id: &VolumeId) -> Option<VolumeLock> {
        let entry = self.entry(id);
        let guard = Arc::clone(&entry.lock).try_lock_owned().ok()?;
        Some(self.locked(id, entry, guard))
    }

    /// The right to take `id` away. Cancels a publish that has it.
    pub(super) async fn lock(&self, id: &VolumeId) -> VolumeLock {
        let entry = self.entry(id);
        entry.cancel.cancel();
        let guard = Arc::clone(&entry.lock).lock_owned().await;
        self.locked(id, entry, guard)
    }

    /// Whether an operation on `id` is under way.
    pub(super) fn is_locked(&self, id: &VolumeId) -> bool {
        self.0.lock().contains_key(id)
    }

    fn entry(&self, id: &VolumeId) -> Entry {
        self.0.lock().entry(id.clone()).or_default().clone()
    }

    fn locked(&self, id: &VolumeId, entry: Entry, guard: OwnedMutexGuard<()>) -> VolumeLock {
        VolumeLock {
            map: Arc::clone(&self.0),
            id: id.clone(),
            cancelled: entry.cancel,
            guard: Some(guard),
        }
    }
}

impl Drop for VolumeLock {
    fn drop(&mut self) {
        let mut map = self.map.lock();
        self.guard = None;
        // The map's own is the last one left when no operation waits.
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
        let locks = Arc::new(VolumeLocks::default());
        let id: VolumeId = "v".parse().unwrap();
        let first = locks.try_lock(&id).unwrap();
        assert!(locks.try_lock(&id).is_none());
        assert!(locks.try_lock(&"w".parse().unwrap()).is_some());
        let waiting = tokio::spawn({
            let (locks, id) = (Arc::clone(&locks), id.clone());
            async move { drop(locks.lock(&id).await) }
        });
        first.cancelled.cancelled().await;
        drop(first);
        waiting.await.unwrap();
        assert!(!locks.try_lock(&id).unwrap().cancelled.is_cancelled());
        assert!(locks.0.lock().is_empty());
    }
}
