//! A disk that fills up.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::Arc,
    time::Duration,
};

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use strongroom_testing::vault::{ALL, Answer, Files, Vault, allow};

/// A small file system of its own, unmounted with the test.
struct SmallDisk(PathBuf);

impl SmallDisk {
    fn mount(directory: &Path, mib: u32) -> Self {
        let size = format!("size={mib}m");
        let mount = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &size, "tmpfs"])
            .arg(directory)
            .status();
        assert!(
            mount.unwrap().success(),
            "a tmpfs must be mounted for this test, which takes root"
        );
        Self(directory.to_owned())
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("--lazy").arg(&self.0).status();
    }
}

#[tokio::test]
async fn a_full_disk_refuses_writes_serves_reads_and_recovers_by_itself() {
    let files = Files::on_disk().await;
    let audit = files.path("audit").display().to_string();
    let files = Arc::new(files.with(&["--audit-dir", &audit]));
    // Dropped before the files, which cannot be removed while it is mounted.
    let _disk = SmallDisk::mount(&files.path("data"), 24);
    let vault = Vault::open(Arc::clone(&files)).await;
    vault
        .policy(1, vec![allow("admins", "team-a/admin", &["*"], ALL)])
        .await;
    vault.set("kept", "v").await;
    // The disk is full before the objects take what they may.
    fs::write(files.path("data/filler"), vec![0; 12 * 1024 * 1024]).unwrap();

    let mut full = None;
    for n in 0..1000 {
        let answer = vault.set(&format!("s-{n}"), &"v".repeat(25 * 1024)).await;
        if answer.status != StatusCode::OK {
            full = Some(answer);
            break;
        }
    }
    let full = full.expect("a full disk");
    assert_eq!(
        (full.status, full.inner()),
        (StatusCode::SERVICE_UNAVAILABLE, "StorageUnavailable")
    );
    assert!(full.headers.contains_key("retry-after"));
    // What takes access away, and what makes room, still works.
    let deleted = vault.admin(Method::DELETE, "/secrets/s-0", None).await;
    assert_eq!(deleted.status, StatusCode::OK, "{deleted:?}");
    let rules = vec![
        allow("admins", "team-a/admin", &["*"], ALL),
        allow("others", "team-a/other", &["*"], ALL),
    ];
    vault.policy(2, rules.clone()).await;
    let other = async || {
        vault
            .request("team-a/other", Method::GET, "/secrets/kept", None)
            .await
            .status
    };
    assert_eq!(other().await, StatusCode::OK);
    vault.policy(3, rules[..1].to_vec()).await;
    assert_eq!(other().await, StatusCode::FORBIDDEN);
    assert_eq!(vault.get("/secrets/kept").await.body["value"], "v");

    fs::remove_file(files.path("data/filler")).unwrap();
    assert_eq!(vault.set("after", "v").await.status, StatusCode::OK);
    assert_eq!(vault.get("/secrets/after").await.body["value"], "v");
}

#[tokio::test]
async fn what_would_exceed_a_limit_of_the_vault_is_refused_and_everything_else_goes_on() {
    let vault = Vault::start_with(&["--versions-per-object", "3", "--object-bytes", "100000"]).await;
    let refused = |answer: &Answer, word| {
        assert_eq!(
            (answer.status, answer.code(), answer.inner()),
            (StatusCode::FORBIDDEN, "Forbidden", word),
            "{answer:?}"
        );
        assert!(
            !answer.headers.contains_key("retry-after"),
            "to wait does not help"
        );
    };
    for _ in 0..3 {
        assert_eq!(vault.set("db", "v").await.status, StatusCode::OK);
    }
    refused(&vault.set("db", "v").await, "VersionLimitReached");
    let backup = vault.admin(Method::POST, "/secrets/db/backup", None).await;

    let value = "v".repeat(20 * 1024);
    let mut set = 0;
    let full = loop {
        let answer = vault.set(&format!("s-{set}"), &value).await;
        if answer.status != StatusCode::OK {
            break answer;
        }
        set += 1;
    };
    refused(&full, "StorageLimitReached");
    assert_eq!(set, 4, "of 20 KiB each");
    assert_eq!(vault.get("/secrets/s-0").await.body["value"], value);
    let disable = json!({"attributes": {"enabled": false}});
    let disabled = vault.admin(Method::PATCH, "/secrets/s-0", Some(disable)).await;
    assert_eq!(disabled.status, StatusCode::OK);
    let tags: Value = (0..15).map(|n| (n.to_string(), json!("t".repeat(512)))).collect();
    let tagged = vault
        .admin(Method::PATCH, "/secrets/s-1", Some(json!({ "tags": tags })))
        .await;
    let again = vault
        .admin(Method::PATCH, "/secrets/s-2", Some(json!({ "tags": tags })))
        .await;
    refused(
        if tagged.status.is_success() {
            &again
        } else {
            &tagged
        },
        "StorageLimitReached",
    );

    for name in ["s-0", "db"] {
        let deleted = vault
            .admin(Method::DELETE, &format!("/secrets/{name}"), None)
            .await;
        assert_eq!(deleted.status, StatusCode::OK);
        let purged = vault
            .admin(Method::DELETE, &format!("/deletedsecrets/{name}"), None)
            .await;
        assert_eq!(purged.status, StatusCode::NO_CONTENT);
    }
    let objects = vault.running.service().objects.clone();
    let before = objects.bytes();
    // What is left of purged objects is removed by the next sweeps.
    while objects.bytes() + 20 * 1024 > before {
        objects.sweep(vault.running.service().timekeeper.now()).unwrap();
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(vault.set("after", &value).await.status, StatusCode::OK);
    let restored = vault
        .admin(Method::POST, "/secrets/restore", Some(backup.body))
        .await;
    assert_eq!(restored.status, StatusCode::OK);
    refused(&vault.set("db", "v").await, "VersionLimitReached");
}
