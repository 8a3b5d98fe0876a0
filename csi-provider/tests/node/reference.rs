//! After the publish: a volume follows its SecretRef, wherever that leads.

use std::time::Duration;

use serde_json::json;

use crate::{
    rotate::published,
    support::{Pod, eventually, in_private_mounts},
};

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn a_changed_secret_ref_changes_the_files() {
    in_private_mounts(async |root| {
        let pod = Pod::new("p");
        let node = published(root, &pod).await;
        node.vault.put("third", "new");
        node.api.put("shop", "app", &json!([
            {"path": "c/d", "mode": "0400", "secret": {"name": "third"}}, {"path": "a", "secret": {"name": "db"}},
        ]));
        node.vault.say_ref_changed();
        node.reads(&pod, "c/d", "new", SECOND).await;
        assert_eq!(node.read(&pod, "a").as_deref(), Some("one"));
        assert!(!node.target(&pod).join("deep").exists());
        eventually("the new objects are subscribed to", SECOND, || {
            node.vault.counts()[1] == 2
        })
        .await;
        node.vault.put("third", "newer");
        node.reads(&pod, "c/d", "newer", SECOND).await;
        assert_eq!(node.identity.count(), 1);
    });
}

#[test]
fn a_secret_ref_that_moved_to_another_vault_takes_its_volumes_along() {
    in_private_mounts(async |root| {
        let pod = Pod::new("p");
        let node = published(root, &pod).await;
        node.vault.enable("other", false);
        node.other.put("db", "moved");
        node.api.put_of(
            "team-b",
            "shop",
            "app",
            &json!([{"path": "a", "secret": {"name": "db"}}]),
        );
        node.vault.say_ref_changed();
        node.reads(&pod, "a", "moved", SECOND).await;
        assert!(!node.target(&pod).join("deep").exists());
        eventually("it listens to the new vault alone", SECOND, || {
            (node.vault.subscriptions(), node.other.subscriptions()) == (0, 1)
        })
        .await;
        node.vault.put("db", "old");
        node.other.put("db", "newer");
        node.reads(&pod, "a", "newer", SECOND).await;
        // What was wrong at the old vault is not held against the new one.
        eventually("the new version is acknowledged without an error", SECOND, || {
            node.other.acknowledged(1)
        })
        .await;
    });
}

/// A vault says to each new volume what changed lately. For what vaults say, a SecretRef is read every two seconds at most.
#[test]
fn a_mount_does_not_wait_until_a_vault_may_have_its_secret_ref_read_again() {
    in_private_mounts(async |root| {
        let node = published(root, &Pod::new("p")).await;
        node.vault.say_ref_changed();
        for n in 0..12 {
            let pod = Pod::new(&format!("p{n}"));
            let published = tokio::time::timeout(SECOND, node.publish(&pod, "app")).await;
            published.expect("no wait").unwrap();
            // So long that the vault has said it.
            tokio::time::sleep(SECOND / 10).await;
        }
    });
}

#[test]
fn a_secret_ref_that_cannot_be_followed_is_read_again_when_it_changes_again() {
    in_private_mounts(async |root| {
        let pod = Pod::new("p");
        let node = published(root, &pod).await;
        let files = json!([{"path": "a", "secret": {"name": "db"}}]);
        node.api.put_of("team-b", "shop", "app", &files);
        node.vault.say_ref_changed();
        eventually("an event says so", SECOND, || {
            node.api
                .notes()
                .iter()
                .any(|note| note.starts_with("RefreshFailed"))
        })
        .await;
        assert_eq!(node.read(&pod, "a").as_deref(), Some("one"));
        assert_eq!(
            node.vault.subscriptions(),
            1,
            "it listens to the vault that its files are from"
        );
        node.other.put("db", "moved");
        node.vault.say_ref_changed();
        node.reads(&pod, "a", "moved", SECOND).await;
    });
}

#[test]
fn a_secret_ref_that_broke_leaves_the_files_and_has_an_event() {
    in_private_mounts(async |root| {
        let pod = Pod::new("p");
        let node = published(root, &pod).await;
        node.api.delete("shop", "app");
        node.vault.say_ref_changed();
        eventually("an event says so", SECOND, || {
            node.api
                .notes()
                .iter()
                .any(|note| note.contains("SecretRef shop/app does not exist"))
        })
        .await;
        assert_eq!(node.read(&pod, "a").as_deref(), Some("one"));
        node.api.put(
            "shop",
            "app",
            &json!([{"path": "a", "secret": {"name": "other"}}]),
        );
        node.publish(&pod, "app").await.unwrap();
        node.reads(&pod, "a", "same", SECOND).await;
    });
}

/// Whether a vault that does not answer exists is no business of an account that policy is not known to permit.
#[test]
fn a_vault_that_is_away_is_not_named_to_a_stranger_whose_secret_ref_moved_to_it() {
    in_private_mounts(async |root| {
        let pod = Pod::new("p");
        let node = published(root, &pod).await;
        let files = json!([{"path": "a", "secret": {"name": "db"}}]);
        node.api.put_of("team-c", "shop", "app", &files);
        node.vault.say_ref_changed();
        eventually("an event says so", 10 * SECOND, || !node.api.notes().is_empty()).await;
        let notes = node.api.notes();
        assert!(
            notes[0].starts_with("RefreshFailed: SecretRef app, service account shop/api:")
                && notes[0].contains("service account shop/api may not read it, or it does not exist"),
            "{notes:?}"
        );
        assert_eq!(node.read(&pod, "a").as_deref(), Some("one"));
    });
}
