//! Events of objects: one for each new version, made with it; one when its end is near, and one when it has come.

use strongroom_core::{ObjectKind, Timestamp, Version};
use strongroom_engine::{
    Answer, AttributesPatch, BoundedBackup, Change, EventId, Initialise, LifecycleEvent, Occurrence, Secret,
    SecretFields, SecretPatch, SecretValue, Tags, WriteError, WriteRequest,
};
use strongroom_testing::Directory;

use crate::{
    fixture::{DAY, name, secret, set_request},
    running::{Running, options, redb},
};
use Occurrence::{Expired, NearExpiry, NewVersionCreated};

/// More events than any of these tests makes.
const ALL: usize = 1_000;

fn in_days(running: &Running, days: u64) -> Timestamp {
    Timestamp::from_unix(running.now.unix() + days * DAY)
}

fn end(expires: Timestamp) -> AttributesPatch {
    AttributesPatch {
        expires: Change::Set(expires),
        ..AttributesPatch::default()
    }
}

/// Sets a secret with these attributes; answers its version.
fn set_with(running: &Running, text: &str, attributes: AttributesPatch) -> Version {
    let request = WriteRequest::Set {
        name: name(text),
        content: SecretValue::new("v".to_owned()),
        fields: SecretFields::default(),
        attributes,
        tags: Tags::new(),
    };
    secret(running.write(request).unwrap()).version
}

/// Sets a secret that ends then.
fn set_ending(running: &Running, text: &str, expires: Timestamp) {
    set_with(running, text, end(expires));
}

fn update(running: &Running, text: &str, attributes: AttributesPatch, tags: Option<Tags>) {
    let request = WriteRequest::Update {
        name: name(text),
        version: None,
        fields: SecretPatch::default(),
        attributes,
        tags,
    };
    running.write(request).unwrap();
}

/// Lets time pass and the vault look four times.
fn pass(running: &mut Running, days: u64) {
    running.now = in_days(running, days);
    for _ in 0..4 {
        running.sweep();
    }
}

fn all(running: &Running) -> Vec<LifecycleEvent> {
    let page = running.vault.events(None, ALL).unwrap().unwrap();
    assert!(!page.more);
    page.events
}

/// What happened, to objects of these names.
fn seen(running: &Running) -> Vec<(String, Occurrence)> {
    let what = |event: LifecycleEvent| (event.name.spelling().to_owned(), event.event_type.occurrence);
    all(running).into_iter().map(what).collect()
}

/// What happened but for new versions.
fn ends(running: &Running) -> Vec<Occurrence> {
    let occurrences = seen(running).into_iter().map(|(_, occurrence)| occurrence);
    occurrences
        .filter(|occurrence| *occurrence != NewVersionCreated)
        .collect()
}

#[test]
fn a_new_version_and_nothing_else_that_is_asked_of_a_secret_has_an_event() {
    let running = Running::new();
    let first = running.set("Db", "one").unwrap();
    let second = running.set("db", "two").unwrap();
    let events = all(&running);
    assert_eq!(
        events.iter().map(|event| event.version).collect::<Vec<_>>(),
        [first.version, second.version]
    );
    for event in &events {
        assert_eq!(event.event_type.kind, ObjectKind::Secrets);
        assert_eq!(event.event_type.occurrence, NewVersionCreated);
        assert_eq!(event.name.spelling(), "Db");
        assert_eq!(event.time, running.now);
        assert_eq!((event.not_before, event.expires), (None, None));
    }
    let backup = running.vault.backup_within::<Secret>(&name("db"), usize::MAX);
    let BoundedBackup::Made(blob) = backup.unwrap() else {
        panic!("there is room");
    };
    update(
        &running,
        "db",
        AttributesPatch::default(),
        Some(Tags::from([("a".into(), "b".into())])),
    );
    let refused = running.write(set_request("db", &"x".repeat(1 << 20)));
    assert!(matches!(refused, Err(WriteError::Object(_))), "{refused:?}");
    for request in [
        WriteRequest::Delete { name: name("db") },
        WriteRequest::Recover { name: name("db") },
        WriteRequest::Delete { name: name("db") },
        WriteRequest::Purge { name: name("db") },
        WriteRequest::Restore { blob },
    ] {
        running.write(request).unwrap();
    }
    assert_eq!(all(&running), events);
    running.vault.scrub().unwrap();
}

