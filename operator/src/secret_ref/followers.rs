//! Which vaults are to be told that a SecretRef changed. Pure.
//!
//! The volumes of a SecretRef listen to the vault that they were mounted from, and hear of a change from it alone. So
//! word goes to each vault that may have such volumes: the one that the spec names, if the account may read something
//! there; those that earlier specs named; and whichever counts volumes of it, whoever mounted them and whenever. What
//! is remembered here is what each of them was last told.

use std::collections::HashMap;

use kube::runtime::reflector::ObjectRef;
use strongroom_crds::Vault;
use strongroom_wire::admin::RefChanged;

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
pub struct Followers(HashMap<RefChanged, Followed>);

#[derive(Debug, Default)]
struct Followed {
    /// `None` until it is looked at.
    edition: Option<Edition>,
    named: Option<VaultKey>,
    vaults: HashMap<VaultKey, Follower>,
}

#[derive(Debug, Default)]
struct Follower {
    /// Whether there may be volumes.
    listens: bool,
    told: Option<Edition>,
}

impl Followed {
    fn is_owed(&self, follower: &Follower) -> bool {
        follower.listens && self.edition.is_some() && follower.told != self.edition
    }
}

impl Followers {
    /// Takes in a SecretRef as it is, and the vault that it names. `announced` says that an earlier leader has told that
    /// vault of this very spec.
    pub fn see(&mut self, name: &RefChanged, edition: Edition, vault: &VaultKey, announced: bool) {
        let followed = self.0.entry(name.clone()).or_default();
        let is_new = followed.edition.is_none();
        let named = followed.vaults.entry(vault.clone()).or_default();
        if is_new && announced {
            named.told = Some(edition.clone());
        }
        followed
            .vaults
            .retain(|key, follower| key == vault || follower.listens);
        (followed.edition, followed.named) = (Some(edition), Some(vault.clone()));
    }

    /// Takes in that the SecretRef's account may read something of the vault that it names.
    pub fn may_follow(&mut self, name: &RefChanged, vault: &VaultKey) {
        let follower = self
            .0
            .get_mut(name)
            .and_then(|followed| followed.vaults.get_mut(vault));
        if let Some(follower) = follower {
            follower.listens = true;
        }
    }

    /// Takes in of which `SecretRef`s a vault has volumes. Answers with those that are worth a look.
    pub fn count<'a>(
        &mut self,
        vault: &VaultKey,
        names: impl IntoIterator<Item = &'a RefChanged>,
    ) -> Vec<RefChanged> {
        let mut owed = Vec::new();
        for name in names {
            let followed = self.0.entry(name.clone()).or_default();
            followed.vaults.entry(vault.clone()).or_default().listens = true;
            let is_owed = |follower| followed.is_owed(follower);
            if followed.edition.is_none() || followed.vaults.get(vault).is_some_and(is_owed) {
                owed.push(name.clone());
            }
        }
        owed
    }

    /// Takes in which `SecretRef`s are there no more.
    pub fn part(&mut self, exists: impl Fn(&RefChanged) -> bool) {
        for (name, followed) in &mut self.0 {
            if followed.edition != Some(Edition::Gone) && !exists(name) {
                (followed.edition, followed.named) = (Some(Edition::Gone), None);
                followed.vaults.retain(|_, follower| follower.listens);
            }
        }
    }

    /// The deleted `SecretRef`s that are remembered.
    pub fn parted(&self) -> Vec<RefChanged> {
        let gone = |followed: &Followed| followed.edition == Some(Edition::Gone);
        self.0
            .iter()
            .filter(|(_, followed)| gone(followed))
            .map(|(name, _)| name.clone())
            .collect()
    }

    /// Who is to be told of what; `None` if nobody is.
    pub fn owed(&self, name: &RefChanged) -> Option<(Edition, Vec<VaultKey>)> {
        let followed = self.0.get(name)?;
        let vaults: Vec<_> = followed
            .vaults
            .iter()
            .filter(|(_, follower)| followed.is_owed(follower))
            .map(|(vault, _)| vault.clone())
            .collect();
        (!vaults.is_empty()).then_some((followed.edition.clone()?, vaults))
    }

    /// Takes in that a vault was told.
    pub fn told(&mut self, name: &RefChanged, vault: &VaultKey, edition: Edition) {
        let follower = self
            .0
            .get_mut(name)
            .and_then(|followed| followed.vaults.get_mut(vault));
        if let Some(follower) = follower {
            follower.told = Some(edition);
        }
    }

    /// Whether the vault that the spec names was told of that spec.
    pub fn is_announced(&self, name: &RefChanged) -> bool {
        self.0.get(name).is_some_and(|followed| {
            let named = followed
                .named
                .as_ref()
                .and_then(|vault| followed.vaults.get(vault));
            named.is_some_and(|named| named.told.is_some() && named.told == followed.edition)
        })
    }

    /// Forgets what need not be told again: the vaults that the spec does not name, that know of it, and that `has_left`
    /// says have no volumes of it; then the SecretRef, if it is gone and nobody is left.
    pub fn leave(&mut self, name: &RefChanged, has_left: impl Fn(&VaultKey) -> bool) {
        let Some(followed) = self.0.get_mut(name) else {
            return;
        };
        let Followed {
            edition,
            named,
            vaults,
        } = followed;
        vaults.retain(|vault, follower| {
            named.as_ref() == Some(vault) || follower.told != *edition || !has_left(vault)
        });
        if *edition == Some(Edition::Gone) && vaults.is_empty() {
            self.0.remove(name);
        }
    }

    /// Takes in that there is no such vault: what it had of volumes left with it.
    pub fn lose(&mut self, name: &RefChanged, vault: &VaultKey) {
        if let Some(followed) = self.0.get_mut(name) {
            if followed.named.as_ref() == Some(vault) {
                followed.vaults.insert(vault.clone(), Follower::default());
            } else {
                followed.vaults.remove(vault);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn db() -> RefChanged {
        RefChanged {
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
            followers.told(&db(), vault, edition.clone());
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
        followers.told(&db(), &vault("a"), spec(2));
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
        followers.part(|_| true);
        assert_eq!(followers.parted(), []);
        followers.part(|_| false);
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
        followers.part(|_| false);
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
