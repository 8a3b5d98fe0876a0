//! Which changes a stream announces, and to which subscriptions.

use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};

use strongroom_core::ObjectState;
use strongroom_testing::vault::{delete, enable, set};
use strongroom_wire::watch::{ObjectName, client_message::Message};

use super::Watched;
use crate::node::{Node, at, state, subscription};

#[tokio::test]
async fn a_subscription_receives_the_states_that_a_read_would_answer() {
    let watched = Watched::new();
    let version = set(&watched.service, "db", "1");
    for name in ["off", "gone"] {
        set(&watched.service, name, "1");
    }
    enable(&watched.service, "off", false);
    delete(&watched.service, "gone");
    let mut node = Node::connect(&watched.watch).await;
    node.subscribe("v", &watched.token(), &["DB", "off", "gone", "never"])
        .await;
    let states = [
        at("db", version),
        state("off", ObjectState::Disabled),
        state("gone", ObjectState::Deleted),
        state("never", ObjectState::NotFound),
    ];
    assert_eq!(node.subscribed().await, ("v".to_owned(), states.to_vec()));
}

#[tokio::test]
async fn a_new_version_is_announced_at_once_and_nothing_else_with_it() {
    let watched = Watched::new();
    set(&watched.service, "a", "1");
    set(&watched.service, "b", "1");
    let mut node = watched.subscribed(&["a", "b"]).await;
    let mut other = watched.subscribed(&["a"]).await;
    let version = set(&watched.service, "b", "2");
    assert_eq!(node.changed().await, ("v".to_owned(), vec![at("b", version)]));
    enable(&watched.service, "b", false);
    assert_eq!(
        node.changed().await,
        ("v".to_owned(), vec![state("b", ObjectState::Disabled)])
    );
    enable(&watched.service, "b", true);
    assert_eq!(node.changed().await, ("v".to_owned(), vec![at("b", version)]));
    delete(&watched.service, "b");
    assert_eq!(
        node.changed().await,
        ("v".to_owned(), vec![state("b", ObjectState::Deleted)])
    );
    assert!(other.is_quiet().await);
}

#[tokio::test]
async fn a_change_that_leaves_the_version_is_not_announced() {
    let watched = Watched::new();
    set(&watched.service, "a", "1");
    let mut node = watched.subscribed(&["a"]).await;
    enable(&watched.service, "a", true);
    assert!(node.is_quiet().await);
}

#[tokio::test]
async fn a_pinned_version_does_not_follow() {
    let watched = Watched::new();
    let first = set(&watched.service, "a", "1");
    let mut node = Node::connect(&watched.watch).await;
    let mut pinned = subscription("v", &watched.token(), &["a"]);
    pinned.objects.push(ObjectName {
        name: "a".to_owned(),
        version: first.to_string(),
    });
    node.ask(Message::Subscribe(pinned)).await;
    assert_eq!(node.subscribed().await.1, [at("a", first), at("a", first)]);
    let second = set(&watched.service, "a", "2");
    assert_eq!(node.changed().await.1, [at("a", second)]);
    node.fetch("v", &["a"]).await;
    let contents = node.contents().await.contents;
    let values: Vec<_> = contents.iter().map(|content| content.value.as_slice()).collect();
    assert_eq!(values, [b"2", b"1"]);
}

#[tokio::test]
async fn each_of_sixty_four_subscriptions_receives_one_change_once() {
    let watched = Watched::new();
    set(&watched.service, "a", "1");
    let mut node = Node::connect(&watched.watch).await;
    for index in 0..64 {
        node.subscribe(&format!("v{index}"), &watched.token(), &["a", "b"])
            .await;
        node.subscribed().await;
    }
    let version = set(&watched.service, "a", "2");
    let mut received = BTreeSet::new();
    for _ in 0..64 {
        let (id, objects) = node.changed().await;
        assert_eq!(objects, [at("a", version)]);
        assert!(received.insert(id));
    }
    assert!(node.is_quiet().await);
}

