//! Closing a batch: the one place where the vault's state follows its records.

use strongroom_core::Timestamp;

use super::totals::Totals;
use crate::{
    crypt::{cipher::NotOpened, keyring::Keyring, state as sealed},
    format::{
        digest::Digest,
        id::Sequence,
        key,
        soft_delete::SoftDelete,
        state::{Marks, State},
    },
    store::{Batch, Gen, Snapshot, StoreError},
};

/// Why a batch was not closed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CloseError {
    /// A record that the batch replaces was not read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The state was not sealed.
    #[error("the vault's state cannot be sealed")]
    Seal(#[from] NotOpened),
}

/// What a batch is made on.
#[derive(Clone, Copy)]
pub struct Base<'a> {
    /// The records before it.
    pub snapshot: &'a dyn Snapshot,
    /// The state before it.
    pub state: &'a State,
    /// The opened keyring.
    pub keyring: &'a Keyring,
    /// What happens to deleted objects from the batch on.
    pub soft_delete: SoftDelete,
}

impl std::fmt::Debug for Base<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Base")
            .field("generation", &self.state.generation)
            .finish_non_exhaustive()
    }
}

/// How far the changes of a batch got.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reached {
    /// The number given out last.
    pub last: Sequence,
    /// The time of the latest change; none if that is not known.
    pub time: Option<Timestamp>,
}

impl Reached {
    /// How far a state got.
    pub const fn of(state: &State) -> Self {
        Self {
            last: state.last,
            time: state.time,
        }
    }
}

/// Adds to `batch`, which is complete otherwise, the state that the store has after it. `marks` are the states that were
/// shown.
pub fn close(
    base: Base<'_>,
    reached: Reached,
    mut marks: Marks,
    batch: &mut Batch,
) -> Result<State, CloseError> {
    let digests = base.keyring.digest();
    let mut totals = Totals::of(base.state);
    for (key, record) in batch.iter() {
        if let Some(before) = base.snapshot.get(key)? {
            totals.remove(digests, key, &before);
        }
        if let Some(record) = record {
            totals.add(digests, key, record);
        }
    }
    // It may have been shown while this batch was made.
    marks.note(base.state.mark());
    let state = state(
        (base.keyring, base.state.chain),
        base.snapshot.generation().next(),
        base.soft_delete,
        reached,
        totals,
        marks,
    );
    batch.put(key::state(), sealed::seal(base.keyring, &state)?);
    Ok(state)
}

/// What the store of a new vault begins with, as the commit after `generation`.
pub fn initial(
    keyring: &Keyring,
    generation: Gen,
    soft_delete: SoftDelete,
) -> Result<(Batch, State), CloseError> {
    let before = Digest::from_bytes([0; 32]);
    let reached = Reached {
        last: Sequence::default(),
        time: None,
    };
    let totals = Totals::empty(keyring.digest());
    let state = state(
        (keyring, before),
        generation.next(),
        soft_delete,
        reached,
        totals,
        Marks::default(),
    );
    let mut batch = Batch::default();
    batch.put(key::state(), sealed::seal(keyring, &state)?);
    Ok((batch, state))
}

/// The state that follows the one whose chain is `before`.
pub(super) fn state(
    (keyring, before): (&Keyring, Digest),
    generation: Gen,
    soft_delete: SoftDelete,
    reached: Reached,
    totals: Totals,
    marks: Marks,
) -> State {
    let Reached { last, time } = reached;
    let Totals { heads, sum, bytes } = totals;
    let mut state = State {
        generation: generation.0,
        last,
        heads,
        sum,
        soft_delete: Some(soft_delete),
        chain: before,
        bytes,
        time,
        marks,
    };
    state.chain = keyring.digest().chain(before, &state.summed());
    state
}
