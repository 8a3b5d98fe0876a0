//! The memory of the program itself, beside what the operator lets a vault have.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use futures::{StreamExt as _, future::join_all, stream};
use reqwest::{Client, StatusCode};
use serde_json::json;
use strongroom_testing::{Process, Program};

use crate::process::{ADMIN, allow_all, program};

/// What it may have, unless its owner says otherwise (`operator/src/vault/desired/stateful_set.rs`).
const LIMIT: u64 = 256 << 20;

/// The secret of finding M7: as many versions as a backup takes, each as long as a value may be.
const VERSIONS: usize = 500;
const VERSION_BYTES: usize = 25_000;
const BACKUPS: usize = 12;

/// The most bytes that were resident at any time.
fn peak(process: &Process) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", process.id())).unwrap();
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))
        .unwrap();
    let kib: u64 = line.trim().trim_end_matches(" kB").parse().unwrap();
    kib << 10
}

async fn write_versions(program: &Program, client: &Client) {
    let token = program.token(ADMIN);
    let writes = (0..VERSIONS).map(|number| {
        let body = json!({ "value": format!("{number:x>VERSION_BYTES$}") });
        let request = client
            .put(program.url("/secrets/large"))
            .bearer_auth(&token)
            .json(&body);
        async move { assert_eq!(request.send().await.unwrap().status(), StatusCode::OK) }
    });
    stream::iter(writes)
        .buffer_unordered(8)
        .collect::<Vec<()>>()
        .await;
}

/// Backs the secret up, again and again while the vault is busy, and gives the length of the answer.
async fn back_up(program: &Program) -> usize {
    let (client, token) = (program.client(), program.token(ADMIN));
    let until = Instant::now() + Duration::from_mins(1);
    loop {
        let request = client
            .post(program.url("/secrets/large/backup"))
            .bearer_auth(&token);
        let answer = request.send().await.unwrap();
        if answer.status() == StatusCode::OK {
            return answer.bytes().await.unwrap().len();
        }
        assert_eq!(answer.status(), StatusCode::TOO_MANY_REQUESTS);
        assert!(Instant::now() < until, "no backup within a minute");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn twelve_backups_of_the_largest_secret_at_once_leave_a_third_of_the_memory_and_stop_no_read() {
    let program = Arc::new(program(&[]).await);
    let (process, _) = program.start().await;
    allow_all(&program).await;
    let client = program.client();
    write_versions(&program, &client).await;
    let before = peak(&process);
    let backups = tokio::spawn({
        let program = Arc::clone(&program);
        async move { join_all((0..BACKUPS).map(|_| back_up(&program))).await }
    });
    let mut slowest = Duration::ZERO;
    while !backups.is_finished() {
        let asked = Instant::now();
        let read = client
            .get(program.url("/secrets/large"))
            .bearer_auth(program.token(ADMIN));
        assert_eq!(read.send().await.unwrap().status(), StatusCode::OK);
        slowest = slowest.max(asked.elapsed());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    for length in backups.await.unwrap() {
        assert!(length > VERSIONS * VERSION_BYTES, "{length} bytes");
    }
    let peak = peak(&process);
    println!(
        "{} MiB before, {} MiB at most; the slowest read took {slowest:?}",
        before >> 20,
        peak >> 20
    );
    assert!(peak < LIMIT / 3 * 2, "{} MiB", peak >> 20);
    assert!(slowest < Duration::from_secs(2), "{slowest:?}");
}
