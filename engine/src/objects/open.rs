//! Opening a vault: the store, the keyring beside it and the seal must be of one vault.

use std::{
    path::PathBuf,
    sync::{Arc, mpsc},
    time::Duration,
};

use parking_lot::{Mutex, RwLock};
use strongroom_audit::{Head as AuditHead, Log};

use super::{
    Objects, WriterHandle, closing,
    erasure::Eraser,
    outbox::Outbox,
    shared::{Published, Shared},
    upgrade,
    writer::Writer,
};
use crate::{
    crypt::{
        entropy::{NoEntropy, random},
        keyring::{
            Keyring, KeyringError, KeyringFile, KeyringFileError, KeyringSeeds, Slots,
            slots::{self, Opened},
        },
        seal::Seal,
        state::{self as sealed, Found, StateError},
    },
    format::{codec::CodecError, id::VaultId, key, soft_delete::SoftDelete, state::State},
    object::{error::ObjectError, keeper::Kinds, view::Rules},
    store::{CommitError, Purpose, Snapshot, Store, StoreError},
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
    /// What it accepts. Of the rules for deleted objects the vault takes what [`SoftDelete::told`] says, once it has its
    /// own.
    ///
    /// [`SoftDelete::told`]: crate::SoftDelete::told
    pub rules: Rules,
    /// The kinds of objects that it keeps.
    pub kinds: Kinds,
    /// The keyring's file; beside the store.
    pub keyring: PathBuf,
    /// Whether it may be a new one.
    pub initialise: Initialise,
    /// The name of this replica, whose audit log takes the records of its commits.
    pub replica: Box<str>,
    /// How many changes may wait for the writer.
    pub queue: usize,
    /// How long purged seeds wait for others before their keys are destroyed; below a day.
    pub erasure_delay: Duration,
}

