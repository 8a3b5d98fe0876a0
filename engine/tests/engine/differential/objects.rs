//! A vault of two kinds must answer the same, and keep the same records, on either store.

use std::{collections::BTreeMap, marker::PhantomData, sync::Arc};

use proptest::prelude::*;
use strongroom_core::{ObjectName, Timestamp, Version};
use strongroom_engine::{
    BackupBlob, CryptoKey, Inputs, ObjectError, PageRequest, ReadRequest, Secret,
    crypt::{cipher::KeyBytes, opened::OpenedHeads},
    every_name,
    format::key,
    object::{
        answer::{Answer, ItemPage},
        request::WriteRequest,
        system::{SystemRequest, apply_system},
    },
    store::{Gen, Key, MemoryStore, RedbOptions, RedbStore, Value},
};
use tempfile::TempDir;

use super::redb;
use crate::{
    fixture::{Bench, name, object, page_of, unseen},
    room::counted,
    sample::{Sample, Sealing},
    steps::{Step, patch, step, tags, text},
};

/// The kind that a step is about.
#[derive(Debug, Clone, Copy)]
enum Of {
    Secret,
    /// The other kind of the two.
    Other,
}

/// What happens to both vaults.
#[derive(Debug, Clone, Copy)]
enum Change {
    Ask(Of, Step),
    /// An object is backed up, deleted and purged, and comes back, as far as each is possible.
    Return(Of, u8),
    /// The vault carries out what is due, and removes what is left of purged objects.
    Sweep,
}

fn change() -> impl Strategy<Value = Change> {
    let of = prop_oneof![Just(Of::Secret), Just(Of::Other)];
    prop_oneof![
        16 => (of.clone(), step()).prop_map(|(of, step)| Change::Ask(of, step)),
        2 => (of, 0..3_u8).prop_map(|(of, n)| Change::Return(of, n)),
        2 => Just(Change::Sweep),
    ]
}

/// Two vaults with the same keys and the same randomness, each on a store of its own. They keep secrets, and objects of
/// the kind `O`.
struct Pair<O> {
    other: PhantomData<O>,
    directory: TempDir,
    redb: Bench,
    memory: Bench,
    /// The last backup under each name, of either kind.
    backups: BTreeMap<u8, BackupBlob>,
}

impl<O: Sample> Pair<O> {
    fn new() -> Self {
        let (directory, store) = redb();
        Self {
            other: PhantomData,
            directory,
            redb: Bench::over(Arc::new(store), 1),
            memory: Bench::over(Arc::new(MemoryStore::default()), 1),
            backups: BTreeMap::new(),
        }
    }

    fn run(&mut self, change: Change) {
        match change {
            Change::Ask(of, step) => self.ask(of, step),
            Change::Return(of, n) => [Step::Backup(n), Step::Delete(n), Step::Purge(n), Step::Restore(n)]
                .into_iter()
                .for_each(|step| self.ask(of, step)),
            Change::Sweep => assert_eq!(sweep::<O>(&mut self.redb), sweep::<O>(&mut self.memory)),
        }
        self.compare();
    }

    fn ask(&mut self, of: Of, step: Step) {
        match of {
            Of::Secret => self.step::<Secret>(step),
            Of::Other => self.step::<O>(step),
        }
    }

