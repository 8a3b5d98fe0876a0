//! One committed state of a redb store.

use std::{
    ops::Bound,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
};

use redb::{Database, ReadOnlyTable, ReadableDatabase as _};

use super::{RECORDS, failure::Failure, header};
use crate::store::{Gen, Key, Page, Snapshot, StoreError, Value};

/// A read transaction with its table opened once, for all readers of a generation.
pub(super) struct RedbSnapshot {
    generation: Gen,
    records: ReadOnlyTable<&'static [u8], &'static [u8]>,
    broken: Arc<AtomicBool>,
}

impl RedbSnapshot {
    pub(super) fn open(database: &Database, broken: Arc<AtomicBool>) -> Result<Self, Failure> {
        let transaction = database.begin_read()?;
        let generation = header::generation(&transaction)?;
        Ok(Self {
            generation,
            records: transaction.open_table(RECORDS)?,
            broken,
        })
    }

    /// Notes that redb has to be opened again.
    fn note(&self, failure: Failure) -> StoreError {
        self.broken.store(true, Relaxed);
        failure.into()
    }

    fn stretch(&self, prefix: &Key, after: Option<&Key>, limit: usize) -> Result<Page, Failure> {
        let start = match after {
            Some(after) if after >= prefix => Bound::Excluded(after.as_bytes()),
            _ => Bound::Included(prefix.as_bytes()),
        };
        let mut page = Page::default();
        for entry in self.records.range::<&[u8]>((start, Bound::Unbounded))? {
            let (key, value) = entry?;
            if !key.value().starts_with(prefix.as_bytes()) {
                break;
            }
            if page.records.len() == limit {
                page.more = true;
                break;
            }
            page.records
                .push((Key::new(key.value()), Value::new(value.value())));
        }
        Ok(page)
    }
}

impl Snapshot for RedbSnapshot {
    fn generation(&self) -> Gen {
        self.generation
    }

    fn get(&self, key: &Key) -> Result<Option<Value>, StoreError> {
        let found = self.records.get(key.as_bytes()).map_err(Failure::from);
        let found = found.map_err(|failure| self.note(failure))?;
        Ok(found.map(|value| Value::new(value.value())))
    }

    fn scan(&self, prefix: &Key, after: Option<&Key>, limit: usize) -> Result<Page, StoreError> {
        self.stretch(prefix, after, limit)
            .map_err(|failure| self.note(failure))
    }
}
