//! The audit log: one record per authenticated request, none of it a value, and no answer without one.

use std::{fs, path::Path, sync::Arc, time::Duration};

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use strongroom_vault::{args::VerifyArgs, verify};
use tokio::time::{sleep, timeout};

use strongroom_testing::vault::{ALL, Vault, allow};

/// The records of requests in the log below `directory`.
pub fn records(directory: &Path) -> Vec<Value> {
    let mut records = lines(directory);
    records.retain(|line| line["type"] == "request");
    records
}

/// All lines of the log below `directory`.
fn lines(directory: &Path) -> Vec<Value> {
    let mut segments: Vec<_> = fs::read_dir(directory)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    segments.retain(|path| path.extension().is_some_and(|extension| extension == "jsonl"));
    segments.sort();
    let text: String = segments
        .iter()
        .map(|path| fs::read_to_string(path).unwrap())
        .collect();
    let parse = |line| serde_json::from_str(line).unwrap();
    text.lines().map(parse).collect()
}

pub fn assert_intact(directory: &Path) {
    let report = verify::report(&VerifyArgs {
        dir: directory.to_owned(),
        head: None,
    })
    .unwrap();
    assert!(report.is_intact(), "{report}");
}

async fn until(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let poll = async {
        while !holds().await {
            sleep(Duration::from_millis(50)).await;
        }
    };
    assert!(timeout(Duration::from_secs(20), poll).await.is_ok(), "{what}");
}

#[tokio::test]
async fn each_authenticated_request_has_one_record_and_no_other_has() {
    let vault = Vault::start().await;
    vault.client.get(vault.url("/secrets/a")).send().await.unwrap();
    vault.set("a", "CANARY-VALUE").await;
    vault.get("/secrets/a").await;
    vault.get("/secrets/missing").await;
    vault.get("/secrets/a_b").await;
    vault.get("/secrets").await;
    vault.admin(Method::DELETE, "/secrets/missing", None).await;
    vault
        .admin(Method::PUT, "/secrets/a", Some(json!({"value": 7})))
        .await;
    vault.request("shop/api", Method::GET, "/secrets/a", None).await;
    let log = vault.files.path("data/audit");
    let records = records(&log);
    let answered: Vec<(&str, u64)> = records
        .iter()
        .map(|record| {
            let status = &record["properties"]["httpStatusCode"];
            (
                record["operationName"].as_str().unwrap(),
                status.as_u64().unwrap_or_else(|| panic!("{record}")),
            )
        })
        .collect();
    let expected = [
        ("SecretSet", 200),
        ("SecretGet", 200),
        ("SecretGet", 404),
        ("Unknown", 400),
        ("SecretList", 200),
        ("SecretDelete", 404),
        ("SecretSet", 400),
        ("SecretGet", 403),
    ];
    assert_eq!(answered, expected);
    let text: String = records.iter().map(Value::to_string).collect();
    assert!(!text.contains("CANARY") && !text.contains("Bearer"), "{text}");
    assert_intact(&log);
}

#[tokio::test]
async fn without_its_log_the_vault_answers_503_and_recovers_by_itself() {
    let vault = Vault::start().await;
    vault.set("a", "v").await;
    let log = vault.files.path("data/audit");
    fs::remove_dir_all(&log).unwrap();
    // A file in its place keeps the log from beginning anew.
    fs::write(&log, "").unwrap();
    until("503 once the log is gone", async || {
        vault.get("/secrets/a").await.status == 503
    })
    .await;
    let refused = vault.get("/secrets/a").await;
    assert_eq!(
        (refused.code(), refused.inner()),
        ("ServiceUnavailable", "AuditUnavailable")
    );
    assert!(refused.headers.contains_key("retry-after"));
    assert_eq!(vault.set("a", "w").await.status, StatusCode::SERVICE_UNAVAILABLE);
    fs::remove_file(&log).unwrap();
    until("200 once it can be written", async || {
        vault.get("/secrets/a").await.status == 200
    })
    .await;
    assert_eq!(vault.get("/secrets/a").await.body["value"], "v");
}

