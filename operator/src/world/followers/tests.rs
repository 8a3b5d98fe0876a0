//! Which announcements are pending after what was observed.

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
fn of_names_that_a_vault_makes_up_only_those_of_its_last_count_are_remembered() {
    let mut followers = Followers::default();
    let made_up = |n: u32| SecretRefName {
        namespace: "shop".parse().unwrap(),
        name: format!("made-up-{n}").parse().unwrap(),
    };
    for n in 0..100 {
        count(&mut followers, &vault("a"), &[made_up(n), db()]);
        followers.record_count(&vault("a"), None);
        followers.retain(|_| false);
    }
    assert_eq!(followers.followed.len(), 2);
    assert_eq!(followers.removed(), [db(), made_up(99)]);
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
