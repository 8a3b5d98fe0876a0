//! Which vaults are to be told that a SecretRef changed. Pure.
//!
//! The volumes of a SecretRef listen to the vault that they were mounted from, and hear of a change from it alone. So
//! word goes to each vault that may have such volumes: the one that the spec names, if the account may read something
//! there; those that earlier specs named; and whichever counts volumes of it, whoever mounted them and whenever. What
//! is remembered here is what each of them was last told.

use std::collections::HashMap;

use kube::runtime::reflector::ObjectRef;
use strongroom_core::SecretRefName;
use strongroom_crds::Vault;

/// A vault, by namespace and name: what a volume listens to.
pub type VaultKey = ObjectRef<Vault>;

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

/// Every SecretRef that was seen, and every one that a vault has volumes of.
#[derive(Debug, Default)]
pub struct Followers(HashMap<SecretRefName, Followed>);

/// One of them. There may be ten thousand, nearly all with one vault.
#[derive(Debug, Default)]
struct Followed {
    /// `None` until it is looked at.
    edition: Option<Edition>,
    vaults: Vec<Follower>,
}

#[derive(Debug)]
struct Follower {
    vault: VaultKey,
    /// Whether the spec names it.
    is_named: bool,
    /// Whether there may be volumes.
    listens: bool,
    /// Whether it was told of this edition.
    is_told: bool,
}

impl Followed {
    /// Takes in how it is now, of which nobody was told.
    fn becomes(&mut self, edition: Edition) {
        if self.edition.as_ref() != Some(&edition) {
            self.edition = Some(edition);
            for follower in &mut self.vaults {
                follower.is_told = false;
            }
        }
    }

    fn find(&mut self, vault: &VaultKey) -> Option<&mut Follower> {
        self.vaults.iter_mut().find(|follower| follower.vault == *vault)
    }

    /// Has a vault among the followers, and answers whether it is owed anything.
    fn listen(&mut self, vault: &VaultKey) -> bool {
        if let Some(follower) = self.find(vault) {
            follower.listens = true;
            return !follower.is_told;
        }
        self.vaults.push(Follower {
            vault: vault.clone(),
            is_named: false,
            listens: true,
            is_told: false,
        });
        true
    }

    /// Has one vault be the named one; those before stay if there may be volumes.
    fn name(&mut self, vault: Option<&VaultKey>) {
        for follower in &mut self.vaults {
            follower.is_named = Some(&follower.vault) == vault;
        }
        self.vaults
            .retain(|follower| follower.is_named || follower.listens);
        if let Some(vault) = vault
            && self.find(vault).is_none()
        {
            self.vaults.push(Follower {
                vault: vault.clone(),
                is_named: true,
                listens: false,
                is_told: false,
            });
        }
    }

    fn part(&mut self) {
        self.becomes(Edition::Gone);
        self.name(None);
    }
}

impl Followers {
    /// Takes in a SecretRef as it is, and the vault that it names. `announced` says that an earlier leader has told that
    /// vault of this very spec.
    pub fn see(&mut self, name: &SecretRefName, edition: Edition, vault: &VaultKey, announced: bool) {
        let followed = self.0.entry(name.clone()).or_default();
        let is_new = followed.edition.is_none();
        followed.becomes(edition);
        followed.name(Some(vault));
        if let Some(named) = followed.find(vault).filter(|_| is_new && announced) {
            named.is_told = true;
        }
    }

    /// Takes in that the SecretRef's account may read something of the vault that it names.
    pub fn may_follow(&mut self, name: &SecretRefName, vault: &VaultKey) {
        if let Some(follower) = self.0.get_mut(name).and_then(|followed| followed.find(vault)) {
            follower.listens = true;
        }
    }

