//! Where records lie: one letter, then big-endian numbers or the name.
//!
//! | letter | rest | record |
//! |---|---|---|
//! | `S` | | the vault's [`State`](super::state::State) |
//! | `a` | | how far the audit log had reached the disk |
//! | `d` | kind, name | [`Head`](crate::crypt::head::Head) of a deleted object |
//! | `e` | | the pending [`Erasure`](super::records::Erasure) |
//! | `g` | object | [`Garbage`](super::records::Garbage): a purged object whose versions are still to be removed |
//! | `h` | kind, name | [`Head`](crate::crypt::head::Head) of a live object |
//! | `i` | object, version | the sequence number of an older version |
//! | `l` | number | a [`LifecycleEvent`](super::event::LifecycleEvent) |
//! | `m` | text | a small record of the server's |
//! | `n` | | the number of the [`LastEvent`](super::event::LastEvent) |
//! | `o` | replica, 0, generation, index | an audit record of a replica that is not yet known to be in its log |
//! | `p` | text | a sealed record of the server's |
//! | `v` | sequence | a version |
//! | `x` | time, kind, name, then 0 and a number for a task of the kind's own | a [`Due`] task; without a number a purge |

use strongroom_core::{ObjectKind, ObjectName, Timestamp, Version};

use super::task::{Due, Task};
use crate::{
    format::id::{ObjectId, Sequence, kind_byte, kind_of_byte},
    store::Key,
};

fn key(letter: u8, parts: &[&[u8]]) -> Key {
    let mut bytes = Vec::with_capacity(1 + parts.iter().map(|part| part.len()).sum::<usize>());
    bytes.push(letter);
    for part in parts {
        bytes.extend_from_slice(part);
    }
    Key::new(bytes)
}

/// The vault's state.
pub fn state() -> Key {
    key(b'S', &[])
}

/// How far the audit log had reached the disk.
pub fn audit_head() -> Key {
    key(b'a', &[])
}

/// The pending erasure.
pub fn erasure() -> Key {
    key(b'e', &[])
}

/// The head of a live object.
pub fn live(kind: ObjectKind, name: &ObjectName) -> Key {
    key(b'h', &[&[kind_byte(kind)], name.as_str().as_bytes()])
}

/// All heads of live objects of one kind.
pub fn all_live(kind: ObjectKind) -> Key {
    key(b'h', &[&[kind_byte(kind)]])
}

/// The head of a deleted object.
pub fn deleted(kind: ObjectKind, name: &ObjectName) -> Key {
    key(b'd', &[&[kind_byte(kind)], name.as_str().as_bytes()])
}

/// All heads of deleted objects of one kind.
pub fn all_deleted(kind: ObjectKind) -> Key {
    key(b'd', &[&[kind_byte(kind)]])
}

/// All heads of live objects, of every kind.
pub fn every_live() -> Key {
    key(b'h', &[])
}

/// All heads of deleted objects, of every kind.
pub fn every_deleted() -> Key {
    key(b'd', &[])
}

/// The kind and the name in a key that [`live`] or [`deleted`] made.
pub fn object_of_head(key: &Key) -> Option<(ObjectKind, ObjectName)> {
    let (kind, name) = key.as_bytes().get(1..)?.split_first()?;
    Some((kind_of_byte(*kind)?, folded(name)?))
}

/// A version record.
pub fn version(sequence: Sequence) -> Key {
    key(b'v', &[&sequence.0.to_be_bytes()])
}

/// All version records.
pub fn all_versions() -> Key {
    key(b'v', &[])
}

/// The index entry of an older version.
pub fn index(object: ObjectId, version: &Version) -> Key {
    key(b'i', &[&object.0.0.to_be_bytes(), version.as_bytes()])
}

/// All index entries of one object.
pub fn all_index(object: ObjectId) -> Key {
    key(b'i', &[&object.0.0.to_be_bytes()])
}

/// The version in a key that [`index`] made.
pub fn version_of_index(key: &Key) -> Option<Version> {
    let bytes: [u8; 16] = key.as_bytes().get(9..)?.try_into().ok()?;
    Some(Version::from_bytes(bytes))
}

