//! After a restart: the volumes that the process before left mounted, followed again at once.

use super::Driver;
use crate::{
    follow::Start,
    volume::{
        mount::{MountError, Mounted},
        saved::SavedVolume,
        tree::Tree,
    },
};

impl Driver {
    /// Follows again what was kept and is still mounted, and forgets the rest. Answers with how many are followed.
    pub fn adopt(&self) -> usize {
        let Some(saved) = &self.services.saved else {
            return 0;
        };
        let found = match saved.read_all() {
            Ok(found) => found,
            Err(error) => {
                tracing::error!(%error, "cannot read the state that was kept");
                return 0;
            }
        };
        for restored in found {
            match restored {
                Ok(restored) => self.adopt_one(restored),
                Err(error) => tracing::warn!(%error, "passing over what cannot be read"),
            }
        }
        self.count()
    }

    fn adopt_one(&self, restored: SavedVolume) {
        let id = restored.facts.id.clone();
        match is_whole(&restored) {
            Ok(Some(size)) => {
                let share = restored.facts.share(&restored.spec, size);
                self.services.ledger().adopt(&id, share);
                let SavedVolume {
                    facts,
                    token,
                    spec,
                    held,
                } = restored;
                self.follow(
                    facts,
                    Start {
                        token,
                        spec: Some(spec),
                        held,
                        vault_token: None,
                        reread: true,
                    },
                );
            }
            Ok(None) => {
                tracing::info!(volume = %id, "a volume was taken away meanwhile");
                if let Some(Err(error)) = self.services.saved.as_ref().map(|saved| saved.remove(&id)) {
                    tracing::warn!(volume = %id, %error, "cannot forget the volume's state");
                }
            }
            Err(error) => tracing::warn!(volume = %id, %error, "cannot look at a volume"),
        }
    }
}

/// The size of the volume's files, if it is mounted and complete.
fn is_whole(restored: &SavedVolume) -> Result<Option<usize>, MountError> {
    let paths = &restored.facts.paths;
    match paths.inspect()? {
        Mounted::Both => paths.make_own_writable()?,
        Mounted::TargetOnly => paths.adopt()?,
        Mounted::Nothing | Mounted::OwnOnly | Mounted::Foreign => return Ok(None),
    }
    let tree = Tree::open(&paths.own).ok();
    Ok(tree
        .filter(Tree::is_filled)
        .and_then(|tree| tree.read().ok())
        .map(|image| image.size()))
}
