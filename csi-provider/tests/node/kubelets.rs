//! Kubelets of several releases, which put a pod's token in different places.

use std::time::Duration;

use serde_json::json;
use strongroom_csi::proto::csi::NodePublishVolumeRequest;
use tonic::Code;

use crate::support::{Node, Pod, eventually, in_private_mounts};

const SECOND: Duration = Duration::from_secs(1);

/// As a kubelet before 1.35 sends it, also where the `CSIDriver` object asks for tokens among the secrets.
fn of_an_old_kubelet(mut request: NodePublishVolumeRequest) -> NodePublishVolumeRequest {
    request.volume_context.extend(request.secrets.drain());
    request
}

async fn node_with_a_secret(root: std::path::PathBuf) -> Node {
    let node = Node::start(root).await;
    node.vault.put("db", "one");
    node.api
        .put("shop", "app", &json!([{"path": "a", "secret": {"name": "db"}}]));
    node
}

#[test]
fn a_pod_on_an_older_kubelet_mounts_beside_one_on_a_newer_and_follows_through_the_nodes_upgrade() {
    in_private_mounts(async |root| {
        let node = node_with_a_secret(root).await;
        let mut client = node.driver.node().await;
        let (mut old, new) = (Pod::new("old"), Pod::new("new"));
        let request = of_an_old_kubelet(node.request(&old, "app"));
        client.node_publish_volume(request).await.unwrap();
        node.publish(&new, "app").await.unwrap();
        for pod in [&old, &new] {
            assert_eq!(node.read(pod, "a").as_deref(), Some("one"));
        }
        // The upgraded kubelet brings the pod's next token in the other place.
        old.token = 2;
        node.publish(&old, "app").await.unwrap();
        eventually("the new token is exchanged", 5 * SECOND, || {
            let exchanges = node.identity.exchanges();
            exchanges
                .last()
                .is_some_and(|last| last.form["client_assertion"] == old.jwt())
        })
        .await;
        node.subscribed(2).await;
        node.vault.put("db", "two");
        for pod in [&old, &new] {
            node.reads(pod, "a", "two", 5 * SECOND).await;
        }
    });
}

#[test]
fn a_call_without_a_token_says_where_it_was_looked_for() {
    in_private_mounts(async |root| {
        let node = node_with_a_secret(root).await;
        let mut request = node.request(&Pod::new("p"), "app");
        request.secrets.clear();
        let refused = node.driver.node().await.node_publish_volume(request).await;
        let refused = refused.unwrap_err();
        assert_eq!(refused.code(), Code::FailedPrecondition);
        let expected = "the kubelet sent no service-account tokens, neither among the secrets of the call nor among \
                        the volume's attributes: the CSIDriver object csi.strongroom.dev has no tokenRequests";
        assert_eq!(refused.message(), expected);
        assert_eq!(node.identity.count(), 0);
    });
}
