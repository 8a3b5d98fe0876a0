//! After the publish: changes reach the files, and nothing else does.

use std::{fs, path::PathBuf, time::Duration};

use serde_json::json;

use crate::support::{Node, Pod, eventually, in_private_mounts};

const SECOND: Duration = Duration::from_secs(1);

pub async fn published(root: PathBuf, pod: &Pod) -> Node {
    let node = Node::start(root).await;
    node.vault.put("db", "one");
    node.vault.put("other", "same");
    node.api.put(
        "shop",
        "app",
        &json!([
            {"path": "a", "secret": {"name": "db"}}, {"path": "deep/b", "secret": {"name": "other"}},
        ]),
    );
    node.publish(pod, "app").await.unwrap();
    node.subscribed(1).await;
    node
}

fn data(node: &Node, pod: &Pod) -> PathBuf {
    fs::read_link(node.target(pod).join("..data")).unwrap()
}

#[test]
fn a_new_version_reaches_the_file_within_a_second_and_is_acknowledged() {
    in_private_mounts(async |root| {
        let pod = Pod::with_group("p", 2000);
        let node = published(root, &pod).await;
        let [reads, ..] = node.vault.counts();
        node.vault.put("db", "two");
        node.reads(&pod, "a", "two", SECOND).await;
        assert_eq!(node.read(&pod, "deep/b").as_deref(), Some("same"));
        node.acknowledges(1).await;
        assert_eq!(
            node.vault.counts(),
            [reads, 1, 0, 1],
            "only what changed is fetched, on the stream"
        );
    });
}

#[test]
fn the_same_value_again_is_acknowledged_and_not_written() {
    in_private_mounts(async |root| {
        let pod = Pod::new("p");
        let node = published(root, &pod).await;
        let before = data(&node, &pod);
        node.vault.put("db", "one");
        node.acknowledges(1).await;
        assert_eq!(data(&node, &pod), before);
    });
}

/// That the token is exchanged once however often the kubelet calls is proved in `follow`, `token`.
#[test]
fn a_republish_with_nothing_new_asks_nobody_and_a_new_token_is_exchanged_once() {
    in_private_mounts(async |root| {
        let mut pod = Pod::new("p");
        let node = published(root, &pod).await;
        let [reads, subscribes, renews, _] = node.vault.counts();
        let (exchanges, references) = (node.identity.count(), node.api.count());
        for _ in 0..5 {
            node.publish(&pod, "app").await.unwrap();
        }
        // The volume handles messages in order: once it has handled this one, it has handled all before it.
        node.catches_up(1).await;
        assert_eq!(node.vault.counts(), [reads, subscribes, renews, 1]);
        assert_eq!((node.identity.count(), node.api.count()), (exchanges, references));
        pod.token = 2;
        for _ in 0..3 {
            node.publish(&pod, "app").await.unwrap();
        }
        eventually("the subscription is renewed", SECOND, || {
            node.vault.counts()[2] == renews + 1
        })
        .await;
        node.catches_up(2).await;
        assert_eq!(node.vault.counts(), [reads, subscribes, renews + 1, 2]);
        assert_eq!(
            (node.identity.count(), node.api.count()),
            (exchanges + 1, references)
        );
    });
}

#[test]
fn a_published_volume_answers_ok_whatever_is_down() {
    in_private_mounts(async |root| {
        let mut pod = Pod::new("p");
        let mut node = published(root, &pod).await;
        node.vault.stop().await;
        node.api.delete("shop", "app");
        node.identity.refuse(true);
        pod.token = 2;
        node.publish(&pod, "app").await.unwrap();
        let mut without = node.request(&pod, "app");
        without.secrets.clear();
        node.driver
            .node()
            .await
            .node_publish_volume(without)
            .await
            .unwrap();
        assert_eq!(node.read(&pod, "a").as_deref(), Some("one"));
        eventually("an event says what is wrong", SECOND, || {
            node.api.notes().iter().any(|note| {
                note.starts_with("RefreshFailed: SecretRef app, service account shop/api:")
                    && note.contains("the pod is gone")
            })
        })
        .await;
    });
}

#[test]
fn a_vault_that_is_down_changes_nothing_and_is_caught_up_with_when_it_is_back() {
    in_private_mounts(async |root| {
        let pod = Pod::new("p");
        let mut node = published(root, &pod).await;
        let before = data(&node, &pod);
        node.vault.stop().await;
        node.vault.put("db", "two");
        node.says("the stream is lost").await;
        assert_eq!(
            (data(&node, &pod), node.read(&pod, "a").as_deref()),
            (before, Some("one"))
        );
        node.vault.listen().await;
        node.reads(&pod, "a", "two", 4 * SECOND).await;
        assert_eq!(node.identity.count(), 1, "the token is still good");
    });
}

#[test]
fn a_file_whose_secret_cannot_be_read_any_more_stays_and_has_one_event() {
    in_private_mounts(async |root| {
        let pod = Pod::new("p");
        let node = published(root, &pod).await;
        node.vault.enable("db", false);
        eventually("an event says so", SECOND, || {
            node.api
                .notes()
                .iter()
                .any(|note| note.contains("secret db: it is disabled; the files stay as they are"))
        })
        .await;
        let problems: [(&str, &dyn Fn()); 3] = [
            ("deleted", &|| node.vault.delete("db")),
            ("forbidden", &|| node.vault.deny("db", true)),
            ("gone", &|| {
                node.vault.purge("db");
                node.vault.deny("db", false);
            }),
        ];
        for (problem, make) in problems {
            make();
            // The volume handles messages in order: once it has this, it has heard of the problem.
            node.vault.put("other", problem);
            node.reads(&pod, "deep/b", problem, SECOND).await;
            eventually(
                "the vault knows that the files are not what they should be",
                SECOND,
                || node.vault.volumes() == (1, 0, 1),
            )
            .await;
            assert_eq!(node.api.notes().len(), 1, "{problem}");
            assert_eq!(node.read(&pod, "a").as_deref(), Some("one"), "{problem}");
        }
        node.vault.put("db", "two");
        node.reads(&pod, "a", "two", SECOND).await;
    });
}

