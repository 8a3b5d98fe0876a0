//! The keys that the last commits changed, for those who follow a store.

use std::{collections::VecDeque, sync::Mutex};

use super::{Batch, Gen, Key};

/// How many changed keys are remembered.
const REMEMBERED_KEYS: usize = 16_384;

/// What changed after a generation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Changes {
    /// These keys, by commits up to and including `until`.
    Keys {
        /// The changed keys, oldest commit first.
        keys: Vec<Key>,
        /// The last commit covered.
        until: Gen,
    },
    /// The generation lies too far back: read everything again.
    Forgotten,
}

/// A bounded memory of changed keys.
#[derive(Debug)]
pub(super) struct ChangeLog {
    state: Mutex<Remembered>,
}

#[derive(Debug)]
struct Remembered {
    commits: VecDeque<(Gen, Vec<Key>)>,
    keys: usize,
    /// Everything after this generation is remembered.
    since: Gen,
    until: Gen,
}

impl ChangeLog {
    pub(super) fn new(at: Gen) -> Self {
        let state = Remembered {
            commits: VecDeque::new(),
            keys: 0,
            since: at,
            until: at,
        };
        Self {
            state: Mutex::new(state),
        }
    }

    pub(super) fn record(&self, generation: Gen, batch: &Batch) {
        let keys: Vec<Key> = batch.iter().map(|(key, _)| key.clone()).collect();
        let mut state = self
            .state
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        state.keys += keys.len();
        state.until = generation;
        state.commits.push_back((generation, keys));
        while state.keys > REMEMBERED_KEYS {
            let Some((forgotten, keys)) = state.commits.pop_front() else {
                break;
            };
            state.keys -= keys.len();
            state.since = forgotten;
        }
    }

    pub(super) fn after(&self, after: Gen) -> Changes {
        let state = self
            .state
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        if after < state.since {
            return Changes::Forgotten;
        }
        let later = state.commits.iter().filter(|(generation, _)| *generation > after);
        Changes::Keys {
            keys: later.flat_map(|(_, keys)| keys.iter().cloned()).collect(),
            until: state.until,
        }
    }
}
