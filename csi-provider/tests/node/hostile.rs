//! A vault in hostile hands beside an honest one: what it costs the node driver, and what it does to the others' volumes.

use std::{
    fs,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use axum::{Router, response::Response};
use futures::future::join_all;
use serde_json::json;
use strongroom_testing::hostile_vault::{
    data,
    watch::{self, ScriptedStream, accepted, available, contents},
};
use strongroom_wire::watch::{Changed, RefChanged, Revoked, Subscribe, revoked, server_message::Message};

use crate::support::{Node, Pod, eventually, in_private_mounts};

const SECOND: Duration = Duration::from_secs(1);

/// What the driver may have held at any time: the chart's limit is 128 MiB.
const PEAK_KIB: u64 = 80 << 10;

/// The most objects of one volume.
const OBJECTS: usize = 64;

/// A node with a volume of the honest vault, whose other vault answers as `router` does.
async fn beside_honest(root: std::path::PathBuf, router: Router) -> (Node, strongroom_testing::TlsServer) {
    let mut node = Node::start_with(root, &["--patience", "20"], true).await;
    node.other.put("db", "one");
    node.api.put_of(
        "team-b",
        "shop",
        "honest",
        &json!([{"path": "a", "secret": {"name": "db"}}]),
    );
    let file = |n| json!({"path": format!("f{n}"), "secret": {"name": name(n)}});
    let files: Vec<_> = (0..OBJECTS).map(file).collect();
    node.api.put("shop", "full", &json!(files));
    node.api
        .put("shop", "app", &json!([{"path": "a", "secret": {"name": "db"}}]));
    node.vault.stop().await;
    let hostile = node.hostile_vault(router).await;
    (node, hostile)
}

/// A long name, so that everything that names objects is long.
fn name(n: usize) -> String {
    format!("s{n}-{}", "x".repeat(100))
}

/// The most memory that a process has held at once (proc(5)).
fn peak_kib(pid: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))
        .unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

/// The honest vault's volume mounts, and follows a change.
async fn serves_the_honest(node: &Node, round: &str) {
    let pod = Pod::new(&format!("honest-{round}"));
    let began = std::time::Instant::now();
    node.publish(&pod, "honest").await.unwrap();
    let mounted = began.elapsed();
    eventually("the honest vault has its subscription", 5 * SECOND, || {
        node.other.subscriptions() > 0
    })
    .await;
    node.other.put("db", round);
    let followed = node.reads(&pod, "a", round, 3 * SECOND).await;
    println!("{round}: mounted in {mounted:?}, followed in {followed:?}");
    assert!(mounted < 3 * SECOND, "{mounted:?}");
}

fn has_peaked_low(node: &Node) {
    let peak = peak_kib(node.driver.pid());
    println!("the driver held at most {peak} KiB");
    assert!(peak < PEAK_KIB, "the driver held {peak} KiB");
}

/// The volumes of `pods` pods are of a vault whose secrets have `bytes` each, and the last of each volume never comes.
async fn endures_slow_secrets(root: std::path::PathBuf, bytes: usize, pods: usize) {
    let large: &'static str = "x".repeat(bytes).leak();
    let router = data::router(async move |asked: String| {
        if asked.starts_with("s63") {
            std::future::pending::<()>().await;
        }
        data::secret(&asked, large)
    });
    let (node, _hostile) = beside_honest(root, router).await;
    let pods: Vec<_> = (0..pods).map(|n| Pod::new(&format!("p{n}"))).collect();
    let hostile = join_all(pods.iter().map(|pod| node.publish(pod, "full")));
    let honest = async {
        tokio::time::sleep(3 * SECOND).await;
        has_peaked_low(&node);
        serves_the_honest(&node, "two").await;
        has_peaked_low(&node);
    };
    tokio::select! {
        _ = hostile => panic!("the hostile vault's volumes ended first"),
        () = honest => {}
    }
}

#[test]
fn a_vault_of_large_and_slow_secrets_costs_little_memory_and_keeps_no_other_volume_waiting() {
    // As large as any answer that is read.
    in_private_mounts(async |root| endures_slow_secrets(root, 250 << 10, 40).await);
}

