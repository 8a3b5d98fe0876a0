//! The record of the vault's state: sealed, and good for the generation that it was written in only.

use super::{
    cipher::{self, Form, NotOpened},
    keyring::Keyring,
};
use crate::{
    format::{
        codec::{CodecError, Decoder, Encoder, Magic},
        id::VaultId,
        key,
        state::{NEWEST, State, UNCOUNTED, UNRULED, UnprovedState},
    },
    store::{Snapshot, StoreError, Value, bytes_of, each},
};

const MAGIC: Magic = *b"SRst";

/// Why the state was not opened.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StateError {
    /// The store was not read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// There is none.
    #[error("the record of the vault's state is missing")]
    Missing,
    /// It is not one of this vault, or was altered.
    #[error("the vault's state is damaged: {0}")]
    Damaged(#[from] CodecError),
    /// It is of another commit than the store's last: one of the two was altered.
    #[error("the vault's state is of generation {state}, the store is at {store}")]
    OtherGeneration {
        /// The generation that the state was written in.
        state: u64,
        /// The generation that the store says it is at.
        store: u64,
    },
}

/// What a store holds at the place of the state.
#[derive(Debug)]
pub enum Found {
    /// Nothing: a new store.
    Nothing,
    /// The state of this vault, to be opened with its keyring.
    Sealed(VaultId),
    /// The state that a program before the proof of records wrote.
    Unproved(VaultId, UnprovedState),
}

/// Looks what there is, before the keyring is open.
pub fn find(snapshot: &dyn Snapshot) -> Result<Found, StateError> {
    let Some(record) = snapshot.get(&key::state())? else {
        return Ok(Found::Nothing);
    };
    let (fields, format, vault) = Decoder::record_up_to(record.as_bytes(), MAGIC, NEWEST)?;
    Ok(match format {
        UNCOUNTED | UNRULED | NEWEST => Found::Sealed(vault),
        _ => Found::Unproved(vault, UnprovedState::take(fields)?),
    })
}

/// Seals a state into its record.
pub fn seal(keyring: &Keyring, state: &State) -> Result<Value, NotOpened> {
    let mut record = Encoder::record_of_format(MAGIC, NEWEST, keyring.vault());
    let sealed = cipher::seal_deterministic(
        Form::Numbered,
        keyring.state(),
        record.as_bytes(),
        state.put().as_bytes(),
    )?;
    record.bytes(&sealed);
    Ok(Value::new(record.into_bytes()))
}

/// Opens the state of a snapshot. Where an older program wrote it, the objects' bytes are counted now.
pub fn open(keyring: &Keyring, snapshot: &dyn Snapshot) -> Result<State, StateError> {
    let record = snapshot.get(&key::state())?.ok_or(StateError::Missing)?;
    let vault = keyring.vault();
    let (mut fields, format, of) = Decoder::record_up_to(record.as_bytes(), MAGIC, NEWEST)?;
    if of != vault {
        return Err(CodecError::OtherVault.into());
    }
    if ![UNCOUNTED, UNRULED, NEWEST].contains(&format) {
        return Err(CodecError::Format(format).into());
    }
    let sealed = fields.bytes()?;
    fields.finish()?;
    let context = Encoder::record_of_format(MAGIC, format, vault);
    let opened = cipher::open(Form::Numbered, keyring.state(), context.as_bytes(), sealed);
    let mut state = State::take(format, &opened.map_err(|_| CodecError::Proof)?)?;
    if format == UNCOUNTED {
        state.bytes = bytes_of_objects(snapshot)?;
    }
    let store = snapshot.generation().0;
    if state.generation == store {
        Ok(state)
    } else {
        Err(StateError::OtherGeneration {
            state: state.generation,
            store,
        })
    }
}

/// The bytes of all records that are part of an object.
fn bytes_of_objects(snapshot: &dyn Snapshot) -> Result<u64, StoreError> {
    let mut bytes = 0_u64;
    each(snapshot, &key::all(), |key, record| {
        if key::is_of_object(key) {
            bytes = bytes.saturating_add(bytes_of(key, record));
        }
        Ok::<_, StoreError>(())
    })?;
    Ok(bytes)
}
