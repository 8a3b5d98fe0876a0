//! A disk that fills up.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::Arc,
};

use reqwest::{Method, StatusCode};
use strongroom_testing::vault::{ALL, Files, Vault, allow};

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
    fs::write(files.path("data/filler"), vec![0; 2 * 1024 * 1024]).unwrap();

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
