//! The first publish of a volume, and what refuses it.

use std::{fs, os::unix::fs::MetadataExt as _, path::Path, time::Duration};

use serde_json::json;
use strongroom_testing::hostile_vault::data;
use tonic::Code;

use crate::support::{Node, Pod, eventually, in_private_mounts, namespace::mount_line};

#[test]
fn the_volumes_of_one_pod_share_an_exchange_and_those_of_another_pod_do_not() {
    in_private_mounts(async |root| {
        let node = Node::start(root).await;
        node.vault.put("db", "one");
        node.api
            .put("shop", "app", &json!([{"path": "a", "secret": {"name": "db"}}]));
        let mut pod = Pod::new("p");
        for exchanges in 1..3 {
            pod.token += 1;
            let mut second = node.request(&pod, "app");
            second.volume_id.push_str("-second");
            second.target_path = second.target_path.replace("/s/", "/t/");
            fs::create_dir_all(Path::new(&second.target_path).parent().unwrap()).unwrap();
            let (mut one, mut other) = (node.driver.node().await, node.driver.node().await);
            let (first, second) = tokio::join!(
                one.node_publish_volume(node.request(&pod, "app")),
                other.node_publish_volume(second),
            );
            first.unwrap();
            second.unwrap();
            let renewals = 2 * (exchanges - 1);
            eventually(
                "both subscriptions have the new token",
                Duration::from_secs(5),
                || node.vault.subscriptions() == 2 && node.vault.counts()[2] == renewals,
            )
            .await;
            assert_eq!(node.identity.count(), exchanges);
        }
        node.publish(&Pod::new("q"), "app").await.unwrap();
        assert_eq!(node.identity.count(), 3);
    });
}

#[test]
fn a_pod_reads_its_secrets_with_the_modes_and_group_that_were_asked_for() {
    in_private_mounts(async |root| {
        let node = Node::start(root).await;
        node.vault.put("db", "old");
        let pinned = node.vault.put("db", "pinned");
        node.vault.put("db", "current");
        node.api.put(
            "shop",
            "app",
            &json!([
                {"path": "password", "secret": {"name": "db"}},
                {"path": "tls/pinned", "mode": "0400", "secret": {"name": "db", "version": pinned}},
                {"path": "ca.crt", "trustBundle": {}},
            ]),
        );
        let (plain, grouped) = (Pod::new("plain"), Pod::with_group("grouped", 2000));
        node.publish(&plain, "app").await.unwrap();
        node.publish(&grouped, "app").await.unwrap();
        let stat = |pod: &Pod, path: &str| {
            let found = fs::metadata(node.target(pod).join(path)).unwrap();
            (found.mode() & 0o777, found.gid())
        };
        for pod in [&plain, &grouped] {
            assert_eq!(node.read(pod, "password").as_deref(), Some("current"));
            assert_eq!(node.read(pod, "tls/pinned").as_deref(), Some("pinned"));
            assert!(node.read(pod, "ca.crt").unwrap().contains("BEGIN CERTIFICATE"));
        }
        assert_eq!(
            (stat(&plain, "password"), stat(&plain, "")),
            ((0o444, 0), (0o755, 0))
        );
        assert_eq!(
            (stat(&grouped, "password"), stat(&grouped, "")),
            ((0o440, 2000), (0o750, 2000))
        );
        assert_eq!(stat(&grouped, "tls/pinned"), (0o400, 2000));
        let form = node.identity.exchanges().pop().unwrap().form;
        assert_eq!(form["scope"], "https://prod.team-a.svc/.default");
        assert_eq!(form["actor_token"], "actor-token");
        let log = node.log();
        assert!(!log.contains("CANARY") && !log.contains("pinned\""), "{log}");
        node.keeps_tokens(&log);
    });
}

