//! A driver that dies, stops, or is replaced.

use std::{fs, path::PathBuf, time::Duration};

use serde_json::json;

use crate::support::{Node, Pod, driver::Driver, eventually, in_private_mounts, namespace::mount_line};

const SECOND: Duration = Duration::from_secs(1);

async fn published(root: PathBuf, extra: &[&str], pod: &Pod) -> Node {
    let node = Node::start_with(root, extra, true).await;
    node.vault.put("db", "one");
    node.api
        .put("shop", "app", &json!([{"path": "a", "secret": {"name": "db"}}]));
    node.publish(pod, "app").await.unwrap();
    node.subscribed(1).await;
    node
}

/// As after a driver was killed between the two steps of taking a volume away, or of publishing it.
#[test]
fn a_volume_that_no_pod_sees_is_unmounted_and_nothing_else_is() {
    in_private_mounts(async |root| {
        let mut node = Node::start(root).await;
        node.vault.put("db", "one");
        node.api
            .put("shop", "app", &json!([{"path": "a", "secret": {"name": "db"}}]));
        let (left, kept, lost) = (Pod::new("left"), Pod::new("kept"), Pod::new("lost"));
        for pod in [&left, &kept, &lost] {
            node.publish(pod, "app").await.unwrap();
        }
        node.driver.kill();
        let plugin = node.root.join("kubelet/plugins/csi.strongroom.dev");
        let own = |pod: &Pod| plugin.join("volumes").join(Node::id(pod));
        rustix::mount::unmount(node.target(&left), rustix::mount::UnmountFlags::DETACH).unwrap();
        // What nothing is known of, but a pod sees.
        fs::remove_file(plugin.join(format!("state/{}.json", Node::id(&lost)))).unwrap();
        // What somebody else put there.
        let foreign = plugin.join("volumes/foreign");
        fs::create_dir(&foreign).unwrap();
        rustix::mount::mount(
            "other",
            &foreign,
            "tmpfs",
            rustix::mount::MountFlags::empty(),
            None,
        )
        .unwrap();
        node.restart_driver().await;
        assert!(
            mount_line("self", &own(&left)).is_some(),
            "another process may be at it"
        );
        eventually("it is unmounted", Duration::from_secs(30), || {
            mount_line("self", &own(&left)).is_none() && !own(&left).exists()
        })
        .await;
        for place in [own(&kept), own(&lost), foreign] {
            assert!(mount_line("self", &place).is_some(), "{}", place.display());
        }
        for pod in [&kept, &lost] {
            assert_eq!(node.read(pod, "a").as_deref(), Some("one"));
        }
    });
}

#[test]
fn a_killed_driver_changes_no_byte_and_catches_up_within_a_second_of_its_return() {
    in_private_mounts(async |root| {
        let pod = Pod::with_group("p", 2000);
        let mut node = published(root, &[], &pod).await;
        let before = fs::read_link(node.target(&pod).join("..data")).unwrap();
        node.driver.kill();
        node.subscribed(0).await;
        node.vault.put("db", "two");
        assert_eq!(fs::read_link(node.target(&pod).join("..data")).unwrap(), before);
        assert_eq!(node.read(&pod, "a").as_deref(), Some("one"));
        let reads = node.vault.counts()[0];
        node.restart_driver().await;
        node.reads(&pod, "a", "two", SECOND).await;
        assert_eq!(node.vault.counts()[0], reads, "what changed came over the stream");
        node.publish(&pod, "app").await.unwrap();
        node.unpublish(&pod).await.unwrap();
        assert!(!node.target(&pod).exists());
    });
}