    /// Takes in of which `SecretRef`s a vault has volumes. Answers with those that are worth a look.
    pub fn count<'a>(
        &mut self,
        vault: &VaultKey,
        names: impl IntoIterator<Item = &'a SecretRefName>,
    ) -> Vec<SecretRefName> {
        let mut owed = Vec::new();
        for name in names {
            if self.0.entry(name.clone()).or_default().listen(vault) {
                owed.push(name.clone());
            }
        }
        owed
    }

    /// Takes in that a SecretRef was deleted.
    pub fn part(&mut self, name: &SecretRefName) {
        if let Some(followed) = self.0.get_mut(name) {
            followed.part();
        }
    }

    /// Takes in which `SecretRef`s are there no more.
    pub fn keep(&mut self, exists: impl Fn(&SecretRefName) -> bool) {
        for (name, followed) in &mut self.0 {
            if followed.edition != Some(Edition::Gone) && !exists(name) {
                followed.part();
            }
        }
    }

    /// The deleted `SecretRef`s that are remembered.
    pub fn parted(&self) -> Vec<SecretRefName> {
        self.0
            .iter()
            .filter(|(_, followed)| followed.edition == Some(Edition::Gone))
            .map(|(name, _)| name.clone())
            .collect()
    }

    /// Who is to be told of what; `None` if nobody is.
    pub fn owed(&self, name: &SecretRefName) -> Option<(Edition, Vec<VaultKey>)> {
        let followed = self.0.get(name)?;
        let edition = followed.edition.clone()?;
        let vaults: Vec<_> = followed
            .vaults
            .iter()
            .filter(|follower| follower.listens && !follower.is_told)
            .map(|follower| follower.vault.clone())
            .collect();
        (!vaults.is_empty()).then_some((edition, vaults))
    }

    /// Takes in that a vault was told; of what was meanwhile replaced, it was told nothing.
    pub fn told(&mut self, name: &SecretRefName, vault: &VaultKey, edition: &Edition) {
        let followed = self.0.get_mut(name);
        let current = followed.filter(|followed| followed.edition.as_ref() == Some(edition));
        if let Some(follower) = current.and_then(|followed| followed.find(vault)) {
            follower.is_told = true;
        }
    }

    /// Whether the vault that the spec names was told of that spec.
    pub fn is_announced(&self, name: &SecretRefName) -> bool {
        let is_told = |follower: &Follower| follower.is_named && follower.is_told;
        self.0
            .get(name)
            .is_some_and(|followed| followed.vaults.iter().any(is_told))
    }

    /// Forgets what need not be told again: the vaults that the spec does not name, that know of it, and that `has_left`
    /// says have no volumes of it; then the SecretRef, if it is gone and nobody is left.
    pub fn leave(&mut self, name: &SecretRefName, has_left: impl Fn(&VaultKey) -> bool) {
        let Some(followed) = self.0.get_mut(name) else {
            return;
        };
        followed
            .vaults
            .retain(|follower| follower.is_named || !follower.is_told || !has_left(&follower.vault));
        if followed.edition == Some(Edition::Gone) && followed.vaults.is_empty() {
            self.0.remove(name);
        }
    }

    /// Takes in that there is no such vault: what it had of volumes left with it.
    pub fn lose(&mut self, name: &SecretRefName, vault: &VaultKey) {
        if let Some(followed) = self.0.get_mut(name) {
            followed
                .vaults
                .retain(|follower| follower.is_named || follower.vault != *vault);
            if let Some(named) = followed.find(vault) {
                (named.listens, named.is_told) = (false, false);
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

    fn vault(name: &str) -> VaultKey {
        ObjectRef::new(name).within("team-a")
    }

    fn spec(generation: i64) -> Edition {
        Edition::Spec {
            uid: "u-1".to_owned(),
            generation,
        }
    }

    /// A leader that has seen generation 1 and told vault `a`.
    fn settled() -> Followers {
        let mut followers = Followers::default();
        followers.see(&db(), spec(1), &vault("a"), false);
        followers.may_follow(&db(), &vault("a"));
        tell(&mut followers);
        followers
    }

    /// Tells everyone, and answers whom, in order.
    fn tell(followers: &mut Followers) -> Vec<String> {
        let Some((edition, owed)) = followers.owed(&db()) else {
            return Vec::new();
        };
        for vault in &owed {
            followers.told(&db(), vault, &edition);
        }
        let mut names: Vec<_> = owed.into_iter().map(|vault| vault.name).collect();
        names.sort();
        names
    }

    #[test]
    fn a_vault_is_owed_word_of_each_spec_until_it_is_told() {
        let mut followers = settled();
        assert_eq!(followers.owed(&db()), None);
        followers.see(&db(), spec(2), &vault("a"), false);
        for _ in 0..2 {
            assert_eq!(followers.owed(&db()), Some((spec(2), vec![vault("a")])));
            assert!(!followers.is_announced(&db()));
        }
        assert_eq!(tell(&mut followers), ["a"]);
        assert!(followers.is_announced(&db()));
        assert_eq!(tell(&mut followers), Vec::<String>::new());
    }

    #[test]
    fn word_of_an_older_spec_does_not_count_for_the_newer_one() {
        let mut followers = settled();
        followers.see(&db(), spec(2), &vault("a"), false);
        followers.see(&db(), spec(3), &vault("a"), false);
        followers.told(&db(), &vault("a"), &spec(2));
        assert_eq!(followers.owed(&db()), Some((spec(3), vec![vault("a")])));
    }

    #[test]
    fn a_moved_secret_ref_is_told_to_both_vaults_and_to_the_old_one_while_it_has_volumes() {
        let mut followers = settled();
        followers.see(&db(), spec(2), &vault("b"), false);
        followers.may_follow(&db(), &vault("b"));
        assert_eq!(tell(&mut followers), ["a", "b"]);
        followers.leave(&db(), |_| false);
        followers.see(&db(), spec(3), &vault("b"), false);
        assert_eq!(tell(&mut followers), ["a", "b"]);
        followers.leave(&db(), |_| true);
        followers.see(&db(), spec(4), &vault("b"), false);
        assert_eq!(tell(&mut followers), ["b"]);
    }

    #[test]
    fn a_vault_that_has_nothing_to_do_with_the_account_is_told_nothing() {
        let mut followers = Followers::default();
        followers.see(&db(), spec(1), &vault("a"), false);
        assert_eq!(followers.owed(&db()), None);
        assert!(!followers.is_announced(&db()));
        // Unless it has volumes of it: another account may mount it too.
        assert_eq!(followers.count(&vault("a"), [&db()]), [db()]);
        assert_eq!(tell(&mut followers), ["a"]);
        assert_eq!(followers.count(&vault("a"), [&db()]), []);
    }

    #[test]
    fn a_deleted_secret_ref_is_told_once_and_forgotten_when_its_volumes_are_gone() {
        let mut followers = settled();
        followers.keep(|_| true);
        assert_eq!(followers.parted(), []);
        followers.keep(|_| false);
        assert_eq!(followers.parted(), [db()]);
        assert_eq!(tell(&mut followers), ["a"]);
        followers.leave(&db(), |_| false);
        assert_eq!(followers.count(&vault("a"), [&db()]), []);
        followers.leave(&db(), |_| true);
        assert_eq!(followers.parted(), []);
    }

    #[test]
    fn a_secret_ref_that_was_made_again_is_another_one() {
        let mut followers = settled();
        followers.part(&db());
        tell(&mut followers);
        let again = Edition::Spec {
            uid: "u-2".to_owned(),
            generation: 1,
        };
        followers.see(&db(), again.clone(), &vault("a"), true);
        assert_eq!(followers.owed(&db()), Some((again, vec![vault("a")])));
    }

    #[test]
    fn a_new_leader_tells_only_what_was_not_announced_and_finds_volumes_left_behind() {
        let mut followers = Followers::default();
        followers.see(&db(), spec(2), &vault("b"), true);
        followers.may_follow(&db(), &vault("b"));
        assert_eq!(followers.owed(&db()), None);
        assert!(followers.is_announced(&db()));
        // The operator was down while the SecretRef moved: its old vault still has volumes.
        assert_eq!(followers.count(&vault("a"), [&db()]), [db()]);
        assert_eq!(followers.count(&vault("b"), [&db()]), []);
        assert_eq!(tell(&mut followers), ["a"]);
        let mut followers = Followers::default();
        followers.see(&db(), spec(2), &vault("b"), false);
        followers.may_follow(&db(), &vault("b"));
        assert_eq!(tell(&mut followers), ["b"]);
    }

    #[test]
    fn volumes_of_a_secret_ref_that_nobody_has_seen_are_looked_at_first() {
        let mut followers = Followers::default();
        assert_eq!(followers.count(&vault("a"), [&db()]), [db()]);
        assert_eq!(followers.owed(&db()), None);
        followers.see(&db(), spec(1), &vault("a"), true);
        assert_eq!(followers.owed(&db()), None);
    }

    #[test]
    fn a_vault_that_is_gone_is_told_nothing_and_one_that_is_made_again_everything() {
        let mut followers = settled();
        followers.see(&db(), spec(2), &vault("b"), false);
        followers.lose(&db(), &vault("a"));
        followers.lose(&db(), &vault("b"));
        assert_eq!(followers.owed(&db()), None);
        followers.may_follow(&db(), &vault("b"));
        assert_eq!(tell(&mut followers), ["b"]);
    }
}
