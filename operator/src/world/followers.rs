//! Which vaults are yet to hear that a SecretRef changed. Pure.
//!
//! The volumes of a SecretRef subscribe to the vault that they were mounted from, and hear of a change from that vault
//! alone. So a change is announced to each vault that may have such volumes: the one that the spec names, if the account
//! may read something there; those that earlier specs named; and each vault that counts volumes of the SecretRef,
//! whatever mounted them and when. This table remembers which edition was last announced to each of them.

mod counts;
#[cfg(test)]
mod tests;

use std::{
    collections::{BTreeSet, HashMap},
    time::Instant,
};

use strongroom_core::{SecretRefName, VaultRef};
use strongroom_wire::admin::{RefVolumes, Volumes};

use counts::Counts;

/// A SecretRef as it is now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Edition {
    /// It exists, with this spec.
    Spec {
        /// The object's UID: a SecretRef made again under the same name has another.
        uid: String,
        /// Its `metadata.generation`.
        generation: i64,
    },
    /// It was deleted.
    Gone,
}

/// Every SecretRef that was observed, and every one that a vault has volumes of.
#[derive(Debug, Default)]
pub struct Followers {
    followed: HashMap<SecretRefName, Followed>,
    /// Those of edition `Gone`.
    removed: BTreeSet<SecretRefName>,
    counts: HashMap<VaultRef, Counts>,
}

/// One SecretRef. There may be ten thousand, nearly all with one vault.
#[derive(Debug, Default)]
struct Followed {
    /// `None` until it is observed.
    edition: Option<Edition>,
    vaults: Vec<Follower>,
}

#[derive(Debug)]
struct Follower {
    vault: VaultRef,
    /// Whether the spec names it.
    is_named: bool,
    /// Whether it may have volumes.
    has_volumes: bool,
    /// Whether this edition was announced to it.
    is_announced: bool,
}

impl Followed {
    /// Sets the edition. A new one was announced to no vault.
    fn set_edition(&mut self, edition: Edition) {
        if self.edition.as_ref() != Some(&edition) {
            self.edition = Some(edition);
            for follower in &mut self.vaults {
                follower.is_announced = false;
            }
        }
    }

    fn find(&mut self, vault: &VaultRef) -> Option<&mut Follower> {
        self.vaults.iter_mut().find(|follower| follower.vault == *vault)
    }

    /// Adds a vault that has volumes. Returns whether an announcement to it is pending.
    fn add_volumes(&mut self, vault: &VaultRef) -> bool {
        if let Some(follower) = self.find(vault) {
            follower.has_volumes = true;
            return !follower.is_announced;
        }
        self.vaults.push(Follower {
            vault: vault.clone(),
            is_named: false,
            has_volumes: true,
            is_announced: false,
        });
        true
    }

    /// Makes one vault the named one. Those named before stay if they may have volumes.
    fn set_named(&mut self, vault: Option<&VaultRef>) {
        for follower in &mut self.vaults {
            follower.is_named = Some(&follower.vault) == vault;
        }
        self.vaults
            .retain(|follower| follower.is_named || follower.has_volumes);
        if let Some(vault) = vault
            && self.find(vault).is_none()
        {
            self.vaults.push(Follower {
                vault: vault.clone(),
                is_named: true,
                has_volumes: false,
                is_announced: false,
            });
        }
    }

    fn remove(&mut self) {
        self.set_edition(Edition::Gone);
        self.set_named(None);
    }
}

impl Followers {
    /// Observes a SecretRef as it is, and the vault that it names; `None` where its spec names none that can exist.
    /// `is_announced` says that an earlier leader announced this very spec to that vault.
    pub fn observe(
        &mut self,
        name: &SecretRefName,
        edition: Edition,
        named: Option<&VaultRef>,
        is_announced: bool,
    ) {
        self.removed.remove(name);
        let followed = self.followed.entry(name.clone()).or_default();
        let is_new = followed.edition.is_none();
        followed.set_edition(edition);
        followed.set_named(named);
        let named = named.and_then(|vault| followed.find(vault));
        if let Some(named) = named.filter(|_| is_new && is_announced) {
            named.is_announced = true;
        }
    }

    /// Expects volumes at the vault that the SecretRef names: its account may read something there.
    pub fn expect_volumes(&mut self, name: &SecretRefName, vault: &VaultRef) {
        let followed = self.followed.get_mut(name);
        if let Some(follower) = followed.and_then(|followed| followed.find(vault)) {
            follower.has_volumes = true;
        }
    }

    /// Whether a vault's volumes are to be counted now: its last count began ten seconds ago or never. The count begins
    /// with this.
    pub fn begin_count(&mut self, vault: &VaultRef, now: Instant) -> bool {
        self.counts.entry(vault.clone()).or_default().begin(now)
    }