/// The object in a key that [`index`] made.
pub(crate) fn object_of_index(key: &Key) -> Option<ObjectId> {
    let rest = key.as_bytes().strip_prefix(b"i")?;
    number(rest.get(..8)?).map(|number| ObjectId(Sequence(number)))
}

/// Whether the record at `key` is a version.
pub(crate) fn is_version(key: &Key) -> bool {
    key.as_bytes().first() == Some(&b'v')
}

/// Whether the record at `key` is a version, or an entry of the index of `object`.
pub(crate) fn is_part(key: &Key, object: ObjectId) -> bool {
    is_version(key) || object_of_index(key) == Some(object)
}

/// What is left of a purged object.
pub fn garbage(object: ObjectId) -> Key {
    key(b'g', &[&object.0.0.to_be_bytes()])
}

/// Everything left of purged objects.
pub fn all_garbage() -> Key {
    key(b'g', &[])
}

/// The object in a key that [`garbage`] made.
pub fn object_of_garbage(key: &Key) -> Option<ObjectId> {
    number(key.as_bytes().get(1..)?).map(|number| ObjectId(Sequence(number)))
}

/// A due task.
pub fn schedule(due: &Due) -> Key {
    let at = due.at.unix().to_be_bytes();
    let kind = [kind_byte(due.kind)];
    let name = due.name.as_str().as_bytes();
    match due.task {
        Task::Purge => key(b'x', &[&at, &kind, name]),
        Task::Own(number) => key(b'x', &[&at, &kind, name, &[0, number]]),
    }
}

/// Everything that is due at some time, soonest first.
pub fn all_schedule() -> Key {
    key(b'x', &[])
}

/// The task in a key that [`schedule`] made.
pub fn due_of_schedule(key: &Key) -> Option<Due> {
    let at = Timestamp::from_unix(number(key.as_bytes().get(1..9)?)?);
    let (kind, rest) = key.as_bytes().get(9..)?.split_first()?;
    // No name holds a zero.
    let (name, task) = match rest {
        [name @ .., 0, number] => (name, Task::Own(*number)),
        name => (name, Task::Purge),
    };
    Some(Due {
        at,
        kind: kind_of_byte(*kind)?,
        name: folded(name)?,
        task,
    })
}

/// An audit record on its way to the log of a replica, whose name holds no zero.
pub fn outbox(replica: &str, generation: u64, index: u32) -> Key {
    let place = [&generation.to_be_bytes()[..], &index.to_be_bytes()].concat();
    key(b'o', &[replica.as_bytes(), &[0], &place])
}

/// All audit records on their way to the log of a replica, oldest first.
pub fn all_outbox(replica: &str) -> Key {
    key(b'o', &[replica.as_bytes(), &[0]])
}

/// Generation and index in a key that [`outbox`] made for `replica`.
pub fn parts_of_outbox(replica: &str, key: &Key) -> Option<(u64, u32)> {
    parts_of_place(key.as_bytes().strip_prefix(all_outbox(replica).as_bytes())?)
}

/// Generation and index in the key of an audit record that an older program wrote: it named no replica.
pub(crate) fn parts_of_unproved_outbox(key: &Key) -> Option<(u64, u32)> {
    parts_of_place(key.as_bytes().strip_prefix(b"o")?)
}

fn parts_of_place(place: &[u8]) -> Option<(u64, u32)> {
    let (generation, index) = place.split_first_chunk::<8>()?;
    let index: [u8; 4] = index.try_into().ok()?;
    Some((u64::from_be_bytes(*generation), u32::from_be_bytes(index)))
}

/// Whether the record at `key` is in the sum of all records: all are but the state, which holds the sum, and the
/// versions, to which other records lead.
pub fn is_summed(key: &Key) -> bool {
    !matches!(key.as_bytes().first(), Some(b'S' | b'v'))
}

/// Whether the record at `key` is part of an object: a head, a version, or the entry of one in the index. These are what
/// the objects take of the vault's room, until the last of a purged object is removed.
pub fn is_of_object(key: &Key) -> bool {
    matches!(key.as_bytes().first(), Some(b'd' | b'h' | b'i' | b'v'))
}

