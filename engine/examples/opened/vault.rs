//! A vault on the disk, with its seal key and its audit log, as the server opens it.

use std::{error::Error, path::Path, sync::Arc};

use strongroom_audit::{Log, LogConfig};
use strongroom_engine::{
    Initialise, Objects, Unsealed, VaultOptions,
    crypt::seal::SecretFile,
    secret::SECRETS,
    store::{RedbOptions, RedbStore},
};

pub type Failure = Box<dyn Error>;

/// Opens the vault below `directory`; makes it there when there is none.
pub fn open(directory: &Path) -> Result<Objects, Failure> {
    let seal = directory.join("seal");
    std::fs::create_dir_all(&seal)?;
    std::fs::write(seal.join("key"), [7; 32])?;
    std::fs::write(seal.join("id"), "bench")?;
    let store = RedbStore::open(&directory.join("store.redb"), RedbOptions::default())?;
    let options = VaultOptions {
        initialise: Initialise::Allowed,
        ..VaultOptions::new(SECRETS, directory.join("keyring"), "replica-0")
    };
    let unsealed = Unsealed::open(options, Arc::new(store), &SecretFile::read(&seal)?)?;
    let id = unsealed.vault_id().to_string();
    let log = Log::open(
        LogConfig::new(directory.join("audit"), &id, "bench"),
        unsealed.audit_head(),
    )?;
    Ok(unsealed.start(Arc::new(log))?)
}
