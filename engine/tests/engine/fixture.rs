//! A vault in memory, driven through the pure functions.

use std::sync::Arc;

use strongroom_core::{ObjectName, Timestamp, Version};
use strongroom_engine::{
    Answer, AttributesPatch, Changes, Inputs, Keyring, ObjectError, PageRequest, ReadRequest, Rules,
    SecretBundle, SecretFields, SecretValue, SoftDelete, Tags, View, VisibleNames, WriteRequest, apply,
    crypt::{
        cipher::KeyBytes,
        keyring::KeyringSeeds,
        opened::OpenedHeads,
        state::{self, StateError},
    },
    every_name,
    format::{
        id::{Sequence, VaultId},
        state::{Marks, State},
    },
    object::{
        answer,
        keeper::Kinds,
        kind::Kind,
        read::current,
        request::{self, Seen},
        tasks::Tasks,
    },
    objects::{
        closing::{Base, Reached, close, initial},
        scrub::{ScrubReport, StoreCorrupt, scrub},
    },
    read,
    store::{MemoryStore, Purpose, Snapshot, Store},
};

use crate::sample::Sample;

pub const DAY: u64 = 24 * 60 * 60;

pub struct Bench {
    pub store: Arc<dyn Store>,
    pub keyring: Keyring,
    pub heads: OpenedHeads,
    pub last: Sequence,
    pub rules: Rules,
    pub now: Timestamp,
    pub entropy: u64,
}

pub fn keyring(seed: u8) -> Keyring {
    let seeds = KeyringSeeds {
        term: KeyBytes::new([seed; 32]),
        backup: KeyBytes::new([seed ^ 0x55; 32]),
        root: KeyBytes::new([seed ^ 0xaa; 32]),
    };
    Keyring::new(VaultId::random([seed; 16]), seeds).unwrap()
}

pub fn name(text: &str) -> ObjectName {
    text.parse().unwrap()
}

pub fn set_request(text: &str, value: &str) -> WriteRequest {
    WriteRequest::Set {
        name: name(text),
        content: SecretValue::new(value.into()),
        fields: SecretFields::default(),
        attributes: AttributesPatch::default(),
        tags: Tags::new(),
    }
}

/// The set of an object of any kind whose content stands for `text`.
pub fn set_of<K: Sample>(named: &str, text: &str) -> request::WriteRequest<K> {
    request::WriteRequest::Set {
        name: name(named),
        content: K::content(text),
        fields: K::fields(text, false),
        attributes: AttributesPatch::default(),
        tags: Tags::new(),
    }
}

impl Bench {
    pub fn new() -> Self {
        Self::over(Arc::new(MemoryStore::default()), 1)
    }

    pub fn over(store: Arc<dyn Store>, seed: u8) -> Self {
        let keyring = keyring(seed);
        let generation = store.snapshot().unwrap().generation();
        let (batch, _) = initial(&keyring, generation, SoftDelete::default()).unwrap();
        store.commit(generation, &batch, Purpose::Grow).unwrap();
        let now = Timestamp::from_unix(1_800_000_000);
        Self {
            store,
            keyring,
            heads: OpenedHeads::default(),
            last: Sequence::default(),
            rules: Rules::default(),
            now,
            entropy: 0,
        }
    }

    pub fn with_soft_delete(days: u8, protected: bool) -> Self {
        let mut bench = Self::new();
        bench.rules.soft_delete = SoftDelete::new(days, protected).unwrap();
        bench
    }

    pub fn view<'a>(&'a self, snapshot: &'a dyn Snapshot) -> View<'a> {
        View {
            snapshot,
            last: self.last,
            bytes: self.state().map_or(0, |state| state.bytes),
            keyring: &self.keyring,
            heads: &self.heads,
            rules: &self.rules,
        }
    }

    pub fn write(&mut self, request: &WriteRequest) -> Result<Answer, ObjectError> {
        self.write_of(request)
    }

    pub fn write_of<K: Tasks>(
        &mut self,
        request: &request::WriteRequest<K>,
    ) -> Result<answer::Answer<K>, ObjectError> {
        let snapshot = self.store.snapshot().unwrap();
        self.entropy += 1;
        let view = self.view(&*snapshot);
        let mut entropy = KeyBytes::default();
        entropy[..8].copy_from_slice(&self.entropy.to_be_bytes());
        let (changes, result) = apply(view, request, &mut Inputs::new(&entropy), self.now);
        assert_eq!(
            result.is_err(),
            changes.batch.is_empty(),
            "a refusal changes nothing"
        );
        if !changes.batch.is_empty() {
            self.commit(changes);
        }
        result
    }

