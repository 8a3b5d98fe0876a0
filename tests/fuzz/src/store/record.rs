//! The records whose fields lie open, with a proof behind them.

use strongroom_audit::{Entry, Head};
use strongroom_core::{ObjectKind, Timestamp, Version};
use strongroom_engine::{
    format::{
        event::{EventId, EventType, LastEvent, LifecycleEvent, Occurrence},
        id::Sequence,
        record::Record,
        records::{Erasure, Garbage, IndexEntry, Scheduled, ServerRecord},
    },
    store::{Key, Value},
};

use super::fixture::{VAULT, db, keyring};
use crate::{Seed, Verdict, input::chosen};

/// Where the record lies that is judged.
const PLACE: &[u8] = b"place";

/// The first byte chooses the kind, the others are the record.
///
/// - A record is taken only where proving what it says gives the same bytes: no other byte anywhere, no other place.
/// - Its fields are taken only in their one encoding, in each format.
pub fn open_record(input: &[u8]) -> Verdict {
    let Some((kind, record)) = input.split_first() else {
        return Verdict::Refused;
    };
    match kind % 9 {
        0 => judge::<IndexEntry>(record),
        1 => judge::<Garbage>(record),
        2 => judge::<Erasure>(record),
        3 => judge::<Scheduled>(record),
        4 => judge::<ServerRecord>(record),
        5 => judge::<Head>(record),
        6 => judge::<Entry>(record),
        7 => judge::<LifecycleEvent>(record),
        _ => judge::<LastEvent>(record),
    }
}

fn judge<R: Record>(record: &[u8]) -> Verdict {
    let (keyring, place) = (keyring(), Key::new(PLACE));
    let stored = Value::new(record);
    let whole = keyring.check::<R>(&place, &stored);
    if let Ok(read) = &whole {
        assert_eq!(
            keyring.prove(&place, read),
            stored,
            "another record passes for this one"
        );
        let elsewhere = keyring.check::<R>(&Key::new(*b"elsewhere"), &stored);
        assert!(elsewhere.is_err(), "a record is good at another place");
    }
    let fields = R::decode(VAULT, record);
    if let Ok(read) = &fields {
        assert_eq!(
            read.encode(VAULT).as_bytes(),
            record,
            "two encodings of one record"
        );
    }
    let unproved = R::decode_unproved(VAULT, record);
    if let Ok(read) = &unproved {
        assert_eq!(unproved_bytes(read), record, "two encodings of one older record");
    }
    Verdict::of(&whole)
        .or(Verdict::of(&fields))
        .or(Verdict::of(&unproved))
}

/// The record as programs before the proof of records wrote it.
fn unproved_bytes<R: Record>(record: &R) -> Vec<u8> {
    let mut bytes = record.encode(VAULT).into_bytes();
    bytes[4..6].copy_from_slice(&1_u16.to_be_bytes());
    bytes
}

/// A record of each kind with its proof, the same as an older program wrote it, and two that are refused.
pub fn seeds() -> Vec<Seed> {
    fn both<R: Record>(kind: u8, names: [&'static str; 2], record: &R) -> [Seed; 2] {
        let proved = keyring().prove(&Key::new(PLACE), record);
        [
            Seed::taken(names[0], chosen(kind, proved.as_bytes())),
            Seed::taken(names[1], chosen(kind, &unproved_bytes(record))),
        ]
    }
    let head = Head {
        sequence: 9,
        hash: strongroom_audit::Hash::of(b"line"),
    };
    let garbage = Garbage {
        current: Some(Sequence(7)),
    };
    let erasure = Erasure {
        since: Timestamp::from_unix(1_800_000_000),
        term: 2,
    };
    let entry = Entry::from_bytes(br#"{"type":"event","time":"2026-11-29T00:00:00Z""#.to_vec()).unwrap();
    let mut moved = keyring()
        .prove(&Key::new(*b"elsewhere"), &garbage)
        .as_bytes()
        .to_vec();
    let mut seeds = vec![Seed::refused("moved", chosen(1, &moved))];
    if let Some(last) = moved.last_mut() {
        *last ^= 1;
    }
    seeds.push(Seed::refused("altered", chosen(1, &moved)));
    seeds.extend(both(0, ["index", "index-unproved"], &IndexEntry(Sequence(258))));
    seeds.extend(both(1, ["garbage", "garbage-unproved"], &garbage));
    seeds.extend(both(2, ["erasure", "erasure-unproved"], &erasure));
    seeds.extend(both(3, ["scheduled", "scheduled-unproved"], &Scheduled));
    let line = ServerRecord(br#"{"format":1,"record":{}}"#.to_vec());
    seeds.extend(both(4, ["server", "server-unproved"], &line));
    seeds.extend(both(5, ["audit-head", "audit-head-unproved"], &head));
    seeds.extend(both(6, ["audit-entry", "audit-entry-unproved"], &entry));
    seeds.extend(both(7, ["event", "event-unproved"], &event()));
    seeds.extend(both(8, ["last-event", "last-event-unproved"], &LastEvent(7)));
    seeds
}

/// An event of an object whose name has a spelling.
fn event() -> LifecycleEvent {
    LifecycleEvent {
        id: EventId::new(7, [0xab; 8]),
        time: Timestamp::from_unix(1_800_000_000),
        event_type: EventType {
            kind: ObjectKind::Keys,
            occurrence: Occurrence::NearExpiry,
        },
        name: db(),
        version: Version::from_bytes([3; 16]),
        not_before: None,
        expires: Some(Timestamp::from_unix(1_900_000_000)),
    }
}