#[test]
fn an_event_says_what_the_version_says_of_its_time() {
    let running = Running::new();
    let (not_before, expires) = (in_days(&running, 1), in_days(&running, 400));
    let attributes = AttributesPatch {
        not_before: Change::Set(not_before),
        expires: Change::Set(expires),
        ..AttributesPatch::default()
    };
    let version = set_with(&running, "db", attributes);
    let event = all(&running).remove(0);
    assert_eq!(event.version, version);
    assert_eq!(
        (event.not_before, event.expires),
        (Some(not_before), Some(expires))
    );
}

#[test]
fn the_end_of_a_secret_is_told_thirty_days_before_it_comes_and_when_it_comes_once_each() {
    let mut running = Running::new();
    let expires = in_days(&running, 40);
    set_ending(&running, "db", expires);
    for (days, expected) in [
        (0, &[][..]),
        (9, &[]),
        (1, &[NearExpiry]),
        (29, &[NearExpiry]),
        (1, &[NearExpiry, Expired]),
        (50, &[NearExpiry, Expired]),
    ] {
        pass(&mut running, days);
        assert_eq!(ends(&running), expected, "after {days} more days");
    }
    let near = all(&running).remove(1);
    assert_eq!(near.expires, Some(expires));
    let audited = |operation: &str| {
        let word = format!("\"operationName\":\"{operation}\"");
        let lines = running.audited().into_iter().filter(|line| line.contains(&word));
        lines.collect::<Vec<_>>()
    };
    for operation in ["NearExpiry", "Expired"] {
        let lines = audited(operation);
        assert_eq!(lines.len(), 1, "{operation}");
        let properties = format!(
            r#""properties":{{"kind":"secrets","name":"db","version":"{}","notBefore":null,"expires":"2027-02-24T08:00:00.000Z"}}"#,
            near.version
        );
        assert!(lines[0].contains(&properties), "{}", lines[0]);
    }
    running.vault.scrub().unwrap();
}

#[test]
fn a_vault_that_slept_over_the_end_of_a_secret_tells_of_it_late_and_once() {
    let mut running = Running::new();
    set_ending(&running, "db", in_days(&running, 32));
    running.now = in_days(&running, 35);
    let mut running = running.restart();
    pass(&mut running, 0);
    assert_eq!(ends(&running), [NearExpiry, Expired]);
    let running = running.restart();
    running.sweep();
    assert_eq!(ends(&running), [NearExpiry, Expired]);
}

#[test]
fn an_end_that_is_near_or_past_when_it_is_set_is_told_at_once() {
    let mut running = Running::new();
    set_ending(&running, "near", in_days(&running, 29));
    pass(&mut running, 0);
    assert_eq!(
        seen(&running),
        [
            ("near".to_owned(), NewVersionCreated),
            ("near".to_owned(), NearExpiry)
        ]
    );
    set_ending(&running, "past", Timestamp::from_unix(running.now.unix() - 5));
    pass(&mut running, 0);
    assert_eq!(
        seen(&running)[2..],
        [
            ("past".to_owned(), NewVersionCreated),
            ("past".to_owned(), NearExpiry),
            ("past".to_owned(), Expired)
        ]
    );
}

#[test]
fn the_end_of_a_deleted_secret_is_not_told_and_is_once_it_is_recovered() {
    let mut running = Running::new();
    set_ending(&running, "db", in_days(&running, 40));
    running.write(WriteRequest::Delete { name: name("db") }).unwrap();
    pass(&mut running, 15);
    assert_eq!(ends(&running), []);
    running.write(WriteRequest::Recover { name: name("db") }).unwrap();
    pass(&mut running, 0);
    assert_eq!(ends(&running), [NearExpiry]);
    running.write(WriteRequest::Delete { name: name("db") }).unwrap();
    running.write(WriteRequest::Purge { name: name("db") }).unwrap();
    pass(&mut running, 40);
    assert_eq!(ends(&running), [NearExpiry], "a purged secret has no end");
}

#[test]
fn another_end_is_told_anew_and_another_tag_is_not() {
    let mut running = Running::new();
    set_ending(&running, "db", in_days(&running, 20));
    pass(&mut running, 0);
    assert_eq!(ends(&running), [NearExpiry]);
    let tags = Tags::from([("a".into(), "b".into())]);
    update(&running, "db", AttributesPatch::default(), Some(tags));
    pass(&mut running, 0);
    assert_eq!(ends(&running), [NearExpiry]);
    update(&running, "db", end(in_days(&running, 60)), None);
    pass(&mut running, 29);
    assert_eq!(ends(&running), [NearExpiry], "the first end is none any more");
    pass(&mut running, 1);
    assert_eq!(ends(&running), [NearExpiry, NearExpiry]);
    let never = AttributesPatch {
        expires: Change::Clear,
        ..AttributesPatch::default()
    };
    update(&running, "db", never, None);
    pass(&mut running, 100);
    assert_eq!(ends(&running), [NearExpiry, NearExpiry]);
}

