//! Two kinds in one vault: one name, one transaction, one schedule; and nothing of one is taken for the other's.

use std::sync::mpsc;

use strongroom_audit::{Entry, Event};
use strongroom_core::Timestamp;
use strongroom_engine::{
    AttributesPatch, Change, Inputs, MalformedBackup, ObjectError, ReadRequest, Secret, Tags,
    crypt::cipher::KeyBytes,
    every_name,
    format::task::Due,
    object::{
        answer::Answer,
        apply::apply_in,
        request::{Seen, WriteRequest},
        tasks::Tasks,
        transaction::{Changes, Transaction},
    },
};

use crate::{
    fixture::{Bench, DAY, name, object, set_request},
    running::Running,
    sample::{BOTH, Material, NewCurve, Plan, Sample, Sealing, Shape},
};

fn set(text: &str, content: &str) -> WriteRequest<Sealing> {
    WriteRequest::Set {
        name: name(text),
        content: Sealing::content(content),
        fields: Sealing::fields("", true),
        attributes: AttributesPatch::default(),
        tags: Tags::new(),
    }
}

fn get(bench: &Bench, text: &str) -> Result<Material, ObjectError> {
    let request = ReadRequest::Get {
        name: name(text),
        version: None,
    };
    let found = bench.read_of::<Sealing>(&request, &every_name).map(object)?;
    Ok(found.content.unwrap())
}

#[test]
fn one_name_stands_for_one_object_of_each_kind() {
    let mut bench = Bench::new();
    bench.set("db", "text");
    let made = object(bench.write_of(&set("DB", "bytes")).unwrap());
    assert_eq!(
        (made.content, made.fields),
        (
            None,
            Shape {
                bits: 2_048,
                curve: Some(3)
            }
        )
    );
    assert_eq!(get(&bench, "db").unwrap(), Sealing::content("bytes"));
    assert_eq!(bench.get("db", None).unwrap().content.unwrap().expose(), "text");
    bench.delete("db").unwrap();
    assert_eq!(get(&bench, "db").unwrap(), Sealing::content("bytes"));
    let listed = bench
        .all_of::<Sealing>(|page| ReadRequest::List { page })
        .unwrap();
    assert_eq!(listed.len(), 1);
    assert_eq!(bench.scrub(BOTH).unwrap().heads, 2);
}

#[test]
fn a_backup_is_restored_as_the_kind_that_it_is_of() {
    let mut bench = Bench::new();
    bench.set("db", "text");
    let blob = bench.backup("db").unwrap();
    let restored = bench.write_of::<Sealing>(&WriteRequest::Restore { blob });
    assert_eq!(restored, Err(MalformedBackup::Corrupt.into()));
}

#[test]
fn errors_name_the_kind() {
    let error = get(&Bench::new(), "db").unwrap_err();
    assert_eq!(
        error.to_string(),
        "A key with (name/id) db was not found in this key vault. If you recently deleted this key you may be able to \
         recover it using the correct recovery command."
    );
}

/// A second kind changes no text that callers of secrets know.
#[test]
fn a_limit_names_the_kind_that_exceeds_it() {
    fn refusals<K: Sample>() -> [String; 2] {
        let mut bench = Bench::new();
        bench.rules.limits.backup_versions = 1;
        let set = |tags: usize| WriteRequest::<K>::Set {
            name: name("db"),
            content: K::content("v"),
            fields: K::fields("v", false),
            attributes: AttributesPatch::default(),
            tags: (0..tags).map(|n| (n.to_string(), String::new())).collect(),
        };
        for _ in 0..2 {
            bench.write_of(&set(15)).unwrap();
        }
        let backup = ReadRequest::Backup { name: name("db") };
        [
            bench.write_of(&set(16)).unwrap_err().to_string(),
            bench.read_of::<K>(&backup, &every_name).unwrap_err().to_string(),
        ]
    }
    assert_eq!(
        refusals::<Secret>(),
        [
            "A secret can have at most 15 tags.",
            "A backup holds at most 1 versions; this secret has more."
        ]
    );
    assert_eq!(
        refusals::<Sealing>(),
        [
            "A key can have at most 15 tags.",
            "A backup holds at most 1 versions; this key has more."
        ]
    );
}

#[test]
fn a_vault_finds_damage_in_a_kind_that_it_does_not_keep() {
    let mut bench = Bench::new();
    bench.write_of(&set("db", "bytes")).unwrap();
    assert!(bench.scrub(strongroom_engine::secret::SECRETS).is_err());
}

