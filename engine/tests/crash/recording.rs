//! One run of a script over a recording disk, and the moments at which it could have stopped.

use std::{
    collections::BTreeMap,
    fs,
    marker::PhantomData,
    path::{Path, PathBuf},
    sync::Arc,
};

use strongroom_audit::{Log, LogConfig, SyncMode};
use strongroom_core::Timestamp;
use strongroom_engine::{
    Initialise, Objects, ReadRequest, Unsealed, VaultOptions,
    crypt::seal::SecretFile,
    every_name,
    object::answer::Bundle,
    store::{OpenStoreError, RedbOptions, RedbStore},
};
use tempfile::TempDir;

use crate::{
    certificates,
    disk::{Disk, Event, Logged, Random, apply, apply_some},
    sample::Sample,
    script::{self, Step, runner::Runner},
};

/// What can be seen of a vault after a step, and which records its log must have by then.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct State {
    pub generation: u64,
    pub seen: BTreeMap<String, String>,
    /// The markers of the changes made so far.
    pub changes: Vec<u32>,
    /// The markers of the requests refused so far.
    pub refusals: Vec<u32>,
}

/// One run of a script.
pub struct Recording<K> {
    kind: PhantomData<fn() -> K>,
    /// The disk before the run.
    base: Vec<u8>,
    events: Vec<Logged>,
    /// What there was after each step; the first is what there was before any.
    pub states: Vec<State>,
    /// The whole audit log after the run.
    audit: Vec<u8>,
    /// The keyring after the run.
    keyring: Arc<[u8]>,
    /// Whether the run began with an empty store.
    pub is_first: bool,
}

/// Keyring, seal and audit log of a vault, outside the simulated disk.
pub struct Place {
    dir: TempDir,
    sync: SyncMode,
}

impl Place {
    /// With [`SyncMode::Always`] what leaves the outbox does not depend on the time that passes.
    pub fn new(sync: SyncMode) -> Self {
        // Nothing here is to survive anything, so the fastest directory will do.
        let memory = Path::new("/dev/shm");
        let dir = if memory.is_dir() {
            TempDir::new_in(memory)
        } else {
            TempDir::new()
        }
        .unwrap();
        fs::create_dir(dir.path().join("seal")).unwrap();
        fs::write(dir.path().join("seal/key"), [9; 32]).unwrap();
        fs::write(dir.path().join("seal/id"), "crash").unwrap();
        Self { dir, sync }
    }

    /// A place with what lay beside the disk at `moment`.
    pub fn of(moment: &Moment) -> Self {
        let place = Self::new(SyncMode::Always);
        if !moment.keyring.is_empty() {
            fs::write(place.keyring(), &moment.keyring).unwrap();
        }
        place.begin_audit(&moment.audit);
        place
    }

    fn keyring(&self) -> PathBuf {
        self.dir.path().join("keyring")
    }

    fn begin_audit(&self, audit: &[u8]) {
        fs::create_dir_all(self.audit_dir()).unwrap();
        if !audit.is_empty() {
            fs::write(self.audit_file(), audit).unwrap();
        }
    }

    pub fn audit_dir(&self) -> PathBuf {
        self.dir.path().join("audit")
    }

    pub fn audit_file(&self) -> PathBuf {
        self.audit_dir().join("00000000000000000001.jsonl")
    }

    /// Opens the vault on `disk`, which has objects of kind `K`.
    pub fn open<K: Sample>(&self, disk: &Disk) -> Result<Objects, Box<dyn std::error::Error>> {
        let options = RedbOptions {
            cache_bytes: 1 << 20,
            reserve_bytes: 0,
        };
        let backend = disk.clone();
        let store = RedbStore::open_with_backend(move || Ok(backend.clone()), options)?;
        let seal = SecretFile::read(&self.dir.path().join("seal"))?;
        let mut options = VaultOptions::new(K::KINDS, self.keyring(), "replica-0");
        options.initialise = Initialise::Allowed;
        let unsealed = Unsealed::open(options, Arc::new(store), &seal)?;
        let mut config = LogConfig::new(self.audit_dir(), &unsealed.vault_id().to_string(), "prod-0");
        config.sync = self.sync;
        let log = Arc::new(Log::open(config, unsealed.audit_head())?);
        Ok(unsealed.start(log)?)
    }
}

/// A disk with an empty store.
pub fn new_disk() -> Disk {
    let disk = Disk::default();
    drop(store(&disk).unwrap());
    Disk::of(disk.image())
}

fn store(disk: &Disk) -> Result<RedbStore, OpenStoreError> {
    let options = RedbOptions {
        cache_bytes: 1 << 20,
        reserve_bytes: 0,
    };
    let backend = disk.clone();
    RedbStore::open_with_backend(move || Ok(backend.clone()), options)
}

impl<K: Sample> Recording<K> {
    /// Runs `script` on a new vault. Its store is an empty one, since the file appears whole or not at all.
    pub fn of_new_vault(sync: SyncMode, script: Vec<Step>) -> Self {
        let recording = Self::on(&Place::new(sync), &new_disk(), script);
        Self {
            is_first: true,
            ..recording
        }
    }

