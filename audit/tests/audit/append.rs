//! What is appended, and how it reads.

use std::{thread, time::Duration};

use strongroom_audit::{Class, Entry, Event, Log, OpenError, Place, SegmentLimits, SyncMode, verify};

use crate::fixture::{Bench, entry, record, within};

#[test]
fn a_record_has_azures_names_and_ours() {
    let bench = Bench::new();
    bench.open().append(Class::Read, &Entry::new(&record())).unwrap();
    let line = bench.records("request").remove(0);
    let mut line = line.as_object().unwrap().clone();
    line.remove("chain").unwrap();
    let expected = serde_json::json!({
        "type": "request",
        "time": "2026-09-21T14:13:20.123Z",
        "resourceId": "/apis/strongroom.dev/v1alpha1/namespaces/team-a/vaults/prod",
        "operationName": "SecretGet",
        "operationVersion": "7.6",
        "category": "AuditEvent",
        "resultType": "Success",
        "resultSignature": "OK",
        "resultDescription": "",
        "durationMs": 1,
        "callerIpAddress": "10.1.2.3",
        "correlationId": "07070707-0707-4707-8707-070707070707",
        "identity": {"claim": {
            "oid": "0f0f0f0f-1111-4222-8333-444444444444",
            "upn": "system:serviceaccount:shop:api",
            "appid": "0f0f0f0f-1111-4222-8333-444444444444",
        }},
        "properties": {
            "clientInfo": "azsdk-python-keyvault-secrets/4.9.0 Python/3.12",
            "requestUri": "/secrets/db-password?api-version=7.6",
            "id": "https://prod.team-a.svc/secrets/db-password/0123456789abcdef0123456789abcdef",
            "httpStatusCode": 200,
            "tlsVersion": "TLS1_3",
        },
        "principal": {
            "type": "ServiceAccount",
            "namespace": "shop",
            "name": "api",
            "pod": {"name": "api-7d9f", "uid": "aaaa-bbbb"},
            "node": {"name": "node-1"},
        },
        "decision": "Allow",
        "policy": "shop-reads-db",
    });
    assert_eq!(serde_json::Value::Object(line), expected);
    assert_eq!(
        documented(),
        expected,
        "docs/reference/audit.md shows another record"
    );
}

#[test]
fn a_record_of_a_connection_whose_tls_version_is_not_known_has_no_word_on_it() {
    let bench = Bench::new();
    let mut record = record();
    record.origin.tls = None;
    bench.open().append(Class::Read, &Entry::new(&record)).unwrap();
    let properties = bench.records("request").remove(0)["properties"].take();
    let names: Vec<_> = properties.as_object().unwrap().keys().cloned().collect();
    assert_eq!(names, ["clientInfo", "httpStatusCode", "id", "requestUri"]);
}

/// The record that the documentation shows.
fn documented() -> serde_json::Value {
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/reference/audit.md");
    let page = std::fs::read_to_string(page).unwrap();
    let (_, rest) = page.split_once("```json\n").unwrap();
    let (example, _) = rest.split_once("```").unwrap();
    serde_json::from_str(example).unwrap()
}

#[test]
fn every_append_is_one_line_under_concurrency_and_over_segments() {
    let mut bench = Bench::new();
    bench.config.segment = SegmentLimits {
        bytes: 50_000,
        age: Duration::from_hours(1),
    };
    let log = bench.open();
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for _ in 0..200 {
                    log.append(Class::Read, &entry()).unwrap();
                }
            });
        }
    });
    let head = log.head();
    let segments = bench.segments().len();
    assert_eq!(bench.records("request").len(), 1600);
    assert_eq!(bench.records("segment").len(), segments);
    assert!(segments > 10, "{segments}");
    assert_eq!(head.sequence, 1600 + segments as u64);
}

#[test]
fn records_appended_together_are_chained_in_their_order() {
    let bench = Bench::new();
    let log = bench.open();
    let before = log.head().sequence;
    let records: Vec<_> = (0..5).map(|_| (Class::Read, entry())).collect();
    let heads: Vec<_> = log.append_all(&records).into_iter().map(Result::unwrap).collect();
    let sequences: Vec<_> = heads.iter().map(|head| head.sequence - before).collect();
    assert_eq!(sequences, [1, 2, 3, 4, 5]);
    assert_eq!(heads.last(), Some(&log.head()));
    assert_eq!(bench.records("request").len(), 5);
    assert!(verify(bench.dir(), heads.last().copied()).unwrap().is_intact());
    assert!(log.append_all(&[]).is_empty());
}

#[test]
fn records_appended_promptly_are_in_the_log_like_any_other() {
    let bench = Bench::new();
    let log = bench.open();
    let records = [(Class::Read, entry()), (Class::Read, entry())];
    let mut heads = Vec::new();
    // The log's own thread may be at it.
    within(Duration::from_secs(10), || {
        heads = log.append_promptly(&records).unwrap_or_default();
        !heads.is_empty()
    });
    let heads: Vec<_> = heads.into_iter().map(Result::unwrap).collect();
    assert_eq!(heads.last(), Some(&log.head()));
    assert_eq!(bench.records("request").len(), 2);
    let verified = verify(bench.dir(), heads.last().copied()).unwrap();
    assert!(verified.is_intact());
}

