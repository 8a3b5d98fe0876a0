//! What was done to a log, and how a check names it.

use std::{ffi::OsString, fs, sync::OnceLock};

use proptest::prelude::*;
use strongroom_audit::{
    Class, Hash, Head, Log, Recovery, Report, verify,
    verify::{Finding, Note},
};

use crate::fixture::{Bench, entry};

/// Names and bytes.
type Segments = Vec<(OsString, Vec<u8>)>;

/// A log with three full segments and one more, and its head.
fn written() -> (Bench, Head) {
    // The bytes and not the directory: what a static holds is never dropped.
    static ONCE: OnceLock<(Segments, Head)> = OnceLock::new();
    let (segments, head) = ONCE.get_or_init(anew);
    let bench = Bench::new();
    fs::create_dir(bench.dir()).unwrap();
    for (name, bytes) in segments {
        fs::write(bench.dir().join(name), bytes).unwrap();
    }
    (bench, *head)
}

fn anew() -> (Segments, Head) {
    let (bench, head) = written_by(Bench::new());
    let segments = bench.segments().into_iter();
    let read = segments.map(|path| (path.file_name().unwrap().to_owned(), fs::read(&path).unwrap()));
    (read.collect(), head)
}

fn written_by(mut bench: Bench) -> (Bench, Head) {
    bench.config.segment.bytes = 9000;
    let log = bench.open();
    while bench.segments().len() < 4 {
        log.append(Class::Read, &entry()).unwrap();
    }
    log.append(Class::Read, &entry()).unwrap();
    let head = log.head();
    (bench, head)
}

/// Rewrites the lines of the segment `index`.
fn edit(bench: &Bench, index: usize, change: impl FnOnce(&mut Vec<String>)) {
    let path = &bench.segments()[index];
    let text = fs::read_to_string(path).unwrap();
    let mut lines: Vec<_> = text.split_inclusive('\n').map(str::to_owned).collect();
    change(&mut lines);
    fs::write(path, lines.concat()).unwrap();
}

fn sequence_of(line: &str) -> u64 {
    serde_json::from_str::<serde_json::Value>(line).unwrap()["chain"]["sequence"]
        .as_u64()
        .unwrap()
}

/// The one thing that a check finds wrong.
fn finding(bench: &Bench, expected: Option<Head>) -> Finding {
    let report = verify(bench.dir(), expected).unwrap();
    assert_eq!(report.findings.len(), 1, "{report}");
    report.findings[0].clone()
}

fn check(bench: &Bench) -> Report {
    verify(bench.dir(), None).unwrap()
}

#[test]
fn an_untouched_log_is_intact() {
    let (bench, head) = written();
    let report = verify(bench.dir(), Some(head)).unwrap();
    assert!(report.is_intact() && report.notes.is_empty(), "{report}");
    assert_eq!(
        (report.head, report.records, report.segments),
        (Some(head), head.sequence, 4)
    );
    let text = report.to_string();
    assert!(
        text.contains("audit log of replica \"prod-0\"") && text.contains("INTACT"),
        "{text}"
    );
    assert!(check(&bench).to_string().contains("self-consistent only"));
}

#[test]
fn a_deleted_record_leaves_a_gap() {
    let (bench, head) = written();
    let mut gone = 0;
    edit(&bench, 1, |lines| gone = sequence_of(&lines.remove(3)));
    match finding(&bench, Some(head)) {
        Finding::Gap { at, from, through } => {
            assert_eq!((from, through, at.sequence, at.line), (gone, gone, gone + 1, 4));
            assert_eq!(
                at.segment.to_string(),
                bench.segments()[1].file_name().unwrap().to_str().unwrap()
            );
        }
        other => panic!("{other}"),
    }
}

#[test]
fn a_deleted_header_leaves_a_gap() {
    let (bench, head) = written();
    edit(&bench, 2, |lines| drop(lines.remove(0)));
    let report = verify(bench.dir(), Some(head)).unwrap();
    assert!(
        matches!(
            report.findings[..],
            [Finding::Misnamed { .. }, Finding::Gap { .. }]
        ),
        "{report}"
    );
}

#[test]
fn a_deleted_segment_leaves_a_gap() {
    let (bench, head) = written();
    fs::remove_file(&bench.segments()[1]).unwrap();
    assert!(matches!(finding(&bench, Some(head)), Finding::Gap { at, .. } if at.line == 1));
}

#[test]
fn moved_records_are_reordered() {
    let (bench, head) = written();
    let mut first = 0;
    edit(&bench, 1, |lines| {
        lines.swap(2, 4);
        first = sequence_of(&lines[2]);
    });
    let report = verify(bench.dir(), Some(head)).unwrap();
    assert!(
        matches!(report.findings[0], Finding::Reordered { at } if at.sequence == first),
        "{report}"
    );
    let (bench, head) = written();
    edit(&bench, 0, |lines| {
        let moved = lines.remove(1);
        lines.insert(4, moved);
    });
    assert!(matches!(finding(&bench, Some(head)), Finding::Reordered { at } if at.line == 2));
}

