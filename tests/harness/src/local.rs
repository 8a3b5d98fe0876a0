//! One Kubernetes cluster on this machine, for tests.
//!
//! ```text
//!  root namespaces                 control bundle                     node-0 bundle (node-1, ...)
//!  127.0.0.1:PORT ---- fd ---->  init -> API server 10.89.0.1 ---- veth ---- 10.89.0.10
//!   (kubeconfig)                 etcd, controllers, scheduler                containerd, kubelet, kube-proxy,
//!                                bridge br0                                  volumes, the pods
//! ```
//!
//! A bundle is one `unshare` process with a network, a mount and a PID namespace of its own, and an
//! init in it ([`init`]). Killing that process ends every process of the bundle, and with them go its
//! mounts and its network. The API server is reached from outside through one listening socket on
//! loopback, which is opened here and handed to the init of the control bundle; so no interface, no
//! route and no firewall rule is added to the machine, and packets of pods have nowhere to go.
//!
//! What `up` starts is written to a record before it is allowed to run ([`record`]), so that [`down`]
//! finds it after any abort, and ends nothing else.

pub mod addons;
pub mod audit;
pub mod bundle;
pub mod cgroups;
pub mod config;
pub mod daemons;
pub mod down;
pub mod enter;
pub mod faults;
pub mod flows;
pub mod init;
pub mod layout;
pub mod load;
pub mod lock;
pub mod network;
pub mod pki;
pub mod process;
pub mod record;
pub mod status;
pub mod up;
pub mod volumes;

pub use layout::Layout;

/// What a cluster is asked to be.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize, PartialEq, Eq)]
pub struct Options {
    /// How many nodes; 1 to 9.
    pub nodes: u8,
    /// How many of them, the last ones, run a kubelet of the tool `kubernetes-older`.
    #[serde(default)]
    pub older_nodes: u8,
    /// The family of every address of nodes, Services and pods.
    #[serde(default)]
    pub ip_family: network::IpFamily,
    /// The kubelet's `syncFrequency`, for example `2s`; republish calls of CSI volumes follow it.
    pub sync_frequency: String,
    /// The kubelet's `maxPods`; a node has room for 250.
    pub max_pods: u16,
    /// Whether etcd syncs its writes to the disk.
    pub etcd_fsync: bool,
    /// The port of the API server on 127.0.0.1; 0 takes a free one.
    pub api_port: u16,
    /// `PersistentVolume`s per node that lie on the disk.
    pub volumes: u16,
    /// `PersistentVolume`s per node that are full after [`volumes::SMALL_BYTES`].
    pub small_volumes: u16,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            nodes: 1,
            older_nodes: 0,
            ip_family: network::IpFamily::Ipv4,
            sync_frequency: "2s".to_owned(),
            max_pods: 250,
            etcd_fsync: false,
            api_port: 0,
            volumes: 64,
            small_volumes: 4,
        }
    }
}
