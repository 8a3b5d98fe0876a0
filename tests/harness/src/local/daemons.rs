//! The daemons of each bundle and their flags.

use super::{
    Layout, Options, audit,
    bundle::{Daemon, Plan},
    config::CONTAINERD_SOCKET,
    layout::{INSIDE_TOOLS, inside},
    network::node_name,
    volumes,
};

/// The port of the API server inside of the control bundle.
pub const API_PORT: u16 = 6443;
/// Where tokens say that they come from; also how the identity service finds the cluster's keys.
pub const ISSUER: &str = "https://kubernetes.default.svc.cluster.local";

/// The control bundle.
pub fn control(options: &Options) -> Plan {
    Plan {
        binds: Vec::new(),
        shared: Vec::new(),
        small: Vec::new(),
        forward: None,
        relay: Some(format!("127.0.0.1:{API_PORT}")),
        daemons: vec![etcd(options), api_server(options), controllers(), scheduler()],
    }
}

/// The bundle of a node.
pub fn node(layout: &Layout, index: u8, options: &Options) -> Plan {
    let name = node_name(index);
    let own = |dir: &str| format!("nodes/{name}/{dir}");
    Plan {
        binds: vec![
            (own("lib"), "/var/lib".to_owned()),
            (own("log"), "/var/log".to_owned()),
        ],
        shared: vec!["/var/lib/kubelet".to_owned()],
        small: volumes::small_mounts(options),
        forward: Some(options.ip_family),
        relay: None,
        daemons: vec![
            containerd(&name),
            kubelet(layout, index, options),
            kube_proxy(&name),
            recycler(&name),
        ],
    }
}

fn etcd(options: &Options) -> Daemon {
    let mut args = vec![
        format!("--data-dir={}", inside("etcd")),
        "--name=etcd".to_owned(),
        "--listen-client-urls=http://127.0.0.1:2379".to_owned(),
        "--advertise-client-urls=http://127.0.0.1:2379".to_owned(),
        "--listen-peer-urls=http://127.0.0.1:2380".to_owned(),
        "--initial-advertise-peer-urls=http://127.0.0.1:2380".to_owned(),
        "--initial-cluster=etcd=http://127.0.0.1:2380".to_owned(),
        "--log-level=warn".to_owned(),
    ];
    if !options.etcd_fsync {
        args.push("--unsafe-no-fsync".to_owned());
    }
    kubernetes("etcd", args, None)
}

fn api_server(options: &Options) -> Daemon {
    let family = options.ip_family;
    let pki = |file: &str| inside(&format!("pki/{file}"));
    let args = vec![
        "--etcd-servers=http://127.0.0.1:2379".to_owned(),
        format!("--bind-address={}", family.everywhere()),
        format!("--advertise-address={}", family.control()),
        format!("--secure-port={API_PORT}"),
        format!("--tls-cert-file={}", pki("kube-apiserver.crt")),
        format!("--tls-private-key-file={}", pki("kube-apiserver.key")),
        format!("--client-ca-file={}", pki("ca.crt")),
        format!("--kubelet-certificate-authority={}", pki("ca.crt")),
        format!("--kubelet-client-certificate={}", pki("kubelet-client.crt")),
        format!("--kubelet-client-key={}", pki("kubelet-client.key")),
        // A node's name is in no DNS that this server asks.
        "--kubelet-preferred-address-types=InternalIP".to_owned(),
        format!("--service-account-issuer={ISSUER}"),
        format!("--service-account-key-file={}", pki("service-account.key")),
        format!(
            "--service-account-signing-key-file={}",
            pki("service-account.key")
        ),
        format!("--service-cluster-ip-range={}", family.services()),
        "--authorization-mode=Node,RBAC".to_owned(),
        "--enable-admission-plugins=NodeRestriction".to_owned(),
        "--allow-privileged=true".to_owned(),
        "--profiling=false".to_owned(),
        format!("--audit-policy-file={}", inside(audit::POLICY)),
        format!("--audit-log-path={}", inside(audit::LOG)),
        // A whole run of tests is some 20 MB; a part that is put aside would be rights that no test sees.
        "--audit-log-maxsize=500".to_owned(),
        "--audit-log-maxbackup=1".to_owned(),
    ];
    kubernetes("kube-apiserver", args, None)
}

