//! What is done to a log's files while it is written, and how it recovers by itself.

use std::{fs, os::unix::fs::PermissionsExt, time::Duration};

use strongroom_audit::{
    AppendError, Class, Entry, Event, Problem, Quota, Retention, verify,
    verify::{Finding, Note},
};

use crate::fixture::{Bench, entry, record, within};

const SOON: Duration = Duration::from_secs(10);

/// A log that may hold `bytes` and removes nothing by itself.
fn bounded(bytes: u64, reserve: u64) -> Bench {
    let mut bench = Bench::new();
    bench.config.quota = Quota { bytes, reserve };
    bench.config.retention = Retention::default();
    bench.config.segment.bytes = 10_000;
    bench
}

#[test]
fn at_the_quota_reads_and_writes_stop_first_then_refusals_then_administration() {
    let bench = bounded(100_000, 20_000);
    let log = bench.open();
    let fill = |class| {
        while log.append(class, &entry()).is_ok() {}
        assert!(matches!(
            log.append(class, &entry()),
            Err(AppendError::QuotaReached { .. })
        ));
        log.usage().bytes
    };
    assert!(!log.usage().is_nearly_full());
    assert!((78_000..=80_000).contains(&fill(Class::Read)));
    assert!(log.check(Class::Write).is_err() && log.check(Class::Refusal).is_ok());
    assert_eq!(log.problem(), Some(Problem::QuotaReached));
    assert!((88_000..=90_000).contains(&fill(Class::Refusal)));
    assert!(log.usage().is_nearly_full());
    assert!((98_000..=100_000).contains(&fill(Class::Administration)));
    let report = verify(bench.dir(), Some(log.head())).unwrap();
    assert!(report.is_intact(), "{report}");
}

#[test]
fn of_records_appended_together_only_those_without_room_are_refused() {
    let bench = bounded(100_000, 20_000);
    let log = bench.open();
    while log.append(Class::Read, &entry()).is_ok() {}
    let classes = [Class::Read, Class::Refusal, Class::Write, Class::Administration];
    let outcomes = log.append_all(&classes.map(|class| (class, entry())));
    let full = |outcome: &Result<_, _>| matches!(outcome, Err(AppendError::QuotaReached { .. }));
    assert_eq!(
        outcomes.iter().map(full).collect::<Vec<_>>(),
        [true, false, true, false]
    );
    assert!(outcomes[1].is_ok() && outcomes[3].is_ok());
    assert_eq!(log.head(), *outcomes[3].as_ref().unwrap());
    let report = verify(bench.dir(), Some(log.head())).unwrap();
    assert!(report.is_intact(), "{report}");
}

#[test]
fn a_full_log_goes_on_by_itself_once_segments_are_taken_away() {
    let bench = bounded(100_000, 10_000);
    let log = bench.open();
    while log.append(Class::Read, &entry()).is_ok() {}
    for path in bench.segments().iter().take(4) {
        fs::remove_file(path).unwrap();
    }
    within(SOON, || log.append(Class::Read, &entry()).is_ok());
    assert_eq!(log.problem(), None);
    let report = verify(bench.dir(), Some(log.head())).unwrap();
    assert!(
        matches!(report.findings[..], [Finding::HeadMissing { .. }]),
        "{report}"
    );
}

#[test]
fn retention_removes_old_segments_and_says_so() {
    let mut bench = bounded(1_000_000, 10_000);
    bench.config.retention.bytes = Some(30_000);
    let log = bench.open();
    for _ in 0..80 {
        log.append(Class::Read, &entry()).unwrap();
    }
    within(SOON, || bench.segments().len() <= 3);
    within(SOON, || log.usage().bytes < 40_000);
    let report = verify(bench.dir(), Some(log.head())).unwrap();
    assert!(report.is_intact(), "{report}");
    assert!(
        matches!(report.notes[..], [Note::Removed { through }] if through > 20),
        "{report}"
    );
}

#[test]
fn a_segment_is_closed_at_its_age() {
    let mut bench = Bench::new();
    bench.config.segment.age = Duration::from_millis(300);
    let log = bench.open();
    log.append(Class::Read, &entry()).unwrap();
    within(SOON, || bench.segments().len() >= 2);
}

#[test]
fn a_volume_that_is_gone_is_not_made_anew_in_its_place() {
    let mut bench = Bench::new();
    let volume = bench.dir().join("volume");
    bench.config.dir = volume.join("audit");
    let log = bench.open();
    log.append(Class::Read, &entry()).unwrap();
    fs::remove_dir_all(&volume).unwrap();
    within(SOON, || log.append(Class::Read, &entry()).is_err());
    within(SOON, || log.problem().is_some());
    drop(log);
    assert!(!volume.exists());
}

