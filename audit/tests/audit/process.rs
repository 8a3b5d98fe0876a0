//! A process that writes a log, killed or limited from outside. The test runs itself again as that process.

use std::{
    env,
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Child, Command, Stdio},
    thread,
    time::Duration,
};

use rustix::process::{Resource, Rlimit, Signal, getrlimit, setrlimit};
use strongroom_audit::{AppendError, Class, Head, Log, verify};

use crate::fixture::{Bench, entry, within};

/// Names the role of the process that runs the test `writer_process`.
const ROLE: &str = "AUDIT_TEST_WRITER";
const DIR: &str = "AUDIT_TEST_DIR";

/// Does nothing unless another test started it as a process of its own.
#[test]
fn writer_process() {
    let Ok(role) = env::var(ROLE) else { return };
    let mut bench = Bench::at(Path::new(&env::var(DIR).unwrap()));
    bench.config.segment.bytes = 100_000;
    let log = bench.open();
    match role.as_str() {
        "until-killed" => append_until_killed(&log),
        "file-size-limit" => append_beyond_the_file_size_limit(&bench, &log),
        other => panic!("no role {other}"),
    }
}

fn append_until_killed(log: &Log) {
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                loop {
                    let head = log.append(Class::Read, &entry()).unwrap();
                    // One write each: a line that arrives is a record that was acknowledged.
                    std::io::stdout()
                        .write_all(format!("ack {} {}\n", head.sequence, head.hash).as_bytes())
                        .unwrap();
                }
            });
        }
    });
}

fn append_beyond_the_file_size_limit(bench: &Bench, log: &Log) {
    let unlimited = getrlimit(Resource::Fsize);
    let here = bench
        .segments()
        .iter()
        .map(|path| path.metadata().unwrap().len())
        .max()
        .unwrap();
    // The limit is in the middle of the third record.
    let limit = here + 2 * u64::try_from(entry().as_bytes().len() + 320).unwrap() + 400;
    setrlimit(
        Resource::Fsize,
        Rlimit {
            current: Some(limit),
            maximum: unlimited.maximum,
        },
    )
    .unwrap();
    let mut appended = 0;
    let error = loop {
        match log.append(Class::Read, &entry()) {
            Ok(_) => appended += 1,
            Err(error) => break error,
        }
    };
    assert!(matches!(error, AppendError::Write { .. }), "{error}");
    assert_eq!(appended, 2);
    assert!(log.problem().is_some());
    let together = log.append_all(&[(Class::Read, entry()), (Class::Read, entry())]);
    let [Err(AppendError::Write { .. }), Err(AppendError::Together)] = together.as_slice() else {
        panic!("{together:?}");
    };
    let report = verify(bench.dir(), Some(log.head())).unwrap();
    assert!(report.is_intact() && report.notes.is_empty(), "{report}");
    setrlimit(Resource::Fsize, unlimited).unwrap();
    // Nobody has to append for the log to find that it can: who is not ready gets no requests.
    within(Duration::from_secs(10), || log.problem().is_none());
    log.append(Class::Read, &entry()).unwrap();
    let recovered = bench.records("recovered");
    assert_eq!(recovered.len(), 1);
    assert_eq!(recovered[0]["properties"]["reason"], "WriteFailed");
    assert_eq!(recovered[0]["properties"]["refused"], 3);
    assert!(verify(bench.dir(), Some(log.head())).unwrap().is_intact());
    std::io::stdout().write_all(b"done\n").unwrap();
}

fn start(role: &str, bench: &Bench) -> Child {
    // The kernel kills a process that writes beyond its file size limit, unless it ignores the signal.
    Command::new("sh")
        .args(["-c", "trap '' XFSZ; exec \"$0\" \"$@\""])
        .arg(env::current_exe().unwrap())
        .args([
            "--exact",
            "process::writer_process",
            "--nocapture",
            "--test-threads=1",
        ])
        .env(ROLE, role)
        .env(DIR, bench.dir())
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .spawn()
        .unwrap()
}

fn parse(line: &str) -> Option<Head> {
    let mut words = line.strip_prefix("ack ")?.split(' ');
    Some(Head {
        sequence: words.next()?.parse().ok()?,
        hash: words.next()?.parse().ok()?,
    })
}

#[test]
fn a_killed_process_leaves_every_acknowledged_record() {
    let mut bench = Bench::new();
    bench.config.segment.bytes = 100_000;
    let mut last = None;
    for round in 0..10 {
        let mut child = start("until-killed", &bench);
        let pid = rustix::process::Pid::from_child(&child);
        let killer = thread::spawn(move || {
            thread::sleep(Duration::from_millis(60 + 17 * round));
            rustix::process::kill_process(pid, Signal::KILL).unwrap();
        });
        let output = BufReader::new(child.stdout.take().unwrap());
        let acknowledged: Vec<Head> = output.lines().filter_map(|line| parse(&line.ok()?)).collect();
        killer.join().unwrap();
        child.wait().unwrap();
        last = acknowledged
            .iter()
            .max_by_key(|head| head.sequence)
            .copied()
            .or(last);
        // The head covers everything before it, so every acknowledged record is there as it was acknowledged.
        let report = verify(bench.dir(), last).unwrap();
        assert!(report.is_intact(), "round {round}: {report}");
        for head in acknowledged.iter().rev().take(2) {
            assert!(verify(bench.dir(), Some(*head)).unwrap().is_intact());
        }
    }
    let last = last.expect("some record was acknowledged");
    let log = bench.open();
    assert!(log.head().sequence >= last.sequence);
    assert!(last.sequence > 100, "{last:?}");
}

#[test]
fn a_record_that_does_not_fit_is_taken_back_and_the_log_goes_on_when_it_does() {
    let bench = Bench::new();
    let child = start("file-size-limit", &bench);
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success() && String::from_utf8_lossy(&output.stdout).contains("done"));
}