#[test]
fn a_failing_publish_names_every_file_with_its_reason_and_leaves_nothing() {
    in_private_mounts(async |root| {
        let node = Node::start(root).await;
        node.vault.put("good", "CANARY-VALUE");
        node.vault.put("denied", "x");
        node.vault.deny("denied", true);
        node.vault.put("off", "x");
        node.vault.enable("off", false);
        node.api.put(
            "shop",
            "app",
            &json!([
                {"path": "a", "secret": {"name": "good"}},
                {"path": "b", "secret": {"name": "denied"}},
                {"path": "c/d", "secret": {"name": "off"}},
                {"path": "e", "secret": {"name": "missing"}},
            ]),
        );
        let pod = Pod::new("p");
        let refused = node.publish(&pod, "app").await.unwrap_err();
        assert_eq!(refused.code(), Code::FailedPrecondition);
        assert_eq!(
            refused.message(),
            "SecretRef shop/app: 3 of its files cannot be read from vault team-a/prod: e (secret missing): it does not exist; \
             c/d (secret off): it is disabled; b (secret denied): service account shop/api may not read it, or it does not exist. \
             The conditions of the SecretRef are about this service account. To see why: kubectl strongroom policy check \
             --vault team-a/prod --service-account shop/api --permission secrets/get --object denied"
        );
        assert_eq!(mount_line("self", &node.target(&pod)), None);
        assert!(!node.target(&pod).exists());
        assert_eq!(
            fs::read_dir(node.root.join("kubelet/plugins/csi.strongroom.dev/state"))
                .unwrap()
                .count(),
            0
        );
        node.vault.deny("denied", false);
        node.vault.enable("off", true);
        node.vault.put("missing", "here");
        node.publish(&pod, "app").await.unwrap();
        assert_eq!(node.read(&pod, "e").as_deref(), Some("here"));
    });
}

#[test]
fn a_publish_waits_for_a_vault_that_is_starting() {
    in_private_mounts(async |root| {
        let mut node = Node::start(root).await;
        node.vault.put("db", "x");
        node.api
            .put("shop", "app", &json!([{"path": "a", "secret": {"name": "db"}}]));
        node.vault.stop().await;
        let pod = Pod::new("p");
        let request = node.request(&pod, "app");
        let mut client = node.driver.node().await;
        let publishing = tokio::spawn(async move { client.node_publish_volume(request).await });
        node.says("holding the call").await;
        assert!(!publishing.is_finished());
        let second = node.publish(&pod, "app").await.unwrap_err();
        assert_eq!(second.code(), Code::Aborted, "a second call on the same volume");
        node.vault.listen().await;
        publishing.await.unwrap().unwrap();
        assert_eq!(node.read(&pod, "a").as_deref(), Some("x"));
    });
}

#[test]
fn a_vault_that_stays_away_is_named_with_what_is_wrong() {
    in_private_mounts(async |root| {
        let mut node = Node::start_with(root, &["--patience", "1"], true).await;
        let files = json!([{"path": "a", "secret": {"name": "db"}}]);
        node.api.put_authorized("shop", "app", &files, "True");
        node.vault.stop().await;
        let refused = node.publish(&Pod::new("p"), "app").await.unwrap_err();
        assert_eq!(refused.code(), Code::Unavailable);
        let message = refused.message();
        assert!(
            message.contains("a (secret db)") && message.contains("prod.team-a.svc"),
            "{message}"
        );
        assert!(message.contains("refused"), "{message}");
    });
}

#[test]
fn to_who_is_not_known_to_be_permitted_a_vault_that_is_away_looks_like_one_that_refuses() {
    in_private_mounts(async |root| {
        let mut node = Node::start_with(root, &["--patience", "1"], true).await;
        let files = json!([{"path": "a", "secret": {"name": "db"}}]);
        node.vault.stop().await;
        for authorized in ["False", "Unknown"] {
            node.api.put_authorized("shop", "app", &files, authorized);
            let refused = node.publish(&Pod::new("p"), "app").await.unwrap_err();
            assert_eq!(
                (refused.code(), refused.message()),
                (
                    Code::PermissionDenied,
                    "SecretRef shop/app: 1 of its files cannot be read from vault team-a/prod: \
                         a (secret db): service account shop/api may not read it, or it does not exist. \
                         The conditions of the SecretRef are about this service account. \
                         To see why: kubectl strongroom policy check \
                         --vault team-a/prod --service-account shop/api --permission secrets/get --object db"
                )
            );
        }
    });
}