#[test]
fn after_the_directory_was_deleted_nothing_is_lost_silently() {
    let bench = Bench::new();
    let log = bench.open();
    let before = log.append(Class::Read, &entry()).unwrap();
    fs::remove_dir_all(bench.dir()).unwrap();
    assert!(matches!(
        log.append(Class::Read, &entry()),
        Err(AppendError::Lost)
    ));
    assert_eq!(log.problem(), Some(Problem::Lost));
    let took = within(SOON, || log.append(Class::Read, &entry()).is_ok());
    assert!(took < Duration::from_secs(5), "{took:?}");
    assert_eq!(log.problem(), None);
    assert_eq!(bench.records("recovered")[0]["properties"]["reason"], "FileLost");
    let report = verify(bench.dir(), Some(log.head())).unwrap();
    assert_eq!(
        report.findings,
        [Finding::HeadMissing {
            through: before.sequence
        }],
        "{report}"
    );
}

#[test]
fn a_directory_that_cannot_be_made_again_fails_closed_until_it_can() {
    let bench = Bench::new();
    let log = bench.open();
    fs::remove_dir_all(bench.dir()).unwrap();
    fs::write(bench.dir(), "a file in its place").unwrap();
    for _ in 0..20 {
        assert!(matches!(
            log.append(Class::Read, &entry()),
            Err(AppendError::Lost)
        ));
        std::thread::sleep(Duration::from_millis(30));
    }
    fs::remove_file(bench.dir()).unwrap();
    within(SOON, || log.append(Class::Read, &entry()).is_ok());
    let recovered = bench.records("recovered");
    assert_eq!(recovered[0]["properties"]["reason"], "FileLost");
    assert_eq!(recovered[1]["properties"]["reason"], "WriteFailed");
    assert!(recovered[1]["properties"]["refused"].as_u64().unwrap() >= 20);
}

#[test]
fn a_replaced_file_is_noticed_without_any_append() {
    let bench = Bench::new();
    let log = bench.open();
    let head = log.append(Class::Read, &entry()).unwrap();
    let path = bench.segments().remove(0);
    let text = fs::read(&path).unwrap();
    fs::rename(&path, path.with_extension("old")).unwrap();
    fs::write(&path, text).unwrap();
    within(SOON, || log.head().sequence > head.sequence);
    assert_eq!(bench.records("recovered")[0]["properties"]["reason"], "FileLost");
    log.append(Class::Read, &entry()).unwrap();
    // The copy holds what was written before, so nothing is missing.
    let report = verify(bench.dir(), Some(log.head())).unwrap();
    assert!(report.is_intact(), "{report}");
}

#[test]
fn a_cut_file_is_noticed_and_its_records_are_missed() {
    let bench = Bench::new();
    let log = bench.open();
    log.append(Class::Read, &entry()).unwrap();
    let len = fs::metadata(&bench.segments()[0]).unwrap().len();
    log.append(Class::Read, &entry()).unwrap();
    fs::OpenOptions::new()
        .write(true)
        .open(&bench.segments()[0])
        .unwrap()
        .set_len(len)
        .unwrap();
    assert!(matches!(
        log.append(Class::Read, &entry()),
        Err(AppendError::Lost)
    ));
    within(SOON, || log.append(Class::Read, &entry()).is_ok());
    assert_eq!(
        bench.records("recovered")[0]["properties"]["reason"],
        "FileChanged"
    );
    let report = verify(bench.dir(), Some(log.head())).unwrap();
    assert!(
        matches!(
            report.findings[..],
            [Finding::Gap {
                from: 3,
                through: 3,
                ..
            }]
        ),
        "{report}"
    );
}

#[test]
fn what_someone_else_appends_is_noticed() {
    use std::io::Write;
    let bench = Bench::new();
    let log = bench.open();
    let head = log.append(Class::Read, &entry()).unwrap();
    let mut file = fs::OpenOptions::new()
        .append(true)
        .open(&bench.segments()[0])
        .unwrap();
    file.write_all(b"{\"type\":\"request\"}\n").unwrap();
    within(SOON, || log.append(Class::Read, &entry()).is_ok());
    let report = verify(bench.dir(), Some(log.head())).unwrap();
    assert!(
        matches!(report.findings[..], [Finding::Altered { at, .. }] if at.sequence == head.sequence + 1),
        "{report}"
    );
}

#[test]
fn files_are_for_their_owner_alone() {
    let bench = Bench::new();
    bench
        .open()
        .append(
            Class::Administration,
            &Entry::event(record().time, &Event::VaultStop),
        )
        .unwrap();
    let mode = |path: &std::path::Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(bench.dir()), mode(&bench.segments()[0])), (0o700, 0o600));
}