/// Everything of the size that is allowed, so that only what is held at once counts.
#[test]
fn a_vault_of_slow_secrets_costs_little_memory_and_keeps_no_other_volume_waiting() {
    in_private_mounts(async |root| endures_slow_secrets(root, 25 << 10, 100).await);
}

#[test]
fn a_vault_that_takes_connections_and_answers_nothing_keeps_no_other_volume_waiting() {
    in_private_mounts(async |root| {
        let (node, hostile) = beside_honest(root, Router::new()).await;
        hostile.stop().await;
        let _silent = Node::silent_vault();
        let pods: Vec<_> = (0..60).map(|n| Pod::new(&format!("p{n}"))).collect();
        let hostile = join_all(pods.iter().map(|pod| node.publish(pod, "app")));
        let honest = async {
            tokio::time::sleep(3 * SECOND).await;
            serves_the_honest(&node, "two").await;
        };
        tokio::select! {
            _ = hostile => panic!("the silent vault's volumes ended first"),
            () = honest => {}
        }
    });
}

async fn small_secret(name: String) -> Response {
    data::secret(&name, "x")
}

fn changed(subscribe: &Subscribe, version: &str) -> Message {
    Message::Changed(Changed {
        id: subscribe.id.clone(),
        objects: subscribe
            .objects
            .iter()
            .map(|o| available(&o.name, version))
            .collect(),
    })
}

/// Takes every subscription of the node, has each volume say much, reads nothing, and sends contents all the while.
async fn flood(mut stream: ScriptedStream) {
    let mut subscribed = Vec::new();
    loop {
        match tokio::time::timeout(SECOND, stream.subscribe()).await {
            Ok(Some(subscribe)) => {
                stream.say(accepted(&subscribe, data::VERSION)).await;
                subscribed.push(subscribe);
            }
            Ok(None) => return,
            Err(_) if subscribed.is_empty() => {}
            Err(_) => break,
        }
    }
    for _ in 0..45 {
        for subscribe in &subscribed {
            stream.say(changed(subscribe, data::VERSION)).await;
        }
    }
    loop {
        for subscribe in &subscribed {
            let large = contents(&subscribe.id, &subscribe.objects[0].name, (4 << 20) - 1024);
            if !stream.say(large).await {
                return;
            }
        }
    }
}

#[test]
fn a_vault_that_floods_its_stream_and_reads_nothing_costs_little_memory() {
    in_private_mounts(async |root| {
        let router = data::router(small_secret).merge(watch::router(flood));
        let (node, _hostile) = beside_honest(root, router).await;
        for n in 0..4 {
            node.publish(&Pod::new(&format!("p{n}")), "full").await.unwrap();
        }
        for round in ["two", "three"] {
            tokio::time::sleep(3 * SECOND).await;
            serves_the_honest(&node, round).await;
        }
        has_peaked_low(&node);
    });
}

/// Answers what it is asked for but for one object, so that what was fetched has to be held.
async fn withhold(mut stream: ScriptedStream) {
    use strongroom_wire::watch::client_message::Message as Asked;
    while let Some(asked) = stream.next().await {
        match asked {
            Asked::Subscribe(subscribe) => {
                stream.say(accepted(&subscribe, &"9".repeat(32))).await;
            }
            Asked::Fetch(fetch) => {
                for name in fetch.names.iter().filter(|name| !name.starts_with("s63")) {
                    stream.say(contents(&fetch.id, name, 25 << 10)).await;
                }
            }
            _ => {}
        }
    }
}

#[test]
fn a_vault_that_withholds_one_of_many_contents_costs_little_memory() {
    in_private_mounts(async |root| {
        let router = data::router(small_secret).merge(watch::router(withhold));
        let (node, _hostile) = beside_honest(root, router).await;
        // As many as the share of one namespace has room for.
        let pods: Vec<_> = (0..31).map(|n| Pod::new(&format!("p{n}"))).collect();
        for published in join_all(pods.iter().map(|pod| node.publish(pod, "full"))).await {
            published.unwrap();
        }
        tokio::time::sleep(3 * SECOND).await;
        serves_the_honest(&node, "two").await;
        has_peaked_low(&node);
        eventually("its stream is ended", 20 * SECOND, || {
            node.log()
                .contains("the vault does not send what it is asked for")
        })
        .await;
    });
}

