//! Many who change one name at once: each has the outcome that the writer's order gives it, by the model, and nothing
//! that was acknowledged is lost.

use std::{
    sync::{Arc, Mutex, PoisonError, mpsc},
    thread,
};

use strongroom_core::Version;
use strongroom_engine::{
    AttributesPatch, BackupBlob, CryptoKey, ObjectError, PageRequest, ReadRequest, Secret, SoftDelete, Tags,
    WriteError, every_name,
    format::id::Sequence,
    object::{
        answer::{Answer, Bundle},
        kind::Kind,
        request::{Seen, WriteRequest},
    },
};

use crate::{
    fixture::{DAY, name, object, page_of, set_of},
    model::{Model, ModelObject, ModelVersion, Refusal},
    running::{Running, entry},
    sample::Sample,
};

const NAME: &str = "db";
const DAYS: u8 = 7;
/// How many ask at once.
const ASKERS: u64 = 4;
/// How often each does.
const ASKS: usize = 300;

/// The current version, as it was read: which, its record, and the mark that the last update left on it.
#[derive(Debug, Clone, Copy, Default)]
struct Read {
    version: Option<Version>,
    record: Sequence,
    mark: Option<u64>,
}

/// A change of the name.
#[derive(Debug, Clone, Copy)]
enum Ask {
    Set,
    /// A version in place of the one that was the current one just before.
    Replace(Read),
    /// A mark of its own on the current version.
    Update(u64),
    Delete,
    Recover,
    Purge,
    /// Of the backup that was made in the beginning.
    Restore,
}

/// A change that the writer decided, with the version that is the current one then.
type Decided = (Ask, Result<Option<Version>, Refusal>);

/// One vault, and what the writer decided in it, in its order.
struct Race {
    running: Running,
    blob: BackupBlob,
    decided: Arc<Mutex<Vec<Decided>>>,
}

impl Race {
    /// A vault whose name has an object of two versions, and the model of it with its backup.
    fn start<K: Sample>(is_protected: bool) -> (Self, Model<()>, ModelObject<()>) {
        let rules = SoftDelete::new(DAYS, is_protected).unwrap();
        let running = Running::keeping(K::KINDS, rules);
        let mut model = Model {
            retention: u64::from(DAYS) * DAY,
            protected: is_protected,
            ..Model::default()
        };
        for content in ["one", "two"] {
            let made = object(running.write_of(set_of::<K>(NAME, content)).unwrap());
            model.push(NAME, version(made.version));
        }
        let request = ReadRequest::Backup { name: name(NAME) };
        let Ok(Answer::Backup(blob)) = running.vault.read::<K>(&request, running.now, &every_name) else {
            panic!("no backup");
        };
        let backup = model.objects[NAME].clone();
        let race = Self {
            running,
            blob,
            decided: Arc::default(),
        };
        (race, model, backup)
    }

    /// Asks for changes in an order of this seed's, one after the other.
    fn ask_often<K: Sample>(&self, seed: u64) {
        let mut random = seed;
        for _ in 0..ASKS {
            // Knuth's generator; its high bits are the random ones.
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(seed);
            let ask = match (random >> 33) % 11 {
                0 | 1 => Ask::Set,
                2 | 3 => Ask::Replace(self.current::<K>()),
                4 => Ask::Delete,
                5 => Ask::Recover,
                6 => Ask::Purge,
                7 => Ask::Restore,
                8 | 9 => Ask::Update(random),
                _ => {
                    self.back_up::<K>();
                    continue;
                }
            };
            self.ask::<K>(ask);
        }
    }

    fn current<K: Sample>(&self) -> Read {
        let found = self.running.vault.current::<K>(&name(NAME));
        found.map_or_else(
            |_| Read::default(),
            |(seen, bundle)| Read {
                version: Some(bundle.version),
                record: seen.record,
                mark: mark_of(&bundle.tags),
            },
        )
    }

    /// A backup is of the whole object, or there is none.
    fn back_up<K: Sample>(&self) {
        let request = ReadRequest::Backup { name: name(NAME) };
        match self
            .running
            .vault
            .read::<K>(&request, self.running.now, &every_name)
        {
            Ok(Answer::Backup(blob)) => {
                let named = self.running.vault.peek_backup::<K>(&blob).unwrap();
                assert_eq!(named, name(NAME));
            }
            Err(ObjectError::NotFound { .. }) => {}
            other => panic!("{other:?}"),
        }
    }

