//! What a state proves of the states before it that were shown outside, and what one that was put back cannot.

use std::sync::Arc;

use strongroom_engine::{
    Initialise, Objects,
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

fn shown(vault: &Objects, since: u64) -> Option<String> {
    vault.show(Some(Gen(since))).then.map(|digest| digest.to_string())
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
    let anchor = running.vault.show(None).anchor;
    let (generation, digest) = (anchor.generation.0, anchor.digest.to_string());
    for round in 0..30 {
        running.set("a", &round.to_string()).unwrap();
        running = again(running);
        assert_eq!(shown(&running.vault, generation), Some(digest.clone()), "{round}");
    }
}

/// The state is shown, and the process dies before another commit could say so.
#[test]
fn what_was_shown_last_is_known_though_no_commit_followed() {
    let running = running();
    running.set("a", "1").unwrap();
    let anchor = running.vault.show(None).anchor;
    let running = again(running);
    running.set("a", "2").unwrap();
    let running = again(running);
    running.set("a", "3").unwrap();
    assert_eq!(
        shown(&running.vault, anchor.generation.0),
        Some(anchor.digest.to_string())
    );
}

/// An old copy that goes on past the anchored generation: each of its states is genuine, and none led to the anchor.
#[test]
fn a_store_that_was_put_back_and_ran_past_the_anchor_does_not_know_it() {
    let running = running();
    running.set("a", "1").unwrap();
    let old = copy(&*running.store);
    running.set("a", "revoked").unwrap();
    let anchor = running.vault.show(None).anchor;
    let running = over(running, Arc::new(old));
    for round in 0..5 {
        running.set("a", &round.to_string()).unwrap();
        let then = shown(&running.vault, anchor.generation.0);
        assert_ne!(then, Some(anchor.digest.to_string()));
    }
    assert!(running.vault.anchor().generation > anchor.generation);
}

#[test]
fn a_generation_that_was_never_shown_is_not_known() {
    let running = running();
    running.set("a", "1").unwrap();
    let generation = running.vault.anchor().generation.0;
    running.set("a", "2").unwrap();
    running.set("a", "3").unwrap();
    assert_eq!(shown(&running.vault, generation + 40), None);
}
