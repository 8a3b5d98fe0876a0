//! A volume that was put back, and an audit log that was cut: each state of a vault proves which states it follows, and the
//! operator asks for the one that it has stored.

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use serde_json::{Value, json};
use strongroom_operator::world::Change;
use strongroom_testing::{Directory, vault::set};
use strongroom_vault::policy::Closed;

use crate::{context::condition, neighbours::Neighbours};

const VAULT: &str = "/apis/strongroom.dev/v1alpha1/namespaces/team-a/vaults/prod";
const ANCHOR: &str = "/api/v1/namespaces/strongroom-system/configmaps/strongroom-anchor-team-a.prod";

fn copy(from: &Path, to: &Path) {
    if to.exists() {
        fs::remove_dir_all(to).unwrap();
    }
    fs::create_dir(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let (path, copied) = (entry.path(), to.join(entry.file_name()));
        if path.is_dir() {
            copy(&path, &copied);
        } else {
            fs::copy(path, copied).unwrap();
        }
    }
}

fn annotate(neighbours: &Neighbours, name: &str, value: Option<u64>) {
    let mut vault = neighbours.server.get(VAULT).unwrap();
    vault["metadata"]["annotations"] = json!({});
    if let Some(value) = value {
        vault["metadata"]["annotations"][format!("strongroom.dev/{name}")] = json!(value.to_string());
    }
    neighbours.server.put(VAULT, vault);
}

fn anchor(neighbours: &Neighbours) -> Value {
    let map = neighbours.server.get(ANCHOR).unwrap();
    serde_json::from_str(map["data"]["anchor"].as_str().unwrap()).unwrap()
}

fn number(value: &Value) -> u64 {
    value.as_u64().unwrap()
}

fn generation(neighbours: &Neighbours) -> u64 {
    neighbours.honest_service().objects.anchor().generation.0
}

fn is_closed(neighbours: &Neighbours) -> bool {
    matches!(
        neighbours.honest_service().policy.in_force(),
        Err(Closed::RolledBack)
    )
}

/// A pass that anchors what it finds, and one that compares with that.
async fn settle(neighbours: &Neighbours) -> Value {
    neighbours.pass_honest().await;
    neighbours.pass_honest().await
}

/// An old copy of the volume, and the vault that went on without it, as far as the operator has seen.
async fn with_copy() -> (Neighbours, Directory) {
    let backup = Directory::new();
    let mut neighbours = Neighbours::start_on_disk().await;
    settle(&neighbours).await;
    set(neighbours.honest_service(), "db", "stolen");
    settle(&neighbours).await;
    let to = backup.path().join("data");
    neighbours.restart_honest(|data| copy(data, &to)).await;
    set(neighbours.honest_service(), "db", "changed since");
    let status = settle(&neighbours).await;
    assert_eq!(condition(&status, "RollbackDetected").0, "", "{status}");
    (neighbours, backup)
}