#[test]
fn a_copied_record_is_repeated() {
    let (bench, head) = written();
    edit(&bench, 1, |lines| lines.insert(5, lines[2].clone()));
    assert!(matches!(finding(&bench, Some(head)), Finding::Repeated { at } if at.line == 6));
}

#[test]
fn a_missing_beginning_is_named_unless_its_time_had_come() {
    let (bench, head) = written();
    fs::remove_file(&bench.segments()[0]).unwrap();
    match finding(&bench, Some(head)) {
        Finding::HeadMissing { through } => assert!(through > 5),
        other => panic!("{other}"),
    }
    let (bench, _) = written();
    edit(&bench, 0, |lines| drop(lines.drain(..3)));
    assert!(
        check(&bench)
            .findings
            .contains(&Finding::HeadMissing { through: 3 })
    );
}

#[test]
fn a_missing_end_shows_against_a_known_head() {
    let (bench, head) = written();
    edit(&bench, 3, |lines| drop(lines.pop()));
    assert!(check(&bench).is_intact());
    assert_eq!(
        finding(&bench, Some(head)),
        Finding::TailMissing {
            since: head.sequence,
            through: head.sequence
        }
    );
    fs::remove_file(&bench.segments()[3]).unwrap();
    assert!(check(&bench).is_intact());
    assert!(
        matches!(finding(&bench, Some(head)), Finding::TailMissing { since, .. } if since == head.sequence - 2)
    );
}

#[test]
fn a_log_written_anew_shows_against_a_known_head() {
    let (_, head) = written();
    let (anew, _) = written_by(Bench::new());
    assert!(check(&anew).is_intact());
    assert!(matches!(
        finding(&anew, Some(head)),
        Finding::Rewritten { at, .. } if at.sequence == head.sequence
    ));
}

#[test]
fn a_record_of_another_replica_does_not_fit() {
    let (bench, head) = written();
    let (other, _) = written_by(Bench::of("6f9c2c1e-0000-4000-8000-000000000001", "prod-1"));
    let foreign = fs::read_to_string(&other.segments()[1]).unwrap();
    let foreign = foreign.split_inclusive('\n').nth(3).unwrap().to_owned();
    edit(&bench, 1, |lines| lines[3] = foreign);
    let report = verify(bench.dir(), Some(head)).unwrap();
    assert!(
        matches!(report.findings[0], Finding::Unchained { at } if at.line == 4),
        "{report}"
    );
}

#[test]
fn a_segment_of_another_vault_does_not_fit() {
    let (bench, head) = written();
    let (other, _) = written_by(Bench::of("00000000-0000-4000-8000-000000000002", "prod-0"));
    fs::copy(&other.segments()[1], &bench.segments()[1]).unwrap();
    let report = verify(bench.dir(), Some(head)).unwrap();
    assert!(
        matches!(&report.findings[0], Finding::Spliced { vault_id, .. } if vault_id.starts_with("0000")),
        "{report}"
    );
    assert!(matches!(report.findings[1], Finding::Gap { .. }), "{report}");
}

#[test]
fn a_torn_last_line_is_no_fault_and_is_cut_on_open() {
    let (bench, head) = written();
    let path = bench.segments().pop().unwrap();
    let whole = fs::metadata(&path).unwrap().len();
    edit(&bench, 3, |lines| lines.push(lines[1][..200].to_owned()));
    let report = verify(bench.dir(), Some(head)).unwrap();
    assert!(report.is_intact(), "{report}");
    assert!(
        matches!(report.notes[..], [Note::TornLine { bytes: 200, .. }]),
        "{report}"
    );
    let log = bench.open();
    assert_eq!(log.recovered().len(), 1);
    assert!(matches!(
        &log.recovered()[0],
        Recovery::TornLine { bytes: 200, .. }
    ));
    assert!(
        fs::read(&path).unwrap()[..]
            .split_at(usize::try_from(whole).unwrap())
            .1
            .starts_with(b"{\"type\":\"recovered\"")
    );
    assert_eq!(bench.records("recovered")[0]["properties"]["reason"], "TornLine");
    let report = verify(bench.dir(), Some(head)).unwrap();
    assert!(report.is_intact(), "{report}");
    assert!(matches!(report.notes[..], [Note::Recovered { .. }]), "{report}");
}

#[test]
fn a_torn_header_is_begun_again() {
    let (bench, head) = written();
    let path = bench.dir().join(format!("{:020}.jsonl", head.sequence + 1));
    fs::write(&path, "{\"type\":\"segm").unwrap();
    let log = bench.open();
    assert_eq!(log.head().sequence, head.sequence + 1);
    assert!(!path.exists());
    assert!(check(&bench).is_intact());
    fs::write(&path, "").unwrap();
    drop(log);
    assert!(bench.open().recovered().is_empty());
}

