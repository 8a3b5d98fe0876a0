//! The volumes of this node: publishing them, taking them away, and finding them again after a restart.

mod adopt;
mod publish;
mod republish;
pub mod request;
mod sweep;
mod unpublish;
mod volume_lock;

use std::{collections::BTreeMap, path::PathBuf, sync::Arc, time::Duration};

use parking_lot::{Mutex, MutexGuard};
use tokio::task::AbortHandle;

use crate::{
    follow::{self, Notices, Start},
    pod::PodToken,
    services::Services,
    volume::{Facts, VolumeId, mount::Capacity},
};
pub use publish::PublishError;
pub use sweep::Orphans;
pub use unpublish::UnpublishError;
use volume_lock::VolumeLocks;

/// The node driver's name, which is also that of the `CSIDriver` object.
pub const NAME: &str = "csi.strongroom.dev";

/// What the installer decides.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The name of the Node object that the driver runs on.
    pub node: String,
    /// Where the node driver mounts volumes for itself.
    pub volumes: PathBuf,
    /// How long a publish is held while what it needs is not there yet. The kubelet waits two minutes.
    pub patience: Duration,
}

/// The volumes of this node.
pub struct Driver {
    settings: Settings,
    services: Arc<Services>,
    table: Mutex<BTreeMap<VolumeId, Published>>,
    locks: VolumeLocks,
}

/// A published volume. Dropped, its task ends; its files stay.
struct Published {
    notices: Arc<Notices>,
    task: AbortHandle,
    token: PodToken,
}

impl Drop for Published {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Driver {
    /// A node driver that knows of no volume yet.
    pub fn new(settings: Settings, services: Arc<Services>) -> Self {
        Self {
            settings,
            services,
            table: Mutex::default(),
            locks: VolumeLocks::default(),
        }
    }

    /// What the installer decided.
    pub const fn settings(&self) -> &Settings {
        &self.settings
    }

    /// What every volume uses.
    pub fn services(&self) -> &Arc<Services> {
        &self.services
    }

    /// How many volumes are published.
    pub fn count(&self) -> usize {
        self.table().len()
    }

    /// Reports to every volume that the trust bundle changed.
    pub fn bundle_changed(&self) {
        for volume in self.table().values() {
            volume.notices.say_bundle_changed();
        }
    }

    /// Closes the connections that no volume uses any more.
    pub fn close_unused_vaults(&self) {
        let ledger = self.services.ledger();
        self.services
            .sources
            .vaults
            .close_unused(|vault| ledger.uses(vault));
    }

    fn table(&self) -> MutexGuard<'_, BTreeMap<VolumeId, Published>> {
        self.table.lock()
    }

    /// Starts keeping a published volume current.
    fn follow(&self, facts: Facts, start: Start) {
        let (id, token) = (facts.id.clone(), start.token.clone());
        let (notices, task) = follow::spawn(facts, start, &self.services);
        let mut table = self.table();
        table.insert(id, Published { notices, task, token });
        self.services
            .metrics
            .volumes
            .set(i64::try_from(table.len()).unwrap_or(i64::MAX));
    }

    fn forget(&self, id: &VolumeId) {
        let mut table = self.table();
        table.remove(id);
        self.services
            .metrics
            .volumes
            .set(i64::try_from(table.len()).unwrap_or(i64::MAX));
    }

    /// The tmpfs of a volume: its files twice while they are replaced, each in whole pages.
    fn capacity(&self) -> Capacity {
        let bytes = self.services.ledger().limits().volume_bytes as u64;
        Capacity {
            bytes: 2 * bytes + (1 << 20),
            inodes: 1024,
        }
    }
}
