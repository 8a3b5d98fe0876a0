//! The configuration files of the daemons, rendered from values.

use serde_json::{Value, json};

use super::{
    Options,
    layout::inside,
    network::{IpFamily, authority},
    pki::Pair,
};

/// The directory of the CNI plugins, as Debian installs them.
const CNI_PLUGINS: &str = "/usr/lib/cni";
/// The socket of containerd inside of a node.
pub const CONTAINERD_SOCKET: &str = "/run/containerd/containerd.sock";
/// The port where kube-proxy says that it is well.
const KUBE_PROXY_HEALTH: u16 = 10256;
/// The image of the container that holds a pod's namespaces.
pub const PAUSE_IMAGE: &str = "strongroom.invalid/pause:1";

/// A kubeconfig with everything in it.
pub fn kubeconfig(server: &str, authority: &str, client: &Pair) -> String {
    let data = |pem: &str| base64(pem.as_bytes());
    let config = json!({
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "strongroom-tests",
        "clusters": [{"name": "strongroom-tests", "cluster": {
            "server": server,
            "certificate-authority-data": data(authority),
        }}],
        "users": [{"name": "strongroom-tests", "user": {
            "client-certificate-data": data(&client.certificate),
            "client-key-data": data(&client.key),
        }}],
        "contexts": [{"name": "strongroom-tests", "context": {
            "cluster": "strongroom-tests", "user": "strongroom-tests",
        }}],
    });
    pretty(&config)
}

/// The kubelet's configuration.
pub fn kubelet(node: &str, options: &Options) -> String {
    let never = json!({"memory.available": "0%", "nodefs.available": "0%", "nodefs.inodesFree": "0%",
        "imagefs.available": "0%", "imagefs.inodesFree": "0%", "pid.available": "0%"});
    pretty(&json!({
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "authentication": {"anonymous": {"enabled": false}, "webhook": {"enabled": true},
            "x509": {"clientCAFile": inside("pki/ca.crt")}},
        "authorization": {"mode": "Webhook"},
        "tlsCertFile": inside(&format!("pki/{node}-server.crt")),
        "tlsPrivateKeyFile": inside(&format!("pki/{node}-server.key")),
        "address": options.ip_family.everywhere(),
        "clusterDNS": [options.ip_family.dns_service()],
        "clusterDomain": "cluster.local",
        "resolvConf": "/dev/null",
        "containerRuntimeEndpoint": format!("unix://{CONTAINERD_SOCKET}"),
        "cgroupDriver": "cgroupfs",
        "cgroupsPerQOS": false,
        "enforceNodeAllocatable": [],
        "failCgroupV1": false,
        "failSwapOn": false,
        "evictionHard": never,
        "imageGCHighThresholdPercent": 100,
        "maxPods": options.max_pods,
        "syncFrequency": options.sync_frequency,
        "kubeAPIQPS": 200,
        "kubeAPIBurst": 400,
        "volumePluginDir": "/var/lib/kubelet/volume-plugins",
    }))
}

/// kube-proxy's configuration.
pub fn kube_proxy(node: &str, family: IpFamily) -> String {
    pretty(&json!({
        "apiVersion": "kubeproxy.config.k8s.io/v1alpha1",
        "kind": "KubeProxyConfiguration",
        "clientConnection": {"kubeconfig": inside("pki/kube-proxy.kubeconfig")},
        "hostnameOverride": node,
        "bindAddress": family.everywhere(),
        "healthzBindAddress": authority(family.everywhere(), KUBE_PROXY_HEALTH),
        "clusterCIDR": family.pods(),
        "mode": "iptables",
        "iptables": {"minSyncPeriod": "100ms"},
        "conntrack": {"maxPerCore": 0},
    }))
}

/// The CNI network of a node: one routed link per pod, so that Service addresses work between pods of
/// one node without help from a bridge.
pub fn cni(node: u8, family: IpFamily) -> String {
    pretty(&json!({
        "cniVersion": "0.4.0",
        "name": "strongroom",
        "plugins": [
            {"type": "ptp", "ipMasq": false, "mtu": 1500, "ipam": {
                "type": "host-local",
                "dataDir": "/var/lib/cni/networks",
                "ranges": [[{"subnet": family.pod_range(node)}]],
                "routes": [{"dst": family.anywhere()}],
            }},
            {"type": "portmap", "capabilities": {"portMappings": true}},
        ],
    }))
}

/// containerd's configuration.
pub fn containerd(node: &str) -> String {
    let cni = inside(&format!("nodes/{node}/cni"));
    format!(
        r#"version = 2
root = "/var/lib/containerd"
state = "/run/containerd"
disabled_plugins = [
  "io.containerd.snapshotter.v1.aufs", "io.containerd.snapshotter.v1.btrfs",
  "io.containerd.snapshotter.v1.devmapper", "io.containerd.snapshotter.v1.zfs",
]

[grpc]
  address = "{CONTAINERD_SOCKET}"

[plugins."io.containerd.internal.v1.opt"]
  path = "/var/lib/containerd/opt"

[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "{PAUSE_IMAGE}"
  # A process that may not lower its own score could not start a container otherwise.
  restrict_oom_score_adj = true

  [plugins."io.containerd.grpc.v1.cri".containerd]
    snapshotter = "overlayfs"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
      runtime_type = "io.containerd.runc.v2"
      [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
        SystemdCgroup = false

  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "{CNI_PLUGINS}"
    conf_dir = "{cni}"
"#
    )
}

fn pretty(value: &Value) -> String {
    format!("{value:#}\n")
}

fn base64(bytes: &[u8]) -> String {
    use base64::{Engine, engine::general_purpose::STANDARD};
    STANDARD.encode(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kubelet_takes_the_options() {
        let options = Options {
            sync_frequency: "7s".to_owned(),
            max_pods: 42,
            ..Options::default()
        };
        let config: Value = serde_json::from_str(&kubelet("node-0", &options)).unwrap();
        assert_eq!(config["syncFrequency"], "7s");
        assert_eq!(config["maxPods"], 42);
    }

    #[test]
    fn every_node_has_its_own_range_of_addresses() {
        let range = |node, family| -> Value {
            let config: Value = serde_json::from_str(&cni(node, family)).unwrap();
            config["plugins"][0]["ipam"]["ranges"][0][0]["subnet"].clone()
        };
        assert_eq!(range(0, IpFamily::Ipv4), "10.244.0.0/24");
        assert_eq!(range(1, IpFamily::Ipv4), "10.244.1.0/24");
        assert_eq!(range(1, IpFamily::Ipv6), "fd00:10:244:1::/64");
    }

    #[test]
    fn a_kubeconfig_can_be_read_by_the_client() {
        let pair = Pair {
            certificate: "c".to_owned(),
            key: "k".to_owned(),
        };
        let text = kubeconfig("https://127.0.0.1:1", "ca", &pair);
        let config: kube::config::Kubeconfig = serde_json::from_str(&text).unwrap();
        assert_eq!(config.current_context.as_deref(), Some("strongroom-tests"));
        let server = config.clusters[0].cluster.as_ref().unwrap().server.as_deref();
        assert_eq!(server, Some("https://127.0.0.1:1"));
    }
}
