//! A vault in memory, driven through the pure functions.

use std::sync::Arc;

use strongroom_core::{ObjectName, Timestamp, Version};
use strongroom_engine::{
    Answer, AttributesPatch, Inputs, Keyring, ObjectError, PageRequest, ReadRequest, Rules, SecretBundle,
    SecretFields, SecretValue, SoftDelete, Tags, View, WriteRequest, apply,
    crypt::{cipher::KeyBytes, keyring::KeyringSeeds, opened::OpenedHeads},
    format::id::VaultId,
    object::{answer, kind::Kind, request, tasks::Tasks, transaction},
    read,
    store::{MemoryStore, Snapshot, Store},
};

pub const DAY: u64 = 24 * 60 * 60;

pub struct Bench {
    pub store: Arc<dyn Store>,
    pub keyring: Keyring,
    pub heads: OpenedHeads,
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
        fields: SecretFields { content_type: None },
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
        store.commit(generation, &transaction::initial(&keyring)).unwrap();
        let now = Timestamp::from_unix(1_800_000_000);
        Self {
            store,
            keyring,
            heads: OpenedHeads::default(),
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
            self.store.commit(snapshot.generation(), &changes.batch).unwrap();
        }
        result
    }

    pub fn read(&self, request: &ReadRequest) -> Result<Answer, ObjectError> {
        self.read_of(request, &|_| true)
    }

    pub fn read_as(
        &self,
        request: &ReadRequest,
        visible: &dyn Fn(&ObjectName) -> bool,
    ) -> Result<Answer, ObjectError> {
        self.read_of(request, visible)
    }

    pub fn read_of<K: Kind>(
        &self,
        request: &ReadRequest,
        visible: &dyn Fn(&ObjectName) -> bool,
    ) -> Result<answer::Answer<K>, ObjectError> {
        let snapshot = self.store.snapshot().unwrap();
        read(self.view(&*snapshot), request, self.now, visible)
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
    pub fn all_of<K: Kind>(
        &self,
        request: impl Fn(PageRequest) -> ReadRequest,
    ) -> Result<Vec<answer::Bundle<K>>, ObjectError> {
        let mut items = Vec::new();
        let mut page = PageRequest {
            max_results: Some(2),
            marker: None,
        };
        loop {
            let found = page_of(self.read_of(&request(page.clone()), &|_| true)?);
            items.extend(found.items);
            match found.next {
                Some(next) => page.marker = Some(next),
                None => return Ok(items),
            }
        }
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
