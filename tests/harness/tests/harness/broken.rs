//! A cluster of which something was killed, from outside or from inside.

use std::process::Stdio;

use k8s_openapi::api::{apps::v1::Deployment, core::v1::Pod};
use kube::{Api, api::ListParams};
use serde_json::json;
use strongroom_harness::{
    cluster::{
        apply, pods,
        wait::{self, Seen},
    },
    local::{faults, record::Record},
    testbed::Cluster,
};

use crate::{
    fixture::{Fixture, MINUTE, eventually},
    machine::Machine,
};

#[test]
fn an_aborted_up_is_removed_by_down() {
    let fixture = Fixture::new("harness-abort");
    let before = Machine::now();
    let record = || Record::load(&fixture.layout()).ok().flatten();
    // Killed at three points: while files are written, once bundles run, and while it waits for pods.
    let points: [&dyn Fn() -> bool; 3] = [
        &|| fixture.layout().root().exists(),
        &|| record().is_some_and(|record| !record.bundles.is_empty()),
        &|| fixture.layout().logs().join("node-0-kubelet.log").exists(),
    ];
    for point in points {
        let mut up = fixture
            .command(&["up"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        eventually("`up` comes this far", point);
        up.kill().unwrap();
        up.wait().unwrap();
        let bundles = record().map(|record| record.bundles).unwrap_or_default();
        fixture.down();
        for bundle in bundles {
            assert!(
                !bundle.holder.alive() && !bundle.init.alive(),
                "{} outlives `down`",
                bundle.role
            );
        }
        assert!(!fixture.layout().root().exists());
        eventually("the machine is as before", || Machine::now() == before);
    }
}

#[test]
fn a_cluster_whose_processes_were_killed_is_replaced_by_up() {
    let fixture = Fixture::new("harness-dead");
    fixture.check(&["up", "--volumes", "1", "--small-volumes", "0"]);
    for bundle in Record::load(&fixture.layout()).unwrap().unwrap().bundles {
        bundle.holder.kill().unwrap();
        bundle.init.wait_gone(MINUTE).unwrap();
    }
    let status = fixture.run(&["status"]);
    assert!(!status.status.success() && String::from_utf8_lossy(&status.stdout).contains("not whole"));
    fixture.check(&["up", "--volumes", "1", "--small-volumes", "0"]);
    fixture.check(&["status"]);
    fixture.check(&["down"]);
}

#[tokio::test]
async fn a_killed_node_takes_its_pods_with_it_and_nothing_else() {
    let fixture = Fixture::new("harness-node");
    let before = Machine::now();
    fixture.check(&["up", "--nodes", "2", "--volumes", "1", "--small-volumes", "0"]);
    let cluster = fixture.cluster().await;
    let namespace = cluster.namespace("two").await.unwrap();
    for node in ["node-0", "node-1"] {
        let mut pod = pods::shell(node);
        pod["spec"]["nodeName"] = json!(node);
        apply::objects(&cluster.client(), &namespace.name, &[pod])
            .await
            .unwrap();
        wait::pod(&cluster.client(), &namespace.name, node, MINUTE)
            .await
            .unwrap();
    }
    pods_reach_each_other_across_nodes(&cluster, &namespace.name).await;
    fixture.check(&["node", "--kill", "node-1"]);
    let record = Record::load(&fixture.layout()).unwrap().unwrap();
    assert!(!record.bundle("node-1").unwrap().init.alive());
    let said = pods::check(
        &cluster.client(),
        &namespace.name,
        "node-0",
        &["echo", "still here"],
    )
    .await
    .unwrap();
    assert_eq!(said, "still here\n");
    fixture.down();
    assert_eq!(Machine::now(), before);
}

async fn pods_reach_each_other_across_nodes(cluster: &Cluster, namespace: &str) {
    let client = cluster.client();
    let pods = Api::<Pod>::namespaced(client.clone(), namespace);
    let address = pods.get("node-1").await.unwrap().status.unwrap().pod_ip.unwrap();
    pods::check(
        &client,
        namespace,
        "node-1",
        &["sh", "-c", "echo there | nc -l -p 8080 >/dev/null 2>&1 &"],
    )
    .await
    .unwrap();
    let answer = wait::until("the other node's pod answers", MINUTE, || async {
        let said = pods::check(&client, namespace, "node-0", &["nc", "-w", "2", &address, "8080"]).await?;
        Ok(if said == "there\n" {
            Seen::Ready(())
        } else {
            Seen::NotYet(said)
        })
    });
    answer.await.unwrap();
}

#[tokio::test]
async fn what_is_killed_inside_of_a_cluster_comes_back() {
    let fixture = Fixture::new("harness-fault");
    fixture.check(&["up", "--volumes", "1", "--small-volumes", "0"]);
    let cluster = fixture.cluster().await;
    let client = cluster.client();
    let record = &cluster.local().unwrap().record;
    for (role, program) in [
        ("control", "etcd"),
        ("control", "kube-apiserver"),
        ("node-0", "kubelet"),
    ] {
        let before = faults::daemon(record, role, program).unwrap();
        before.kill().unwrap();
        before.wait_gone(MINUTE).unwrap();
        eventually(program, || {
            faults::daemon(record, role, program).is_ok_and(|after| after != before)
        });
    }
    let api = Api::<Pod>::namespaced(client.clone(), "kube-system");
    let dns = ListParams::default().labels("k8s-app=kube-dns");
    let restarted = wait::until("DNS is there again", MINUTE, || async {
        let pod = api.list(&dns).await?.items.remove(0);
        let Ok(processes) = faults::container(&pod, "coredns") else {
            return Ok(Seen::NotYet("no process".to_owned()));
        };
        let restarts = pod.status.unwrap().container_statuses.unwrap()[0].restart_count;
        if restarts == 0 {
            processes[0].kill()?;
        }
        Ok(if restarts > 0 {
            Seen::Ready(())
        } else {
            Seen::NotYet("not restarted".to_owned())
        })
    });
    restarted.await.unwrap();
    wait::rollout::<Deployment>(&client, "kube-system", "coredns", MINUTE)
        .await
        .unwrap();
    let paused = faults::pause(record, "control", "kube-apiserver").unwrap();
    assert!(
        !fixture.run(&["status"]).status.success(),
        "an API server that stands still is not healthy"
    );
    drop(paused);
    fixture.check(&["status"]);
}