/// Whether the record at `key` is a head.
pub fn is_head(key: &Key) -> bool {
    matches!(key.as_bytes().first(), Some(b'h' | b'd'))
}

/// The event of this number.
pub fn event(number: u64) -> Key {
    key(b'l', &[&number.to_be_bytes()])
}

/// All events, oldest first.
pub fn all_events() -> Key {
    key(b'l', &[])
}

/// The number in a key that [`event`] made.
pub fn number_of_event(key: &Key) -> Option<u64> {
    number(key.as_bytes().strip_prefix(b"l")?)
}

/// The number of the last event.
pub fn last_event() -> Key {
    key(b'n', &[])
}

/// Every record there is.
pub fn all() -> Key {
    Key::new([])
}

/// A small record of the server's.
pub fn meta(name: &str) -> Key {
    key(b'm', &[name.as_bytes()])
}

/// A sealed record of the server's.
pub fn sealed(name: &str) -> Key {
    key(b'p', &[name.as_bytes()])
}

/// A name in a key, which is folded: under a second key with another spelling an object would be there twice.
fn folded(bytes: &[u8]) -> Option<ObjectName> {
    let name: ObjectName = std::str::from_utf8(bytes).ok()?.parse().ok()?;
    (name.as_str().as_bytes() == bytes).then_some(name)
}

fn number(bytes: &[u8]) -> Option<u64> {
    bytes.try_into().ok().map(u64::from_be_bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parts_of_a_key_come_back_out() {
        let name: ObjectName = "db".parse().unwrap();
        let version = Version::from_bytes([3; 16]);
        let object = ObjectId(Sequence(7));
        for kind in [ObjectKind::Secrets, ObjectKind::Keys, ObjectKind::Certificates] {
            assert_eq!(object_of_head(&live(kind, &name)), Some((kind, name.clone())));
        }
        assert_eq!(version_of_index(&index(object, &version)), Some(version));
        assert_eq!(object_of_garbage(&garbage(object)), Some(object));
        assert_eq!(number_of_event(&event(258)), Some(258));
        assert_eq!(number_of_event(&last_event()), None);
        for task in [Task::Purge, Task::Own(0), Task::Own(7)] {
            let due = Due {
                at: Timestamp::from_unix(9),
                kind: ObjectKind::Keys,
                name: name.clone(),
                task,
            };
            assert_eq!(due_of_schedule(&schedule(&due)), Some(due));
        }
        let place = outbox("replica-0", 5, 6);
        assert_eq!(parts_of_outbox("replica-0", &place), Some((5, 6)));
        assert_eq!(parts_of_outbox("replica-1", &place), None);
        let longer = Key::new([place.as_bytes(), &[0]].concat());
        assert_eq!(parts_of_outbox("replica-0", &longer), None);
    }

    #[test]
    fn a_name_in_another_spelling_than_the_folded_one_is_in_no_key() {
        assert_eq!(object_of_head(&Key::new(*b"h\x01DB")), None);
        assert_eq!(due_of_schedule(&Key::new(*b"x\0\0\0\0\0\0\0\x09\x01Db")), None);
    }

    #[test]
    fn keys_are_the_golden_ones() {
        let name: ObjectName = "db".parse().unwrap();
        let purge = Due {
            at: Timestamp::from_unix(1),
            kind: ObjectKind::Secrets,
            name: name.clone(),
            task: Task::Purge,
        };
        let shown = |key: Key| hex::encode(key.as_bytes());
        assert_eq!(shown(live(ObjectKind::Secrets, &name)), "68016462");
        assert_eq!(shown(deleted(ObjectKind::Secrets, &name)), "64016462");
        assert_eq!(shown(version(Sequence(258))), "760000000000000102");
        assert_eq!(shown(schedule(&purge)), "780000000000000001016462");
        assert_eq!(shown(outbox("r0", 1, 2)), "6f723000000000000000000100000002");
        assert_eq!(shown(event(258)), "6c0000000000000102");
        assert_eq!(shown(last_event()), "6e");
        assert_eq!(shown(sealed("db")), "706462");
    }
}
