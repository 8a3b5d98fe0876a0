//! The settings of all certificates of a vault, its contacts and its issuers: each is one sealed record of the store, in JSON.
//! So is what is revoked of each version of an authority.

use std::{sync::Arc, time::Duration};

use serde::{Serialize, de::DeserializeOwned};
use strongroom_engine::{ObjectError, Objects};
use tokio::{
    sync::{Mutex, OwnedMutexGuard},
    time::timeout,
};
use zeroize::Zeroizing;

/// How long a change waits for the one before it: as long as a change waits for the writer.
const PATIENCE: Duration = Duration::from_secs(10);

/// A setting, which is stored as a whole.
pub trait Setting: Serialize + DeserializeOwned {
    /// The name of its record.
    const NAME: &'static str;
}

/// The setting as last stored; none where there is none.
///
/// # Errors
/// The store cannot be read, or the record is damaged.
pub fn read<S: Setting>(objects: &Objects) -> Result<Option<S>, ObjectError> {
    read_named(objects, S::NAME)
}

/// What the record of that name holds, as last stored; none where there is none.
///
/// # Errors
/// As [`read`].
pub fn read_named<T: DeserializeOwned>(objects: &Objects, name: &str) -> Result<Option<T>, ObjectError> {
    let Some(bytes) = objects.sealed_get(name)? else {
        return Ok(None);
    };
    // The parser's own sentence may quote the record.
    let held = serde_json::from_slice(&bytes).map_err(|_| damaged(name))?;
    Ok(Some(held))
}

/// The setting as it is stored.
///
/// # Errors
/// It has no JSON, as none of ours.
pub fn bytes<S: Setting>(setting: &S) -> Result<Zeroizing<Vec<u8>>, ObjectError> {
    bytes_named(setting, S::NAME)
}

/// What the record of that name is to hold, as it is stored.
///
/// # Errors
/// As [`bytes`].
pub fn bytes_named(held: &impl Serialize, name: &str) -> Result<Zeroizing<Vec<u8>>, ObjectError> {
    let bytes = serde_json::to_vec(held);
    bytes.map(Zeroizing::new).map_err(|_| damaged(name))
}

fn damaged(name: &str) -> ObjectError {
    ObjectError::Corrupt { what: name.into() }
}

/// Lets one change of settings at a time read what there is and store what becomes of it, so that two at once lose nothing.
#[derive(Debug, Clone, Default)]
pub struct Turns(Arc<Mutex<()>>);

/// The turn of one change. It is kept until the change is stored, also where nobody waits for its answer any more.
#[derive(Debug)]
pub struct Turn {
    _guard: OwnedMutexGuard<()>,
}

impl Turns {
    /// The next turn; none where the changes before it take too long.
    pub async fn next(&self) -> Option<Turn> {
        let guard = timeout(PATIENCE, Arc::clone(&self.0).lock_owned()).await;
        guard.ok().map(|guard| Turn { _guard: guard })
    }
}