    fn step<K: Sample>(&mut self, step: Step) {
        match step {
            Step::Set {
                name: n,
                value,
                attributes,
                tagged,
            } => self.write::<K>(&WriteRequest::Set {
                name: name(text(n)),
                content: K::content(&value.to_string()),
                fields: K::fields(&value.to_string(), tagged),
                attributes: patch(attributes),
                tags: tags(tagged),
            }),
            Step::Update {
                name: n,
                version,
                attributes,
                tagged,
            } => {
                let version = version.map(|index| self.version::<K>(n, index));
                self.write::<K>(&WriteRequest::Update {
                    name: name(text(n)),
                    version,
                    fields: K::Patch::default(),
                    attributes: patch(attributes),
                    tags: tagged.map(tags),
                });
            }
            Step::Replace {
                name: n,
                is_late,
                value,
                expires,
            } => {
                let seen = if is_late {
                    unseen()
                } else {
                    self.redb.seen_of::<K>(text(n))
                };
                self.write::<K>(&WriteRequest::Replace {
                    name: name(text(n)),
                    seen,
                    content: K::content(&value.to_string()),
                    fields: K::fields(&value.to_string(), false),
                    expires: expires.map(Timestamp::from_unix),
                });
            }
            Step::Amend(n, value) => {
                if let Some(amendment) = K::amendment(value) {
                    self.write::<K>(&WriteRequest::Amend {
                        name: name(text(n)),
                        amendment,
                    });
                }
            }
            Step::Delete(n) => self.write::<K>(&WriteRequest::Delete { name: name(text(n)) }),
            Step::Recover(n) => self.write::<K>(&WriteRequest::Recover { name: name(text(n)) }),
            Step::Purge(n) => self.write::<K>(&WriteRequest::Purge { name: name(text(n)) }),
            Step::Backup(n) => {
                let request = ReadRequest::Backup { name: name(text(n)) };
                if let Ok(Answer::Backup(blob)) = self.read::<K>(&request) {
                    self.backups.insert(n, blob);
                }
            }
            Step::Restore(n) => {
                if let Some(blob) = self.backups.get(&n).cloned() {
                    self.write::<K>(&WriteRequest::Restore { blob });
                }
            }
            Step::Wait(seconds) => {
                for bench in [&mut self.redb, &mut self.memory] {
                    bench.now = Timestamp::from_unix(bench.now.unix() + seconds);
                }
            }
        }
    }

    fn write<K: Sample>(&mut self, request: &WriteRequest<K>) {
        let answers = [self.redb.write_of(request), self.memory.write_of(request)];
        assert_eq!(answers[0], answers[1], "{request:?}");
    }

    fn read<K: Sample>(&self, request: &ReadRequest) -> Result<Answer<K>, ObjectError> {
        let found = self.redb.read_of::<K>(request, &every_name);
        assert_eq!(found, self.memory.read_of(request, &every_name), "{request:?}");
        found
    }

    /// A version of an object, or one that it does not have.
    fn version<K: Sample>(&self, n: u8, index: u8) -> Version {
        let versions = self.versions::<K>(&name(text(n)));
        let found = versions.get(usize::from(index));
        found.copied().unwrap_or(Version::from_bytes([index; 16]))
    }

    /// The current version of an object, as far as a get tells it.
    fn versions<K: Sample>(&self, name: &ObjectName) -> Vec<Version> {
        self.pages::<K>(|page| ReadRequest::ListVersions {
            name: name.clone(),
            page,
        })
    }

    /// The versions on all pages of a list; the pages and their markers are the same on both stores.
    fn pages<K: Sample>(&self, request: impl Fn(PageRequest) -> ReadRequest) -> Vec<Version> {
        let mut versions = Vec::new();
        let mut page = PageRequest {
            max_results: Some(2),
            ..PageRequest::default()
        };
        loop {
            let ItemPage { items, next } = page_of(self.read::<K>(&request(page.clone())).unwrap());
            versions.extend(items.iter().map(|item| item.version));
            if next.is_none() {
                return versions;
            }
            page.marker = next;
        }
    }

    /// Asks both everything about both kinds, and compares every record.
    fn compare(&self) {
        self.compare_answers::<Secret>();
        self.compare_answers::<O>();
        assert_eq!(records(&self.redb), records(&self.memory));
        let snapshot = self.memory.store.snapshot().unwrap();
        assert_eq!(self.memory.state().unwrap().bytes, counted(&*snapshot));
    }