/// The copy is put back, and the vault commits past the anchor before it is compared.
async fn put_back(neighbours: &mut Neighbours, backup: &Directory) -> u64 {
    let anchored = number(&anchor(neighbours)["generation"]);
    let from = backup.path().join("data");
    neighbours.restart_honest(|data| copy(&from, data)).await;
    while generation(neighbours) <= anchored {
        set(neighbours.honest_service(), "noise", "x");
    }
    anchored
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_was_put_back_and_ran_past_the_anchor_answers_no_data() {
    let (mut neighbours, backup) = with_copy().await;
    let anchored = put_back(&mut neighbours, &backup).await;
    assert!(generation(&neighbours) > anchored && !is_closed(&neighbours));
    let status = neighbours.pass_honest().await;
    for type_ in ["Ready", "Stalled"] {
        assert_eq!(condition(&status, type_).0, "RollbackDetected", "{status}");
    }
    assert!(is_closed(&neighbours));
    let after = number(&anchor(&neighbours)["generation"]);
    assert_eq!(after, anchored, "nothing is anchored over");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_vault_that_starts_again_and_commits_is_the_one_that_was_anchored() {
    let mut neighbours = Neighbours::start_on_disk().await;
    settle(&neighbours).await;
    for round in 0..4 {
        let before = number(&anchor(&neighbours)["generation"]);
        for n in 0..20 {
            set(neighbours.honest_service(), "db", &n.to_string());
        }
        neighbours.restart_honest(|_| ()).await;
        let status = settle(&neighbours).await;
        assert_eq!(condition(&status, "RollbackDetected").0, "", "{round}: {status}");
        assert_eq!(
            condition(&status, "AuditHealthy").0,
            "Healthy",
            "{round}: {status}"
        );
        let after = number(&anchor(&neighbours)["generation"]);
        assert!(after > before + 19, "{round}: {after}");
    }
}

/// Commits until the store is at this generation.
fn commit_until(neighbours: &Neighbours, wanted: u64) {
    while generation(neighbours) < wanted {
        set(neighbours.honest_service(), "noise", "x");
    }
    assert_eq!(generation(neighbours), wanted);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_acceptance_acts_once_though_the_same_copy_is_put_back_again() {
    let (mut neighbours, backup) = with_copy().await;
    put_back(&mut neighbours, &backup).await;
    neighbours.pass_honest().await;
    let accepted = generation(&neighbours) + 20;
    commit_until(&neighbours, accepted);
    annotate(&neighbours, "accept-rollback", Some(accepted));
    let status = settle(&neighbours).await;
    assert_eq!(condition(&status, "RollbackDetected").0, "", "{status}");
    assert!(!is_closed(&neighbours));

    // The next leader knows only what is stored.
    let from = backup.path().join("data");
    neighbours.restart_honest(|data| copy(&from, data)).await;
    neighbours.pass_honest().await;
    commit_until(&neighbours, accepted);
    let status = neighbours.pass_honest().await;
    assert_eq!(condition(&status, "Ready").0, "RollbackDetected", "{status}");
    assert!(is_closed(&neighbours));

    assert_eq!(generation(&neighbours), accepted);
    annotate(&neighbours, "accept-rollback", None);
    neighbours.pass_honest().await;
    annotate(&neighbours, "accept-rollback", Some(accepted));
    let status = neighbours.pass_honest().await;
    assert_eq!(condition(&status, "RollbackDetected").0, "", "{status}");
}

/// What comes of a change to the log's files between two lives of the vault; the anchor before it.
async fn with_log(change: impl FnOnce(&Path)) -> (Neighbours, Value, Value) {
    let mut neighbours = Neighbours::start_on_disk().await;
    settle(&neighbours).await;
    let before = anchor(&neighbours);
    neighbours
        .restart_honest(|data| change(&data.join("audit")))
        .await;
    let status = settle(&neighbours).await;
    (neighbours, before, status)
}

fn segments(log: &Path) -> Vec<PathBuf> {
    let files = fs::read_dir(log).unwrap().map(|file| file.unwrap().path());
    files
        .filter(|path| path.extension().is_some_and(|kind| kind == "jsonl"))
        .collect()
}

fn remove(log: &Path) {
    for segment in segments(log) {
        fs::remove_file(segment).unwrap();
    }
}

fn rewrite(log: &Path, change: impl Fn(&str) -> String) {
    for segment in segments(log) {
        let text = fs::read_to_string(&segment).unwrap();
        fs::write(segment, change(&text)).unwrap();
    }
}

fn cut(log: &Path) {
    rewrite(log, |text| {
        let first = text.split_inclusive('\n').next();
        first.unwrap_or_default().to_owned()
    });
}

fn alter(log: &Path) {
    rewrite(log, |text| text.replacen("VaultStart", "VaultStays", 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_that_was_cut_or_rewritten_is_a_condition_and_is_not_anchored_over() {
    type Change = fn(&Path);
    let changes: [(&str, Change); 3] = [("removed", remove), ("cut", cut), ("altered", alter)];
    for (what, change) in changes {
        let (neighbours, before, status) = with_log(change).await;
        let (reason, message) = condition(&status, "AuditHealthy");
        assert_eq!(reason, "AuditLogCut", "{what}: {status}");
        assert_eq!(condition(&status, "Stalled").0, "AuditLogCut", "{what}: {status}");
        let record = format!("record {}", before["auditSequence"]);
        assert!(message.contains(&record), "{what}: {message}");
        assert!(!is_closed(&neighbours), "{what}: it serves");
        settle(&neighbours).await;
        let after = anchor(&neighbours);
        for part in ["auditSequence", "auditHash"] {
            assert_eq!(after[part], before[part], "{what}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_owner_accepts_a_cut_log_by_the_number_of_the_missed_record() {
    let (neighbours, before, _) = with_log(remove).await;
    let record = number(&before["auditSequence"]);
    annotate(&neighbours, "accept-audit-log", Some(record + 1));
    let status = settle(&neighbours).await;
    assert_eq!(condition(&status, "AuditHealthy").0, "AuditLogCut", "{status}");
    annotate(&neighbours, "accept-audit-log", Some(record));
    let status = settle(&neighbours).await;
    assert_eq!(condition(&status, "AuditHealthy").0, "Healthy", "{status}");
    assert_eq!(condition(&status, "Stalled").0, "", "{status}");
    assert_ne!(anchor(&neighbours)["auditHash"], before["auditHash"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_that_is_put_back_whole_is_well_again() {
    let aside = Directory::new();
    let kept = aside.path().join("audit");
    let (mut neighbours, _, status) = with_log(|log| {
        copy(log, &kept);
        remove(log);
    })
    .await;
    assert_eq!(condition(&status, "AuditHealthy").0, "AuditLogCut", "{status}");
    neighbours
        .restart_honest(|data| copy(&kept, &data.join("audit")))
        .await;
    let status = settle(&neighbours).await;
    assert_eq!(condition(&status, "AuditHealthy").0, "Healthy", "{status}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_operator_notices_at_once_that_a_vault_ended() {
    let mut neighbours = Neighbours::start_on_disk().await;
    let mut changes = neighbours.context.changes.subscribe();
    neighbours.pass_honest().await;
    neighbours.stop_honest().await;
    let gone = async {
        loop {
            if matches!(changes.recv().await, Ok(Change::Gone(vault)) if vault.name == "prod") {
                return;
            }
        }
    };
    // The next contact would be in ten seconds.
    tokio::time::timeout(Duration::from_secs(5), gone).await.unwrap();
}