#[test]
fn a_new_version_that_ends_when_the_one_before_it_does_has_events_of_its_own() {
    let mut running = Running::new();
    let expires = in_days(&running, 20);
    for expected in [1, 2] {
        set_ending(&running, "db", expires);
        pass(&mut running, 0);
        assert_eq!(ends(&running), vec![NearExpiry; expected]);
    }
    let versions: Vec<_> = all(&running).into_iter().map(|event| event.version).collect();
    assert_eq!(versions[0], versions[1]);
    assert_eq!(versions[2], versions[3]);
    assert_ne!(versions[0], versions[2]);
    set_ending(&running, "db", in_days(&running, 300));
    pass(&mut running, 30);
    assert_eq!(ends(&running).len(), 2, "an older version ends in silence");
}

#[test]
fn events_are_listed_from_any_that_is_kept_and_stay_what_they_are_over_restarts() {
    let running = Running::new();
    assert_eq!(all(&running), []);
    for number in 0..5 {
        running.set(&format!("s{number}"), "v").unwrap();
    }
    let events = all(&running);
    let running = running.restart();
    assert_eq!(all(&running), events);
    let page = |after: Option<EventId>, most| running.vault.events(after, most).unwrap().unwrap();
    let first = page(None, 2);
    assert_eq!((&first.events[..], first.more), (&events[..2], true));
    let rest = page(Some(events[1].id), 3);
    assert_eq!((&rest.events[..], rest.more), (&events[2..], false));
    let none = page(Some(events[4].id), 3);
    assert_eq!((none.events.len(), none.more), (0, false));
    running.set("s5", "v").unwrap();
    let next = page(Some(events[4].id), 3);
    assert_eq!(next.events.len(), 1);
    assert_eq!(next.events[0].id.number(), events[4].id.number() + 1);
    for unknown in [
        EventId::new(events[4].id.number(), [0; 8]),
        EventId::new(events[4].id.number() + 100, [0; 8]),
        EventId::new(0, [0; 8]),
    ] {
        assert_eq!(running.vault.events(Some(unknown), 3).unwrap(), None, "{unknown}");
    }
}

#[test]
fn the_oldest_events_go_as_others_come() {
    let directory = Directory::new();
    let mut options = options(directory.path(), Initialise::Allowed);
    options.rules.limits.events = 3;
    let store = redb(directory.path());
    let running = Running::start_with(directory, store, options).unwrap();
    let mut first = None;
    for number in 0..8 {
        running.set(&format!("s{number}"), "v").unwrap();
        first = first.or_else(|| all(&running).first().map(|event| event.id));
    }
    let kept: Vec<_> = all(&running).iter().map(|event| event.id.number()).collect();
    assert_eq!(kept, [6, 7, 8]);
    assert_eq!(running.vault.events(first, 3).unwrap(), None);
    running.vault.scrub().unwrap();
}

#[test]
fn every_version_has_its_event_and_every_event_its_version_after_any_number_of_batches() {
    let running = Running::new();
    let (done, outcomes) = std::sync::mpsc::channel();
    for number in 0..300 {
        let done = done.clone();
        let audit = Box::new(|_: &Result<Answer, _>| crate::running::entry(0));
        let request = set_request(&format!("s{}", number % 7), "v");
        let answer = Box::new(move |result| done.send(result).unwrap());
        running.vault.submit(request, running.now, audit, answer).unwrap();
    }
    drop(done);
    let made: Vec<_> = outcomes
        .iter()
        .map(|result| secret(result.unwrap()).version)
        .collect();
    let events = all(&running);
    let told: Vec<_> = events.iter().map(|event| event.version).collect();
    assert_eq!(told, made);
    let numbers: Vec<_> = events.iter().map(|event| event.id.number()).collect();
    assert_eq!(numbers, (1..=300).collect::<Vec<_>>());
}

#[test]
fn listeners_hear_what_happened() {
    let mut running = Running::new();
    let (heard, notices) = std::sync::mpsc::channel();
    let heard = std::sync::Mutex::new(heard);
    running.vault.on_change(Box::new(move |notice| {
        for event in &notice.events {
            heard.lock().unwrap().send(event.occurrence).unwrap();
        }
    }));
    set_ending(&running, "db", in_days(&running, 1));
    pass(&mut running, 1);
    assert_eq!(
        notices.try_iter().collect::<Vec<_>>(),
        [NewVersionCreated, NearExpiry, Expired]
    );
}
