//! The lifecycle of secrets, rule by rule.

use strongroom_core::{ObjectKind, Timestamp};
use strongroom_engine::{
    AttributesPatch, BackupBlob, Change, MalformedBackup, ObjectError, ReadRequest, SecretFields,
    SecretPatch, SecretValue, Tags, WriteRequest,
};

use crate::fixture::{Bench, DAY, name, secret, set_request};

#[test]
fn set_makes_a_new_version_and_get_answers_the_latest() {
    let mut bench = Bench::new();
    let first = bench.set("db", "one");
    let second = bench.set("db", "two");
    assert_ne!(first, second);
    assert_eq!(bench.get("db", None).unwrap().content.unwrap().expose(), "two");
    assert_eq!(
        bench.get("db", Some(first)).unwrap().content.unwrap().expose(),
        "one"
    );
}

#[test]
fn a_secret_outside_its_dates_is_answered() {
    let mut bench = Bench::new();
    let past = Timestamp::from_unix(bench.now.unix() - 100);
    let long_past = Timestamp::from_unix(bench.now.unix() - 200);
    let attributes = AttributesPatch {
        enabled: None,
        not_before: Change::Set(long_past),
        expires: Change::Set(past),
    };
    let request = WriteRequest::Set {
        name: name("old"),
        content: SecretValue::new("v".into()),
        fields: SecretFields::default(),
        attributes,
        tags: Tags::new(),
    };
    bench.write(&request).unwrap();
    assert_eq!(bench.get("old", None).unwrap().attributes.expires, Some(past));
}

#[test]
fn a_disabled_secret_cannot_be_got_but_updated() {
    let mut bench = Bench::new();
    bench.set("db", "one");
    let enable = |enabled| WriteRequest::Update {
        name: name("db"),
        version: None,
        fields: SecretPatch::default(),
        attributes: AttributesPatch {
            enabled: Some(enabled),
            ..AttributesPatch::default()
        },
        tags: None,
    };
    assert_eq!(secret(bench.write(&enable(false)).unwrap()).content, None);
    assert_eq!(
        bench.get("db", None),
        Err(ObjectError::Disabled {
            kind: ObjectKind::Secrets,
            name: name("db")
        })
    );
    bench.write(&enable(true)).unwrap();
    assert!(bench.get("db", None).is_ok());
}

#[test]
fn an_update_keeps_what_it_does_not_give_and_clears_what_it_gives_as_empty() {
    let mut bench = Bench::new();
    bench
        .write(&WriteRequest::Set {
            name: name("db"),
            content: SecretValue::new("v".into()),
            fields: SecretFields {
                content_type: Some("text/plain".into()),
                part: None,
            },
            attributes: AttributesPatch::default(),
            tags: Tags::new(),
        })
        .unwrap();
    let mut content_type = |change| {
        let update = WriteRequest::Update {
            name: name("db"),
            version: None,
            fields: SecretPatch { content_type: change },
            attributes: AttributesPatch::default(),
            tags: None,
        };
        secret(bench.write(&update).unwrap()).fields.content_type
    };
    assert_eq!(content_type(Change::Keep).as_deref(), Some("text/plain"));
    assert_eq!(content_type(Change::Set("x".into())).as_deref(), Some("x"));
    assert_eq!(content_type(Change::Clear), None);
    assert_eq!(content_type(Change::Keep), None);
}

#[test]
fn a_name_is_blocked_while_its_secret_is_deleted_and_free_when_its_time_has_come() {
    let mut bench = Bench::with_soft_delete(7, false);
    bench.set("db", "one");
    let deleted = bench.delete("db").unwrap().deleted.unwrap();
    assert_eq!(
        deleted.scheduled_purge_date.unix() - deleted.deleted_date.unix(),
        7 * DAY
    );
    let blocked = ObjectError::DeletedButRecoverable {
        kind: ObjectKind::Secrets,
        name: name("db"),
    };
    assert_eq!(bench.write(&set_request("db", "two")), Err(blocked));
    bench.pass_days(7);
    let version = bench.set("db", "two");
    assert_eq!(bench.get("db", None).unwrap().version, version);
    assert_eq!(
        bench
            .all(|page| ReadRequest::ListVersions {
                name: name("db"),
                page
            })
            .unwrap()
            .len(),
        1
    );
}

