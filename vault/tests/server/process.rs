//! The program itself, killed and drained.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
    process::Command,
    sync::Arc,
    time::Duration,
};

use reqwest::{Client, StatusCode};
use serde_json::json;
use strongroom_core::exit;
use strongroom_testing::{
    Program,
    vault::{ALL, allow},
};
use strongroom_wire::admin::SoftDelete;
use tokio::{
    task::JoinSet,
    time::{sleep, timeout},
};

use crate::audit::{assert_intact, records};

/// The account that everything is done as.
pub const ADMIN: &str = "team-a/admin";

/// The program of this crate, on files of its own.
pub async fn program(more: &[&str]) -> Program {
    Program::new(env!("CARGO_BIN_EXE_strongroom-vault"), more).await
}

/// Lets [`ADMIN`] do everything.
pub async fn allow_all(program: &Program) {
    program.allow(1, vec![allow("admins", ADMIN, &["*"], ALL)]).await;
}

/// The versions of a secret.
pub async fn versions(program: &Program, client: &Client, name: &str) -> BTreeSet<String> {
    let mut versions = BTreeSet::new();
    let mut path = format!("/secrets/{name}/versions");
    loop {
        let (_, page) = program.get(client, &path).await;
        for item in page["value"].as_array().unwrap() {
            let id = item["id"].as_str().unwrap();
            versions.insert(id.rsplit('/').next().unwrap().to_owned());
        }
        let Some(next) = page["nextLink"].as_str() else {
            return versions;
        };
        path = next[next.find("/secrets/").unwrap()..].to_owned();
    }
}

const WRITERS: usize = 4;
const ROUNDS: u64 = 50;