#[test]
fn nothing_is_appended_promptly_where_a_sync_or_a_new_segment_is_waited_for() {
    let mut synced = Bench::new();
    synced.config.sync = SyncMode::Always;
    let mut full = Bench::new();
    full.config.segment.bytes = 1;
    for bench in [synced, full] {
        let log = bench.open();
        for _ in 0..20 {
            assert!(log.append_promptly(&[(Class::Read, entry())]).is_none());
        }
        log.append(Class::Read, &entry()).unwrap();
        assert_eq!(bench.records("request").len(), 1);
    }
}

#[test]
fn what_was_appended_is_synced_soon_by_itself() {
    let bench = Bench::new();
    let log = bench.open();
    for _ in 0..5 {
        let head = log.append(Class::Read, &entry()).unwrap();
        let took = within(Duration::from_secs(2), || {
            log.synced().head.sequence >= head.sequence
        });
        assert!(took < Duration::from_millis(400), "{took:?}");
    }
    assert_eq!(log.synced().head, log.head());
}

#[test]
fn with_sync_always_an_append_returns_synced() {
    let mut bench = Bench::new();
    bench.config.sync = SyncMode::Always;
    let log = bench.open();
    for _ in 0..5 {
        let head = log.append(Class::Read, &entry()).unwrap();
        assert_eq!(log.synced().head, head);
    }
}

#[test]
fn a_write_is_drained_once_also_after_a_restart() {
    let bench = Bench::new();
    let place = |generation, index| Place { generation, index };
    let log = bench.open();
    assert_eq!(log.last_drained(), None);
    assert!(log.drain(place(7, 0), &entry()).unwrap().is_some());
    assert!(log.drain(place(7, 1), &entry()).unwrap().is_some());
    assert!(log.drain(place(7, 0), &entry()).unwrap().is_none());
    log.append(Class::Read, &entry()).unwrap();
    assert_eq!(log.sync().unwrap().drained, Some(place(7, 1)));
    drop(log);
    let log = bench.open();
    assert_eq!(log.last_drained(), Some(place(7, 1)));
    for index in 0..4 {
        let entry = Entry::from_bytes(entry().as_bytes().to_vec()).unwrap();
        assert_eq!(log.drain(place(7, index), &entry).unwrap().is_some(), index >= 2);
    }
    assert_eq!(bench.records("request").len(), 5);
}

#[test]
fn the_last_drained_place_outlives_the_segments_it_was_written_in() {
    let mut bench = Bench::new();
    bench.config.segment.bytes = 2000;
    let log = bench.open();
    log.drain(
        Place {
            generation: 3,
            index: 0,
        },
        &entry(),
    )
    .unwrap();
    for _ in 0..20 {
        log.append(Class::Read, &entry()).unwrap();
    }
    drop(log);
    assert!(bench.segments().len() > 3);
    assert_eq!(
        bench.open().last_drained(),
        Some(Place {
            generation: 3,
            index: 0
        })
    );
}

#[test]
fn after_an_accepted_rollback_writes_are_recorded_again() {
    let bench = Bench::new();
    let log = bench.open();
    log.drain(
        Place {
            generation: 9,
            index: 0,
        },
        &entry(),
    )
    .unwrap();
    let accepted = Entry::event(record().time, &Event::RollbackAccepted { generation: 4 });
    log.accept_rollback(4, &accepted).unwrap();
    assert!(
        log.drain(
            Place {
                generation: 5,
                index: 0
            },
            &entry()
        )
        .unwrap()
        .is_some()
    );
}

#[test]
fn one_log_has_one_writer() {
    let bench = Bench::new();
    let log = bench.open();
    assert!(matches!(
        Log::open(bench.config.clone(), None),
        Err(OpenError::InUse(_))
    ));
    drop(log);
    bench.open();
}

#[test]
fn the_log_of_another_replica_is_not_gone_on_with() {
    let mut bench = Bench::new();
    drop(bench.open());
    bench.config.replica = "prod-1".into();
    assert!(matches!(
        Log::open(bench.config.clone(), None),
        Err(OpenError::OtherLog { .. })
    ));
}

#[test]
fn a_log_goes_on_in_its_last_segment() {
    let bench = Bench::new();
    let head = bench.open().append(Class::Read, &entry()).unwrap();
    let log = bench.open();
    assert_eq!(log.head(), head);
    assert!(log.recovered().is_empty());
    assert_eq!(
        log.append(Class::Read, &entry()).unwrap().sequence,
        head.sequence + 1
    );
    assert_eq!(bench.segments().len(), 1);
}
