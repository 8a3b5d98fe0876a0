//! What a state proves of the states before it that were shown outside, and what one that was put back cannot.

use std::sync::Arc;

use strongroom_engine::{
    Anchor, Descent, Initialise, Objects,
    store::{Gen, MemoryStore, Store},
};

use crate::running::Running;

/// A copy of the store as it is now.
fn copy(store: &dyn Store) -> MemoryStore {
    let snapshot = store.snapshot().unwrap();
    let page = snapshot
        .scan(&strongroom_engine::format::key::all(), None, usize::MAX)
        .unwrap();
    MemoryStore::holding(snapshot.generation(), page.records)
}

fn since(vault: &Objects, anchor: Anchor) -> Descent {
    vault.show();
    vault.descent(anchor.generation)
}

/// The running vault's parts again, over another store.
fn over(running: Running, store: Arc<dyn Store>) -> Running {
    let (directory, _) = running.stop();
    Running::start(directory, store, Initialise::Refused).unwrap()
}

fn again(running: Running) -> Running {
    let store = Arc::clone(&running.store);
    over(running, store)
}

fn running() -> Running {
    Running::over(Arc::new(MemoryStore::default()))
}

#[test]
fn what_was_shown_is_known_after_commits_and_restarts() {
    let mut running = running();
    running.set("a", "1").unwrap();
    let anchor = running.vault.show();
    for round in 0..30 {
        running.set("a", &round.to_string()).unwrap();
        running = again(running);
        let follows = Descent::Follows(anchor.digest);
        assert_eq!(since(&running.vault, anchor), follows, "{round}");
    }
}

/// The state is shown, and the process dies before another commit could say so.
#[test]
fn what_was_shown_last_is_known_though_no_commit_followed() {
    let running = running();
    running.set("a", "1").unwrap();
    let anchor = running.vault.show();
    let running = again(running);
    running.set("a", "2").unwrap();
    let running = again(running);
    running.set("a", "3").unwrap();
    assert_eq!(since(&running.vault, anchor), Descent::Follows(anchor.digest));
}

/// An old copy that goes on past the anchored generation: each of its states is genuine, and none led to the anchor.
#[test]
fn a_store_that_was_put_back_and_ran_past_the_anchor_does_not_know_it() {
    let running = running();
    running.set("a", "1").unwrap();
    let old = copy(&*running.store);
    running.set("a", "revoked").unwrap();
    let anchor = running.vault.show();
    let running = over(running, Arc::new(old));
    for round in 0..5 {
        running.set("a", &round.to_string()).unwrap();
        let then = since(&running.vault, anchor);
        // The copy made the generation too, if it made it at all, and shows it here.
        assert!(
            !matches!(then, Descent::Superseded) && then != Descent::Follows(anchor.digest),
            "{then:?}"
        );
    }
    assert!(running.vault.anchor().generation > anchor.generation);
}

#[test]
fn a_generation_that_was_never_shown_is_not_known() {
    let running = running();
    running.set("a", "1").unwrap();
    let Anchor { generation, .. } = running.vault.show();
    running.set("a", "2").unwrap();
    running.set("a", "3").unwrap();
    assert_eq!(running.vault.descent(Gen(generation.0 + 40)), Descent::Unknown);
}

/// An operator that was away asks for what another one replaced meanwhile.
#[test]
fn of_a_state_before_one_that_was_asked_for_nothing_is_known_and_nothing_is_wrong() {
    let running = running();
    running.set("a", "1").unwrap();
    let earlier = running.vault.show();
    running.set("a", "2").unwrap();
    let later = running.vault.show();
    assert_eq!(since(&running.vault, later), Descent::Follows(later.digest));
    running.set("a", "3").unwrap();
    let running = again(running);
    assert_eq!(since(&running.vault, earlier), Descent::Superseded);
}