/// Writes numbers to one secret until the vault is gone; returns the last one acknowledged.
async fn write(program: Arc<Program>, name: String, from: u64) -> (String, u64) {
    let (client, token) = (program.client(), program.token(ADMIN));
    let mut acknowledged = from;
    loop {
        let body = json!({"value": (acknowledged + 1).to_string()});
        let url = program.url(&format!("/secrets/{name}"));
        match client.put(url).bearer_auth(&token).json(&body).send().await {
            Ok(response) if response.status() == StatusCode::OK => acknowledged += 1,
            Ok(response) => panic!("{}", response.text().await.unwrap_or_default()),
            Err(_) => return (name, acknowledged),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn fifty_kills_lose_nothing_acknowledged_and_leave_nothing_unaudited() {
    // A fast disk takes more versions in this time than a vault keeps of one secret otherwise.
    let program = Arc::new(program(&["--versions-per-object", "100000"]).await);
    let mut acknowledged: BTreeMap<String, u64> = (0..WRITERS).map(|n| (format!("w-{n}"), 0)).collect();
    let mut first_answers = Vec::new();
    for round in 0..ROUNDS {
        let (process, first) = program.start().await;
        first_answers.push(first);
        if round == 0 {
            allow_all(&program).await;
        }
        let client = program.client();
        for (name, last) in &mut acknowledged {
            let (status, body) = program.get(&client, &format!("/secrets/{name}")).await;
            let kept: u64 = body["value"].as_str().map_or(0, |value| value.parse().unwrap());
            assert!(
                kept >= *last,
                "round {round}: {name} holds {kept}, {last} was acknowledged ({status})"
            );
            *last = kept;
        }
        let mut writers = JoinSet::new();
        for (name, last) in acknowledged.clone() {
            writers.spawn(write(Arc::clone(&program), name, last));
        }
        // A different moment each time, before and after the first acknowledgements.
        sleep(Duration::from_millis(20 + round * 37 % 150)).await;
        process.kill();
        acknowledged = writers.join_all().await.into_iter().collect();
    }
    let (_process, _) = program.start().await;
    let client = program.client();
    let mut stored = BTreeSet::new();
    for name in acknowledged.keys() {
        stored.extend(versions(&program, &client, name).await);
    }
    let log = program.files.path("data/audit");
    let set = records(&log)
        .into_iter()
        .filter(|record| record["operationName"] == "SecretSet");
    let audited: BTreeSet<String> = set
        .map(|record| {
            record["properties"]["id"]
                .as_str()
                .unwrap()
                .rsplit('/')
                .next()
                .unwrap()
                .to_owned()
        })
        .collect();
    assert!(stored.len() > 50, "only {} versions were written", stored.len());
    assert_eq!(
        stored.difference(&audited).count(),
        0,
        "versions without a record"
    );
    assert_eq!(
        audited.difference(&stored).count(),
        0,
        "records without a version"
    );
    check_events(&program, &stored).await;
    assert_intact(&log);
    first_answers.sort();
    println!(
        "{} versions; first answer after a kill, median {:?}",
        stored.len(),
        first_answers[first_answers.len() / 2]
    );
}

/// As many events as a vault keeps.
const KEPT_EVENTS: usize = 10_000;

/// Each version that is stored has one event, and no other has.
async fn check_events(program: &Program, stored: &BTreeSet<String>) {
    let events = program.events().await;
    let told: BTreeSet<String> = events.iter().map(|event| event.data.version.clone()).collect();
    assert_eq!(told.len(), events.len(), "versions with two events");
    assert_eq!(told.difference(stored).count(), 0, "events without a version");
    assert_eq!(
        told.len(),
        stored.len().min(KEPT_EVENTS),
        "versions without an event"
    );
}

/// The operator shows what the vault says that it has stored.
#[tokio::test(flavor = "multi_thread")]
async fn what_a_first_start_says_of_deleted_objects_is_stored_when_it_is_said() {
    let first = program(&["--purge-protection", "--retention-days", "30"]).await;
    let (process, _) = first.start().await;
    let said = first.status().await.soft_delete;
    process.kill();
    let kept = SoftDelete {
        retention_days: 30,
        purge_protection: true,
    };
    assert_eq!(said, Some(kept));
    let other = first.with_no_more();
    let (_process, _) = other.start().await;
    assert_eq!(other.status().await.soft_delete, said);
}

/// The operator reads the code in the status of the pod.
#[tokio::test(flavor = "multi_thread")]
async fn a_vault_that_its_seal_key_does_not_open_ends_with_the_code_for_that_and_for_nothing_else() {
    let program = program(&[]).await;
    let (process, _) = program.start().await;
    process.kill();
    let key = program.files.path("seal/key");
    for other in [&[8; 32][..], &[7; 5]] {
        fs::write(&key, other).unwrap();
        assert_eq!(program.spawn().code(), i32::from(exit::SEALED));
    }
    fs::write(&key, [7; 32]).unwrap();
    let keyring = program.files.path("data/keyring");
    let kept = fs::read(&keyring).unwrap();
    fs::remove_file(&keyring).unwrap();
    assert_eq!(program.spawn().code(), 1);
    fs::write(&keyring, kept).unwrap();
    let (process, _) = program.start().await;
    process.kill();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_terminated_vault_finishes_what_it_has_begun_and_exits_with_0() {
    let program = Arc::new(program(&[]).await);
    let (mut process, _) = program.start().await;
    allow_all(&program).await;
    let writer = tokio::spawn(write(Arc::clone(&program), "a".into(), 0));
    sleep(Duration::from_millis(300)).await;
    let id = process.id().to_string();
    assert!(
        Command::new("kill")
            .args(["-TERM", &id])
            .status()
            .unwrap()
            .success()
    );
    let (_, acknowledged) = timeout(Duration::from_secs(15), writer).await.unwrap().unwrap();
    let exit = timeout(
        Duration::from_secs(15),
        tokio::task::spawn_blocking(move || process.wait()),
    );
    assert!(exit.await.unwrap().unwrap());
    let (_process, _) = program.start().await;
    let (_, body) = program.get(&program.client(), "/secrets/a").await;
    assert_eq!(body["value"], acknowledged.to_string());
    let log = program.files.path("data/audit");
    assert_intact(&log);
    assert!(verify(&log));
    let segment = std::fs::read_dir(&log)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let segment = segment
        .filter(|path| path.extension().is_some_and(|extension| extension == "jsonl"))
        .min()
        .unwrap();
    let altered = std::fs::read_to_string(&segment)
        .unwrap()
        .replacen("SecretSet", "SecretGet", 1);
    std::fs::write(&segment, altered).unwrap();
    assert!(!verify(&log));
}

/// What `audit verify` exits with: whether the log is intact.
fn verify(log: &Path) -> bool {
    let output = Command::new(env!("CARGO_BIN_EXE_strongroom-vault"))
        .args(["audit", "verify"])
        .arg(log)
        .output();
    output.unwrap().status.success()
}

#[test]
fn help_reads_well_and_wrong_arguments_get_a_sentence() {
    let run = |words: &[&str]| {
        Command::new(env!("CARGO_BIN_EXE_strongroom-vault"))
            .args(words)
            .output()
            .unwrap()
    };
    let help = run(&["serve", "--help"]);
    let text = String::from_utf8(help.stdout).unwrap();
    for word in [
        "--vault-name",
        "Identity:",
        "Listeners:",
        "Storage:",
        "Rules:",
        "STRONGROOM_VAULT_NAME",
    ] {
        assert!(text.contains(word), "{word} in\n{text}");
    }
    let wrong = run(&["serve", "--vault-name", "kubernetes"]);
    assert!(!wrong.status.success());
    let missing = run(&["audit", "verify", "/nonexistent/log"]);
    assert!(
        !missing.status.success() && String::from_utf8_lossy(&missing.stderr).contains("/nonexistent/log")
    );
}
