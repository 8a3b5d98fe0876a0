//! Disks that hang, are slow, or fail, under the program itself.
//!
//! What is acknowledged is the promise: a value that was stored is there after a power cut, and the record of each stored
//! change is in the log, whichever sync failed before.

use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};

use futures::future::join_all;
use reqwest::{Client, Method, StatusCode};
use serde_json::{Value, json};
use strongroom_testing::{
    FaultyDisk, Process, Program,
    faulty_disk::{Fault, Work},
};
use tokio::time::sleep;

use crate::{
    audit::{assert_intact, records},
    process::{ADMIN, allow_all, program, versions},
};

/// How long a request may wait for a disk that does not answer, with room for a busy machine.
const BOUND: Duration = Duration::from_secs(15);

/// How long a vault may take to find out that its disk is well again.
const RECOVERY: Duration = Duration::from_mins(1);

/// The program with its audit log, or all that it keeps, on a faulty disk.
struct Sick {
    // In the order in which they are dropped: the program is gone before its disk, and that before its directory.
    process: Option<Process>,
    disk: FaultyDisk,
    program: Program,
    client: Client,
}

impl Drop for Sick {
    /// A program whose disk hangs cannot even be killed.
    fn drop(&mut self) {
        self.disk.mend();
    }
}

/// Status, code behind the code, and body.
type Answer = (StatusCode, String, Value);

impl Sick {
    async fn audit() -> Self {
        Self::on("audit").await
    }

    async fn store() -> Self {
        Self::on("data").await
    }

    /// With the disk at `place`; the audit log is always in `audit`.
    async fn on(place: &str) -> Self {
        let program = program(&[]).await;
        let log = program.files.path("audit");
        if !log.exists() {
            std::fs::create_dir(&log).unwrap();
        }
        let log = log.join("log").display().to_string();
        let program = program.with(&["--audit-dir", &log]);
        let disk = FaultyDisk::mount(&program.files.path(place));
        let (process, _) = program.start().await;
        allow_all(&program).await;
        let client = program.client();
        Self {
            process: Some(process),
            disk,
            client,
            program,
        }
    }

    /// A power cut, and a start after it.
    async fn cut_power(&mut self) {
        self.process.take().unwrap().kill();
        self.disk.lose_unsynced();
        self.process = Some(self.program.start().await.0);
    }

    async fn ask(&self, method: Method, path: &str, body: Option<Value>) -> Answer {
        let request = self
            .client
            .request(method, self.program.url(path))
            .bearer_auth(self.program.token(ADMIN))
            .timeout(BOUND);
        let request = match body {
            Some(body) => request.json(&body),
            None => request,
        };
        let response = request.send().await.expect("an answer within the bound");
        let status = response.status();
        let body: Value = response.json().await.unwrap_or_default();
        let inner = body["error"]["innererror"]["code"].as_str().unwrap_or_default();
        (status, inner.to_owned(), body)
    }

    async fn get(&self, name: &str) -> Answer {
        self.ask(Method::GET, &format!("/secrets/{name}"), None).await
    }

    async fn set(&self, name: &str, value: &str) -> Answer {
        let body = json!({ "value": value });
        self.ask(Method::PUT, &format!("/secrets/{name}"), Some(body))
            .await
    }

    /// Sets `name` until the vault takes it; the id.
    async fn set_at_last(&self, name: &str) -> String {
        let began = Instant::now();
        loop {
            let (status, _, body) = self.set(name, "v").await;
            if status == StatusCode::OK {
                return body["id"].as_str().unwrap().to_owned();
            }
            assert!(began.elapsed() < RECOVERY, "{body}");
            sleep(Duration::from_millis(50)).await;
        }
    }

    /// Asks for `name` until it is answered again.
    async fn recover(&self, name: &str) -> Duration {
        let began = Instant::now();
        while self.get(name).await.0 != StatusCode::OK {
            assert!(began.elapsed() < RECOVERY, "{:?}", self.get(name).await);
            sleep(Duration::from_millis(50)).await;
        }
        began.elapsed()
    }

    /// The versions of which the log has a record.
    fn audited(&self) -> BTreeSet<String> {
        records(&self.program.files.path("audit/log"))
            .iter()
            .filter(|record| record["operationName"] == "SecretSet")
            .filter_map(|record| version(record["properties"]["id"].as_str()?))
            .collect()
    }
}

/// The last part of an object's id.
fn version(id: &str) -> Option<String> {
    id.rsplit('/').next().map(str::to_owned)
}