    fn compare_answers<K: Sample>(&self) {
        self.pages::<K>(|page| ReadRequest::List { page });
        self.pages::<K>(|page| ReadRequest::ListDeleted { page });
        for name in (0..3).map(|n| name(text(n))) {
            let _ = self.read::<K>(&ReadRequest::GetDeleted { name: name.clone() });
            let _ = self.read::<K>(&ReadRequest::Backup { name: name.clone() });
            let versions = self.versions::<K>(&name).into_iter().map(Some);
            for version in versions.chain([None]) {
                let request = ReadRequest::Get {
                    name: name.clone(),
                    version,
                };
                if let (Ok(answer), Some(version)) = (self.read::<K>(&request), version) {
                    assert_eq!(object(answer).version, version);
                }
            }
        }
    }

    /// Closes the file, and opens it again with nothing remembered.
    fn reopen(&mut self) {
        self.redb.store = Arc::new(MemoryStore::default());
        let path = self.directory.path().join("store.redb");
        self.redb.store = Arc::new(RedbStore::open(&path, RedbOptions::default()).unwrap());
        self.redb.heads = OpenedHeads::default();
    }

    fn scrub(&self) {
        for bench in [&self.redb, &self.memory] {
            bench.scrub(O::KINDS).unwrap();
        }
    }
}

/// Every record of a vault, and its generation.
fn records(bench: &Bench) -> (Gen, Vec<(Key, Value)>) {
    let snapshot = bench.store.snapshot().unwrap();
    let page = snapshot.scan(&Key::new([]), None, 100_000).unwrap();
    assert!(!page.more && !page.records.is_empty());
    (snapshot.generation(), page.records)
}

/// What the vault does by itself, and the events that it records.
fn sweep<O: Sample>(bench: &mut Bench) -> Vec<String> {
    let keys = |bench: &Bench, prefix: &Key| -> Vec<Key> {
        let page = bench.store.snapshot().unwrap().scan(prefix, None, 1_000).unwrap();
        page.records.into_iter().map(|(key, _)| key).collect()
    };
    let due = keys(bench, &key::all_schedule())
        .iter()
        .map(|key| key::due_of_schedule(key).unwrap())
        .filter(|due| due.at <= bench.now)
        .map(SystemRequest::Perform)
        .collect::<Vec<_>>();
    let mut events: Vec<_> = due.iter().map(|request| perform::<O>(bench, request)).collect();
    let left = keys(bench, &key::all_garbage());
    events.extend(left.iter().map(|key| {
        let object = key::object_of_garbage(key).unwrap();
        perform::<O>(bench, &SystemRequest::Collect { object, limit: 2 })
    }));
    events
}

fn perform<O: Sample>(bench: &mut Bench, request: &SystemRequest) -> String {
    let snapshot = bench.store.snapshot().unwrap();
    bench.entropy += 1;
    let mut entropy = KeyBytes::default();
    entropy[..8].copy_from_slice(&bench.entropy.to_be_bytes());
    let mut inputs = Inputs::new(&entropy);
    let (changes, event) =
        apply_system(bench.view(&*snapshot), O::KINDS, request, &mut inputs, bench.now).unwrap();
    if !changes.batch.is_empty() {
        bench.commit(changes);
    }
    format!("{request:?}: {event:?}")
}

/// Takes both vaults through the changes, and compares everything after each.
fn run<O: Sample>(changes: Vec<Change>) {
    let mut pair = Pair::<O>::new();
    for change in changes {
        pair.run(change);
    }
    pair.reopen();
    pair.compare();
    pair.scrub();
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, max_shrink_iters: 500, ..ProptestConfig::default() })]

    #[test]
    fn a_vault_of_secrets_and_keys_is_the_same_on_redb_as_in_memory(
        changes in proptest::collection::vec(change(), 1..60),
    ) {
        run::<CryptoKey>(changes);
    }

    #[test]
    fn a_vault_of_two_kinds_is_the_same_on_redb_as_in_memory(
        changes in proptest::collection::vec(change(), 1..60),
    ) {
        run::<Sealing>(changes);
    }
}
