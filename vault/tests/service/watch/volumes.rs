//! Volume counts, and changes of a SecretRef.

use std::time::Duration;

use strongroom_core::SecretRefName;
use strongroom_testing::vault::set;
use strongroom_wire::watch::server_message::Message;
use tokio::time::{sleep, timeout};

use super::Watched;
use crate::node::{Node, at};

fn counts(watched: &Watched) -> Option<(u32, u32, u32, u32)> {
    let volumes = watched.watch.volumes();
    let counts = volumes.refs.first()?;
    assert_eq!(
        (
            counts.secret_ref.namespace.as_str(),
            counts.secret_ref.name.as_str()
        ),
        ("shop", "db")
    );
    Some((counts.total, counts.current, counts.outdated, counts.failing))
}

/// What was sent on the stream is counted once the stream has answered something sent after it.
async fn settle(watched: &Watched, node: &mut Node) {
    node.renew("v", &watched.token()).await;
    node.subscribed().await;
}

#[tokio::test]
async fn volumes_are_counted_by_what_their_nodes_acknowledge() {
    let watched = Watched::new();
    let first = set(&watched.service, "db", "1");
    let mut node = watched.subscribed(&["db"]).await;
    node.subscribe("w", &watched.token(), &["db"]).await;
    node.subscribed().await;
    assert_eq!(counts(&watched), Some((2, 0, 2, 0)));
    node.acknowledge("v", vec![at("db", first)], "").await;
    node.acknowledge("w", vec![at("db", first)], "").await;
    settle(&watched, &mut node).await;
    assert_eq!(counts(&watched), Some((2, 2, 0, 0)));

    let second = set(&watched.service, "db", "2");
    // The writer answers before it announces what changed.
    timeout(Duration::from_secs(5), async {
        while counts(&watched) != Some((2, 0, 2, 0)) {
            sleep(Duration::from_millis(1)).await;
        }
    })
    .await
    .unwrap();
    node.changed().await;
    node.changed().await;
    node.acknowledge("v", vec![at("db", second)], "").await;
    node.acknowledge("w", Vec::new(), "no space left on device").await;
    settle(&watched, &mut node).await;
    assert_eq!(counts(&watched), Some((2, 1, 0, 1)));

    node.unsubscribe("w").await;
    settle(&watched, &mut node).await;
    assert_eq!(counts(&watched), Some((1, 1, 0, 0)));
    let metrics = |text: &str| watched.service.metrics.text().unwrap().contains(text);
    assert!(metrics("watch_streams 1\n") && metrics("watch_subscriptions 1\n"));
    drop(node);
    sleep(Duration::from_millis(50)).await;
    assert_eq!(counts(&watched), None);
    assert!(metrics("watch_streams 0\n") && metrics("watch_subscriptions 0\n"));
}

#[tokio::test]
async fn a_changed_secret_ref_is_announced_to_its_volumes_alone() {
    let watched = Watched::new();
    let mut node = watched.subscribed(&["db"]).await;
    let changed = |name: &str| SecretRefName {
        namespace: "shop".parse().unwrap(),
        name: name.parse().unwrap(),
    };
    watched.watch.ref_changed(&changed("web"));
    assert!(node.is_quiet().await);
    watched.watch.ref_changed(&changed("db"));
    match node.next_message().await {
        Ok(Message::RefChanged(changed)) => assert_eq!(changed.id, "v"),
        other => panic!("not RefChanged: {other:?}"),
    }
}