/// What is to become of a certificate: a key and a secret, made together or not at all.
#[test]
fn one_transaction_makes_objects_of_two_kinds() {
    let mut bench = Bench::new();
    let together = |bench: &Bench| -> Result<Changes, ObjectError> {
        let snapshot = bench.store.snapshot().unwrap();
        let entropy = KeyBytes::new([3; 32]);
        let mut inputs = Inputs::new(&entropy);
        let mut transaction = Transaction::begin(bench.view(&*snapshot), &mut inputs, bench.now);
        apply_in(&mut transaction, &set("cert", "bytes"))?;
        apply_in::<Secret>(&mut transaction, &set_request("cert", "text"))?;
        Ok(transaction.finish())
    };
    let changes = together(&bench).unwrap();
    assert_eq!(changes.objects.len(), 2);
    bench.commit(changes);
    assert_eq!(get(&bench, "cert").unwrap(), Sealing::content("bytes"));
    assert!(bench.get("cert", None).is_ok());
    assert_eq!(bench.scrub(BOTH).unwrap().heads, 2);
    bench.delete("cert").unwrap();
    assert!(
        together(&bench).is_err(),
        "the second of the two is blocked, so the first is not made"
    );
}

/// Waits until the writer has decided and committed a change.
fn write<K: Tasks>(running: &Running, request: WriteRequest<K>) -> Answer<K> {
    let (done, ended) = mpsc::channel();
    let audit = Box::new(|_: &Result<Answer<K>, ObjectError>| {
        Entry::event(std::time::SystemTime::UNIX_EPOCH, &Event::VaultStop)
    });
    let done = Box::new(move |result| done.send(result).unwrap());
    running.vault.submit(request, running.now, audit, done).unwrap();
    ended.recv().unwrap().unwrap()
}

#[test]
fn a_task_of_a_kinds_own_is_carried_out_once_when_it_is_due() {
    let running = Running::new();
    let expires = Timestamp::from_unix(running.now.unix() + DAY);
    write::<Sealing>(
        &running,
        WriteRequest::Set {
            name: name("rotated"),
            content: Sealing::content("bytes"),
            fields: Sealing::fields("", false),
            attributes: AttributesPatch {
                expires: Change::Set(expires),
                ..AttributesPatch::default()
            },
            tags: Tags::new(),
        },
    );
    let performed = || {
        let lines = running.audited();
        lines
            .iter()
            .filter(|line| line.contains("RollbackAccepted"))
            .count()
    };
    for (seconds, expected) in [(0, 0), (DAY, 1), (2 * DAY, 1)] {
        let at = Timestamp::from_unix(running.now.unix() + seconds);
        running.vault.sweep(at).unwrap();
        // Answered after the sweep.
        write::<Secret>(&running, set_request("after", "v"));
        assert_eq!(performed(), expected, "after {seconds} seconds");
    }
    running.vault.scrub().unwrap();
}

#[test]
fn what_the_server_has_to_do_is_due_until_the_object_says_otherwise_and_stands_in_nobodys_way() {
    let running = Running::new();
    let day = |days: u64| Timestamp::from_unix(running.now.unix() + days * DAY);
    let set = |text: &str, expires: Option<Timestamp>| WriteRequest::<Sealing>::Set {
        name: name(text),
        content: Sealing::content("bytes"),
        fields: Sealing::fields("", false),
        attributes: AttributesPatch {
            expires: expires.map_or(Change::Keep, Change::Set),
            ..AttributesPatch::default()
        },
        tags: Tags::new(),
    };
    let plan = |text: &str, at| WriteRequest::<Sealing>::Amend {
        name: name(text),
        amendment: Plan(at),
    };
    // More than one sweep carries out, and all of them before what the writer has to do.
    for number in 0..80 {
        let text = format!("planned-{number}");
        write(&running, set(&text, None));
        write(&running, plan(&text, Some(day(1))));
    }
    write(&running, set("expires", Some(day(2))));
    let due = |at, most| running.vault.due(at, None, most).unwrap();
    assert_eq!(due(day(0), 100), []);
    assert_eq!(due(day(3), 100).len(), 80);
    assert_eq!(due(day(3), 7).len(), 7);
    let (mut reached, mut walked): (Option<Due>, _) = (None, Vec::new());
    loop {
        let page = running.vault.due(day(3), reached.as_ref(), 7).unwrap();
        let Some(last) = page.last() else { break };
        reached = Some(last.clone());
        walked.extend(page);
    }
    assert_eq!(walked, due(day(3), 100), "page by page, each once");
    assert!(running.vault.is_due(&walked[0]).unwrap());
    running.vault.sweep(day(3)).unwrap();
    write::<Secret>(&running, set_request("after", "v"));
    let lines = running.audited();
    let looked_at = lines.iter().filter(|line| line.contains("RollbackAccepted"));
    assert_eq!(looked_at.count(), 1, "the writer reached its own task");
    assert_eq!(due(day(3), 100).len(), 80, "a sweep does nothing of the server's");

    write(&running, plan("planned-0", None));
    assert!(!running.vault.is_due(&walked[0]).unwrap());
    write(
        &running,
        WriteRequest::<Sealing>::Delete {
            name: name("planned-1"),
        },
    );
    assert_eq!(due(day(3), 100).len(), 78);
    write(
        &running,
        WriteRequest::<Sealing>::Recover {
            name: name("planned-1"),
        },
    );
    write(&running, plan("planned-2", Some(day(9))));
    assert_eq!(due(day(3), 100).len(), 78);
    running.vault.scrub().unwrap();
}