    /// Records the volumes that a vault counts; `None` if it did not answer. Returns the SecretRefs of which an
    /// announcement to it is pending. What an earlier count named and this one does not is followed at this vault no more,
    /// so that what is remembered of a vault's word is never more than one count of it.
    pub fn record_count(&mut self, vault: &VaultRef, volumes: Option<Volumes>) -> Vec<SecretRefName> {
        let counts = self.counts.entry(vault.clone()).or_default();
        for name in counts.record(volumes) {
            if let Some(followed) = self.followed.get_mut(&name) {
                followed
                    .vaults
                    .retain(|follower| follower.is_named || follower.vault != *vault);
                if followed.vaults.is_empty() && !matches!(followed.edition, Some(Edition::Spec { .. })) {
                    self.followed.remove(&name);
                    self.removed.remove(&name);
                }
            }
        }
        let mut pending = Vec::new();
        for name in counts.names() {
            let followed = self.followed.entry(name.clone()).or_default();
            if followed.add_volumes(vault) {
                pending.push(name.clone());
            }
        }
        pending
    }

    /// The volumes of a SecretRef at a vault, as last counted; `None` while there is no count.
    pub fn volumes(&self, vault: &VaultRef, name: &SecretRefName) -> Option<RefVolumes> {
        self.counts.get(vault)?.of(name)
    }

    /// Removes a SecretRef that was deleted.
    pub fn remove(&mut self, name: &SecretRefName) {
        if let Some(followed) = self.followed.get_mut(name) {
            followed.remove();
            self.removed.insert(name.clone());
        }
    }

    /// Removes the SecretRefs that do not exist any more.
    pub fn retain(&mut self, exists: impl Fn(&SecretRefName) -> bool) {
        for (name, followed) in &mut self.followed {
            if followed.edition != Some(Edition::Gone) && !exists(name) {
                followed.remove();
                self.removed.insert(name.clone());
            }
        }
    }

    /// Forgets the counts of vaults that do not exist any more.
    pub fn retain_vaults(&mut self, exists: impl Fn(&VaultRef) -> bool) {
        self.counts.retain(|vault, _| exists(vault));
    }

    /// The removed SecretRefs that are remembered.
    pub fn removed(&self) -> Vec<SecretRefName> {
        self.removed.iter().cloned().collect()
    }

    /// The removals that are to be announced, by vault.
    pub fn pending_removals(&self) -> HashMap<VaultRef, Vec<SecretRefName>> {
        let mut removals: HashMap<_, Vec<_>> = HashMap::new();
        for name in &self.removed {
            for vault in self.pending(name).into_iter().flat_map(|(_, vaults)| vaults) {
                removals.entry(vault).or_default().push(name.clone());
            }
        }
        removals
    }

    /// The edition that is to be announced, and the vaults that it is to be announced to; `None` if there is no vault.
    pub fn pending(&self, name: &SecretRefName) -> Option<(Edition, Vec<VaultRef>)> {
        let followed = self.followed.get(name)?;
        let edition = followed.edition.clone()?;
        let vaults: Vec<_> = followed
            .vaults
            .iter()
            .filter(|follower| follower.has_volumes && !follower.is_announced)
            .map(|follower| follower.vault.clone())
            .collect();
        (!vaults.is_empty()).then_some((edition, vaults))
    }

    /// Marks an edition as announced to a vault. Does nothing if the edition was replaced meanwhile.
    pub fn mark_announced(&mut self, name: &SecretRefName, vault: &VaultRef, edition: &Edition) {
        let followed = self.followed.get_mut(name);
        let current = followed.filter(|followed| followed.edition.as_ref() == Some(edition));
        if let Some(follower) = current.and_then(|followed| followed.find(vault)) {
            follower.is_announced = true;
        }
    }

    /// Whether the current spec was announced to the vault that it names.
    pub fn is_announced(&self, name: &SecretRefName) -> bool {
        let is_announced = |follower: &Follower| follower.is_named && follower.is_announced;
        self.followed
            .get(name)
            .is_some_and(|followed| followed.vaults.iter().any(is_announced))
    }

    /// Forgets the vaults that the spec does not name, that the edition was announced to, and that have no volumes of
    /// the SecretRef by their last count, or do not exist; then the SecretRef, if it was removed and no vault is left.
    pub fn forget_empty(&mut self, name: &SecretRefName, exists: impl Fn(&VaultRef) -> bool) {
        let Some(followed) = self.followed.get_mut(name) else {
            return;
        };
        let counts = &self.counts;
        let is_empty = |vault: &VaultRef| {
            let counted = counts.get(vault).is_some_and(|counts| counts.has_none(name));
            counted || !exists(vault)
        };
        followed
            .vaults
            .retain(|follower| follower.is_named || !follower.is_announced || !is_empty(&follower.vault));
        if followed.edition == Some(Edition::Gone) && followed.vaults.is_empty() {
            self.followed.remove(name);
            self.removed.remove(name);
        }
    }

    /// Forgets a vault that does not exist: its volumes are gone with it.
    pub fn forget_vault(&mut self, name: &SecretRefName, vault: &VaultRef) {
        if let Some(followed) = self.followed.get_mut(name) {
            followed
                .vaults
                .retain(|follower| follower.is_named || follower.vault != *vault);
            if let Some(named) = followed.find(vault) {
                (named.has_volumes, named.is_announced) = (false, false);
            }
        }
    }
}
