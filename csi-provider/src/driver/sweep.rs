//! What a process that was killed between two steps left mounted for nobody: its values would stay in memory until the node
//! restarts.

use std::{collections::BTreeSet, fs, io};

use super::Driver;
use crate::volume::{
    VolumeId,
    mount::{self, SOURCE},
    mountinfo::{self, Mount},
};

/// The volumes that were found to be nobody's.
#[derive(Debug, Default)]
pub struct Orphans(BTreeSet<VolumeId>);

impl Driver {
    /// Looks for volumes that are mounted in the node driver's own place and shown to no pod, and unmounts those that were so
    /// `before` too: another process of the node driver, which this one takes over from, may be publishing them just now.
    /// Answers what was found.
    pub fn sweep(&self, before: &Orphans) -> Orphans {
        let found = match self.orphans() {
            Ok(found) => found,
            Err(error) => {
                tracing::warn!(%error, "cannot look for volumes that are nobody's");
                return Orphans::default();
            }
        };
        for id in found.intersection(&before.0) {
            tracing::info!(volume = %id, "a volume is shown to no pod; unmounting it");
            if let Err(error) = mount::remove(&self.settings.volumes.join(id.as_str())) {
                tracing::warn!(volume = %id, %error, "cannot unmount it");
            } else if let Some(Err(error)) = self.services.saved.as_ref().map(|saved| saved.remove(id)) {
                tracing::warn!(volume = %id, %error, "cannot forget the volume's state");
            }
        }
        Orphans(found)
    }

    fn orphans(&self) -> io::Result<BTreeSet<VolumeId>> {
        let mut ids = self.idle_places()?;
        if ids.is_empty() {
            return Ok(ids);
        }
        let mounts = mountinfo::read()?;
        ids.retain(|id| {
            let place = self.settings.volumes.join(id.as_str());
            let (here, elsewhere): (Vec<_>, Vec<_>) = mounts.iter().partition(|mount| mount.point == place);
            let is_ours = |mount: &&Mount| mount.is_tmpfs_of(SOURCE);
            let is_shown = |mount: &&Mount| elsewhere.iter().any(|other| other.device == mount.device);
            !here.is_empty() && here.iter().all(is_ours) && !here.iter().any(is_shown)
        });
        Ok(ids)
    }

    /// The names of volumes in the node driver's own directory that nothing is known of and nothing is done with.
    fn idle_places(&self) -> io::Result<BTreeSet<VolumeId>> {
        let entries = match fs::read_dir(&self.settings.volumes) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(BTreeSet::new()),
            entries => entries?,
        };
        let mut ids = BTreeSet::new();
        for entry in entries {
            let name = entry?.file_name();
            ids.extend(name.to_str().and_then(|name| name.parse::<VolumeId>().ok()));
        }
        let table = self.table();
        ids.retain(|id| !table.contains_key(id) && !self.locks.is_locked(id));
        Ok(ids)
    }
}
