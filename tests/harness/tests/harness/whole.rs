//! A cluster from its start to its removal.

use std::{
    fs,
    time::{Duration, Instant},
};

use k8s_openapi::api::core::v1::{PersistentVolume, PersistentVolumeClaim};
use kube::Api;
use serde_json::json;
use strongroom_harness::{
    cluster::{
        apply, pods,
        wait::{self, Seen},
    },
    local::{
        flows::{Flow, Recording},
        record::Record,
    },
    testbed::Cluster,
};

use crate::{
    fixture::{Fixture, MINUTE},
    machine::{Machine, cgroups, in_network, network_of},
};

#[tokio::test]
async fn up_gives_a_cluster_that_works_and_down_leaves_nothing() {
    let fixture = Fixture::new("harness-whole");
    let before = Machine::now();
    assert!(
        !fixture.run(&["status"]).status.success(),
        "no cluster is not a healthy one"
    );
    fixture.check(&["up", "--volumes", "4", "--small-volumes", "1"]);
    assert!(fixture.check(&["status"]).contains("ready"));
    assert!(
        fixture.check(&["up"]).contains("up already"),
        "a second `up` says so and succeeds"
    );

    let cluster = fixture.cluster().await;
    names_resolve_in_pods(&cluster).await;
    released_volumes_are_offered_again_and_empty(&cluster).await;
    small_volumes_are_really_small(&cluster).await;
    nothing_leads_out(&cluster).await;
    assert_eq!(
        Machine::now().links,
        before.links,
        "no interface is added to the machine"
    );

    let record = Record::load(&fixture.layout()).unwrap().unwrap();
    let networks: Vec<_> = record
        .bundles
        .iter()
        .filter_map(|bundle| network_of(bundle.init.pid))
        .collect();
    assert_eq!(networks.len(), 2);
    assert!(
        !cgroups(&fixture.containers()).is_empty(),
        "the check below looks at the right place"
    );
    fixture.down();
    for network in networks {
        assert_eq!(
            in_network(&network),
            Vec::<i32>::new(),
            "processes outlive the cluster"
        );
    }
    assert!(!fixture.layout().root().exists());
    assert_eq!(Machine::now(), before);
    assert!(
        fixture.check(&["down"]).contains("nothing to remove"),
        "a second `down` says so and succeeds"
    );
}

async fn names_resolve_in_pods(cluster: &Cluster) {
    let client = cluster.client();
    let recording = Recording::begin(&cluster.local().unwrap().record).unwrap();
    let dns = cluster.in_namespace("dns", async |namespace| {
        shell(cluster, &namespace.name, "one").await;
        let known = ["nslookup", "kubernetes.default.svc.cluster.local"];
        let said = pods::check(&client, &namespace.name, "one", &known).await?;
        assert!(said.contains("10.96.0.1"), "{said}");
        let begun = Instant::now();
        let unknown = pods::exec(
            &client,
            &namespace.name,
            "one",
            &["nslookup", "nowhere.example.com"],
        )
        .await?;
        assert!(
            unknown.code != 0 && begun.elapsed() < Duration::from_secs(3),
            "{unknown:?}"
        );
        Ok(())
    });
    dns.await.unwrap();
    let asked =
        |flow: &Flow| flow.protocol == "udp" && flow.port == 53 && flow.to.to_string().starts_with("10.244.");
    let flows = recording.finish();
    assert!(
        flows.iter().any(asked),
        "the pod's question to DNS is among the recorded flows: {flows:?}"
    );
}

async fn released_volumes_are_offered_again_and_empty(cluster: &Cluster) {
    let client = cluster.client();
    let volumes = Api::<PersistentVolume>::all(client.clone());
    let used = cluster.in_namespace("volumes", async |namespace| {
        let pod = with_volume("writer", "data", "local", &client, &namespace.name).await;
        let write = ["sh", "-c", "echo secret > /data/left-over"];
        pods::check(&client, &namespace.name, &pod, &write).await?;
        let claims = Api::<PersistentVolumeClaim>::namespaced(client.clone(), &namespace.name);
        Ok(claims.get("data").await?.spec.unwrap().volume_name.unwrap())
    });
    let used = used.await.unwrap();
    let offered = wait::until("the volume is offered again", MINUTE, || async {
        let volume = volumes.get(&used).await?;
        let phase = volume.status.and_then(|status| status.phase).unwrap_or_default();
        Ok(if phase == "Available" {
            Seen::Ready(())
        } else {
            Seen::NotYet(phase)
        })
    });
    offered.await.unwrap();
    let local = volumes
        .get(&used)
        .await
        .unwrap()
        .spec
        .unwrap()
        .local
        .unwrap()
        .path;
    let local = cluster
        .local()
        .unwrap()
        .layout
        .root()
        .join("nodes/node-0/lib")
        .join(local.strip_prefix("/var/lib/").unwrap());
    assert_eq!(fs::read_dir(local).unwrap().count(), 0);
}

async fn small_volumes_are_really_small(cluster: &Cluster) {
    let client = cluster.client();
    let full = cluster.in_namespace("small", async |namespace| {
        let pod = with_volume("writer", "data", "small", &client, &namespace.name).await;
        let write = ["dd", "if=/dev/zero", "of=/data/big", "bs=1M", "count=64"];
        pods::exec(&client, &namespace.name, &pod, &write).await
    });
    let full = full.await.unwrap();
    assert!(
        full.code != 0 && full.stderr.contains("No space left"),
        "{full:?}"
    );
}

async fn with_volume(name: &str, claim: &str, class: &str, client: &kube::Client, namespace: &str) -> String {
    let mut pod = pods::shell(name);
    pod["spec"]["securityContext"]["fsGroup"] = json!(65532);
    pod["spec"]["volumes"] = json!([{"name": "data", "persistentVolumeClaim": {"claimName": claim}}]);
    pod["spec"]["containers"][0]["volumeMounts"] = json!([{"name": "data", "mountPath": "/data"}]);
    let claim = json!({"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": claim},
        "spec": {"storageClassName": class, "accessModes": ["ReadWriteOnce"],
            "resources": {"requests": {"storage": "1Gi"}}}});
    apply::objects(client, namespace, &[claim, pod]).await.unwrap();
    wait::pod(client, namespace, name, MINUTE).await.unwrap();
    name.to_owned()
}

/// The address is of a network that no route of the cluster leads to.
async fn nothing_leads_out(cluster: &Cluster) {
    let client = cluster.client();
    let tried = cluster.in_namespace("out", async |namespace| {
        shell(cluster, &namespace.name, "one").await;
        pods::exec(
            &client,
            &namespace.name,
            "one",
            &["nc", "-w", "2", "192.0.2.1", "80"],
        )
        .await
    });
    let tried = tried.await.unwrap();
    assert_ne!(tried.code, 0, "{tried:?}");
}

async fn shell(cluster: &Cluster, namespace: &str, name: &str) {
    apply::objects(&cluster.client(), namespace, &[pods::shell(name)])
        .await
        .unwrap();
    wait::pod(&cluster.client(), namespace, name, MINUTE)
        .await
        .unwrap();
}