#[tokio::test(flavor = "multi_thread")]
async fn while_the_audit_disk_hangs_every_request_is_refused_within_a_bound_and_then_answered_again() {
    let sick = Sick::audit().await;
    assert_eq!(sick.set("a", "v").await.0, StatusCode::OK);
    sick.disk.break_down(Work::Write, Fault::Hangs);
    let began = Instant::now();
    // More than the runtime has threads.
    let first = join_all((0..16).map(|_| sick.get("a"))).await;
    let of_change = sick.set("a", "w").await;
    println!("refused after {:?}", began.elapsed());
    for (status, inner, body) in first.iter().chain([&of_change]) {
        assert_eq!((status.as_u16(), &**inner), (503, "AuditUnavailable"), "{body}");
        assert!(body.get("value").is_none());
    }
    assert!(sick.disk.hanging() > 0);
    // By now it is known, and nobody waits any more: also on a new connection.
    let began = Instant::now();
    let stranger = sick.program.client();
    let url = sick.program.url("/secrets/a");
    let unauthenticated = stranger.get(url).timeout(BOUND).send().await.unwrap();
    assert_eq!(unauthenticated.status(), StatusCode::UNAUTHORIZED);
    let at_once = join_all((0..16).map(|_| sick.get("a"))).await;
    assert!(
        at_once
            .iter()
            .all(|answer| answer.0 == StatusCode::SERVICE_UNAVAILABLE)
    );
    assert!(began.elapsed() < Duration::from_secs(2), "{:?}", began.elapsed());
    sick.disk.mend();
    println!("recovered after {:?}", sick.recover("a").await);
    assert_eq!(sick.set("a", "x").await.0, StatusCode::OK);
    assert_intact(&sick.program.files.path("audit/log"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sync_of_the_audit_log_that_hangs_stops_answers_too() {
    let sick = Sick::audit().await;
    sick.set("a", "v").await;
    sick.disk.break_down(Work::Sync, Fault::Hangs);
    let began = Instant::now();
    while sick.get("a").await.0 == StatusCode::OK {
        assert!(
            began.elapsed() < Duration::from_secs(20),
            "records have waited for the disk for {:?}",
            began.elapsed()
        );
        sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(sick.set("a", "w").await.1, "AuditUnavailable");
    sick.disk.mend();
    sick.recover("a").await;
    assert_intact(&sick.program.files.path("audit/log"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_audit_disk_delays_and_loses_nothing() {
    let sick = Sick::audit().await;
    sick.set("a", "v").await;
    sick.disk
        .break_down(Work::Write, Fault::Slow(Duration::from_millis(300)));
    let answers = join_all((0..8).map(|_| sick.get("a"))).await;
    assert!(answers.iter().all(|answer| answer.0 == StatusCode::OK));
    sick.disk.mend();
    assert_intact(&sick.program.files.path("audit/log"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_audit_disk_that_takes_no_writes_stops_answers_until_it_does() {
    let sick = Sick::audit().await;
    sick.set("a", "v").await;
    sick.disk.break_down(Work::Write, Fault::Fails);
    assert_eq!(sick.get("a").await.1, "AuditUnavailable");
    // The record of a change is stored with it. One may wait there; the next is refused.
    let (_, _, first) = sick.set("a", "w").await;
    assert_eq!(sick.set("a", "x").await.1, "AuditUnavailable");
    sick.disk.mend();
    sick.recover("a").await;
    assert_eq!(sick.set("a", "y").await.0, StatusCode::OK);
    let first = version(first["id"].as_str().expect("it was stored"));
    assert!(sick.audited().contains(&first.unwrap()));
    assert_intact(&sick.program.files.path("audit/log"));
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_failed_sync_of_the_audit_log_nothing_is_answered_until_one_succeeds() {
    let sick = Sick::audit().await;
    sick.set("a", "v").await;
    sick.disk.break_down(Work::Sync, Fault::Fails);
    // What is asked within the window of one sync may still be answered.
    let began = Instant::now();
    while sick.get("a").await.0 == StatusCode::OK {
        assert!(began.elapsed() < Duration::from_secs(10));
        sleep(Duration::from_millis(20)).await;
    }
    for _ in 0..50 {
        assert_eq!(sick.get("a").await.1, "AuditUnavailable");
        sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(sick.set("a", "w").await.1, "AuditUnavailable");
    sick.disk.mend();
    sick.recover("a").await;
    let log = sick.program.files.path("audit/log");
    assert_intact(&log);
    let segments = std::fs::read_dir(&log).unwrap().count();
    assert!(segments < 12, "{segments} files");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_record_of_a_stored_change_survives_a_failed_sync_and_a_power_cut() {
    let mut sick = Sick::audit().await;
    let mut stored = BTreeSet::new();
    for round in 0..4 {
        sick.disk.break_down(Work::Sync, Fault::FailsOnceAfter(round % 2));
        let began = Instant::now();
        while sick.disk.is_broken() {
            assert!(began.elapsed() < Duration::from_secs(20));
            let (status, _, body) = sick.set("a", "v").await;
            if status == StatusCode::OK {
                stored.extend(version(body["id"].as_str().unwrap()));
            }
        }
        sick.recover("a").await;
        // The store forgets records that the log says it has on the disk.
        for _ in 0..4 {
            stored.extend(version(&sick.set_at_last("b").await));
            sleep(Duration::from_millis(150)).await;
        }
        sick.cut_power().await;
        sick.recover("a").await;
    }
    // The writer hands the log what the store still had.
    let began = Instant::now();
    while !stored.is_subset(&sick.audited()) {
        assert!(
            began.elapsed() < Duration::from_secs(15),
            "of {} changes {} have no record",
            stored.len(),
            stored.difference(&sick.audited()).count()
        );
        sleep(Duration::from_millis(200)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whichever_sync_of_the_store_fails_what_was_acknowledged_is_there_after_a_power_cut() {
    let mut sick = Sick::store().await;
    let mut refused = 0;
    for round in 0..8 {
        let name = format!("a-{round}");
        let mut acknowledged = 0_u32;
        for number in 1..=5 {
            let (status, _, _) = sick.set(&name, &number.to_string()).await;
            assert_eq!(status, StatusCode::OK);
            acknowledged = number;
        }
        sick.disk.break_down(Work::Sync, Fault::FailsOnceAfter(round));
        while sick.disk.is_broken() {
            let number = acknowledged + 1;
            let (status, inner, body) = sick.set(&name, &number.to_string()).await;
            if status == StatusCode::OK {
                acknowledged = number;
            } else {
                refused += 1;
                let expected = ["StorageUnavailable", "OutcomeUnknown"];
                assert!(expected.contains(&&*inner), "{body}");
            }
            assert!(acknowledged < 100, "no sync failed");
        }
        // It goes on by itself, and no later sync covers up what the failed one lost.
        let began = Instant::now();
        while sick.set(&name, "last").await.0 != StatusCode::OK {
            assert!(began.elapsed() < RECOVERY);
            sleep(Duration::from_millis(50)).await;
        }
        sick.cut_power().await;
        assert_eq!(sick.get(&name).await.2["value"], "last", "round {round}");
        let stored = versions(&sick.program, &sick.client, &name).await;
        assert!(
            stored.len() > acknowledged as usize,
            "round {round}: {acknowledged}"
        );
        assert!(stored.is_subset(&sick.audited()));
    }
    assert!(refused > 0, "a change meets the sync that fails");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_takes_no_writes_serves_what_it_has_and_goes_on_when_it_does() {
    let mut sick = Sick::store().await;
    sick.set("a", "v").await;
    sick.disk.break_down(Work::Write, Fault::Fails);
    let inner = sick.set("a", "w").await.1;
    assert!(
        ["StorageUnavailable", "OutcomeUnknown"].contains(&&*inner),
        "{inner}"
    );
    assert_eq!(sick.get("a").await.2["value"], "v");
    sick.disk.mend();
    let began = Instant::now();
    while sick.set("a", "x").await.0 != StatusCode::OK {
        assert!(began.elapsed() < RECOVERY);
        sleep(Duration::from_millis(50)).await;
    }
    sick.cut_power().await;
    assert_eq!(sick.get("a").await.2["value"], "x");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_waits_no_longer_than_its_bound_for_a_store_that_hangs() {
    let sick = Sick::store().await;
    sick.set("a", "v").await;
    sick.disk.break_down(Work::Sync, Fault::Hangs);
    let (status, inner, _) = sick.set("a", "w").await;
    assert_eq!((status.as_u16(), &*inner), (503, "OutcomeUnknown"));
    assert_eq!(sick.get("a").await.2["value"], "v");
    sick.disk.mend();
    let began = Instant::now();
    while sick.set("a", "x").await.0 != StatusCode::OK {
        assert!(began.elapsed() < RECOVERY);
        sleep(Duration::from_millis(50)).await;
    }
}
