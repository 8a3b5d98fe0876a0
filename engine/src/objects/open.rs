//! Opening a vault: the store, the keyring beside it and the seal must be of one vault.

use std::{
    path::PathBuf,
    sync::{Arc, mpsc},
    time::Duration,
};

use parking_lot::RwLock;
use strongroom_audit::{Head as AuditHead, Log};

use super::{
    Objects, WriterHandle,
    outbox::Outbox,
    shared::{Published, Shared},
    writer::Writer,
};
use crate::{
    crypt::{
        entropy::{NoEntropy, random},
        keyring::{Keyring, KeyringError, KeyringFile, KeyringFileError, KeyringSeeds},
        seal::Seal,
    },
    format::{codec::CodecError, id::VaultId, key, record::Record, state::State},
    object::{error::ObjectError, keeper::Kinds, transaction, view::Rules},
    store::{CommitError, Snapshot, Store, StoreError},
};

/// Whether a vault may be made where there is none yet.
///
/// Only the operator, who sets up volume and seal key together, knows that both are new; the server takes it from its
/// `--initialise` flag. An empty store beside a seal key that was used before is an error in either case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Initialise {
    /// An empty store becomes a new vault.
    Allowed,
    /// An empty store is a lost one.
    Refused,
}

/// How a vault is opened.
#[derive(Debug, Clone)]
pub struct VaultOptions {
    /// What it accepts.
    pub rules: Rules,
    /// The kinds of objects that it keeps.
    pub kinds: Kinds,
    /// The keyring's file; beside the store.
    pub keyring: PathBuf,
    /// Whether it may be a new one.
    pub initialise: Initialise,
    /// How many changes may wait for the writer.
    pub queue: usize,
    /// How long purged seeds wait for others before their keys are destroyed; below a day.
    pub erasure_delay: Duration,
}

impl VaultOptions {
    /// Azure's limits, 90 days of retention, 1,024 waiting changes, erasure after an hour, no new vault.
    pub fn new(kinds: Kinds, keyring: impl Into<PathBuf>) -> Self {
        Self {
            rules: Rules::default(),
            kinds,
            keyring: keyring.into(),
            initialise: Initialise::Refused,
            queue: 1_024,
            erasure_delay: Duration::from_hours(1),
        }
    }
}