    /// Asks for a change, and waits for its answer.
    fn ask<K: Sample>(&self, ask: Ask) {
        let request = request::<K>(ask, &self.blob);
        let decided = Arc::clone(&self.decided);
        // The writer asks for the record when it has decided, once where every commit is made.
        let audit = Box::new(move |result: &Result<Answer<K>, ObjectError>| {
            let outcome = match result {
                Ok(Answer::Object(bundle)) => Ok(Some(bundle.version)),
                Ok(_) => Ok(None),
                Err(error) => Err(Refusal::of(error)),
            };
            let mut decided = decided.lock().unwrap_or_else(PoisonError::into_inner);
            decided.push((ask, outcome));
            entry(0)
        });
        let (done, answered) = mpsc::channel();
        let done = Box::new(move |result: Result<Answer<K>, WriteError>| done.send(result.is_ok()).unwrap());
        let (vault, now) = (&self.running.vault, self.running.now);
        vault.submit(request, now, audit, done).unwrap();
        answered.recv().unwrap();
    }

    /// Compares what the name has become with the model.
    fn compare<K: Sample>(&self, model: &mut Model<()>) {
        let (vault, now) = (&self.running.vault, self.running.now);
        let request = ReadRequest::ListVersions {
            name: name(NAME),
            page: PageRequest::default(),
        };
        let mut found = Vec::new();
        let mut listed = page_of(vault.read::<K>(&request, now, &every_name).unwrap());
        loop {
            found.extend(listed.items.iter().map(|item| (item.version, item.tags.clone())));
            let Some(marker) = listed.next else { break };
            let page = PageRequest {
                marker: Some(marker),
                ..PageRequest::default()
            };
            let name = name(NAME);
            let request = ReadRequest::ListVersions { name, page };
            listed = page_of(vault.read::<K>(&request, now, &every_name).unwrap());
        }
        let live = model.live(NAME, now.unix()).map(|object| &object.versions);
        let shown = |version: &ModelVersion| (version.id, version.tags.clone());
        let mut expected: Vec<_> = live.into_iter().flatten().map(shown).collect();
        expected.sort();
        assert_eq!(found, expected);
        for (version, _) in &found {
            let open = |_, bundle: Bundle<K>| bundle.content.as_ref().map(K::text);
            let content = vault.open(&name(NAME), Some(version), |_| None, open).unwrap();
            let content = content.unwrap();
            assert!(["one", "two", "later"].contains(&content.as_str()), "{content}");
        }
        let deleted = vault.read::<K>(&ReadRequest::GetDeleted { name: name(NAME) }, now, &every_name);
        assert_eq!(deleted.is_ok(), model.gone(NAME, now.unix()).is_ok());
    }
}

fn request<K: Sample>(ask: Ask, blob: &BackupBlob) -> WriteRequest<K> {
    match ask {
        Ask::Set => set_of::<K>(NAME, "later"),
        Ask::Replace(read) => WriteRequest::Replace {
            name: name(NAME),
            seen: Seen {
                record: read.record,
                object: <K as Kind>::Object::default(),
            },
            content: K::content("later"),
            fields: K::fields("later", true),
            expires: None,
        },
        Ask::Update(mark) => WriteRequest::Update {
            name: name(NAME),
            version: None,
            fields: K::Patch::default(),
            attributes: AttributesPatch::default(),
            tags: Some(marked(Some(mark))),
        },
        Ask::Delete => WriteRequest::Delete { name: name(NAME) },
        Ask::Recover => WriteRequest::Recover { name: name(NAME) },
        Ask::Purge => WriteRequest::Purge { name: name(NAME) },
        Ask::Restore => WriteRequest::Restore { blob: blob.clone() },
    }
}

fn marked(mark: Option<u64>) -> Tags {
    mark.map(|mark| ("mark".to_owned(), mark.to_string()))
        .into_iter()
        .collect()
}

fn mark_of(tags: &Tags) -> Option<u64> {
    tags.get("mark").map(|mark| mark.parse().unwrap())
}

fn version(id: Version) -> ModelVersion {
    ModelVersion {
        id,
        value: String::new(),
        fields: String::new(),
        enabled: true,
        nbf: None,
        exp: None,
        created: 0,
        updated: 0,
        tags: Tags::new(),
    }
}

/// How often something was done, and how often it was refused because a newer version was there.
#[derive(Debug, Default)]
struct Counts {
    set: usize,
    replaced: usize,
    superseded: usize,
    updated: usize,
    deleted: usize,
    recovered: usize,
    purged: usize,
    protected: usize,
    restored: usize,
}