#[tokio::test]
async fn a_full_quota_stops_answers_but_not_refusals_and_recovers_when_there_is_room() {
    // Nobody must wait: the quota itself is what is tried.
    let vault = Vault::start_with(&[
        "--audit-quota-mib=1",
        "--audit-retention-mib=100",
        "--audit-least-age=0",
    ])
    .await;
    vault.set("a", "v").await;
    let mut answered = 0;
    while vault.get("/secrets/a").await.status == StatusCode::OK {
        answered += 1;
        assert!(answered < 10_000, "503 once the quota is used up");
    }
    assert_eq!(vault.get("/secrets/a").await.inner(), "AuditUnavailable");
    let refused = vault.request("shop/api", Method::GET, "/secrets/a", None).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    assert_eq!(vault.set("a", "w").await.status, StatusCode::SERVICE_UNAVAILABLE);
    let usage = vault.running.service().audit.usage();
    assert!(usage.bytes <= usage.quota.bytes, "{usage:?}");
    let log = vault.files.path("data/audit");
    assert_intact(&log);
    let mut segments: Vec<_> = fs::read_dir(&log)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    segments.retain(|path| path.extension().is_some_and(|extension| extension == "jsonl"));
    segments.sort();
    for segment in &segments[..4] {
        fs::remove_file(segment).unwrap();
    }
    until("200 once there is room", async || {
        vault.get("/secrets/a").await.status == 200
    })
    .await;
}

/// How many requests the flood makes: their records would fill the log of one MiB three times.
const FLOOD: u64 = 5_000;

#[tokio::test]
async fn refusals_of_an_account_without_a_grant_leave_the_records_of_what_was_done_before() {
    let vault = Vault::start_with(&["--audit-quota-mib=1"]).await;
    vault.set("a", "v").await;
    for _ in 0..FLOOD {
        let refused = vault.request("shop/api", Method::GET, "/secrets/a", None).await;
        assert_eq!(refused.status, StatusCode::FORBIDDEN);
    }
    let (files, log) = (Arc::clone(&vault.files), vault.files.path("data/audit"));
    assert!(vault.running.stop().await);
    let lines = lines(&log);
    let of = |name: &str| {
        lines
            .iter()
            .filter(|line| line["operationName"] == name)
            .collect::<Vec<_>>()
    };
    assert_eq!(of("SecretSet").len(), 1, "what was done before is still there");
    let counts = of("Refused");
    let counted: u64 = counts
        .iter()
        .map(|line| line["properties"]["count"].as_u64().unwrap())
        .sum();
    let whole = of("SecretGet").len() as u64;
    assert_eq!(whole + counted, FLOOD, "each refusal is written or counted");
    assert!(
        whole + counts.len() as u64 <= 40,
        "{whole} and {} counts",
        counts.len()
    );
    assert_eq!(
        counts[0]["properties"]["caller"]["upn"],
        "system:serviceaccount:shop:api"
    );
    assert_intact(&log);
    drop(files);
}

#[tokio::test]
async fn an_account_that_fills_the_log_must_wait_and_others_need_not() {
    let vault = Vault::start_with(&["--audit-quota-mib=1"]).await;
    vault
        .policy(
            2,
            vec![
                allow("admins", "team-a/admin", &["*"], ALL),
                allow("api", "shop/api", &["*"], &["get"]),
            ],
        )
        .await;
    vault.set("a", "v").await;
    let mut read = 0;
    let throttled = loop {
        let answer = vault.request("shop/api", Method::GET, "/secrets/a", None).await;
        if answer.status != StatusCode::OK {
            break answer;
        }
        read += 1;
        assert!(read < FLOOD, "it filled the log and never had to wait");
    };
    assert_eq!(throttled.status, StatusCode::TOO_MANY_REQUESTS);
    assert!(throttled.headers.contains_key("retry-after"));
    assert!(
        read > 300,
        "about half of the log is for who uses it alone: {read}"
    );
    assert_eq!(vault.get("/secrets/a").await.status, StatusCode::OK);
    assert_eq!(vault.set("a", "w").await.status, StatusCode::OK);
    let log = vault.files.path("data/audit");
    let first_set = records(&log)
        .iter()
        .any(|line| line["operationName"] == "SecretSet");
    assert!(first_set, "nothing younger than the least age is removed");
    assert_intact(&log);
}
