//! The store's own record: magic, format and generation.

use redb::{
    Database, ReadOnlyTable, ReadTransaction, ReadableDatabase as _, TableDefinition, TableError,
    WriteTransaction,
};

use super::{RECORDS, failure::Failure};
use crate::store::Gen;

const HEADER: TableDefinition<'static, &str, &[u8]> = TableDefinition::new("header");
const KEY: &str = "store";
const MAGIC: &[u8; 6] = b"SRdb\x00\x01";

/// Begins a durable write.
pub(super) fn begin(database: &Database) -> Result<WriteTransaction, Failure> {
    let mut transaction = database.begin_write()?;
    transaction.set_quick_repair(true);
    Ok(transaction)
}

/// Makes an empty store of a new file; reads the header of one that is there.
pub(super) fn prepare(database: &Database) -> Result<(), Failure> {
    let reading = database.begin_read()?;
    match reading.open_table(HEADER) {
        Ok(table) => return read(&table).map(drop),
        Err(TableError::TableDoesNotExist(_)) => {}
        Err(error) => return Err(error.into()),
    }
    drop(reading);
    let transaction = begin(database)?;
    transaction.open_table(RECORDS)?;
    write(&transaction, Gen::default())?;
    transaction.commit()?;
    Ok(())
}

/// The generation that a reader sees.
pub(super) fn generation(transaction: &ReadTransaction) -> Result<Gen, Failure> {
    read(&transaction.open_table(HEADER)?)
}

/// Moves from one generation to the next; false when the store is at another.
pub(super) fn advance(transaction: &WriteTransaction, from: Gen, to: Gen) -> Result<bool, Failure> {
    let found = {
        let table = transaction.open_table(HEADER)?;
        let found = redb::ReadableTable::get(&table, KEY)?;
        parse(found.as_ref().map(redb::AccessGuard::value))?
    };
    if found != from {
        return Ok(false);
    }
    write(transaction, to)?;
    Ok(true)
}

fn write(transaction: &WriteTransaction, generation: Gen) -> Result<(), Failure> {
    let bytes = [MAGIC.as_slice(), &generation.0.to_be_bytes()].concat();
    transaction.open_table(HEADER)?.insert(KEY, bytes.as_slice())?;
    Ok(())
}

fn read(table: &ReadOnlyTable<&str, &[u8]>) -> Result<Gen, Failure> {
    let found = table.get(KEY)?;
    parse(found.as_ref().map(redb::AccessGuard::value))
}

fn parse(bytes: Option<&[u8]>) -> Result<Gen, Failure> {
    let number = bytes
        .and_then(|bytes| bytes.strip_prefix(MAGIC))
        .and_then(|rest| rest.try_into().ok());
    number
        .map(|number| Gen(u64::from_be_bytes(number)))
        .ok_or(Failure::Header)
}