#[tokio::test]
async fn a_client_that_does_not_read_delays_no_write_and_receives_the_last_state() {
    let watched = Watched::new();
    set(&watched.service, "a", "0");
    let mut slow = watched.subscribed(&["a"]).await;
    let mut quick = watched.subscribed(&["a"]).await;
    let began = Instant::now();
    let mut last = None;
    for count in 0..300 {
        last = Some(set(&watched.service, "a", &count.to_string()));
        tokio::task::yield_now().await;
    }
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
    let last = [at("a", last.unwrap())];
    while quick.changed().await.1 != last {}
    let mut messages = 1;
    while slow.changed().await.1 != last {
        messages += 1;
    }
    assert!(
        messages <= 16,
        "{messages} messages were kept for a client that does not read"
    );
    assert!(slow.is_quiet().await);
}

#[tokio::test]
async fn who_reconnects_learns_by_subscribing_what_changed_meanwhile() {
    let watched = Watched::new();
    set(&watched.service, "a", "1");
    drop(watched.subscribed(&["a"]).await);
    let version = set(&watched.service, "a", "2");
    let mut node = Node::connect(&watched.watch).await;
    node.subscribe("v", &watched.token(), &["a"]).await;
    assert_eq!(node.subscribed().await.1, [at("a", version)]);
}

#[tokio::test]
async fn an_ended_subscription_receives_no_change() {
    let watched = Watched::new();
    set(&watched.service, "a", "1");
    let mut node = watched.subscribed(&["a"]).await;
    node.unsubscribe("v").await;
    node.subscribe("w", &watched.token(), &["b"]).await;
    node.subscribed().await;
    set(&watched.service, "a", "2");
    assert!(node.is_quiet().await);
    assert_eq!(watched.watch.subscriptions(), 1);
}

#[tokio::test]
async fn subscribing_again_under_the_same_id_replaces_the_subscription() {
    let watched = Watched::new();
    let mut node = watched.subscribed(&["a"]).await;
    node.subscribe("v", &watched.token(), &["b"]).await;
    assert_eq!(node.subscribed().await.1, [state("b", ObjectState::NotFound)]);
    set(&watched.service, "a", "1");
    assert!(node.is_quiet().await);
    set(&watched.service, "b", "1");
    node.changed().await;
    assert_eq!(watched.watch.subscriptions(), 1);
}

#[tokio::test]
async fn contents_are_those_of_the_announced_version_and_each_is_audited_as_a_read() {
    let watched = Watched::new();
    let version = set(&watched.service, "a", "hunter2");
    set(&watched.service, "off", "hunter3");
    enable(&watched.service, "off", false);
    let mut node = watched.subscribed(&["a", "off", "never"]).await;
    node.fetch("v", &["never", "off", "a"]).await;
    let contents = node.contents().await;
    let states: Vec<_> = contents
        .contents
        .iter()
        .map(|content| content.state.clone().unwrap())
        .collect();
    assert_eq!(
        states,
        [
            at("a", version),
            state("off", ObjectState::Disabled),
            state("never", ObjectState::NotFound)
        ]
    );
    let values: Vec<_> = contents
        .contents
        .iter()
        .map(|content| content.value.as_slice())
        .collect();
    assert_eq!(values, [b"hunter2".as_slice(), b"", b""]);
    let records = watched.fixture.audited("SecretGet");
    let results: Vec<_> = records
        .iter()
        .map(|record| record["properties"]["httpStatusCode"].as_u64())
        .collect();
    assert_eq!(results, [Some(200), Some(403), Some(404)]);
    assert!(
        records
            .iter()
            .all(|record| record["policy"] == "allow" && record["principal"]["name"] == "api")
    );
}

#[tokio::test]
async fn a_version_learnt_by_fetching_it_is_no_news() {
    let watched = Watched::new();
    set(&watched.service, "a", "1");
    let mut node = watched.subscribed(&["a"]).await;
    let version = set(&watched.service, "a", "2");
    assert_eq!(node.changed().await.1, [at("a", version)]);
    node.fetch("v", &["a"]).await;
    assert_eq!(node.contents().await.contents[0].value, b"2");
    assert!(node.is_quiet().await);
}