/// Why a vault was not opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The store is empty and a new vault is not allowed.
    #[error("the store is empty; if this vault is new, start it once with permission to initialise")]
    EmptyStore,
    /// The store is empty and the seal key belongs to a vault.
    #[error("the store is empty, but the seal key was used by vault {vault}: its volume is missing")]
    LostStore {
        /// The vault.
        vault: Box<str>,
    },
    /// The seal key belongs to another vault.
    #[error("the store is of vault {found}, the seal key was used by vault {expected}")]
    OtherVault {
        /// The vault that the seal names.
        expected: Box<str>,
        /// The vault of the store.
        found: VaultId,
    },
    /// Store and keyring are of different vaults.
    #[error("the store is of vault {store}, the keyring of vault {keyring}")]
    OtherKeyring {
        /// The vault of the store.
        store: VaultId,
        /// The vault of the keyring.
        keyring: VaultId,
    },
    /// The store holds a vault, and the keyring's file is missing.
    #[error("the keyring file is missing; without it nothing in the store can be opened")]
    KeyringMissing,
    /// The keyring was not opened.
    #[error(transparent)]
    Keyring(#[from] KeyringError),
    /// The keyring's file was not read or written.
    #[error(transparent)]
    KeyringFile(#[from] KeyringFileError),
    /// The store was not read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The first commit failed.
    #[error("the new vault could not be written")]
    Commit(#[from] CommitError),
    /// The store's state is damaged.
    #[error("the vault's state is damaged")]
    State(#[from] CodecError),
    /// An audit record in the store is damaged.
    #[error(transparent)]
    Outbox(#[from] ObjectError),
    /// No random bytes.
    #[error(transparent)]
    Random(#[from] NoEntropy),
    /// No thread.
    #[error("the writer's thread was not started")]
    Thread(#[source] std::io::Error),
}

/// A vault whose store and keyring are open, but that does not run yet: its audit log is opened with what it knows.
pub struct Unsealed {
    options: VaultOptions,
    store: Arc<dyn Store>,
    snapshot: Arc<dyn Snapshot>,
    keyring: Keyring,
    seal: Box<dyn Seal>,
    audit_head: Option<AuditHead>,
}

impl std::fmt::Debug for Unsealed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Unsealed")
            .field("vault", &self.keyring.vault())
            .finish_non_exhaustive()
    }
}

impl Unsealed {
    /// Opens the vault in `store`, or makes it where that is allowed.
    pub fn open(
        options: VaultOptions,
        store: Arc<dyn Store>,
        seal: Box<dyn Seal>,
    ) -> Result<Self, OpenError> {
        let file = KeyringFile::new(&options.keyring);
        let snapshot = store.snapshot()?;
        let (snapshot, keyring) = match snapshot.get(&key::state())? {
            Some(record) => {
                let (vault, _) = State::decode_of_any_vault(&record)?;
                let stored = file.read()?.ok_or(OpenError::KeyringMissing)?;
                let keyring = Keyring::open(&*seal, &stored)?;
                check(vault, &keyring, &*seal)?;
                (snapshot, keyring)
            }
            None => (
                initialise(&options, &*store, &*seal, &file)?,
                Keyring::open(&*seal, &kept(&file)?)?,
            ),
        };
        let audit_head = match snapshot.get(&key::audit_head())? {
            Some(record) => Some(AuditHead::decode(keyring.vault(), &record)?),
            None => None,
        };
        Ok(Self {
            options,
            store,
            snapshot,
            keyring,
            seal,
            audit_head,
        })
    }

    /// The vault's id.
    pub const fn vault_id(&self) -> VaultId {
        self.keyring.vault()
    }

    /// The last audit record that was known to be on the disk at the last commit: what the log is opened with.
    pub const fn audit_head(&self) -> Option<AuditHead> {
        self.audit_head
    }

    /// Hands the audit records of the last commits to the log, and starts the writer.
    pub fn start(self, log: Arc<Log>) -> Result<Objects, OpenError> {
        let outbox = Outbox::load(&*self.snapshot, self.keyring.vault(), log)?;
        let keyring = Arc::new(self.keyring);
        let published = Published {
            snapshot: self.snapshot,
            keyring,
            heads: Arc::default(),
        };
        let shared = Arc::new(Shared {
            rules: self.options.rules,
            kinds: self.options.kinds,
            seal_key_id: self.seal.key_id().into(),
            published: RwLock::new(Arc::new(published)),
            listeners: RwLock::default(),
            unwritable: RwLock::default(),
        });
        let (queue, jobs) = mpsc::sync_channel(self.options.queue);
        let file = KeyringFile::new(&self.options.keyring);
        let erasure = super::erasure::Eraser::new(file, self.seal, self.options.erasure_delay);
        let writer = Writer::new(Arc::clone(&shared), self.store, outbox, erasure);
        let thread = std::thread::Builder::new()
            .name("writer".to_owned())
            .spawn(move || writer.run(&jobs));
        let thread = Some(thread.map_err(OpenError::Thread)?);
        Ok(Objects {
            shared,
            writer: Arc::new(WriterHandle {
                queue: Some(queue),
                thread,
            }),
        })
    }
}

/// Store, keyring and seal must be of one vault.
fn check(store: VaultId, keyring: &Keyring, seal: &dyn Seal) -> Result<(), OpenError> {
    if store != keyring.vault() {
        return Err(OpenError::OtherKeyring {
            store,
            keyring: keyring.vault(),
        });
    }
    match seal.used_by() {
        Some(expected) if expected != store.to_string() => Err(OpenError::OtherVault {
            expected: expected.into(),
            found: store,
        }),
        Some(_) | None => Ok(()),
    }
}

fn kept(file: &KeyringFile) -> Result<Vec<u8>, OpenError> {
    file.read()?.ok_or(OpenError::KeyringMissing)
}

/// Makes a new vault: the keyring's file first, so that a store with a vault always has one. A keyring that is there
/// without a store is what an interrupted first start leaves, and is taken up.
fn initialise(
    options: &VaultOptions,
    store: &dyn Store,
    seal: &dyn Seal,
    file: &KeyringFile,
) -> Result<Arc<dyn Snapshot>, OpenError> {
    if let Some(vault) = seal.used_by() {
        return Err(OpenError::LostStore { vault: vault.into() });
    }
    match options.initialise {
        Initialise::Allowed => {}
        Initialise::Refused => return Err(OpenError::EmptyStore),
    }
    let keyring = match file.read()? {
        Some(stored) => Keyring::open(seal, &stored)?,
        None => new_keyring(seal, file)?,
    };
    store.commit(store.snapshot()?.generation(), &transaction::initial(&keyring))?;
    Ok(store.snapshot()?)
}

fn new_keyring(seal: &dyn Seal, file: &KeyringFile) -> Result<Keyring, OpenError> {
    let id = random()?;
    let vault = VaultId::random(id.first_chunk().copied().unwrap_or_default());
    let seeds = KeyringSeeds {
        term: random()?,
        backup: random()?,
        root: random()?,
    };
    let keyring = Keyring::new(vault, seeds)?;
    let salt = random()?;
    file.replace(&keyring.seal(seal, &salt)?)?;
    Ok(keyring)
}
