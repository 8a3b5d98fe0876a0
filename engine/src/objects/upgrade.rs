//! Giving the records of an older program their proof.
//!
//! Programs before it left all records but heads and versions as anyone could write them. They are taken at their word
//! this once: all but what the server wrote, the policy among it, which is brought anew by the operator. From then on
//! the keyring's file says that every record has a proof, so nothing without one is taken again. A crash on the way is
//! no harm: what has its proof already keeps it.

use strongroom_audit::{Entry, Head as AuditHead};

use super::{
    closing::{self, CloseError, Reached},
    totals::Totals,
};
use crate::{
    crypt::{keyring::Keyring, state as sealed},
    format::{
        codec::CodecError,
        digest::Digest,
        id::VaultId,
        key,
        record::Record,
        records::{Erasure, Garbage, IndexEntry, Scheduled},
        soft_delete::SoftDelete,
        state::{Mark, Marks, UnprovedState},
    },
    store::{Batch, CommitError, Key, Purpose, Store, StoreError, Value, each},
};

/// Why the records of an older program could not be given their proof. Another start goes on.
#[derive(Debug, thiserror::Error)]
pub enum UpgradeError {
    /// The store was not read, or does not hold the heads that the older program counted.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A step was not committed.
    #[error("the store's records cannot be rewritten: {0}")]
    Commit(#[from] CommitError),
    /// A record is none of an older program.
    #[error("a record of the store is damaged: {0}")]
    Record(#[from] CodecError),
    /// The state was not sealed.
    #[error(transparent)]
    Close(#[from] CloseError),
}

/// How many records are rewritten at a time at most.
const STRETCH: usize = 256;

/// The parts of a batch that one stretch may fill: each record is removed at one place and put at another.
const PARTS: usize = 4;

/// Rewrites the records in `store`, and seals its state.
pub(super) fn upgrade(
    store: &dyn Store,
    keyring: &Keyring,
    replica: &str,
    soft_delete: SoftDelete,
    found: UnprovedState,
) -> Result<(), UpgradeError> {
    let before = Mark {
        generation: store.snapshot()?.generation().0,
        digest: found.digest,
    };
    let stretch = store.limits().share(PARTS, STRETCH);
    let mut after = None;
    loop {
        let snapshot = store.snapshot()?;
        let page = snapshot.scan(&key::all(), after.as_ref(), stretch)?;
        let mut batch = Batch::default();
        for (key, record) in &page.records {
            rewrite(keyring, replica, (key, record), &mut batch)?;
        }
        if !batch.is_empty() {
            store.commit(snapshot.generation(), &batch, Purpose::Tidy)?;
        }
        after = page.records.last().map(|(key, _)| key.clone());
        if !page.more || after.is_none() {
            break;
        }
    }
    seal(store, keyring, soft_delete, (found, before))
}

/// Puts the record into `batch` as this program writes it, or removes it, or leaves it.
fn rewrite(
    keyring: &Keyring,
    replica: &str,
    (key, record): (&Key, &Value),
    batch: &mut Batch,
) -> Result<(), CodecError> {
    let is_proved = keyring.check_any(key, record).is_ok();
    if !key::is_summed(key) || key::is_head(key) || is_proved {
        return Ok(());
    }
    let one = Unproved {
        keyring,
        key,
        bytes: record.as_bytes(),
    };
    let value = match key.as_bytes().first() {
        Some(b'a') => one.proved::<AuditHead>()?,
        Some(b'e') => one.proved::<Erasure>()?,
        Some(b'g') => one.proved::<Garbage>()?,
        Some(b'i') => one.proved::<IndexEntry>()?,
        Some(b'x') if record.as_bytes().is_empty() => keyring.prove(key, &Scheduled),
        Some(b'o') => {
            let (generation, index) = key::parts_of_unproved_outbox(key).ok_or(CodecError::Field)?;
            let entry = Entry::decode_unproved(one.vault(), one.bytes)?;
            let place = key::outbox(replica, generation, index);
            let record = keyring.prove(&place, &entry);
            batch.put(place, record);
            batch.remove(key.clone());
            return Ok(());
        }
        Some(b'm') => {
            batch.remove(key.clone());
            return Ok(());
        }
        _ => return Err(CodecError::Field),
    };
    batch.put(key.clone(), value);
    Ok(())
}

/// A record of an older program.
struct Unproved<'a> {
    keyring: &'a Keyring,
    key: &'a Key,
    bytes: &'a [u8],
}

impl Unproved<'_> {
    const fn vault(&self) -> VaultId {
        self.keyring.vault()
    }

    /// The same record with its proof.
    fn proved<R: Record>(&self) -> Result<Value, CodecError> {
        let record = R::decode_unproved(self.vault(), self.bytes)?;
        Ok(self.keyring.prove(self.key, &record))
    }
}

/// Sums all records, and seals the state that they add up to. The heads must be the ones that the older program counted.
fn seal(
    store: &dyn Store,
    keyring: &Keyring,
    soft_delete: SoftDelete,
    (found, before): (UnprovedState, Mark),
) -> Result<(), UpgradeError> {
    let snapshot = store.snapshot()?;
    let digests = keyring.digest();
    let (mut totals, mut digest) = (Totals::empty(digests), digests.no_heads());
    each(&*snapshot, &key::all(), |key, record| {
        totals.add(digests, key, record);
        if key::is_head(key) {
            digest = digests.with(digest, key, record);
        }
        Ok::<_, StoreError>(())
    })?;
    check_heads(found, totals.heads, digest)?;
    let mut marks = Marks::default();
    marks.note(before);
    let generation = snapshot.generation();
    let reached = Reached {
        last: found.last,
        time: None,
    };
    let state = closing::state(
        (keyring, found.digest),
        generation.next(),
        soft_delete,
        reached,
        totals,
        marks,
    );
    let mut batch = Batch::default();
    let record = sealed::seal(keyring, &state).map_err(CloseError::from)?;
    batch.put(key::state(), record);
    store.commit(generation, &batch, Purpose::Tidy)?;
    Ok(())
}

fn check_heads(found: UnprovedState, heads: u64, digest: Digest) -> Result<(), StoreError> {
    if found.heads == heads && found.digest == digest {
        Ok(())
    } else {
        let what = format!("{heads} heads where {} were written, or other ones", found.heads);
        Err(StoreError::Corrupt(what.into()))
    }
}
