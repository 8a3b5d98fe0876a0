//! Closing a batch: the one place where the vault's state follows its records.

use crate::{
    crypt::{cipher::NotOpened, keyring::Keyring, state as sealed},
    format::{
        digest::Digest,
        id::Sequence,
        key,
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
}

impl std::fmt::Debug for Base<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Base")
            .field("generation", &self.state.generation)
            .finish_non_exhaustive()
    }
}

/// Adds to `batch`, which is complete otherwise, the state that the store has after it. `last` is the number given out
/// last, and `marks` are the states that were shown.
pub fn close(
    base: Base<'_>,
    last: Sequence,
    mut marks: Marks,
    batch: &mut Batch,
) -> Result<State, CloseError> {
    let digests = base.keyring.digest();
    let (mut sum, mut heads) = (base.state.sum, base.state.heads);
    for (key, record) in batch.iter().filter(|(key, _)| key::is_summed(key)) {
        if let Some(before) = base.snapshot.get(key)? {
            sum = digests.without(sum, key, &before);
            heads = heads.saturating_sub(u64::from(key::is_head(key)));
        }
        if let Some(record) = record {
            sum = digests.with(sum, key, record);
            heads = heads.saturating_add(u64::from(key::is_head(key)));
        }
    }
    let generation = base.snapshot.generation().next();
    // It may have been shown while this batch was made.
    marks.note(base.state.mark());
    let state = state(
        base.keyring,
        base.state.chain,
        generation,
        last,
        heads,
        sum,
        marks,
    );
    batch.put(key::state(), sealed::seal(base.keyring, &state)?);
    Ok(state)
}

/// What the store of a new vault begins with, as the commit after `generation`.
pub fn initial(keyring: &Keyring, generation: Gen) -> Result<(Batch, State), CloseError> {
    let sum = keyring.digest().empty();
    let before = Digest::from_bytes([0; 32]);
    let state = state(
        keyring,
        before,
        generation.next(),
        Sequence::default(),
        0,
        sum,
        Marks::default(),
    );
    let mut batch = Batch::default();
    batch.put(key::state(), sealed::seal(keyring, &state)?);
    Ok((batch, state))
}

/// The state that follows the one whose chain is `before`.
pub(super) fn state(
    keyring: &Keyring,
    before: Digest,
    generation: Gen,
    last: Sequence,
    heads: u64,
    sum: Digest,
    marks: Marks,
) -> State {
    let summed = State::summed(generation.0, last, heads, sum);
    State {
        generation: generation.0,
        last,
        heads,
        sum,
        chain: keyring.digest().chain(before, &summed),
        marks,
    }
}