impl Counts {
    fn count(&mut self, ask: Ask, outcome: Result<(), Refusal>) {
        let counted = match (ask, outcome) {
            (Ask::Set, Ok(())) => &mut self.set,
            (Ask::Replace(_), Ok(())) => &mut self.replaced,
            (Ask::Replace(_), Err(Refusal::Superseded)) => &mut self.superseded,
            (Ask::Update(_), Ok(())) => &mut self.updated,
            (Ask::Delete, Ok(())) => &mut self.deleted,
            (Ask::Recover, Ok(())) => &mut self.recovered,
            (Ask::Purge, Ok(())) => &mut self.purged,
            (Ask::Purge, Err(Refusal::Protected)) => &mut self.protected,
            (Ask::Restore, Ok(())) => &mut self.restored,
            (_, Err(_)) => return,
        };
        *counted += 1;
    }
}

/// A version may be replaced while it is the current one, and nobody has marked it since it was read.
fn replace(model: &mut Model<()>, read: Read, now: u64) -> Result<(), Refusal> {
    let current = model.find(NAME, None, now)?;
    if (Some(current.id), mark_of(&current.tags)) == (read.version, read.mark) {
        Ok(())
    } else {
        Err(Refusal::Superseded)
    }
}

/// Whether this version is as it is in the backup.
fn is_of(backup: &ModelObject<()>, read: Read) -> bool {
    let mut versions = backup.versions.iter();
    read.mark.is_none() && versions.any(|version| Some(version.id) == read.version)
}

/// Lets many change the name, and does to the model what the writer decided.
fn race<K: Sample>(is_protected: bool) -> Counts {
    let (race, mut model, backup) = Race::start::<K>(is_protected);
    thread::scope(|scope| {
        for seed in 1..=ASKERS {
            let race = &race;
            scope.spawn(move || race.ask_often::<K>(2 * seed + 1));
        }
    });
    let now = race.running.now.unix();
    let mut counts = Counts::default();
    let decided = std::mem::take(&mut *race.decided.lock().unwrap());
    for (number, (ask, outcome)) in decided.into_iter().enumerate() {
        let expected = match ask {
            Ask::Set => model.can_set(NAME, now),
            Ask::Replace(read) => match replace(&mut model, read, now) {
                // The model does not know that what comes back from a backup is written anew.
                Ok(()) if outcome == Err(Refusal::Superseded) && is_of(&backup, read) => {
                    Err(Refusal::Superseded)
                }
                expected => expected,
            },
            Ask::Update(mark) => {
                let current = model.find(NAME, None, now);
                current.map(|version| version.tags = marked(Some(mark)))
            }
            Ask::Delete => model.delete(NAME, now),
            Ask::Recover => model.recover(NAME, now),
            Ask::Purge => model.purge(NAME, now),
            Ask::Restore => model.restore(NAME, backup.clone(), now),
        };
        assert_eq!(outcome.map(drop), expected, "{number}: {ask:?}");
        let tags = match ask {
            Ask::Replace(read) => marked(read.mark),
            _ => Tags::new(),
        };
        if let (Ask::Set | Ask::Replace(_), Ok(Some(id))) = (ask, outcome) {
            let version = version(id);
            model.push(NAME, ModelVersion { tags, ..version });
        }
        counts.count(ask, expected);
    }
    race.compare::<K>(&mut model);
    race.running.sweep();
    race.running.vault.scrub().unwrap();
    counts
}

fn race_both_ways<K: Sample>() {
    let counts = race::<K>(false);
    let done = [
        counts.set,
        counts.replaced,
        counts.superseded,
        counts.updated,
        counts.deleted,
        counts.recovered,
        counts.purged,
        counts.restored,
    ];
    assert!(done.iter().all(|count| *count > 0), "{counts:?}");
    assert_eq!(counts.protected, 0);
    let counts = race::<K>(true);
    assert_eq!((counts.purged, counts.restored), (0, 0));
    assert!(counts.protected > 0 && counts.recovered > 0, "{counts:?}");
}

#[test]
fn changes_of_one_secret_at_once_have_the_outcomes_of_the_writers_order() {
    race_both_ways::<Secret>();
}

#[test]
fn changes_of_one_key_at_once_have_the_outcomes_of_the_writers_order() {
    race_both_ways::<CryptoKey>();
}
