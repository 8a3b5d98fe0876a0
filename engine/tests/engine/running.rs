//! A running vault with a store, a seal and an audit log in a directory of its own.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, mpsc},
};

use strongroom_audit::{Entry, Event, Log, LogConfig};
use strongroom_core::Timestamp;
use strongroom_engine::{
    Answer, Initialise, Objects, OpenError, SecretBundle, SoftDelete, Unsealed, VaultOptions, WriteError,
    WriteRequest,
    crypt::seal::{Seal, SecretFile},
    every_name,
    object::{answer, keeper::Kinds, request, tasks::Tasks},
    store::{MemoryStore, RedbOptions, RedbStore, Store},
};
use strongroom_testing::Directory;

use crate::{
    fixture::{secret, set_request},
    sample::BOTH,
};

pub struct Running {
    pub store: Arc<dyn Store>,
    pub vault: Objects,
    pub log: Arc<Log>,
    pub now: Timestamp,
    /// Removed after those above have stopped.
    pub directory: Directory,
}

pub fn seal_key(directory: &Path, byte: u8, used_by: &str) -> Box<dyn Seal> {
    let seal = directory.join("seal");
    std::fs::create_dir_all(&seal).unwrap();
    std::fs::write(seal.join("key"), [byte; 32]).unwrap();
    std::fs::write(seal.join("id"), format!("key-{byte}")).unwrap();
    std::fs::write(seal.join("vault-id"), used_by).unwrap();
    Box::new(SecretFile::read(&seal).unwrap())
}

pub fn options(directory: &Path, initialise: Initialise) -> VaultOptions {
    VaultOptions {
        initialise,
        ..VaultOptions::new(BOTH, directory.join("keyring"), "replica-0")
    }
}

pub fn redb(directory: &Path) -> Arc<dyn Store> {
    Arc::new(RedbStore::open(&directory.join("store.redb"), RedbOptions::default()).unwrap())
}

pub fn audit_dir(directory: &Path) -> PathBuf {
    directory.join("audit")
}

/// An audit record that differs from others by its generation.
pub fn entry(generation: u64) -> Entry {
    Entry::event(
        Timestamp::from_unix(1).into(),
        &Event::RollbackAccepted { generation },
    )
}

impl Running {
    pub fn new() -> Self {
        let directory = Directory::new();
        let store = redb(directory.path());
        Self::start(directory, store, Initialise::Allowed).unwrap()
    }

    pub fn over(store: Arc<dyn Store>) -> Self {
        Self::start(Directory::new(), store, Initialise::Allowed).unwrap()
    }

    /// A vault on a disk that keeps these kinds.
    pub fn keeping(kinds: Kinds, soft_delete: SoftDelete) -> Self {
        let directory = Directory::new();
        let store = redb(directory.path());
        Self::keeping_in(directory, store, kinds, soft_delete)
    }

    /// A vault in memory that keeps these kinds.
    pub fn in_memory(kinds: Kinds) -> Self {
        let store = Arc::new(MemoryStore::default());
        Self::keeping_in(Directory::new(), store, kinds, SoftDelete::default())
    }

    fn keeping_in(
        directory: Directory,
        store: Arc<dyn Store>,
        kinds: Kinds,
        soft_delete: SoftDelete,
    ) -> Self {
        let mut options = VaultOptions {
            kinds,
            ..options(directory.path(), Initialise::Allowed)
        };
        options.rules.soft_delete = soft_delete;
        Self::start_with(directory, store, options).unwrap()
    }

    pub fn start(
        directory: Directory,
        store: Arc<dyn Store>,
        initialise: Initialise,
    ) -> Result<Self, OpenError> {
        let options = options(directory.path(), initialise);
        Self::start_with(directory, store, options)
    }

    pub fn start_with(
        directory: Directory,
        store: Arc<dyn Store>,
        options: VaultOptions,
    ) -> Result<Self, OpenError> {
        let unsealed = Unsealed::open(options, Arc::clone(&store), &*seal_key(directory.path(), 1, ""))?;
        let id = unsealed.vault_id().to_string();
        let config = LogConfig::new(audit_dir(directory.path()), &id, "replica-0");
        let log = Arc::new(Log::open(config, unsealed.audit_head()).unwrap());
        let vault = unsealed.start(Arc::clone(&log))?;
        Ok(Self {
            directory,
            store,
            vault,
            log,
            now: Timestamp::from_unix(1_800_000_000),
        })
    }

    /// Stops the vault; what it kept stays.
    pub fn stop(self) -> (Directory, Arc<dyn Store>) {
        let Self {
            directory,
            store,
            vault,
            log,
            ..
        } = self;
        drop((vault, log));
        (directory, store)
    }

    /// Stops the vault and starts it again on what is on the disk.
    pub fn restart(self) -> Self {
        let now = self.now;
        let (directory, store) = self.stop();
        drop(store);
        let store = redb(directory.path());
        let restarted = Self::start(directory, store, Initialise::Refused).unwrap();
        Self { now, ..restarted }
    }

    pub fn write(&self, request: WriteRequest) -> Result<Answer, WriteError> {
        self.write_of(request)
    }

    pub fn write_of<K: Tasks>(
        &self,
        request: request::WriteRequest<K>,
    ) -> Result<answer::Answer<K>, WriteError> {
        let (done, answer) = mpsc::channel();
        let audit = Box::new(|_: &Result<_, _>| entry(0));
        let done = Box::new(move |result| done.send(result).unwrap());
        self.vault.submit(request, self.now, audit, done).unwrap();
        answer.recv().unwrap()
    }

    pub fn set(&self, name: &str, value: &str) -> Result<SecretBundle, WriteError> {
        self.write(set_request(name, value)).map(secret)
    }

    pub fn value(&self, name: &str) -> Option<String> {
        let request = strongroom_engine::ReadRequest::Get {
            name: crate::fixture::name(name),
            version: None,
        };
        let found = self.vault.read(&request, self.now, &every_name).ok()?;
        secret(found).content.map(|value| value.expose().to_owned())
    }

    /// Sweeps, and waits until it is done.
    pub fn sweep(&self) {
        self.vault.sweep(self.now).unwrap();
        self.vault.meta_put("after-sweep", None).unwrap();
    }

    /// The same where the store may take no change.
    pub fn sweep_unsure(&self) {
        self.vault.sweep(self.now).unwrap();
        let _ = self.vault.meta_put("after-sweep", None);
    }

    /// The lines of the audit log.
    pub fn audited(&self) -> Vec<String> {
        self.log.sync().unwrap();
        let mut lines = Vec::new();
        for file in std::fs::read_dir(audit_dir(self.directory.path())).unwrap() {
            let text = std::fs::read_to_string(file.unwrap().path()).unwrap();
            lines.extend(text.lines().map(str::to_owned));
        }
        lines
    }
}