#[test]
fn purge_protection_refuses_a_purge_until_the_retention_ends() {
    let mut bench = Bench::with_soft_delete(7, true);
    bench.set("db", "one");
    bench.delete("db").unwrap();
    let purge = WriteRequest::Purge { name: name("db") };
    assert_eq!(
        bench.write(&purge),
        Err(ObjectError::PurgeProtected {
            kind: ObjectKind::Secrets,
            name: name("db")
        })
    );
    bench.pass_days(8);
    assert!(matches!(
        bench.write(&purge),
        Err(ObjectError::DeletedNotFound { .. })
    ));
    bench.set("db", "again");
}

#[test]
fn recover_brings_back_every_version() {
    let mut bench = Bench::new();
    let first = bench.set("db", "one");
    bench.set("db", "two");
    bench.delete("db").unwrap();
    assert!(matches!(
        bench.get("db", Some(first)),
        Err(ObjectError::NotFound { .. })
    ));
    bench.write(&WriteRequest::Recover { name: name("db") }).unwrap();
    assert_eq!(
        bench.get("db", Some(first)).unwrap().content.unwrap().expose(),
        "one"
    );
    assert_eq!(bench.get("db", None).unwrap().content.unwrap().expose(), "two");
}

#[test]
fn a_backup_outlives_a_purge_and_keeps_version_ids() {
    let mut bench = Bench::new();
    let versions = [bench.set("db", "one"), bench.set("db", "two")];
    let blob = bench.backup("db").unwrap();
    let restore = WriteRequest::Restore { blob };
    assert_eq!(
        bench.write(&restore),
        Err(ObjectError::NameInUse {
            kind: ObjectKind::Secrets,
            name: name("db")
        })
    );
    bench.delete("db").unwrap();
    assert_eq!(
        bench.write(&restore),
        Err(ObjectError::DeletedButRecoverable {
            kind: ObjectKind::Secrets,
            name: name("db")
        })
    );
    bench.write(&WriteRequest::Purge { name: name("db") }).unwrap();
    assert_eq!(secret(bench.write(&restore).unwrap()).version, versions[1]);
    for (version, value) in versions.into_iter().zip(["one", "two"]) {
        assert_eq!(
            bench.get("db", Some(version)).unwrap().content.unwrap().expose(),
            value
        );
    }
}

#[test]
fn a_backup_with_a_flipped_bit_or_of_another_vault_is_refused() {
    // The magic, and the number of the format.
    const BEGINNING: usize = 6;
    let mut bench = Bench::new();
    bench.set("db", "one");
    let blob = bench.backup("db").unwrap();
    bench.delete("db").unwrap();
    bench.write(&WriteRequest::Purge { name: name("db") }).unwrap();
    let refused = |why: MalformedBackup| Err(why.into());
    for index in 0..blob.as_bytes().len() {
        let mut bytes = blob.as_bytes().to_vec();
        // Of the format, it makes one that there is not.
        bytes[index] ^= 8;
        assert_eq!(
            bench.write(&WriteRequest::Restore {
                blob: BackupBlob::new(bytes)
            }),
            refused(if index < BEGINNING {
                MalformedBackup::Format
            } else {
                MalformedBackup::Corrupt
            }),
            "byte {index}"
        );
    }
    let mut other = Bench::over(
        std::sync::Arc::new(strongroom_engine::store::MemoryStore::default()),
        2,
    );
    let restored = other.write(&WriteRequest::Restore { blob });
    assert_eq!(restored, refused(MalformedBackup::Corrupt));
}
