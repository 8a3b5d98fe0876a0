//! What bounds a stream, how it ends, and what never leaves it.

use std::{
    io,
    sync::{Arc, Mutex},
    time::Duration,
};

use strongroom_testing::vault::{Files, set};
use strongroom_vault::watch::Limits;
use strongroom_wire::watch::{ObjectName, client_message::Message, revoked::Reason};
use tonic::Code;

use super::Watched;
use crate::node::{Node, subscription};

fn limited(limits: Limits) -> Watched {
    Watched::with(Files::in_memory(), limits)
}

#[tokio::test]
async fn a_stream_on_which_nobody_subscribes_is_closed() {
    let watched = limited(Limits {
        proof_timeout: Duration::from_millis(100),
        ..Limits::default()
    });
    let mut node = Node::connect(&watched.watch).await;
    assert_eq!(node.end().await, Code::Unauthenticated);
    let mut node = Node::connect(&watched.watch).await;
    node.subscribe("v", "nonsense", &["db"]).await;
    assert_eq!(node.revoked().await.0, Reason::TokenRefused);
    assert_eq!(node.end().await, Code::Unauthenticated);
    let mut subscribed = watched.subscribed(&["db"]).await;
    assert!(subscribed.is_quiet().await);
    subscribed.unsubscribe("v").await;
    assert_eq!(subscribed.end().await, Code::Unauthenticated);
    assert_eq!(watched.watch.streams(), 0);
}

#[tokio::test]
async fn a_stream_that_only_tries_tokens_is_closed() {
    let watched = limited(Limits {
        refused_tokens: 3,
        ..Limits::default()
    });
    let mut node = Node::connect(&watched.watch).await;
    for _ in 0..3 {
        node.subscribe("v", "nonsense", &["db"]).await;
        node.revoked().await;
    }
    assert_eq!(node.end().await, Code::Unauthenticated);
}

#[tokio::test]
async fn one_source_opens_only_so_many_streams() {
    let watched = limited(Limits {
        streams_per_source: 2,
        ..Limits::default()
    });
    let first = Node::connect(&watched.watch).await;
    let _second = Node::connect(&watched.watch).await;
    let refused = Node::from(&watched.watch, [10, 0, 0, 1]).await.err().unwrap();
    assert_eq!(refused.code(), Code::ResourceExhausted);
    assert!(Node::from(&watched.watch, [10, 0, 0, 2]).await.is_ok());
    drop(first);
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert!(Node::from(&watched.watch, [10, 0, 0, 1]).await.is_ok());
}