#[test]
fn the_vault_goes_on_after_damage_and_the_damage_still_shows() {
    let (bench, _) = written();
    edit(&bench, 3, |lines| {
        lines[0] = lines[0].replace("AuditEvent", "AuditEvens");
    });
    drop(bench.open());
    let log = bench.open();
    log.append(Class::Read, &entry()).unwrap();
    let report = check(&bench);
    assert!(
        matches!(report.findings[0], Finding::Altered { at, .. } if at.line == 1),
        "{report}"
    );
    assert!(
        report
            .notes
            .iter()
            .any(|note| note.to_string().contains("Damaged")),
        "{report}"
    );
}

#[test]
fn records_the_store_knew_of_are_missed_on_open() {
    let (bench, head) = written();
    edit(&bench, 3, |lines| drop(lines.drain(1..)));
    let log = Log::open(bench.config.clone(), Some(head)).unwrap();
    assert_eq!(
        log.recovered(),
        [Recovery::TailMissing {
            from: head.sequence - 1,
            through: head.sequence
        }]
    );
    drop(log);
    let report = check(&bench);
    assert!(matches!(report.findings[..], [Finding::Gap { .. }]), "{report}");
    fs::remove_dir_all(bench.dir()).unwrap();
    let log = Log::open(bench.config.clone(), Some(head)).unwrap();
    assert_eq!(
        log.recovered(),
        [Recovery::TailMissing {
            from: 1,
            through: head.sequence
        }]
    );
    assert!(check(&bench).findings.contains(&Finding::HeadMissing {
        through: head.sequence
    }));
}

#[test]
fn a_log_that_was_written_anew_up_to_the_record_that_the_store_knew_of_is_noticed_on_open() {
    let (bench, head) = written();
    let other = Head {
        hash: Hash::of(b"another"),
        ..head
    };
    let rewritten = [Recovery::Rewritten {
        record: head.sequence,
    }];
    let log = Log::open(bench.config.clone(), Some(other)).unwrap();
    assert_eq!(log.recovered(), rewritten);
    let head = log.sync().unwrap().head;
    drop(log);
    assert_eq!(
        Log::open(bench.config.clone(), Some(head)).unwrap().recovered(),
        []
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_changed_byte_is_named_at_its_line(at in 0.0..1.0_f64, bit in 0..8u8) {
        let (bench, head) = written();
        let path = &bench.segments()[1];
        let mut bytes = fs::read(path).unwrap();
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss, reason = "an index")]
        let at = (at * bytes.len() as f64) as usize;
        bytes[at] ^= 1 << bit;
        let line = bytes[..at].split(|byte| *byte == b'\n').count() as u64;
        fs::write(path, &bytes).unwrap();
        let report = verify(bench.dir(), Some(head)).unwrap();
        match report.findings.first() {
            Some(Finding::Altered { at, .. }) => prop_assert_eq!(at.line, line),
            other => prop_assert!(false, "{:?}", other),
        }
    }

    #[test]
    fn any_cut_is_noticed_against_a_known_head(at in 0.0..1.0_f64, index in 0..4usize) {
        let (bench, head) = written();
        let path = &bench.segments()[index];
        let bytes = fs::read(path).unwrap();
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss, reason = "an index")]
        let at = (at * bytes.len() as f64) as usize;
        fs::write(path, &bytes[..at]).unwrap();
        prop_assert!(!verify(bench.dir(), Some(head)).unwrap().is_intact());
        let log = Log::open(bench.config.clone(), Some(head)).unwrap();
        let head = log.append(Class::Read, &entry()).unwrap();
        drop(log);
        let log = Log::open(bench.config.clone(), Some(head)).unwrap();
        prop_assert!(log.recovered().is_empty());
        prop_assert_eq!(log.head(), head);
    }
}

#[test]
fn the_hash_of_a_record_is_known_while_the_record_is_there_unaltered() {
    let (bench, head) = written();
    let log = bench.open();
    let first_of_second: u64 = bench.segments()[1]
        .file_stem()
        .and_then(|stem| stem.to_str())
        .and_then(|stem| stem.parse().ok())
        .unwrap();
    for line in bench.lines() {
        let value: serde_json::Value = serde_json::from_str(&line).unwrap();
        let hash = log.hash_at(sequence_of(&line)).unwrap().unwrap();
        assert_eq!(value["chain"]["hash"], hash.to_string());
    }
    let after = log.head().sequence + 1;
    assert_eq!(log.hash_at(after).unwrap(), None, "none was written yet");
    drop(log);

    // A record in the middle of the second segment is taken out; the anchored one is behind it.
    edit(&bench, 1, |lines| {
        lines.remove(2);
    });
    let log = bench.open();
    assert!(log.hash_at(first_of_second + 1).unwrap().is_some());
    for gone in [2, 3] {
        assert_eq!(log.hash_at(first_of_second + gone).unwrap(), None);
    }
    assert_eq!(log.hash_at(head.sequence).unwrap(), Some(head.hash));
    fs::remove_file(&bench.segments()[1]).unwrap();
    assert_eq!(log.hash_at(first_of_second + 1).unwrap(), None);
}