    /// Closes the changes' batch, and commits it.
    pub fn commit(&mut self, changes: Changes) {
        let Changes { mut batch, last, .. } = changes;
        self.last = last.unwrap_or(self.last);
        let snapshot = self.store.snapshot().unwrap();
        let base = Base {
            snapshot: &*snapshot,
            state: &self.state().unwrap(),
            keyring: &self.keyring,
            soft_delete: self.rules.soft_delete,
        };
        let reached = Reached {
            last: self.last,
            time: Some(self.now),
        };
        close(base, reached, Marks::default(), &mut batch).unwrap();
        self.store
            .commit(snapshot.generation(), &batch, Purpose::Grow)
            .unwrap();
    }

    /// The vault's state, if the store holds the one that belongs to it.
    pub fn state(&self) -> Result<State, StateError> {
        state::open(&self.keyring, &*self.store.snapshot().unwrap())
    }

    /// Opens the vault's state and everything in the store.
    pub fn scrub(&self, kinds: Kinds) -> Result<ScrubReport, StoreCorrupt> {
        let state = self.state().map_err(|error| StoreCorrupt {
            what: error.to_string().into(),
        })?;
        let snapshot = self.store.snapshot().unwrap();
        scrub(&state, self.view(&*snapshot), kinds)
    }

    pub fn read(&self, request: &ReadRequest) -> Result<Answer, ObjectError> {
        self.read_of(request, &every_name)
    }

    pub fn read_as(&self, request: &ReadRequest, visible: VisibleNames<'_>) -> Result<Answer, ObjectError> {
        self.read_of(request, visible)
    }

    pub fn read_of<K: Tasks>(
        &self,
        request: &ReadRequest,
        visible: VisibleNames<'_>,
    ) -> Result<answer::Answer<K>, ObjectError> {
        let snapshot = self.store.snapshot().unwrap();
        read(self.view(&*snapshot), request, self.now, visible)
    }

    pub fn set_of<K: Sample>(&mut self, text: &str, content: &str) -> Version {
        object(self.write_of(&set_of::<K>(text, content)).unwrap()).version
    }

    pub fn get_of<K: Tasks>(
        &self,
        text: &str,
        version: Option<Version>,
    ) -> Result<answer::Bundle<K>, ObjectError> {
        let name = name(text);
        self.read_of(&ReadRequest::Get { name, version }, &every_name)
            .map(object)
    }

    /// What an object's next version is made from; what was never there where there is none.
    pub fn seen_of<K: Kind>(&self, text: &str) -> Seen<K::Object> {
        let snapshot = self.store.snapshot().unwrap();
        current::<K>(self.view(&*snapshot), &name(text)).map_or_else(|_| unseen(), |(seen, _)| seen)
    }

    pub fn set(&mut self, text: &str, value: &str) -> Version {
        secret(self.write(&set_request(text, value)).unwrap()).version
    }

    pub fn get(&self, text: &str, version: Option<Version>) -> Result<SecretBundle, ObjectError> {
        self.read(&ReadRequest::Get {
            name: name(text),
            version,
        })
        .map(secret)
    }

    pub fn delete(&mut self, text: &str) -> Result<SecretBundle, ObjectError> {
        self.write(&WriteRequest::Delete { name: name(text) }).map(secret)
    }

    pub fn backup(&self, text: &str) -> Result<strongroom_engine::BackupBlob, ObjectError> {
        match self.read(&ReadRequest::Backup { name: name(text) })? {
            Answer::Backup(blob) => Ok(blob),
            other => panic!("{other:?}"),
        }
    }

    pub fn pass_days(&mut self, days: u64) {
        self.now = Timestamp::from_unix(self.now.unix() + days * DAY);
    }

    /// All pages of a list of secrets.
    pub fn all(
        &self,
        request: impl Fn(PageRequest) -> ReadRequest,
    ) -> Result<Vec<SecretBundle>, ObjectError> {
        self.all_of(request)
    }

    /// All pages of a list.
    pub fn all_of<K: Tasks>(
        &self,
        request: impl Fn(PageRequest) -> ReadRequest,
    ) -> Result<Vec<answer::Bundle<K>>, ObjectError> {
        let mut items = Vec::new();
        let mut page = PageRequest {
            max_results: Some(2),
            ..PageRequest::default()
        };
        loop {
            let found = page_of(self.read_of(&request(page.clone()), &every_name)?);
            items.extend(found.items);
            match found.next {
                Some(next) => page.marker = Some(next),
                None => return Ok(items),
            }
        }
    }
}

/// What was never there.
pub fn unseen<O: Default>() -> Seen<O> {
    Seen {
        record: Sequence(u64::MAX),
        object: O::default(),
    }
}

pub fn secret(answer: Answer) -> SecretBundle {
    object(answer)
}

pub fn object<K: Kind>(answer: answer::Answer<K>) -> answer::Bundle<K> {
    match answer {
        answer::Answer::Object(bundle) => *bundle,
        other => panic!("{other:?}"),
    }
}

pub fn page_of<K: Kind>(answer: answer::Answer<K>) -> answer::ItemPage<K> {
    match answer {
        answer::Answer::Page(page) => page,
        other => panic!("{other:?}"),
    }
}