#[tokio::test]
async fn malformed_and_oversized_subscriptions_are_refused_and_leave_the_stream_alone() {
    let watched = Watched::new();
    let mut node = Node::connect(&watched.watch).await;
    let token = watched.token();
    let many: Vec<String> = (0..65).map(|index| format!("o{index}")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    for (id, objects, reason) in [
        ("", &["db"][..], Reason::Invalid),
        (&*"x".repeat(129), &["db"], Reason::Invalid),
        ("v", &[], Reason::Invalid),
        ("v", &["../db"], Reason::Invalid),
        ("v", &["db%2f"], Reason::Invalid),
        ("v", &many, Reason::Limit),
    ] {
        node.subscribe(id, &token, objects).await;
        assert_eq!(node.revoked().await.0, reason, "{id:?} {}", objects.len());
    }
    let mut version = subscription("v", &token, &[]);
    version.objects.push(ObjectName {
        name: "db".to_owned(),
        version: "latest".to_owned(),
    });
    node.ask(Message::Subscribe(version)).await;
    assert_eq!(node.revoked().await.0, Reason::Invalid);
    node.subscribe("v", &token, &many[..64]).await;
    assert_eq!(node.subscribed().await.1.len(), 64);
    node.fetch("v", &many).await;
    assert_eq!(node.revoked().await.0, Reason::Limit);
}

#[tokio::test]
async fn a_stream_and_the_vault_keep_only_so_many_subscriptions() {
    let limits = Limits {
        subscriptions_per_stream: 2,
        // An account has no more than are left.
        subscriptions: 5,
        ..Limits::default()
    };
    let watched = limited(limits);
    let (mut first, mut second) = (
        Node::connect(&watched.watch).await,
        Node::connect(&watched.watch).await,
    );
    for id in ["a", "b"] {
        first.subscribe(id, &watched.token(), &["db"]).await;
        first.subscribed().await;
    }
    first.subscribe("c", &watched.token(), &["db"]).await;
    assert_eq!(first.revoked().await.0, Reason::Limit);
    second.subscribe("a", &watched.token(), &["db"]).await;
    second.subscribed().await;
    second.subscribe("b", &watched.token(), &["db"]).await;
    assert_eq!(second.revoked().await.0, Reason::Limit);
    drop(first);
    tokio::time::sleep(Duration::from_millis(50)).await;
    second.subscribe("b", &watched.token(), &["db"]).await;
    second.subscribed().await;
}

#[tokio::test]
async fn a_message_beyond_the_limit_ends_the_stream() {
    let watched = Watched::new();
    let mut node = Node::connect(&watched.watch).await;
    node.subscribe("v", &"x".repeat(100_000), &["db"]).await;
    assert!(matches!(
        node.end().await,
        Code::OutOfRange | Code::Cancelled | Code::ResourceExhausted
    ));
    assert_eq!(watched.watch.streams(), 0);
}

#[tokio::test]
async fn a_client_that_never_reads_is_cut_off() {
    let watched = limited(Limits {
        send_timeout: Duration::from_millis(50),
        ..Limits::default()
    });
    let mut node = watched.subscribed(&["db"]).await;
    for count in 0..20 {
        set(&watched.service, "db", &count.to_string());
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(watched.watch.streams(), 0);
    assert_eq!(node.end().await, Code::ResourceExhausted);
}

#[tokio::test]
async fn draining_ends_every_stream_with_unavailable() {
    let watched = Watched::new();
    set(&watched.service, "db", "1");
    let mut idle = Node::connect(&watched.watch).await;
    let mut subscribed = watched.subscribed(&["db"]).await;
    let mut slow = watched.subscribed(&["db"]).await;
    for count in 0..20 {
        set(&watched.service, "db", &count.to_string());
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    watched.service.drain.begin();
    for node in [&mut idle, &mut subscribed, &mut slow] {
        assert_eq!(node.end().await, Code::Unavailable);
    }
    assert_eq!(
        Node::from(&watched.watch, [10, 0, 0, 9])
            .await
            .err()
            .unwrap()
            .code(),
        Code::Unavailable
    );
}

#[derive(Clone, Default)]
struct Captured(Arc<Mutex<Vec<u8>>>);

impl io::Write for Captured {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn neither_values_nor_tokens_are_in_logs_records_or_debug_output() {
    // While there is one subscriber alone, tracing asks the thread that first reaches a line whether anybody wants it, and
    // remembers a no for all threads: a test beside this one would silence the line. With a second one it asks both.
    let _second = tracing::Dispatch::new(tracing::subscriber::NoSubscriber::default());
    let captured = Captured::default();
    let writer = captured.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_ansi(false)
        .with_writer(move || writer.clone())
        .finish();
    let _guard = tracing::subscriber::set_default(subscriber);
    let watched = Watched::new();
    set(&watched.service, "db", "CANARY-VALUE");
    let token = watched.token();
    let mut node = Node::connect(&watched.watch).await;
    node.subscribe("v", &token, &["db"]).await;
    node.subscribed().await;
    node.fetch("v", &["db"]).await;
    let contents = node.contents().await;
    assert_eq!(contents.contents[0].value, b"CANARY-VALUE");
    node.renew("v", &format!("{token}x")).await;
    let (_, revoked) = node.revoked().await;
    watched.service.drain.begin();
    node.end().await;

    let log = String::from_utf8(captured.0.lock().unwrap().clone()).unwrap();
    assert!(log.contains("a watch stream ended"), "{log}");
    let audit = format!("{:?}", watched.fixture.audit_lines());
    let debug = format!(
        "{contents:?} {revoked:?} {:?} {:?}",
        watched.watch, watched.service
    );
    let signature = token.rsplit('.').next().unwrap();
    let bytes = format!("{:?}", b"CANARY-VALUE");
    for text in [&log, &audit, &debug] {
        for canary in ["CANARY-VALUE", signature, bytes.trim_matches(['[', ']'])] {
            assert!(!text.contains(canary), "{canary} is in {text}");
        }
    }
}

#[tokio::test]
async fn each_name_of_a_fetch_counts_against_the_rate_of_its_account_and_ends_that_subscription_alone() {
    let watched = Watched::new();
    let mut node = watched.subscribed(&["db"]).await;
    let other = crate::fixture::Account {
        name: "shop/other",
        pod: "pod-2",
    };
    node.subscribe("other", &watched.token_of(other, 600), &["db"])
        .await;
    let names: Vec<String> = (0..64).map(|index| format!("not-held-{index}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let mut fetched = 0;
    loop {
        node.fetch("v", &names).await;
        match node.next_message().await.unwrap() {
            strongroom_wire::watch::server_message::Message::Contents(_) => fetched += 1,
            strongroom_wire::watch::server_message::Message::Revoked(revoked) if revoked.id == "v" => {
                assert_eq!(revoked.reason(), Reason::Limit);
                break;
            }
            _ => {}
        }
        // The rate is 1000 requests a second.
        assert!(fetched < 200, "nothing throttles a Fetch");
    }
    assert!(
        node.is_quiet().await,
        "the stream and the other subscription go on"
    );
}

#[tokio::test]
async fn contents_that_a_source_does_not_read_take_its_share_of_memory_and_no_more() {
    let watched = limited(Limits {
        waiting_bytes: 200 * 1024,
        send_timeout: Duration::from_millis(500),
        ..Limits::default()
    });
    set(&watched.service, "db", &"x".repeat(25_000));
    let mut unread = watched.subscribed(&["db"]).await;
    for _ in 0..4 {
        unread.fetch("v", &["db"]).await;
    }
    let mut other = Node::from(&watched.watch, [10, 0, 0, 2]).await.unwrap();
    other.subscribe("v", &watched.token(), &["db"]).await;
    other.subscribed().await;
    other.fetch("v", &["db"]).await;
    assert_eq!(other.contents().await.contents[0].value.len(), 25_000);
    // Two fit into half of the bytes; the third had no room in time.
    tokio::time::sleep(Duration::from_secs(1)).await;
    for _ in 0..2 {
        unread.contents().await;
    }
    assert_eq!(unread.end().await, Code::ResourceExhausted);
}
