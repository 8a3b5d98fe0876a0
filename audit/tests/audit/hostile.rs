//! Texts that callers choose, and what they cannot do to a line.

use std::{fs, net::IpAddr};

use proptest::prelude::*;
use strongroom_audit::{
    Class, ClientInfo, Entry, Event, PolicyName, RefusalCounter, RefusalReason, RequestPath, Verdict, verify,
};

use crate::fixture::{Bench, record};

const TEXTS: &[&str] = &[
    "a\nb\r\n{\"type\":\"request\"}",
    "\u{1b}[2J\u{1b}]0;x\u{7}",
    "\",\"chain\":{\"sequence\":9,\"previous\":\"",
    "\\\"}}\n",
    "\u{0}\u{1}\u{7f}\u{80}\u{9b}31m",
    "\u{202e}\u{2066}\u{2028}\u{2029}\u{feff}",
    "😀 ünïcödé",
];

/// Appends records whose every chosen text is `text`, and reads them back.
fn round_trip(texts: &[Vec<u8>]) -> Vec<serde_json::Value> {
    let bench = Bench::new();
    let log = bench.open();
    for text in texts {
        let mut hostile = record();
        let shown = String::from_utf8_lossy(text);
        hostile.origin.client = ClientInfo::new(text);
        hostile.origin.path = RequestPath::new(&shown);
        hostile.verdict = Verdict::Allow(PolicyName::new(&shown));
        log.append(Class::Read, &Entry::new(&hostile)).unwrap();
    }
    for line in bench.lines() {
        assert!(line.bytes().all(|byte| (b' '..=b'~').contains(&byte)), "{line:?}");
    }
    let report = verify(bench.dir(), Some(log.head())).unwrap();
    assert!(report.is_intact(), "{report}");
    let records = bench.records("request");
    assert_eq!(records.len(), texts.len());
    assert_eq!(bench.lines().len(), texts.len() + 1);
    records
}

#[test]
fn no_text_ends_a_line_or_speaks_to_a_terminal_and_none_is_lost() {
    let texts: Vec<_> = TEXTS.iter().map(|text| text.as_bytes().to_vec()).collect();
    for (record, text) in round_trip(&texts).iter().zip(TEXTS) {
        assert_eq!(record["properties"]["clientInfo"], *text);
        assert_eq!(record["policy"], *text);
    }
}

#[test]
fn bytes_that_are_no_text_are_marked_as_such() {
    let records = round_trip(&[b"ok \xff\xfe\x80 end".to_vec()]);
    assert_eq!(
        records[0]["properties"]["clientInfo"],
        "ok \u{fffd}\u{fffd}\u{fffd} end"
    );
}

#[test]
fn a_64_kib_text_is_cut_and_marked() {
    let records = round_trip(&[vec![b'x'; 65_536], "\u{1b}".repeat(65_536).into_bytes()]);
    for record in records {
        for text in [
            &record["properties"]["clientInfo"],
            &record["properties"]["requestUri"],
            &record["policy"],
        ] {
            let text = text.as_str().unwrap();
            assert!(
                text.len() < 1100 && text.ends_with("[truncated, 65536 bytes]"),
                "{text}"
            );
        }
    }
}

#[test]
fn a_query_is_not_recorded() {
    let bench = Bench::new();
    let mut careless = record();
    careless.origin.path =
        RequestPath::new("/secrets/a?access_token=canary-5b1d&api-version=7.6#canary-5b1d");
    bench
        .open()
        .append(Class::Refusal, &Entry::new(&careless))
        .unwrap();
    assert!(!bench.lines().concat().contains("canary"));
}

#[test]
fn unauthenticated_requests_are_one_record_per_source() {
    let bench = Bench::new();
    let log = bench.open();
    let counter = RefusalCounter::new(10, record().time);
    for number in 0..1000u32 {
        counter.count(
            IpAddr::from([10, 0, 0, (number % 4) as u8]),
            RefusalReason::BadToken,
        );
    }
    for event in counter.take(record().time) {
        log.append(Class::Refusal, &Entry::event(record().time, &event))
            .unwrap();
    }
    let events = bench.records("event");
    assert_eq!(events.len(), 4);
    for event in events {
        assert_eq!(event["operationName"], "Unauthenticated");
        assert_eq!(event["actor"], "unauthenticated");
        assert_eq!(event["properties"]["count"]["badToken"], 250);
    }
}

#[test]
fn an_event_says_who_and_what() {
    let bench = Bench::new();
    let log = bench.open();
    log.append(
        Class::Administration,
        &Entry::event(record().time, &Event::RollbackAccepted { generation: 4 }),
    )
    .unwrap();
    let mut event = bench.records("event").remove(0);
    event.as_object_mut().unwrap().remove("chain");
    assert_eq!(
        event,
        serde_json::json!({
            "type": "event",
            "time": "2026-09-21T14:13:20.123Z",
            "operationName": "RollbackAccepted",
            "category": "AuditEvent",
            "actor": "operator",
            "properties": {"generation": 4},
        })
    );
}

#[test]
fn stored_bytes_that_are_no_entry_are_refused() {
    for bytes in [
        &b""[..],
        b"{}",
        b"{\"type\":\"request\"",
        b"{\"type\":\"a\nb\"",
        b"{\"type\":\"a\"}\n{\"type\":\"b\"",
    ] {
        let is_entry = bytes == b"{\"type\":\"request\"";
        assert_eq!(
            Entry::from_bytes(bytes.to_vec()).is_ok(),
            is_entry,
            "{}",
            String::from_utf8_lossy(bytes)
        );
    }
    assert!(Entry::from_bytes(vec![b' '; Entry::LIMIT + 1]).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn any_bytes_in_a_segments_place_are_found_and_gone_on_from(
        garbage in prop::collection::vec(any::<u8>(), 0..2000),
        line in prop::option::of("[ -~]{0,400}"),
    ) {
        let bench = Bench::new();
        drop(bench.open());
        let path = bench.dir().join(format!("{:020}.jsonl", 2));
        let bytes = line.map_or(garbage, |line| format!("{{\"type\":\"x\",\"chain\":{line}}}\n").into_bytes());
        fs::write(&path, &bytes).unwrap();
        let report = verify(bench.dir(), None).unwrap();
        prop_assert!(!report.to_string().is_empty());
        let log = bench.open();
        log.append(Class::Read, &Entry::new(&record())).unwrap();
        drop(log);
        prop_assert_eq!(verify(bench.dir(), None).unwrap().is_intact(), !bytes.contains(&b'\n'));
        prop_assert!(bench.open().recovered().is_empty());
    }

    #[test]
    fn any_bytes_give_one_line_each(texts in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..400), 1..20)) {
        round_trip(&texts);
    }
}
