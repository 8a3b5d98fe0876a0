//! A pod reads its secret as a file, and the file follows.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use serde_json::json;
use strongroom_e2e::scenario::Scenario;
use strongroom_harness::cluster::pods;

#[tokio::test]
async fn a_pod_reads_its_secret_and_the_file_follows_a_new_version_within_a_second() -> Result<()> {
    Scenario::start("rotate")
        .await?
        .run(async |scenario| {
            scenario.set("db-password", "first")?;
            scenario.secret_ref("db", &[("password", "db-password")]).await?;
            scenario.pod("app", "api", "db").await?;
            scenario.running("app").await?;
            ensure!(scenario.read("app", "/secrets/password").await? == "first");

            // What the pod itself sees, without the test's own round trips: its shell watches the file.
            let watch = "while [ \"$(cat /secrets/password)\" = first ]; do usleep 5000; done";
            let client = scenario.client();
            let namespace = scenario.app.name.clone();
            let seen = tokio::spawn(async move {
                let waited = pods::check(&client, &namespace, "app", &["/bin/sh", "-c", watch]).await;
                waited.map(|_| Instant::now())
            });
            tokio::time::sleep(Duration::from_millis(500)).await;
            scenario.set("db-password", "second")?;
            let written = Instant::now();
            let lag = seen.await??.saturating_duration_since(written);
            ensure!(scenario.read("app", "/secrets/password").await? == "second");
            ensure!(
                lag < Duration::from_secs(1),
                "the file changed {lag:?} after the command had returned"
            );
            Ok(())
        })
        .await
}

#[tokio::test]
async fn files_have_the_owner_mode_and_mount_options_that_were_asked_for() -> Result<()> {
    Scenario::start("modes")
        .await?
        .run(async |scenario| {
            scenario.set("db-password", "value")?;
            scenario
                .secret_ref("db", &[("a/b/password", "db-password")])
                .await?;
            scenario.pod("app", "api", "db").await?;
            scenario.running("app").await?;
            let client = scenario.client();
            let stat = ["/bin/stat", "-L", "-c", "%a %u:%g", "/secrets/a/b/password"];
            let mode = pods::check(&client, &scenario.app.name, "app", &stat).await?;
            ensure!(mode.trim() == "444 0:0", "{mode}");
            let write = ["/bin/sh", "-c", "echo x > /secrets/a/b/password"];
            ensure!(pods::exec(&client, &scenario.app.name, "app", &write).await?.code != 0);
            let mounts = pods::check(
                &client,
                &scenario.app.name,
                "app",
                &["/bin/grep", " /secrets ", "/proc/mounts"],
            )
            .await?;
            ensure!(mounts.contains("tmpfs") && mounts.contains("ro,"), "{mounts}");
            Ok(())
        })
        .await
}

#[tokio::test]
async fn a_changed_secret_ref_changes_the_files_of_a_running_pod() -> Result<()> {
    Scenario::start("reref")
        .await?
        .run(async |scenario| {
            scenario.set("db-one", "one")?;
            scenario.set("db-two", "two")?;
            scenario.secret_ref("db", &[("password", "db-one")]).await?;
            scenario.pod("app", "api", "db").await?;
            scenario.running("app").await?;
            ensure!(scenario.read("app", "/secrets/password").await? == "one");
            scenario.secret_ref("db", &[("password", "db-two")]).await?;
            scenario.holds("app", "/secrets/password", "two").await?;
            Ok(())
        })
        .await
}

#[tokio::test]
async fn a_secret_ref_that_moves_to_another_vault_takes_a_running_pod_along() -> Result<()> {
    let there = Scenario::start("move-to").await?;
    there
        .run(async |there| {
            Scenario::start("move-from").await?.run(async |here| {
        here.set("db-password", "here")?;
        there.set("db-password", "there")?;
        let read = json!({"permissions": {"secrets": ["get"]}});
        there
            .policy("guest", "Allow", &[here.account("api")], &["db-*"], &read)
            .await?;
        there.enforced("guest").await?;
        here.secret_ref("db", &[("password", "db-password")]).await?;
        here.pod("app", "api", "db").await?;
        here.running("app").await?;
        ensure!(here.read("app", "/secrets/password").await? == "here");
        let moved = json!({
            "apiVersion": "strongroom.dev/v1alpha1", "kind": "SecretRef", "metadata": {"name": "db"},
            "spec": {
                "vaultRef": {"name": "prod", "namespace": there.vault.name}, "serviceAccountName": "api",
                "files": [{"path": "password", "secret": {"name": "db-password"}}],
            },
        });
        here.apply(&here.app.name, &moved).await?;
        let lag = here.holds("app", "/secrets/password", "there").await?;
        // Without a notice of the change the volume would follow within minutes; with it, within a second or two.
        ensure!(lag < Duration::from_secs(10), "the file changed after {lag:?}");
        there.set("db-password", "newer")?;
        here.holds("app", "/secrets/password", "newer").await?;
        Ok(())
    }).await
        })
        .await
}