impl VaultOptions {
    /// Azure's limits, 90 days of retention, 1,024 waiting changes, erasure after an hour, no new vault.
    pub fn new(kinds: Kinds, keyring: impl Into<PathBuf>, replica: &str) -> Self {
        Self {
            rules: Rules::default(),
            kinds,
            keyring: keyring.into(),
            initialise: Initialise::Refused,
            replica: replica.into(),
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
    /// The store's state is missing, damaged, or of another commit.
    #[error(transparent)]
    State(#[from] StateError),
    /// A record of the store is damaged.
    #[error("a record of the store is damaged: {0}")]
    Record(#[from] CodecError),
    /// The records of the store have no proof, and the keyring says that they were given one.
    #[error("the store's records have no proof that this vault wrote them, though it had given them one")]
    Unproved,
    /// The records of an older program were not given their proof.
    #[error(transparent)]
    Upgrade(#[from] upgrade::UpgradeError),
    /// The state was not closed.
    #[error(transparent)]
    Close(#[from] closing::CloseError),
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
    state: State,
    keyring: Keyring,
    slots: Slots,
    seal_key_id: Box<str>,
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
        mut options: VaultOptions,
        store: Arc<dyn Store>,
        seal: &dyn Seal,
    ) -> Result<Self, OpenError> {
        let file = KeyringFile::new(&options.keyring);
        let Opened { keyring, slots } = match sealed::find(&*store.snapshot()?)? {
            Found::Nothing => initialise(&options, &*store, seal, &file)?,
            Found::Sealed(vault) => opened(vault, seal, &file)?,
            Found::Unproved(vault, state) => {
                let opened = opened(vault, seal, &file)?;
                if opened.slots.is_some() {
                    return Err(OpenError::Unproved);
                }
                let soft_delete = options.rules.soft_delete;
                upgrade::upgrade(&*store, &opened.keyring, &options.replica, soft_delete, state)?;
                opened
            }
        };
        let slots = match slots {
            Some(slots) => slots,
            // Last of an upgrade: from here on no record without a proof is taken.
            None => stored(&keyring, seal, &file)?,
        };
        let snapshot = store.snapshot()?;
        let audit_head = match snapshot.get(&key::audit_head())? {
            Some(record) => Some(keyring.check(&key::audit_head(), &record)?),
            None => None,
        };
        let state = sealed::open(&keyring, &*snapshot)?;
        let told = options.rules.soft_delete;
        // An older program stored no settings: then the vault stores those of this start.
        options.rules.soft_delete = state.soft_delete.map_or(told, |kept| kept.told(told));
        Ok(Self {
            state,
            options,
            store,
            snapshot,
            keyring,
            slots,
            seal_key_id: seal.key_id().into(),
            audit_head,
        })
    }

    /// The vault's id.
    pub const fn vault_id(&self) -> VaultId {
        self.keyring.vault()
    }

    /// What happens to deleted objects of this vault.
    pub const fn soft_delete(&self) -> SoftDelete {
        self.options.rules.soft_delete
    }

    /// The last audit record that was known to be on the disk at the last commit: what the log is opened with.
    pub const fn audit_head(&self) -> Option<AuditHead> {
        self.audit_head
    }

    /// Hands the audit records of the last commits to the log, and starts the writer.
    pub fn start(self, log: Arc<Log>) -> Result<Objects, OpenError> {
        let replica = &self.options.replica;
        let limits = self.store.limits();
        let outbox = Outbox::load(&*self.snapshot, &self.keyring, limits, replica.clone(), log)?;
        // It may have been shown before the vault stopped.
        let mut marks = self.state.marks.clone();
        marks.note(self.state.mark());
        let published = Published {
            snapshot: self.snapshot,
            state: Arc::new(self.state),
            keyring: Arc::new(self.keyring),
            heads: Arc::default(),
        };
        let shared = Arc::new(Shared {
            rules: self.options.rules,
            kinds: self.options.kinds,
            seal_key_id: self.seal_key_id,
            store: self.store,
            published: RwLock::new(Arc::new(published)),
            marks: Mutex::new(marks),
            listeners: RwLock::default(),
            unwritable: RwLock::default(),
        });
        let (queue, jobs) = mpsc::sync_channel(self.options.queue);
        let file = KeyringFile::new(&self.options.keyring);
        let erasure = Eraser::new(file, self.slots, self.options.erasure_delay, limits);
        let writer = Writer::new(Arc::clone(&shared), outbox, erasure);
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

/// The keyring of the vault in the store: store, keyring and seal must be of one vault.
fn opened(store: VaultId, seal: &dyn Seal, file: &KeyringFile) -> Result<Opened, OpenError> {
    let stored = file.read()?.ok_or(OpenError::KeyringMissing)?;
    let opened = slots::open(seal, &stored)?;
    if store != opened.keyring.vault() {
        return Err(OpenError::OtherKeyring {
            store,
            keyring: opened.keyring.vault(),
        });
    }
    match seal.used_by() {
        Some(expected) if expected != store.to_string() => Err(OpenError::OtherVault {
            expected: expected.into(),
            found: store,
        }),
        Some(_) | None => Ok(opened),
    }
}

/// Makes a new vault: the keyring's file first, so that a store with a vault always has one. A keyring that is there
/// without a store is what an interrupted first start leaves, and is taken up.
fn initialise(
    options: &VaultOptions,
    store: &dyn Store,
    seal: &dyn Seal,
    file: &KeyringFile,
) -> Result<Opened, OpenError> {
    if let Some(vault) = seal.used_by() {
        return Err(OpenError::LostStore { vault: vault.into() });
    }
    match options.initialise {
        Initialise::Allowed => {}
        Initialise::Refused => return Err(OpenError::EmptyStore),
    }
    let opened = if let Some(stored) = file.read()? {
        slots::open(seal, &stored)?
    } else {
        let keyring = new_keyring()?;
        let slots = stored(&keyring, seal, file)?;
        Opened {
            keyring,
            slots: Some(slots),
        }
    };
    let generation = store.snapshot()?.generation();
    let (batch, _) = closing::initial(&opened.keyring, generation, options.rules.soft_delete)?;
    store.commit(generation, &batch, Purpose::Grow)?;
    Ok(opened)
}

fn new_keyring() -> Result<Keyring, OpenError> {
    let id = random()?;
    let vault = VaultId::random(id.first_chunk().copied().unwrap_or_default());
    let seeds = KeyringSeeds {
        term: random()?,
        backup: random()?,
        root: random()?,
    };
    Ok(Keyring::new(vault, seeds)?)
}

/// Writes the file of a keyring that had none, or one of an older program.
fn stored(keyring: &Keyring, seal: &dyn Seal, file: &KeyringFile) -> Result<Slots, OpenError> {
    let slots = Slots::new(keyring.vault(), random()?, seal, &*random()?)?;
    file.replace(&slots.seal(keyring, &*random()?)?)?;
    Ok(slots)
}