fn controllers() -> Daemon {
    let config = inside("pki/kube-controller-manager.kubeconfig");
    let args = vec![
        format!("--kubeconfig={config}"),
        format!("--authentication-kubeconfig={config}"),
        format!("--authorization-kubeconfig={config}"),
        "--use-service-account-credentials=true".to_owned(),
        format!(
            "--service-account-private-key-file={}",
            inside("pki/service-account.key")
        ),
        format!("--root-ca-file={}", inside("pki/ca.crt")),
        "--leader-elect=false".to_owned(),
        "--concurrent-namespace-syncs=20".to_owned(),
        "--kube-api-qps=200".to_owned(),
        "--kube-api-burst=400".to_owned(),
    ];
    kubernetes("kube-controller-manager", args, None)
}

fn scheduler() -> Daemon {
    let config = inside("pki/kube-scheduler.kubeconfig");
    let args = vec![
        format!("--kubeconfig={config}"),
        format!("--authentication-kubeconfig={config}"),
        format!("--authorization-kubeconfig={config}"),
        "--leader-elect=false".to_owned(),
    ];
    kubernetes("kube-scheduler", args, None)
}

fn containerd(node: &str) -> Daemon {
    Daemon {
        name: format!("{node}-containerd"),
        program: "/usr/bin/containerd".to_owned(),
        args: vec![
            "--config".to_owned(),
            inside(&format!("nodes/{node}/containerd.toml")),
        ],
        after: None,
    }
}

fn kubelet(layout: &Layout, index: u8, options: &Options) -> Daemon {
    let node = node_name(index);
    let args = vec![
        format!("--config={}", inside(&format!("nodes/{node}/kubelet.json"))),
        format!("--kubeconfig={}", inside(&format!("pki/{node}.kubeconfig"))),
        format!("--hostname-override={node}"),
        format!("--node-ip={}", options.ip_family.node_address(index)),
        format!("--node-labels=strongroom.dev/cluster={}", layout.name()),
    ];
    let mut daemon = kubernetes("kubelet", args, Some(CONTAINERD_SOCKET));
    daemon.name = format!("{node}-kubelet");
    daemon
}

fn kube_proxy(node: &str) -> Daemon {
    let args = vec![format!(
        "--config={}",
        inside(&format!("nodes/{node}/kube-proxy.json"))
    )];
    let mut daemon = kubernetes("kube-proxy", args, None);
    daemon.name = format!("{node}-kube-proxy");
    daemon
}

/// This program again, which offers the node's volumes. Its own file may be gone by then, or hidden
/// by a mount, so it is started through the init's.
fn recycler(node: &str) -> Daemon {
    Daemon {
        name: format!("{node}-volumes"),
        program: "/proc/1/exe".to_owned(),
        args: vec![
            "offer-volumes".to_owned(),
            "--node".to_owned(),
            node.to_owned(),
            "--options".to_owned(),
            inside("cluster.json"),
            "--kubeconfig".to_owned(),
            inside("pki/volumes.kubeconfig"),
        ],
        after: None,
    }
}

fn kubernetes(name: &str, args: Vec<String>, after: Option<&str>) -> Daemon {
    Daemon {
        name: name.to_owned(),
        program: format!("{INSIDE_TOOLS}/bin/{name}"),
        args,
        after: after.map(str::to_owned),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn etcd_syncs_only_when_asked() {
        let args = |fsync| {
            etcd(&Options {
                etcd_fsync: fsync,
                ..Options::default()
            })
            .args
        };
        assert!(args(false).contains(&"--unsafe-no-fsync".to_owned()));
        assert!(!args(true).contains(&"--unsafe-no-fsync".to_owned()));
    }

    #[test]
    fn logs_of_two_nodes_do_not_mix() {
        let layout = Layout::new("one", std::path::Path::new("/s")).unwrap();
        let names = |index| -> Vec<String> {
            node(&layout, index, &Options::default())
                .daemons
                .into_iter()
                .map(|daemon| daemon.name)
                .collect()
        };
        assert!(names(0).iter().all(|name| !names(1).contains(name)));
    }
}
