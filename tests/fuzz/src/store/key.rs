//! The keys of the store.

use strongroom_core::{ObjectKind, Timestamp, Version};
use strongroom_engine::{
    format::{
        id::{ObjectId, Sequence},
        key,
        task::{Due, Task},
    },
    store::Key,
};

use super::fixture::db;
use crate::{Seed, Verdict};

/// The input is a key.
///
/// - What a key says is taken only from the one key that says it: a record under a second key for the same thing would be
///   that thing twice.
pub fn store_key(input: &[u8]) -> Verdict {
    let read = Key::new(input);
    let written = match input.first() {
        Some(b'h') => key::object_of_head(&read).map(|(kind, name)| key::live(kind, &name)),
        Some(b'd') => key::object_of_head(&read).map(|(kind, name)| key::deleted(kind, &name)),
        Some(b'g') => key::object_of_garbage(&read).map(key::garbage),
        Some(b'i') => index(&read),
        Some(b'l') => key::number_of_event(&read).map(key::event),
        Some(b'o') => outbox(&read),
        Some(b'x') => key::due_of_schedule(&read).map(|due| key::schedule(&due)),
        _ => None,
    };
    if let Some(written) = &written {
        assert_eq!(*written, read, "two keys say the same");
    }
    Verdict::taken_if(written.is_some())
}

fn index(read: &Key) -> Option<Key> {
    let version = key::version_of_index(read)?;
    let object: [u8; 8] = read.as_bytes().get(1..9)?.try_into().ok()?;
    let object = ObjectId(Sequence(u64::from_be_bytes(object)));
    Some(key::index(object, &version))
}

/// The writer asks for the keys of one replica, whose name it knows.
fn outbox(read: &Key) -> Option<Key> {
    const REPLICA: &str = "prod-0";
    let (generation, index) = key::parts_of_outbox(REPLICA, read)?;
    Some(key::outbox(REPLICA, generation, index))
}

/// A key of each kind that is read, and some that say nothing.
pub fn seeds() -> Vec<Seed> {
    let (object, version) = (ObjectId(Sequence(7)), Version::from_bytes([3; 16]));
    let due = |task| Due {
        at: Timestamp::from_unix(1_800_000_000),
        kind: ObjectKind::Secrets,
        name: db(),
        task,
    };
    let taken = |name, key: &Key| Seed::taken(name, key.as_bytes());
    vec![
        taken("live", &key::live(ObjectKind::Secrets, &db())),
        taken("deleted", &key::deleted(ObjectKind::Certificates, &db())),
        taken("garbage", &key::garbage(object)),
        taken("index", &key::index(object, &version)),
        taken("event", &key::event(7)),
        taken("outbox", &key::outbox("prod-0", 5, 6)),
        taken("purge", &key::schedule(&due(Task::Purge))),
        taken("task", &key::schedule(&due(Task::Own(1)))),
        Seed::refused("another-spelling", *b"h\x01DB"),
        Seed::refused("another-spelling-due", *b"x\0\0\0\0\0\0\0\x01\x01DB"),
        Seed::refused("no-kind", *b"h\x09db"),
    ]
}
