//! The lines that are no request's, byte for byte: readers of the log depend on their form.

use std::{
    fs::OpenOptions,
    io::Write as _,
    net::IpAddr,
    time::{Duration, SystemTime},
};

use strongroom_audit::{Entry, Event, Hash, Log, LogConfig, RefusalCount, Time};
use strongroom_core::ObjectKind;

fn events() -> Vec<Event> {
    let since = Time(SystemTime::UNIX_EPOCH + Duration::from_millis(1_234));
    let unauthenticated = |source| Event::Unauthenticated {
        source,
        since,
        count: RefusalCount {
            bad_token: 3,
            ..RefusalCount::default()
        },
    };
    vec![
        Event::VaultStart {
            version: "0.1.0-\u{e9}",
            generation: 7,
        },
        Event::VaultStop,
        Event::VaultUnseal {
            seal_key_id: Hash::of(b"key"),
        },
        Event::RollbackDetected {
            anchored: 9,
            found: 7,
        },
        Event::RollbackAccepted { generation: 7 },
        Event::ScheduledPurge {
            kind: ObjectKind::Secrets,
            name: "Db".parse().unwrap(),
        },
        unauthenticated(Some(IpAddr::from([10, 0, 0, 1]))),
        unauthenticated(None),
    ]
}

/// The lines of a log that began, was torn, and was opened again; without chain, and with the time masked.
fn own_lines() -> Vec<String> {
    let directory = tempfile::tempdir().unwrap();
    let dir = directory.path().join("audit");
    let open = || Log::open(LogConfig::new(dir.clone(), "vault", "prod-0"), None).unwrap();
    drop(open());
    let file = dir.join("00000000000000000001.jsonl");
    let mut torn = OpenOptions::new().append(true).open(&file).unwrap();
    torn.write_all(b"{\"type\":\"request\",").unwrap();
    drop(open());
    let text = std::fs::read_to_string(&file).unwrap();
    text.lines()
        .map(|line| {
            let (body, _) = line.split_once(",\"chain\":").unwrap();
            let (before, after) = body.split_once("\"time\":\"").unwrap();
            format!("{before}\"time\":\"TIME{}", &after[24..])
        })
        .collect()
}

#[test]
fn the_lines_of_events_and_of_the_log_itself_are_the_golden_ones() {
    let at = SystemTime::UNIX_EPOCH + Duration::from_hours(500_000);
    let events = events().into_iter().map(|event| {
        let entry = Entry::event(at, &event);
        String::from_utf8(entry.as_bytes().to_vec()).unwrap()
    });
    let lines: Vec<String> = events.chain(own_lines()).collect();
    assert!(lines.len() > 9, "{lines:?}");
    let shown = lines.join("\n") + "\n";
    assert_eq!(shown, include_str!("golden.jsonl"));
}