#[test]
fn a_secret_ref_that_is_missing_or_breaks_a_rule_fails_the_mount_with_its_reason() {
    in_private_mounts(async |root| {
        let node = Node::start(root).await;
        let pod = Pod::new("p");
        let missing = node.publish(&pod, "app").await.unwrap_err();
        assert_eq!(
            (missing.code(), missing.message()),
            (Code::NotFound, "SecretRef shop/app does not exist")
        );
        node.api.put(
            "elsewhere",
            "app",
            &json!([{"path": "a", "secret": {"name": "db"}}]),
        );
        assert_eq!(
            node.publish(&pod, "app").await.unwrap_err().code(),
            Code::NotFound
        );
        for path in ["/etc/passwd", "../x", "..data", "a//b"] {
            node.api
                .put("shop", "app", &json!([{"path": path, "secret": {"name": "db"}}]));
            let refused = node.publish(&pod, "app").await.unwrap_err();
            assert_eq!(refused.code(), Code::FailedPrecondition, "{path}");
            assert!(
                refused
                    .message()
                    .starts_with("SecretRef shop/app cannot be mounted: path"),
                "{refused:?}"
            );
        }
        node.api.put(
            "shop",
            "app",
            &json!([{"path": "a", "secret": {"name": "x"}}, {"path": "a/b", "secret": {"name": "x"}}]),
        );
        let refused = node.publish(&pod, "app").await.unwrap_err();
        assert!(
            refused
                .message()
                .ends_with("path a is the directory of another file"),
            "{refused:?}"
        );
    });
}

#[test]
fn a_refused_token_fails_the_mount_and_the_vault_is_not_asked() {
    in_private_mounts(async |root| {
        let node = Node::start(root).await;
        node.api
            .put("shop", "app", &json!([{"path": "a", "secret": {"name": "db"}}]));
        node.identity.refuse(true);
        let refused = node.publish(&Pod::new("p"), "app").await.unwrap_err();
        assert_eq!(refused.code(), Code::PermissionDenied);
        assert!(refused.message().contains("the pod is gone"), "{refused:?}");
        assert!(node.vault.is_left_alone());
    });
}

#[test]
fn unknown_and_reserved_attributes_refuse_the_mount() {
    in_private_mounts(async |root| {
        let node = Node::start(root).await;
        let mut client = node.driver.node().await;
        for key in [
            "vault",
            "secretProviderClass",
            "csi.storage.k8s.io/serviceAccount.tokens",
        ] {
            let mut request = node.request(&Pod::new("p"), "app");
            request.volume_context.insert(key.into(), "x".into());
            let refused = client.node_publish_volume(request).await.unwrap_err();
            assert_eq!(refused.code(), Code::InvalidArgument, "{key}");
            assert!(refused.message().contains(key), "{refused:?}");
        }
    });
}

#[test]
fn without_shared_mounts_nothing_is_published() {
    in_private_mounts(async |root| {
        let node = Node::start_with(root, &[], false).await;
        node.vault.put("db", "x");
        node.api
            .put("shop", "app", &json!([{"path": "a", "secret": {"name": "db"}}]));
        let refused = node.publish(&Pod::new("p"), "app").await.unwrap_err();
        assert_eq!(refused.code(), Code::FailedPrecondition);
        assert!(refused.message().contains("Bidirectional"), "{refused:?}");
    });
}

#[test]
fn a_half_made_volume_is_made_anew() {
    in_private_mounts(async |root| {
        let node = Node::start(root).await;
        node.vault.put("db", "x");
        node.api
            .put("shop", "app", &json!([{"path": "a", "secret": {"name": "db"}}]));
        let pod = Pod::new("p");
        let target = node.target(&pod);
        fs::create_dir_all(&target).unwrap();
        rustix::mount::mount("left", &target, "tmpfs", rustix::mount::MountFlags::empty(), None).unwrap();
        node.publish(&pod, "app").await.unwrap();
        assert_eq!(node.read(&pod, "a").as_deref(), Some("x"));
        assert!(mount_line("self", &target).unwrap().contains("noexec"));
    });
}

