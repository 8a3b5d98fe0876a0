//! Taking volumes away: whatever the state of everything else.

use std::fs;

use serde_json::json;
use strongroom_csi::proto::csi::NodeUnpublishVolumeRequest;

use crate::support::{Node, Pod, in_private_mounts, namespace::mount_line};

#[test]
fn a_volume_is_taken_away_with_everything_else_down_and_again() {
    in_private_mounts(async |root| {
        let mut node = Node::start(root).await;
        node.vault.put("db", "x");
        node.api
            .put("shop", "app", &json!([{"path": "a", "secret": {"name": "db"}}]));
        let pod = Pod::new("p");
        node.publish(&pod, "app").await.unwrap();
        node.vault.stop().await;
        node.identity.refuse(true);
        node.api.delete("shop", "app");
        node.unpublish(&pod).await.unwrap();
        assert!(!node.target(&pod).exists());
        assert_eq!(mount_line("self", &node.target(&pod)), None);
        let plugin = node.root.join("kubelet/plugins/csi.strongroom.dev");
        assert_eq!(fs::read_dir(plugin.join("volumes")).unwrap().count(), 0);
        assert_eq!(fs::read_dir(plugin.join("state")).unwrap().count(), 0);
        node.unpublish(&pod).await.unwrap();
    });
}

#[test]
fn volumes_that_are_unknown_damaged_or_gone_are_taken_away_too() {
    in_private_mounts(async |root| {
        let mut node = Node::start_with(root, &["--no-state"], true).await;
        node.vault.put("db", "x");
        node.api
            .put("shop", "app", &json!([{"path": "a", "secret": {"name": "db"}}]));
        let (unknown, damaged, file) = (Pod::new("unknown"), Pod::new("damaged"), Pod::new("file"));
        node.publish(&unknown, "app").await.unwrap();
        node.publish(&damaged, "app").await.unwrap();
        let own = node
            .root
            .join("kubelet/plugins/csi.strongroom.dev/volumes")
            .join(Node::id(&damaged));
        node.driver.kill();
        node.restart_driver().await;
        rustix::mount::unmount(&own, rustix::mount::UnmountFlags::DETACH).unwrap();
        node.request(&file, "app");
        fs::write(node.target(&file), "not a directory").unwrap();
        for pod in [&unknown, &damaged, &file, &Pod::new("never")] {
            node.unpublish(pod).await.unwrap();
            assert!(!node.target(pod).exists(), "{}", pod.name);
        }
        let odd = NodeUnpublishVolumeRequest {
            volume_id: "no/such/../id".into(),
            target_path: "/nowhere".into(),
        };
        node.driver.node().await.node_unpublish_volume(odd).await.unwrap();
    });
}

#[test]
fn taking_a_volume_away_ends_a_publish_that_still_waits() {
    in_private_mounts(async |root| {
        let mut node = Node::start(root).await;
        node.api
            .put("shop", "app", &json!([{"path": "a", "secret": {"name": "db"}}]));
        node.vault.stop().await;
        let pod = Pod::new("p");
        let (mut client, request) = (node.driver.node().await, node.request(&pod, "app"));
        let publishing = tokio::spawn(async move { client.node_publish_volume(request).await });
        node.says("holding the call").await;
        node.unpublish(&pod).await.unwrap();
        assert_eq!(
            publishing.await.unwrap().unwrap_err().code(),
            tonic::Code::Aborted
        );
        assert!(!node.target(&pod).exists());
    });
}