#[test]
fn without_kept_state_a_volume_follows_again_from_the_next_republish() {
    in_private_mounts(async |root| {
        let pod = Pod::new("p");
        let mut node = published(root, &["--no-state"], &pod).await;
        assert!(
            !node
                .root
                .join("kubelet/plugins/csi.strongroom.dev/state")
                .exists()
        );
        node.driver.kill();
        node.subscribed(0).await;
        node.vault.put("db", "two");
        node.restart_driver().await;
        let log = node.log();
        let up: Vec<_> = log.lines().filter(|line| line.contains("driver is up")).collect();
        assert!(up.len() == 2 && up[1].contains(r#""adopted":0"#), "{log}");
        assert_eq!(node.vault.subscriptions(), 0);
        assert_eq!(node.read(&pod, "a").as_deref(), Some("one"));
        node.publish(&pod, "app").await.unwrap();
        node.reads(&pod, "a", "two", SECOND).await;
        node.vault.put("db", "three");
        node.reads(&pod, "a", "three", SECOND).await;
    });
}

#[test]
fn with_everything_down_a_restarted_driver_still_answers_and_takes_away() {
    in_private_mounts(async |root| {
        let pod = Pod::new("p");
        let mut node = published(root, &[], &pod).await;
        node.vault.stop().await;
        node.identity.refuse(true);
        node.api.delete("shop", "app");
        node.driver.kill();
        node.restart_driver().await;
        node.publish(&pod, "app").await.unwrap();
        assert_eq!(node.read(&pod, "a").as_deref(), Some("one"));
        node.unpublish(&pod).await.unwrap();
        assert!(!node.target(&pod).exists());
    });
}

#[test]
fn the_kept_state_holds_the_token_and_no_value_and_only_root_can_read_it() {
    in_private_mounts(async |root| {
        use std::os::unix::fs::PermissionsExt as _;
        let pod = Pod::new("p");
        let node = published(root, &[], &pod).await;
        node.vault.put("db", "CANARY-VALUE");
        node.reads(&pod, "a", "CANARY-VALUE", SECOND).await;
        let path = node
            .root
            .join("kubelet/plugins/csi.strongroom.dev/state/csi-p.json");
        let kept = fs::read_to_string(&path).unwrap();
        assert!(
            kept.contains("CANARY-TOKEN") && !kept.contains("CANARY-VALUE"),
            "{kept}"
        );
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        node.keeps_tokens(&kept);
        let log = node.log();
        assert!(!log.contains("CANARY"), "{log}");
        node.keeps_tokens(&log);
    });
}

#[test]
fn a_stopped_driver_leaves_the_files_and_no_socket() {
    in_private_mounts(async |root| {
        let pod = Pod::new("p");
        let mut node = published(root, &[], &pod).await;
        let registration = node
            .root
            .join("kubelet/plugins_registry/csi.strongroom.dev-reg.sock");
        assert!(registration.exists());
        node.driver.terminate().await;
        assert!(!registration.exists());
        assert_eq!(node.read(&pod, "a").as_deref(), Some("one"));
        node.restart_driver().await;
        node.vault.put("db", "two");
        node.reads(&pod, "a", "two", SECOND).await;
    });
}

#[test]
fn a_new_driver_takes_over_while_the_old_one_still_runs() {
    in_private_mounts(async |root| {
        let pod = Pod::new("p");
        let mut node = published(root, &[], &pod).await;
        let registration = node
            .root
            .join("kubelet/plugins_registry/csi.strongroom.dev-reg.sock");
        let inode = |path: &PathBuf| std::os::unix::fs::MetadataExt::ino(&fs::metadata(path).unwrap());
        let old_inode = inode(&registration);
        let mut old = std::mem::replace(&mut node.driver, Driver::start(&node.launch));
        eventually("the new one takes the socket", 5 * SECOND, || {
            inode(&registration) != old_inode
        })
        .await;
        node.vault.put("db", "two");
        node.reads(&pod, "a", "two", SECOND).await;
        old.terminate().await;
        assert!(
            registration.exists(),
            "the old one leaves the new one's socket alone"
        );
        node.vault.put("db", "three");
        node.reads(&pod, "a", "three", SECOND).await;
        node.publish(&pod, "app").await.unwrap();
    });
}

#[test]
fn a_trust_bundle_that_changed_while_the_driver_was_away_reaches_the_files_once_it_is_back() {
    in_private_mounts(async |root| {
        let mut node = Node::start(root).await;
        node.api
            .put("shop", "app", &json!([{"path": "ca.crt", "trustBundle": {}}]));
        let pod = Pod::new("p");
        node.publish(&pod, "app").await.unwrap();
        let another = strongroom_testing::Authority::new("another").pem();
        let both = format!("{}{another}", node.read(&pod, "ca.crt").unwrap());
        fs::write(node.root.join("ca.crt"), &both).unwrap();
        node.restart_driver().await;
        node.reads(&pod, "ca.crt", &both, SECOND * 12).await;
    });
}