#[test]
fn fifty_pods_at_once_are_all_served() {
    in_private_mounts(async |root| {
        let node = Node::start(root).await;
        node.vault.put("db", "x");
        node.api
            .put("shop", "app", &json!([{"path": "a", "secret": {"name": "db"}}]));
        let pods: Vec<_> = (0..50).map(|n| Pod::new(&format!("p{n}"))).collect();
        let all = pods.iter().map(|pod| node.publish(pod, "app"));
        for published in futures::future::join_all(all).await {
            published.unwrap();
        }
        assert!(pods.iter().all(|pod| node.read(pod, "a").as_deref() == Some("x")));
        node.subscribed(50).await;
    });
}

#[test]
fn a_value_larger_than_any_secrets_is_refused_and_a_volume_of_the_largest_follows() {
    in_private_mounts(async |root| {
        let mut node = Node::start(root).await;
        let file = |n| json!({"path": format!("f{n}"), "secret": {"name": format!("s{n}")}});
        let files: Vec<_> = (0..64).map(file).collect();
        node.api.put("shop", "app", &json!(files));
        let pod = Pod::new("p");
        node.vault.stop().await;
        let hostile = node
            .hostile_vault(data::router(async |name| {
                data::secret(&name, &"x".repeat(25 * 1024 + 1))
            }))
            .await;
        let refused = node.publish(&pod, "app").await.unwrap_err();
        assert_eq!(refused.code(), Code::FailedPrecondition);
        assert!(
            refused.message().contains("a value of more than 25600 bytes"),
            "{refused:?}"
        );
        hostile.stop().await;
        node.vault.listen().await;
        for n in 0..64 {
            node.vault.put(&format!("s{n}"), &"x".repeat(25 * 1024));
        }
        node.publish(&pod, "app").await.unwrap();
        assert_eq!(node.read(&pod, "f63").unwrap().len(), 25 * 1024);
        node.subscribed(1).await;
        for n in 0..64 {
            node.vault.put(&format!("s{n}"), &"y".repeat(25 * 1024));
        }
        node.reads(
            &pod,
            "f63",
            &"y".repeat(25 * 1024),
            std::time::Duration::from_secs(5),
        )
        .await;
    });
}

#[test]
fn a_mount_with_a_warm_connection_takes_milliseconds() {
    in_private_mounts(async |root| {
        let node = Node::start(root).await;
        for name in ["a", "b", "c"] {
            node.vault.put(name, "x");
        }
        node.api.put(
            "shop",
            "app",
            &json!([
                {"path": "a", "secret": {"name": "a"}}, {"path": "b", "secret": {"name": "b"}},
                {"path": "c", "secret": {"name": "c"}},
            ]),
        );
        node.publish(&Pod::new("warm"), "app").await.unwrap();
        let mut client = node.driver.node().await;
        let mut took = Vec::new();
        for n in 0..50 {
            let request = node.request(&Pod::new(&format!("p{n}")), "app");
            let began = std::time::Instant::now();
            client.node_publish_volume(request).await.unwrap();
            took.push(began.elapsed());
        }
        took.sort();
        println!(
            "a mount of three objects: median {:?}, slowest {:?}",
            took[25], took[49]
        );
        // The target is 10 ms at the 99th percentile; a busy machine makes stragglers.
        assert!(took[25] < Duration::from_millis(50), "{took:?}");
    });
}

/// A file of one byte takes a page of memory, and the kernel counts it as the node driver's.
#[test]
fn many_small_files_are_refused_by_the_memory_that_they_take() {
    in_private_mounts(async |root| {
        // Files may take a quarter, and one namespace half of that: 256 KiB.
        let node = Node::start_with(root, &["--memory-limit", "2097152"], true).await;
        let files = |count: usize| {
            let file = |n| json!({"path": format!("f{n}"), "secret": {"name": format!("s{n}")}});
            json!((0..count).map(file).collect::<Vec<_>>())
        };
        for n in 0..64 {
            node.vault.put(&format!("s{n}"), "1");
        }
        node.api.put("shop", "few", &files(16));
        node.api.put("shop", "many", &files(64));
        node.publish(&Pod::new("few"), "few").await.unwrap();
        let refused = node.publish(&Pod::new("many"), "many").await.unwrap_err();
        let message = refused.message();
        assert!(
            message.contains("the size of the volumes in bytes of the namespace on the node would be"),
            "{message}"
        );
    });
}