#[test]
fn a_vault_that_sends_what_nobody_asked_for_is_left_alone_ever_longer() {
    in_private_mounts(async |root| {
        let opened = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&opened);
        let unasked = move |mut stream: ScriptedStream| {
            counter.fetch_add(1, Ordering::Relaxed);
            async move {
                while let Some(subscribe) = stream.subscribe().await {
                    stream.say(accepted(&subscribe, data::VERSION)).await;
                    stream.say(contents(&subscribe.id, "db", 1)).await;
                }
            }
        };
        let router = data::router(small_secret).merge(watch::router(unasked));
        let (node, _hostile) = beside_honest(root, router).await;
        node.publish(&Pod::new("p"), "app").await.unwrap();
        tokio::time::sleep(6 * SECOND).await;
        assert!(
            node.log().contains("contents that it was not asked for"),
            "{}",
            node.log()
        );
        let opened = opened.load(Ordering::Relaxed);
        assert!((2..=5).contains(&opened), "{opened} streams in six seconds");
        serves_the_honest(&node, "two").await;
        assert_eq!(node.read(&Pod::new("p"), "a").as_deref(), Some("x"));
    });
}

/// Accepts each subscription and ends it at once for its token, for ever.
async fn revoke(mut stream: ScriptedStream) {
    while let Some(subscribe) = stream.subscribe().await {
        stream.say(accepted(&subscribe, data::VERSION)).await;
        let revoked = Revoked {
            id: subscribe.id,
            reason: revoked::Reason::TokenExpired.into(),
            message: String::new(),
        };
        stream.say(Message::Revoked(revoked)).await;
    }
}

#[test]
fn a_vault_that_accepts_and_refuses_tokens_in_turn_spends_few_exchanges() {
    in_private_mounts(async |root| {
        let router = data::router(small_secret).merge(watch::router(revoke));
        let (node, _hostile) = beside_honest(root, router).await;
        for n in 0..10 {
            node.publish(&Pod::new(&format!("p{n}")), "app").await.unwrap();
        }
        let before = node.identity.count();
        tokio::time::sleep(10 * SECOND).await;
        let spent = node.identity.count() - before;
        println!("{spent} exchanges of ten volumes in ten seconds");
        assert!(spent <= 25, "{spent} exchanges");
        // However many volumes it has, the vault spends no more than its share of the node's.
        let before = node.identity.count();
        for n in 10..110 {
            node.publish(&Pod::new(&format!("p{n}")), "app").await.unwrap();
        }
        tokio::time::sleep(5 * SECOND).await;
        let spent = node.identity.count() - before - 100;
        println!("{spent} exchanges of a hundred further volumes in five seconds");
        assert!(spent <= 60, "{spent} exchanges");
        serves_the_honest(&node, "two").await;
    });
}

/// Says of every volume's SecretRef, for ever, that it changed.
async fn rumour(mut stream: ScriptedStream) {
    let mut ids = Vec::new();
    loop {
        match tokio::time::timeout(SECOND / 100, stream.subscribe()).await {
            Ok(Some(subscribe)) => {
                stream.say(accepted(&subscribe, data::VERSION)).await;
                ids.push(subscribe.id);
            }
            Ok(None) => return,
            Err(_) => {
                for id in &ids {
                    stream
                        .say(Message::RefChanged(RefChanged { id: id.clone() }))
                        .await;
                }
            }
        }
    }
}

#[test]
fn a_vault_that_says_all_the_time_that_secret_refs_changed_has_few_of_them_read() {
    in_private_mounts(async |root| {
        let router = data::router(small_secret).merge(watch::router(rumour));
        let (node, _hostile) = beside_honest(root, router).await;
        for n in 0..20 {
            node.publish(&Pod::new(&format!("p{n}")), "app").await.unwrap();
        }
        tokio::time::sleep(SECOND).await;
        let before = node.api.count();
        tokio::time::sleep(10 * SECOND).await;
        let reads = node.api.count() - before;
        println!("{reads} reads of one SecretRef of twenty volumes in ten seconds");
        assert!(reads <= 30, "{reads} reads");
    });
}
