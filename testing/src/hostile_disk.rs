//! A hostile disk: an attacker who can write a vault's volume, and has no key, edits its store between two starts.
//!
//! Records are addressed by their keys, as the engine's `format::key` makes them. The store must be closed meanwhile.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use redb::{Database, ReadableDatabase as _, ReadableTable as _, TableDefinition};
use strongroom_engine::store::Key;

const RECORDS: TableDefinition<'static, &[u8], &[u8]> = TableDefinition::new("records");
const HEADER: TableDefinition<'static, &str, &[u8]> = TableDefinition::new("header");

/// The store's file of a stopped vault.
#[derive(Debug)]
pub struct HostileDisk {
    path: PathBuf,
}

impl HostileDisk {
    /// The store below a vault's data directory.
    pub fn of(data_directory: &Path) -> Self {
        Self {
            path: data_directory.join("store.redb"),
        }
    }

    /// Every record by its key.
    pub fn records(&self) -> BTreeMap<Vec<u8>, Vec<u8>> {
        let database = self.open();
        let reading = database.begin_read().unwrap();
        let table = reading.open_table(RECORDS).unwrap();
        let entries = table.iter().unwrap().map(Result::unwrap);
        entries
            .map(|(key, value)| (key.value().to_vec(), value.value().to_vec()))
            .collect()
    }

    /// Puts `value` in place of a record, or a new one; without a value, drops it. The store counts no commit.
    pub fn write(&self, key: &Key, value: Option<&[u8]>) {
        let database = self.open();
        let writing = database.begin_write().unwrap();
        {
            let mut table = writing.open_table(RECORDS).unwrap();
            match value {
                Some(value) => table.insert(key.as_bytes(), value).unwrap(),
                None => table.remove(key.as_bytes()).unwrap(),
            };
        }
        writing.commit().unwrap();
    }

    /// The generation in the file's header.
    pub fn generation(&self) -> u64 {
        let database = self.open();
        let reading = database.begin_read().unwrap();
        let table = reading.open_table(HEADER).unwrap();
        let header = table.get("store").unwrap().unwrap();
        let (_, number) = header.value().split_last_chunk().unwrap();
        u64::from_be_bytes(*number)
    }

    /// Writes another generation into the file's header.
    pub fn set_generation(&self, generation: u64) {
        let database = self.open();
        let writing = database.begin_write().unwrap();
        {
            let mut table = writing.open_table(HEADER).unwrap();
            let header = table.get("store").unwrap().unwrap().value().to_vec();
            let (magic, _) = header.split_last_chunk::<8>().unwrap();
            let header = [magic, &generation.to_be_bytes()].concat();
            table.insert("store", header.as_slice()).unwrap();
        }
        writing.commit().unwrap();
    }

    /// The file as it is now.
    pub fn copy(&self) -> Vec<u8> {
        fs::read(&self.path).unwrap()
    }

    /// Puts an earlier copy back.
    pub fn put_back(&self, copy: &[u8]) {
        fs::write(&self.path, copy).unwrap();
    }

    fn open(&self) -> Database {
        Database::open(&self.path).unwrap()
    }
}