/// A version in place of what was seen.
fn replace(seen: Seen<Plan>, content: &str) -> WriteRequest<Sealing> {
    WriteRequest::Replace {
        name: name("db"),
        seen,
        content: Sealing::content(content),
        fields: Sealing::fields("", true),
        expires: None,
    }
}

#[test]
fn a_version_is_replaced_only_while_it_is_the_current_one() {
    let mut bench = Bench::new();
    bench.write_of(&set("db", "one")).unwrap();
    let first = bench.seen_of::<Sealing>("db");
    let second = object(bench.write_of(&replace(first.clone(), "two")).unwrap());
    assert_eq!(second.attributes.expires, None);
    assert_eq!(get(&bench, "db").unwrap(), Sealing::content("two"));
    let late = bench.write_of(&replace(first, "late"));
    assert!(matches!(late, Err(ObjectError::Superseded { .. })), "{late:?}");
    assert_eq!(get(&bench, "db").unwrap(), Sealing::content("two"));
    let second = bench.seen_of::<Sealing>("db");
    bench
        .write_of(&WriteRequest::<Sealing>::Delete { name: name("db") })
        .unwrap();
    let gone = bench.write_of(&replace(second, "gone"));
    assert!(matches!(gone, Err(ObjectError::NotFound { .. })), "{gone:?}");
}

#[test]
fn what_changed_since_it_was_seen_is_not_replaced() {
    let update = |fields, attributes, tags| WriteRequest::<Sealing>::Update {
        name: name("db"),
        version: None,
        fields,
        attributes,
        tags,
    };
    let (same, kept) = (NewCurve::default, AttributesPatch::default);
    let disable = AttributesPatch {
        enabled: Some(false),
        ..kept()
    };
    let amend = WriteRequest::<Sealing>::Amend {
        name: name("db"),
        amendment: Plan(Some(Timestamp::from_unix(9))),
    };
    for change in [
        update(NewCurve(Some(9)), kept(), None),
        update(same(), disable, None),
        update(same(), kept(), Some(Tags::from([("a".into(), "b".into())]))),
        amend,
    ] {
        let mut bench = Bench::new();
        bench.write_of(&set("db", "one")).unwrap();
        let before = bench.seen_of::<Sealing>("db");
        bench.write_of(&change).unwrap();
        let late = bench.write_of(&replace(before, "late"));
        assert!(
            matches!(late, Err(ObjectError::Superseded { .. })),
            "{change:?}: {late:?}"
        );
        let seen = bench.seen_of::<Sealing>("db");
        bench.write_of(&replace(seen, "two")).unwrap();
        assert_eq!(get(&bench, "db").unwrap(), Sealing::content("two"));
    }
}

#[test]
fn an_update_of_an_older_version_changes_nothing_that_a_new_one_is_made_from() {
    let mut bench = Bench::new();
    let first = object(bench.write_of(&set("db", "one")).unwrap()).version;
    bench.write_of(&set("db", "two")).unwrap();
    let seen = bench.seen_of::<Sealing>("db");
    bench
        .write_of(&WriteRequest::<Sealing>::Update {
            name: name("db"),
            version: Some(first),
            fields: NewCurve(Some(9)),
            attributes: AttributesPatch::default(),
            tags: None,
        })
        .unwrap();
    bench.write_of(&replace(seen, "three")).unwrap();
    assert_eq!(get(&bench, "db").unwrap(), Sealing::content("three"));
}
