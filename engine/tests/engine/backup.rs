//! How much memory a backup needs, known before it is made.

use strongroom_core::Timestamp;
use strongroom_engine::{
    Answer, AttributesPatch, BackupBlob, BoundedBackup, Change, ObjectError, ReadRequest, Secret,
    SecretFields, SecretValue, Tags, WriteRequest, every_name,
};

use crate::{fixture::name, running::Running};

const KIB: usize = 1024;

fn within(running: &Running, text: &str, room: usize) -> Result<BoundedBackup, ObjectError> {
    running.vault.backup_within::<Secret>(&name(text), room)
}

/// What a backup needs, and the backup that is made with no more.
fn measured(running: &Running, text: &str) -> (usize, BackupBlob) {
    let Ok(BoundedBackup::Needs(room)) = within(running, text, 0) else {
        panic!("a backup needs some room");
    };
    let less = within(running, text, room - 1);
    assert_eq!(less, Ok(BoundedBackup::Needs(room)));
    match within(running, text, room) {
        Ok(BoundedBackup::Made(blob)) => (room, blob),
        other => panic!("{other:?}"),
    }
}

/// A version with everything as long as it may be.
fn longest(text: &str) -> WriteRequest {
    let wide = |n: usize| format!("{n:02}{}", "\u{10ffff}".repeat(510));
    WriteRequest::Set {
        name: name(text),
        content: SecretValue::new("x".repeat(25 * KIB)),
        fields: SecretFields {
            content_type: Some("\u{10ffff}".repeat(255)),
            part: None,
        },
        attributes: AttributesPatch {
            enabled: Some(true),
            not_before: Change::Set(Timestamp::from_unix(1)),
            expires: Change::Set(Timestamp::from_unix(2)),
        },
        tags: (0..15).map(|n| (wide(n), wide(n))).collect::<Tags>(),
    }
}

#[test]
fn a_backup_is_made_with_the_room_that_it_says_it_needs_and_with_no_less() {
    let running = Running::new();
    running.set("db", "v").unwrap();
    let (room, blob) = measured(&running, "db");
    assert!(room < 4 * KIB, "{room}");
    let request = ReadRequest::Backup { name: name("db") };
    let unbounded = running.vault.read(&request, running.now, &every_name);
    assert_eq!(unbounded, Ok(Answer::Backup(blob)));
}

#[test]
fn a_backup_needs_room_for_three_times_what_it_becomes() {
    let running = Running::new();
    for _ in 0..20 {
        running.write(longest("db")).unwrap();
    }
    let (room, blob) = measured(&running, "db");
    assert!(room >= blob.as_bytes().len() * 3, "{room}");
    assert!(room <= blob.as_bytes().len() * 4, "{room}");
}

#[test]
fn an_object_that_has_grown_needs_more_room() {
    let running = Running::new();
    running.set("db", "v").unwrap();
    let (before, _) = measured(&running, "db");
    running.set("db", "v").unwrap();
    assert!(matches!(within(&running, "db", before), Ok(BoundedBackup::Needs(now)) if now > before));
}

#[test]
fn a_missing_object_needs_no_room() {
    let running = Running::new();
    assert!(matches!(
        within(&running, "none", 0),
        Err(ObjectError::NotFound { .. })
    ));
}

#[test]
fn no_backup_needs_more_than_three_of_the_longest_blobs() {
    let running = Running::new();
    for _ in 0..300 {
        running.write(longest("db")).unwrap();
    }
    let Ok(BoundedBackup::Needs(room)) = within(&running, "db", 0) else {
        panic!("a backup needs some room");
    };
    assert!(room <= 73 * KIB * KIB, "{room}");
    assert!(matches!(
        within(&running, "db", room),
        Err(ObjectError::BadParameter(_))
    ));
}