/// When it is asked for again is proved in `follow`, `subscription`.
#[test]
fn a_refused_subscription_is_reported_once_and_leaves_the_files() {
    in_private_mounts(async |root| {
        let pod = Pod::new("p");
        let node = published(root, &pod).await;
        node.vault.deny("*", true);
        eventually("an event says so", SECOND, || {
            node.api.notes().iter().any(|note| {
                note.starts_with("AccessRevoked")
                    && note.contains("policy allows the account to get none of the objects")
            })
        })
        .await;
        node.vault.put("db", "two");
        for _ in 0..4 {
            node.publish(&pod, "app").await.unwrap();
        }
        assert_eq!(node.vault.counts()[1], 1, "it is left alone for a while");
        assert_eq!(node.read(&pod, "a").as_deref(), Some("one"));
        assert_eq!(
            (node.api.notes().len(), node.api.count(), node.identity.count()),
            (1, 1, 1)
        );
    });
}

/// When each of them reads its SecretRef is proved in `follow`, `reference`.
#[test]
fn after_a_lost_stream_all_volumes_subscribe_again_and_few_read_their_secret_ref_at_once() {
    in_private_mounts(async |root| {
        let mut node = Node::start(root).await;
        node.vault.put("db", "one");
        node.api
            .put("shop", "app", &json!([{"path": "a", "secret": {"name": "db"}}]));
        for n in 0..40 {
            node.publish(&Pod::new(&format!("p{n}")), "app").await.unwrap();
        }
        node.subscribed(40).await;
        let before = node.api.count();
        node.vault.stop().await;
        node.says("the stream is lost").await;
        node.vault.listen().await;
        eventually("all subscribe again", 5 * SECOND, || node.vault.counts()[1] == 80).await;
        node.subscribed(40).await;
        let at_once = node.api.count() - before;
        assert!(at_once < 20, "{at_once} of 40 are read at once");
    });
}

#[test]
fn an_expired_token_is_exchanged_anew_without_the_kubelet() {
    in_private_mounts(async |root| {
        let pod = Pod::new("p");
        let node = published(root, &pod).await;
        node.vault.expire_tokens();
        eventually("a token is exchanged", SECOND, || node.identity.count() == 2).await;
        eventually("it subscribes again", SECOND, || node.vault.counts()[1] == 2).await;
        node.subscribed(1).await;
        node.vault.put("db", "two");
        node.reads(&pod, "a", "two", SECOND).await;
        assert_eq!(node.identity.count(), 2);
        assert_eq!(node.api.notes(), Vec::<String>::new());
    });
}

/// That time passing changes nothing is proved in `follow`, `subscription`.
#[test]
fn a_volume_of_nothing_but_the_trust_bundle_asks_neither_vault_nor_identity_service() {
    in_private_mounts(async |root| {
        let node = Node::start(root).await;
        node.api
            .put("shop", "app", &json!([{"path": "ca.crt", "trustBundle": {}}]));
        let mut pod = Pod::new("p");
        for token in 1..4 {
            pod.token = token;
            node.publish(&pod, "app").await.unwrap();
            // The volume keeps each token as soon as it has it.
            eventually("it has the token", SECOND, || {
                node.kept(&pod).contains(&pod.jwt())
            })
            .await;
        }
        assert!(node.vault.is_left_alone());
        assert_eq!((node.identity.count(), node.api.count()), (0, 1));
        assert_eq!(node.api.notes(), Vec::<String>::new());
    });
}

/// Wall time on a busy machine says little; what a node's worth of volumes costs the driver says whether it keeps up.
#[test]
fn a_node_full_of_volumes_follows_a_change_with_little_work_and_memory() {
    in_private_mounts(async |root| {
        let node = Node::start(root).await;
        node.vault.put("db", "one");
        node.api
            .put("shop", "app", &json!([{"path": "a", "secret": {"name": "db"}}]));
        let pods: Vec<_> = (0..110).map(|n| Pod::new(&format!("p{n}"))).collect();
        for pod in &pods {
            node.publish(pod, "app").await.unwrap();
        }
        node.subscribed(110).await;
        let before = cpu_ticks(node.driver.pid());
        node.vault.put("db", "two");
        let mut left: Vec<_> = pods.iter().collect();
        let took = eventually("all files changed", 30 * SECOND, || {
            left.retain(|pod| node.read(pod, "a").as_deref() != Some("two"));
            left.is_empty()
        })
        .await;
        // A tick is a hundredth of a second.
        let ticks = cpu_ticks(node.driver.pid()) - before;
        let kib = anonymous_kib(node.driver.pid());
        println!(
            "110 volumes: {took:?}, {} ms of CPU, RssAnon {kib} KiB",
            ticks * 10
        );
        assert!(ticks < 100, "{ticks} ticks");
        assert!(kib < 15 * 1024, "RssAnon is {kib} KiB");
    });
}

/// The time a process has run, in user mode and in the kernel (proc(5)).
fn cpu_ticks(pid: u32) -> u64 {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    let after_name = stat.rsplit(')').next().unwrap();
    after_name
        .split_whitespace()
        .skip(11)
        .take(2)
        .map(|field| field.parse::<u64>().unwrap())
        .sum()
}

fn anonymous_kib(pid: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("RssAnon:"))
        .unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}
