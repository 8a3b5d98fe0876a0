//! Which vaults are yet to hear that a SecretRef changed. Pure.
//!
//! The volumes of a SecretRef subscribe to the vault that they were mounted from, and hear of a change from that vault
//! alone. So a change is announced to each vault that may have such volumes: the one that the spec names, if the account
//! may read something there; those that earlier specs named; and each vault that counts volumes of the SecretRef,
//! whatever mounted them and when. This table remembers which edition was last announced to each of them.

mod counts;

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
        /// Its UID.
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
    /// announcement to it is pending.
    pub fn record_count(&mut self, vault: &VaultRef, volumes: Option<Volumes>) -> Vec<SecretRefName> {
        let counts = self.counts.entry(vault.clone()).or_default();
        counts.record(volumes);
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

#[cfg(test)]
mod tests {
    use super::*;

    fn db() -> SecretRefName {
        SecretRefName {
            namespace: "shop".parse().unwrap(),
            name: "db".parse().unwrap(),
        }
    }

    fn vault(name: &str) -> VaultRef {
        VaultRef::new("team-a".parse().unwrap(), name.parse().unwrap())
    }

    /// Counts these SecretRefs, with one volume each, at a vault.
    fn count(followers: &mut Followers, vault: &VaultRef, names: &[SecretRefName]) -> Vec<SecretRefName> {
        let one = |name: &SecretRefName| RefVolumes {
            secret_ref: name.clone(),
            total: 1,
            current: 1,
            outdated: 0,
            failing: 0,
        };
        let refs = names.iter().map(one).collect();
        followers.record_count(vault, Some(Volumes { refs }))
    }

    fn spec(generation: i64) -> Edition {
        Edition::Spec {
            uid: "u-1".to_owned(),
            generation,
        }
    }

    /// A leader that observed generation 1 and announced it to vault `a`.
    fn settled() -> Followers {
        let mut followers = Followers::default();
        followers.observe(&db(), spec(1), Some(&vault("a")), false);
        followers.expect_volumes(&db(), &vault("a"));
        announce(&mut followers);
        followers
    }

    /// Announces what is pending. Returns to which vaults, in order.
    fn announce(followers: &mut Followers) -> Vec<String> {
        let Some((edition, pending)) = followers.pending(&db()) else {
            return Vec::new();
        };
        for vault in &pending {
            followers.mark_announced(&db(), vault, &edition);
        }
        let mut names: Vec<_> = pending.into_iter().map(|vault| vault.name.to_string()).collect();
        names.sort();
        names
    }

    #[test]
    fn each_spec_is_pending_for_a_vault_until_it_is_announced() {
        let mut followers = settled();
        assert_eq!(followers.pending(&db()), None);
        followers.observe(&db(), spec(2), Some(&vault("a")), false);
        for _ in 0..2 {
            assert_eq!(followers.pending(&db()), Some((spec(2), vec![vault("a")])));
            assert!(!followers.is_announced(&db()));
        }
        assert_eq!(announce(&mut followers), ["a"]);
        assert!(followers.is_announced(&db()));
        assert_eq!(announce(&mut followers), Vec::<String>::new());
    }

    #[test]
    fn the_announcement_of_an_older_spec_does_not_count_for_the_newer_one() {
        let mut followers = settled();
        followers.observe(&db(), spec(2), Some(&vault("a")), false);
        followers.observe(&db(), spec(3), Some(&vault("a")), false);
        followers.mark_announced(&db(), &vault("a"), &spec(2));
        assert_eq!(followers.pending(&db()), Some((spec(3), vec![vault("a")])));
    }

    #[test]
    fn a_moved_secret_ref_is_announced_to_both_vaults_and_to_the_old_one_while_it_has_volumes() {
        let mut followers = settled();
        followers.observe(&db(), spec(2), Some(&vault("b")), false);
        followers.expect_volumes(&db(), &vault("b"));
        assert_eq!(announce(&mut followers), ["a", "b"]);
        followers.forget_empty(&db(), |_| true);
        followers.observe(&db(), spec(3), Some(&vault("b")), false);
        assert_eq!(announce(&mut followers), ["a", "b"]);
        count(&mut followers, &vault("a"), &[]);
        followers.forget_empty(&db(), |_| true);
        followers.observe(&db(), spec(4), Some(&vault("b")), false);
        assert_eq!(announce(&mut followers), ["b"]);
    }

    #[test]
    fn nothing_is_announced_to_a_vault_where_the_account_may_read_nothing() {
        let mut followers = Followers::default();
        followers.observe(&db(), spec(1), Some(&vault("a")), false);
        assert_eq!(followers.pending(&db()), None);
        assert!(!followers.is_announced(&db()));
        // Unless it has volumes of it: another account may mount it too.
        assert_eq!(count(&mut followers, &vault("a"), &[db()]), [db()]);
        assert_eq!(announce(&mut followers), ["a"]);
        assert_eq!(count(&mut followers, &vault("a"), &[db()]), []);
    }

    #[test]
    fn a_deleted_secret_ref_is_announced_once_and_forgotten_when_its_volumes_are_gone() {
        let mut followers = settled();
        followers.retain(|_| true);
        assert_eq!(followers.removed(), []);
        followers.retain(|_| false);
        assert_eq!(followers.removed(), [db()]);
        assert_eq!(announce(&mut followers), ["a"]);
        followers.forget_empty(&db(), |_| true);
        assert_eq!(count(&mut followers, &vault("a"), &[db()]), []);
        count(&mut followers, &vault("a"), &[]);
        followers.forget_empty(&db(), |_| true);
        assert_eq!(followers.removed(), []);
    }

    #[test]
    fn a_secret_ref_that_was_made_again_is_another_one() {
        let mut followers = settled();
        followers.remove(&db());
        announce(&mut followers);
        let again = Edition::Spec {
            uid: "u-2".to_owned(),
            generation: 1,
        };
        followers.observe(&db(), again.clone(), Some(&vault("a")), true);
        assert_eq!(followers.pending(&db()), Some((again, vec![vault("a")])));
    }

    #[test]
    fn a_new_leader_announces_only_what_was_not_announced_and_finds_volumes_left_behind() {
        let mut followers = Followers::default();
        followers.observe(&db(), spec(2), Some(&vault("b")), true);
        followers.expect_volumes(&db(), &vault("b"));
        assert_eq!(followers.pending(&db()), None);
        assert!(followers.is_announced(&db()));
        // The operator was down while the SecretRef moved: its old vault still has volumes.
        assert_eq!(count(&mut followers, &vault("a"), &[db()]), [db()]);
        assert_eq!(count(&mut followers, &vault("b"), &[db()]), []);
        assert_eq!(announce(&mut followers), ["a"]);
        let mut followers = Followers::default();
        followers.observe(&db(), spec(2), Some(&vault("b")), false);
        followers.expect_volumes(&db(), &vault("b"));
        assert_eq!(announce(&mut followers), ["b"]);
    }

    #[test]
    fn volumes_of_a_secret_ref_that_was_not_observed_yet_are_pending_but_not_announced() {
        let mut followers = Followers::default();
        assert_eq!(count(&mut followers, &vault("a"), &[db()]), [db()]);
        assert_eq!(followers.pending(&db()), None);
        followers.observe(&db(), spec(1), Some(&vault("a")), true);
        assert_eq!(followers.pending(&db()), None);
    }

    #[test]
    fn nothing_is_announced_to_a_vault_that_is_gone_and_everything_to_one_that_is_made_again() {
        let mut followers = settled();
        followers.observe(&db(), spec(2), Some(&vault("b")), false);
        followers.forget_vault(&db(), &vault("a"));
        followers.forget_vault(&db(), &vault("b"));
        assert_eq!(followers.pending(&db()), None);
        followers.expect_volumes(&db(), &vault("b"));
        assert_eq!(announce(&mut followers), ["b"]);
    }
}
