//! The harness itself: what `up` gives, and that `down` leaves nothing, whatever happened before.
//!
//! One cluster after another, beside any that already runs: each has a name and a directory of its own.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "this whole file is tests; clippy exempts only the functions marked so"
)]

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
    sync::Mutex,
    thread,
    time::{Duration, Instant},
};

use k8s_openapi::api::{
    apps::v1::Deployment,
    core::v1::{PersistentVolume, PersistentVolumeClaim, Pod},
};
use kube::{Api, api::ListParams};
use serde_json::json;
use strongroom_tests::{
    cluster::{
        Cluster, apply, pods,
        wait::{self, Seen},
    },
    local::{
        Layout, faults,
        flows::{Flow, Recording},
        process::Process,
        record::Record,
    },
};

/// The machine has room for one more cluster at a time.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
const MINUTE: Duration = Duration::from_mins(1);

/// A cluster of one test, removed at its end whatever happens.
struct Fixture {
    name: &'static str,
    _turn: std::sync::MutexGuard<'static, ()>,
}

impl Fixture {
    fn new(name: &'static str) -> Self {
        let turn = ONE_AT_A_TIME
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        let fixture = Self { name, _turn: turn };
        // An aborted run may have left it.
        fixture.run(&["down"]);
        fixture
    }

    fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_harness"));
        command.args(words).args(["--name", self.name]);
        command.env_remove("KUBECONFIG").stdin(Stdio::null());
        command
    }

    fn run(&self, words: &[&str]) -> Output {
        self.command(words).output().unwrap()
    }

    /// A command that has to succeed.
    fn check(&self, words: &[&str]) -> String {
        let output = self.run(words);
        let (out, err) = (
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr),
        );
        assert!(output.status.success(), "{words:?}: {out}\n{err}");
        format!("{out}{err}")
    }

    fn layout(&self) -> Layout {
        Layout::from_env(self.name).unwrap()
    }

    /// The containers that run on the first two nodes.
    fn containers(&self) -> BTreeSet<String> {
        let dirs = ["node-0", "node-1"].map(|node| self.layout().containers(node));
        let entries = dirs
            .iter()
            .flat_map(|dir| fs::read_dir(dir).into_iter().flatten().flatten());
        entries
            .map(|entry| entry.file_name().into_string().unwrap())
            .collect()
    }

    /// Removes the cluster and checks that no container's cgroup stays.
    fn down(&self) {
        let containers = self.containers();
        self.check(&["down"]);
        assert_eq!(cgroups(&containers), Vec::<PathBuf>::new());
    }

    async fn cluster(&self) -> Cluster {
        Cluster::connect_local(&self.layout()).await.unwrap()
    }
}

impl Drop for Fixture {
    fn drop(&mut self) {
        let _ = self.run(&["down"]);
    }
}

/// What a cluster could leave on the machine.
#[derive(Debug, PartialEq, Eq)]
struct Machine {
    mounts: String,
    links: Vec<String>,
    addresses: String,
    routes: String,
    kubelet: bool,
}

impl Machine {
    fn now() -> Self {
        let listing = |args: &[&str]| {
            String::from_utf8(Command::new("ip").args(args).output().unwrap().stdout).unwrap()
        };
        let names = fs::read_dir("/sys/class/net")
            .unwrap()
            .map(|entry| entry.unwrap().file_name());
        let mut links: Vec<String> = names.map(|name| name.into_string().unwrap()).collect();
        links.sort();
        Self {
            mounts: fs::read_to_string("/proc/self/mountinfo").unwrap(),
            links,
            addresses: listing(&["-brief", "address"]),
            routes: listing(&["route"]),
            kubelet: Path::new("/var/lib/kubelet").exists(),
        }
    }
}

/// The cgroups of some containers, in the hierarchies of version 1 and in the one of version 2. Another
/// cluster's containers come and go meanwhile.
fn cgroups(containers: &BTreeSet<String>) -> Vec<PathBuf> {
    let mount = Path::new("/sys/fs/cgroup");
    let hierarchies = fs::read_dir(mount).unwrap().map(|entry| entry.unwrap().path());
    let parents = hierarchies
        .chain([mount.to_owned()])
        .map(|dir| dir.join("k8s.io"));
    let all = parents.flat_map(|dir| containers.iter().map(move |name| dir.join(name)));
    all.filter(|dir| dir.exists()).collect()
}

/// Processes whose network namespace is the one given, by its inode.
fn in_network(inode: &str) -> Vec<i32> {
    let pids = fs::read_dir("/proc").unwrap().flatten();
    let pids = pids.filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
    pids.filter(|pid| network_of(*pid).as_deref() == Some(inode))
        .collect()
}

fn network_of(pid: i32) -> Option<String> {
    fs::read_link(format!("/proc/{pid}/ns/net"))
        .ok()
        .map(|link| link.display().to_string())
}

fn eventually(what: &str, mut check: impl FnMut() -> bool) {
    let end = Instant::now() + MINUTE;
    while !check() {
        assert!(Instant::now() < end, "{what}: not within a minute");
        thread::sleep(Duration::from_millis(50));
    }
}

async fn shell(cluster: &Cluster, namespace: &str, name: &str) {
    apply::objects(&cluster.client(), namespace, &[pods::shell(name)])
        .await
        .unwrap();
    wait::pod(&cluster.client(), namespace, name, MINUTE)
        .await
        .unwrap();
}

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

#[test]
fn a_taken_port_is_a_sentence_and_leaves_no_cluster() {
    let fixture = Fixture::new("harness-port");
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let output = fixture.run(&["up", "--api-port", &port]);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        !output.status.success() && said.contains(&format!("port {port} of 127.0.0.1 is taken")),
        "{said}"
    );
    assert!(!fixture.layout().root().exists());
}

#[test]
fn down_ends_no_process_that_only_has_a_recorded_number() {
    let fixture = Fixture::new("harness-other");
    let mut other = Command::new("sleep").arg("60").spawn().unwrap();
    let now = Process::of(i32::try_from(other.id()).unwrap()).unwrap();
    let stale = json!({"pid": now.pid, "started": now.started - 1});
    let record = json!({"format": 1, "boot": strongroom_tests::local::process::boot_id(), "api_port": 1,
        "options": strongroom_tests::local::Options::default(), "complete": true,
        "bundles": [{"role": "control", "holder": stale, "init": stale}]});
    fixture
        .layout()
        .write("cluster.json", &record.to_string())
        .unwrap();
    fixture.check(&["down"]);
    assert!(now.alive());
    other.kill().unwrap();
    other.wait().unwrap();
}

#[test]
fn tools_that_are_there_are_not_installed_again() {
    // The clusters above have installed these; asking again costs nothing.
    let harness = env!("CARGO_BIN_EXE_harness");
    let install = || {
        Command::new(harness)
            .args(["tools", "kubernetes", "coredns", "busybox"])
            .output()
            .unwrap()
    };
    assert!(install().status.success());
    let begun = Instant::now();
    let second = install();
    assert!(begun.elapsed() < Duration::from_secs(1));
    assert!(String::from_utf8_lossy(&second.stdout).contains("installed: nothing"));
}