    /// Runs `script` on the vault that is on `disk` and in `place`.
    pub fn on(place: &Place, disk: &Disk, script: Vec<Step>) -> Self {
        let base = disk.image();
        disk.watch(place.audit_file(), place.keyring());
        let vault = place.open::<K>(disk).unwrap();
        let mut runner = Runner::<K>::new(vault, place);
        let mut states = vec![runner.state()];
        disk.log(Event::Acknowledged(0));
        for (number, step) in script.into_iter().enumerate() {
            runner.run(step);
            disk.log(Event::Acknowledged(number + 1));
            states.push(runner.state());
        }
        drop(runner);
        let audit = fs::read(place.audit_file()).unwrap();
        let keyring = fs::read(place.keyring()).unwrap().into();
        Self {
            kind: PhantomData,
            is_first: base.is_empty(),
            base,
            events: disk.events(),
            states,
            audit,
            keyring,
        }
    }

    /// How long the audit log was when the vault had started.
    pub fn audit_at_start(&self) -> usize {
        let started = |logged: &&Logged| matches!(logged.event, Event::Acknowledged(0));
        self.events.iter().find(started).map_or(0, |logged| logged.audit)
    }

    /// Every moment at which the run could have stopped: before the first event, and after each.
    pub fn moments(&self) -> impl Iterator<Item = Moment> {
        let mut so_far = Progress {
            synced: self.base.clone(),
            unsynced: Vec::new(),
            acknowledged: None,
        };
        let events = self.events.iter().map(Some);
        std::iter::once(None)
            .chain(events)
            .enumerate()
            .map(move |(end, event)| {
                if let Some(logged) = event {
                    so_far.add(&logged.event);
                }
                self.moment(end, &so_far)
            })
    }

    fn moment(&self, end: usize, so_far: &Progress) -> Moment {
        let next = self.events.get(end);
        let audit = next.map_or(self.audit.len(), |logged| logged.audit);
        Moment {
            number: end,
            synced: so_far.synced.clone(),
            unsynced: so_far.unsynced.clone(),
            acknowledged: so_far.acknowledged,
            audit: self.audit[..audit].to_vec(),
            keyring: Arc::clone(next.map_or(&self.keyring, |logged| &logged.keyring)),
            audit_is_whole: true,
        }
    }
}

/// What a disk has come to after some events.
struct Progress {
    synced: Vec<u8>,
    unsynced: Vec<Event>,
    acknowledged: Option<usize>,
}

impl Progress {
    fn add(&mut self, event: &Event) {
        match event {
            Event::Write { .. } | Event::SetLen(_) => self.unsynced.push(event.clone()),
            Event::Sync => {
                let done = std::mem::take(&mut self.unsynced);
                for event in done {
                    apply(&mut self.synced, &event);
                }
            }
            Event::Acknowledged(step) => self.acknowledged = Some(*step),
        }
    }
}

/// A moment at which a run could have stopped.
pub struct Moment {
    /// How many events came before.
    pub number: usize,
    /// The disk as of the last sync.
    synced: Vec<u8>,
    /// What was done to it since.
    unsynced: Vec<Event>,
    /// The last step acknowledged.
    pub acknowledged: Option<usize>,
    /// The audit log.
    pub audit: Vec<u8>,
    /// The keyring; empty before there is one.
    keyring: Arc<[u8]>,
    /// Nothing of the audit log was lost.
    pub audit_is_whole: bool,
}

impl Moment {
    /// Cuts the audit log to at least `floor` bytes, as a power loss does to what was not synced.
    pub fn lose_audit(&mut self, floor: usize, random: &mut Random) {
        let lost = random.below(self.audit.len().saturating_sub(floor) + 1);
        self.audit.truncate(self.audit.len() - lost);
        self.audit_is_whole = false;
    }

    /// What the disk may hold after the power came back: everything, nothing since the last sync, or `torn` times some of
    /// it.
    pub fn images(&self, torn: usize, random: &mut Random) -> Vec<Vec<u8>> {
        let mut all = self.synced.clone();
        self.unsynced.iter().for_each(|event| apply(&mut all, event));
        let mut images = vec![all];
        if self.unsynced.is_empty() {
            return images;
        }
        images.push(self.synced.clone());
        for _ in 0..torn {
            let mut some = self.synced.clone();
            self.unsynced
                .iter()
                .for_each(|event| apply_some(&mut some, event, random));
            images.push(some);
        }
        images
    }
}

/// Everything that can be read from a vault, by what it was asked, and its events.
pub fn seen<K: Sample>(vault: &Objects) -> BTreeMap<String, String> {
    let now = Timestamp::from_unix(script::NOW);
    let mut seen = BTreeMap::new();
    let events = vault.events(None, 10_000).unwrap();
    seen.insert("events".to_owned(), format!("{events:?}"));
    let mut see = |request: ReadRequest| {
        let answer = vault.read::<K>(&request, now, &every_name);
        seen.insert(format!("{request:?}"), script::shown(&answer));
        answer
    };
    let mut contents = Vec::new();
    see(ReadRequest::List { page: script::page() }).unwrap();
    see(ReadRequest::ListDeleted { page: script::page() }).unwrap();
    for name in script::names() {
        let _ = see(ReadRequest::GetDeleted { name: name.clone() });
        for version in script::versions(&see(ReadRequest::ListVersions {
            name: name.clone(),
            page: script::page(),
        })) {
            see(ReadRequest::Get {
                name: name.clone(),
                version: Some(version),
            })
            .unwrap();
            if !K::SHOWS_CONTENT {
                contents.push((name.clone(), version));
            }
        }
    }
    // What a get does not show, the vault uses by itself.
    for (name, version) in contents {
        let open = |_, bundle: Bundle<K>| bundle.content.as_ref().map(K::text);
        let content = vault.open(&name, Some(&version), |_| None, open).unwrap();
        seen.insert(format!("the content of {name} {version}"), content.unwrap());
    }
    certificates::see(vault, &mut seen);
    seen
}
