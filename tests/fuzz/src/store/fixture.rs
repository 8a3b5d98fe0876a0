//! A vault whose every key and random byte is known, so that its records are the same in each run.

use std::sync::Arc;

use strongroom_core::{ObjectName, Timestamp};
use strongroom_engine::{
    BackupBlob, Inputs, Keyring, ObjectError, ReadRequest, Rules, SoftDelete, View, apply,
    crypt::{
        cipher::{self, Form, KeyBytes},
        keyring::KeyringSeeds,
        opened::OpenedHeads,
        state,
    },
    every_name,
    format::{
        codec::Encoder,
        fields::VersionFields,
        id::{Sequence, VaultId},
        state::Marks,
    },
    object::{answer::Answer, request::WriteRequest, tasks::Tasks},
    objects::closing::{Base, Reached, close, initial},
    read,
    secret::SecretFields,
    store::{MemoryStore, Purpose, Snapshot, Store},
};

/// The vault.
pub(super) const VAULT: VaultId = VaultId::from_bytes([0xab; 16]);
/// The keyring's first term.
pub(super) const TERM: [u8; 32] = [1; 32];
/// Its first backup key.
pub(super) const BACKUP: [u8; 32] = [2; 32];
/// Its root.
pub(super) const ROOT: [u8; 32] = [3; 32];
/// The seed of the object `db`.
pub(super) const SEED: [u8; 32] = [4; 32];
/// What stands for random bytes where something is sealed.
pub(super) const SALT: [u8; 32] = [5; 32];
/// Now.
pub(super) const NOW: Timestamp = Timestamp::from_unix(1_800_000_000);

/// The keyring of [`VAULT`].
pub(super) fn keyring() -> Keyring {
    let seeds = KeyringSeeds {
        term: KeyBytes::new(TERM),
        backup: KeyBytes::new(BACKUP),
        root: KeyBytes::new(ROOT),
    };
    Keyring::new(VAULT, seeds).unwrap()
}

/// The name of the object that all records are of.
pub(super) fn db() -> ObjectName {
    "DB".parse().unwrap()
}

/// What is noted about a version that has everything.
pub(super) fn fields() -> VersionFields<SecretFields> {
    fields_of(SecretFields {
        content_type: Some("text/plain".into()),
        part: None,
    })
}

/// The same about a version of any kind.
pub(super) fn fields_of<F>(own: F) -> VersionFields<F> {
    VersionFields {
        own,
        enabled: true,
        not_before: Some(Timestamp::from_unix(1)),
        expires: Some(Timestamp::from_unix(2_000_000_000)),
        created: NOW,
        updated: NOW,
        tags: [("a", "1"), ("b", "")]
            .map(|(name, value)| (name.into(), value.into()))
            .into(),
    }
}

/// What an encoder wrote.
pub(super) fn bytes(write: impl FnOnce(&mut Encoder)) -> Vec<u8> {
    let mut encoder = Encoder::with_capacity(256);
    write(&mut encoder);
    encoder.into_bytes()
}

/// `body` sealed under `key` behind `context`, and with its length.
pub(super) fn sealed_after(context: &Encoder, form: Form, key: &[u8; 32], body: &[u8]) -> Vec<u8> {
    let sealed = cipher::seal(form, key, context.as_bytes(), &SALT, body).unwrap();
    bytes(|record| {
        record.encoded(context.as_bytes()).bytes(&sealed);
    })
}

/// A vault in memory, driven through the pure functions.
pub(super) struct Vault {
    store: MemoryStore,
    keyring: Keyring,
    heads: OpenedHeads,
    last: Sequence,
    rules: Rules,
    drawn: u8,
}

impl Vault {
    /// A new one.
    pub(super) fn new() -> Self {
        let (store, keyring) = (MemoryStore::default(), keyring());
        let generation = store.snapshot().unwrap().generation();
        let (batch, _) = initial(&keyring, generation, SoftDelete::default()).unwrap();
        store.commit(generation, &batch, Purpose::Grow).unwrap();
        Self {
            store,
            keyring,
            heads: OpenedHeads::default(),
            last: Sequence::default(),
            rules: Rules::default(),
            drawn: 0,
        }
    }

    /// Its records.
    pub(super) fn snapshot(&self) -> Arc<dyn Snapshot> {
        self.store.snapshot().unwrap()
    }

    fn view<'a>(&'a self, snapshot: &'a dyn Snapshot) -> View<'a> {
        View {
            snapshot,
            last: self.last,
            bytes: 0,
            keyring: &self.keyring,
            heads: &self.heads,
            rules: &self.rules,
        }
    }

    /// Does what a request asks.
    pub(super) fn write<K: Tasks>(&mut self, request: &WriteRequest<K>) -> Result<Answer<K>, ObjectError> {
        let snapshot = self.snapshot();
        self.drawn += 1;
        let mut inputs = Inputs::new(&KeyBytes::new([self.drawn; 32]));
        let (mut changes, result) = apply(self.view(&*snapshot), request, &mut inputs, NOW);
        assert_eq!(
            result.is_err(),
            changes.batch.is_empty(),
            "what is refused changes nothing"
        );
        if result.is_ok() {
            self.last = changes.last.unwrap_or(self.last);
            let base = Base {
                snapshot: &*snapshot,
                state: &state::open(&self.keyring, &*snapshot).unwrap(),
                keyring: &self.keyring,
                soft_delete: SoftDelete::default(),
            };
            let reached = Reached {
                last: self.last,
                time: Some(NOW),
            };
            close(base, reached, Marks::default(), &mut changes.batch).unwrap();
            let commit = self
                .store
                .commit(snapshot.generation(), &changes.batch, Purpose::Grow);
            commit.unwrap();
        }
        result
    }

    /// Answers a question.
    pub(super) fn read<K: Tasks>(&self, request: &ReadRequest) -> Result<Answer<K>, ObjectError> {
        read(self.view(&*self.snapshot()), request, NOW, &every_name)
    }

    /// Backs the object `name` of kind `K` up.
    pub(super) fn backup<K: Tasks>(&self, name: &ObjectName) -> BackupBlob {
        match self.read::<K>(&ReadRequest::Backup { name: name.clone() }) {
            Ok(Answer::Backup(blob)) => blob,
            other => panic!("what was restored cannot be backed up: {other:?}"),
        }
    }
}
