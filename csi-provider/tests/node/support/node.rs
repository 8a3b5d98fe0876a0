//! A node with its kubelet, and the servers around it.

use std::{
    collections::HashMap,
    fs,
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
    time::Duration,
};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::json;
use strongroom_csi::proto::csi::{
    NodePublishVolumeRequest, NodeUnpublishVolumeRequest, VolumeCapability,
    volume_capability::{AccessMode, AccessType, MountVolume, access_mode},
};
use strongroom_testing::{Authority, TlsServer, api_server::kubeconfig};
use tonic::Status;

use super::{
    api::Api,
    driver::{Driver, Launch},
    identity::Identity,
    vault::Vault,
};

const VAULT: &str = "prod.team-a.svc";
const OTHER: &str = "prod.team-b.svc";
const IDENTITY: &str = "strongroom-identity.strongroom-system.svc";

/// A pod with a token.
#[derive(Clone)]
pub struct Pod {
    pub name: String,
    pub group: Option<u32>,
    /// The number of the pod's token: each new token has another.
    pub token: u32,
}

impl Pod {
    pub fn new(name: &str) -> Self {
        Self {
            name: name.into(),
            group: None,
            token: 1,
        }
    }

    pub fn with_group(name: &str, group: u32) -> Self {
        Self {
            group: Some(group),
            ..Self::new(name)
        }
    }

    fn uid(&self) -> String {
        format!("uid-{}", self.name)
    }

    /// The pod's token.
    pub fn jwt(&self) -> String {
        let claims = json!({"exp": 4_000_000_000_u64, "jti": self.token, "kubernetes.io": {"namespace": "shop",
            "pod": {"name": self.name, "uid": self.uid()}, "serviceaccount": {"name": "api", "uid": "uid-api"}}});
        format!("e30.{}.CANARY-TOKEN", URL_SAFE_NO_PAD.encode(claims.to_string()))
    }

    fn tokens(&self) -> String {
        let jwt = self.jwt();
        json!({"strongroom.dev": {"token": jwt, "expirationTimestamp": "2096-10-02T07:06:40Z"}}).to_string()
    }
}

/// Everything around one driver.
pub struct Node {
    pub root: PathBuf,
    pub api: Api,
    pub identity: Identity,
    pub vault: Vault,
    /// Vault `prod` of `team-b`.
    pub other: Vault,
    pub driver: Driver,
    pub launch: Launch,
    ca: Authority,
    vault_server: Option<TlsServer>,
    _servers: [TlsServer; 2],
}

impl Node {
    /// A node whose driver is up, with a vault that holds nothing.
    pub async fn start(root: PathBuf) -> Self {
        Self::start_with(root, &[], true).await
    }

    /// The same, with further arguments for the driver, and with or without shared mounts.
    pub async fn start_with(root: PathBuf, extra: &[&str], shared: bool) -> Self {
        let (api, identity, vault) = (Api::default(), Identity::default(), Vault::default());
        let (ca, kube) = (Authority::new("serving"), api.0.serve().await);
        let identity_server = TlsServer::start_at(&ca, IDENTITY, identity.router(), address(128)).await;
        let other = Vault::default();
        let other_server = TlsServer::start_at(&ca, OTHER, other.router(), address(192)).await;
        fs::create_dir_all(root.join("kubelet/pods")).unwrap();
        fs::write(root.join("ca.crt"), ca.pem()).unwrap();
        fs::write(root.join("actor"), "actor-token\n").unwrap();
        fs::write(root.join("kubeconfig"), kubeconfig(kube)).unwrap();
        resolve(&root);
        let launch = Launch {
            root: root.clone(),
            extra: extra.iter().map(|&s| s.into()).collect(),
            shared,
        };
        let driver = Driver::start(&launch);
        let mut node = Self {
            root,
            api,
            identity,
            vault,
            other,
            driver,
            launch,
            ca,
            vault_server: None,
            _servers: [identity_server, other_server],
        };
        node.start_vault().await;
        node.driver.ready().await;
        node
    }

    pub async fn start_vault(&mut self) {
        let server = TlsServer::start_at(&self.ca, VAULT, self.vault.router(), address(64)).await;
        self.vault_server = Some(server);
    }

    pub fn stop_vault(&mut self) {
        self.vault_server = None;
        self.vault.hang_up();
    }

    /// Starts another driver in place of the one before.
    pub async fn restart_driver(&mut self) {
        self.driver = Driver::start(&self.launch);
        self.driver.ready().await;
    }

    pub fn target(&self, pod: &Pod) -> PathBuf {
        self.root.join(format!(
            "kubelet/pods/{}/volumes/kubernetes.io~csi/s/mount",
            pod.uid()
        ))
    }

    pub fn id(pod: &Pod) -> String {
        format!("csi-{}", pod.name)
    }

    pub fn request(&self, pod: &Pod, secret_ref: &str) -> NodePublishVolumeRequest {
        let target = self.target(pod);
        fs::create_dir_all(target.parent().unwrap()).unwrap();
        let context = [
            ("secretRef", secret_ref.to_owned()),
            ("csi.storage.k8s.io/ephemeral", "true".to_owned()),
            ("csi.storage.k8s.io/pod.name", pod.name.clone()),
            ("csi.storage.k8s.io/pod.namespace", "shop".to_owned()),
            ("csi.storage.k8s.io/pod.uid", pod.uid()),
            ("csi.storage.k8s.io/serviceAccount.name", "api".to_owned()),
        ];
        let group = pod.group.map(|group| group.to_string()).unwrap_or_default();
        let mount = MountVolume {
            volume_mount_group: group,
            ..Default::default()
        };
        NodePublishVolumeRequest {
            volume_id: Self::id(pod),
            target_path: target.to_str().unwrap().into(),
            volume_capability: Some(VolumeCapability {
                access_type: Some(AccessType::Mount(mount)),
                access_mode: Some(AccessMode {
                    mode: access_mode::Mode::SingleNodeWriter.into(),
                }),
            }),
            volume_context: context.map(|(key, value)| (key.to_owned(), value)).into(),
            secrets: HashMap::from([(
                "csi.storage.k8s.io/serviceAccount.tokens".to_owned(),
                pod.tokens(),
            )]),
            readonly: false,
            ..Default::default()
        }
    }

    pub async fn publish(&self, pod: &Pod, secret_ref: &str) -> Result<(), Status> {
        let request = self.request(pod, secret_ref);
        self.driver
            .node()
            .await
            .node_publish_volume(request)
            .await
            .map(drop)
    }

    pub async fn unpublish(&self, pod: &Pod) -> Result<(), Status> {
        let request = NodeUnpublishVolumeRequest {
            volume_id: Self::id(pod),
            target_path: self.target(pod).to_str().unwrap().into(),
        };
        self.driver
            .node()
            .await
            .node_unpublish_volume(request)
            .await
            .map(drop)
    }

    /// What the pod reads, or nothing.
    pub fn read(&self, pod: &Pod, path: &str) -> Option<String> {
        fs::read_to_string(self.target(pod).join(path)).ok()
    }

    /// Waits until the pod reads `value`, and answers how long that took.
    pub async fn reads(&self, pod: &Pod, path: &str, value: &str, within: Duration) -> Duration {
        let what = format!(
            "{path} of {} is {value}; the driver says:\n{}",
            pod.name,
            self.log()
        );
        super::eventually(&what, within, || self.read(pod, path).as_deref() == Some(value)).await
    }

    /// Waits until the vault has this many subscriptions.
    pub async fn subscribed(&self, count: usize) {
        super::eventually("the vault has its subscriptions", Duration::from_secs(5), || {
            self.vault.subscriptions() == count
        })
        .await;
    }

    /// Waits until the volume has handled every change that the vault has sent it so far.
    pub async fn catches_up(&self, pod: &Pod) {
        let version = self.vault.put("db", "marker");
        let second = Duration::from_secs(1);
        super::eventually("the marker is acknowledged", second, || {
            self.vault.acknowledged(&Self::id(pod), "db", &version)
        })
        .await;
    }

    /// Waits until the driver logs this.
    pub async fn says(&self, what: &str) {
        super::eventually(what, Duration::from_secs(5), || self.log().contains(what)).await;
    }

    /// What the driver keeps of a volume for the process that comes after it.
    pub fn kept(&self, pod: &Pod) -> String {
        let state = self.root.join("kubelet/plugins/csi.strongroom.dev/state");
        fs::read_to_string(state.join(format!("{}.json", Self::id(pod)))).unwrap()
    }

    pub fn log(&self) -> String {
        fs::read_to_string(self.root.join("log")).unwrap()
    }
}

/// An address on the loopback network that this process alone uses.
fn address(block: u8) -> SocketAddr {
    let [_, high, middle, low] = std::process::id().to_be_bytes();
    (Ipv4Addr::new(127, block | (high & 63), middle, low), 443).into()
}

/// Makes the cluster's names known in this mount namespace.
fn resolve(root: &Path) {
    let hosts = format!(
        "127.0.0.1 localhost\n{} {VAULT}\n{} {OTHER}\n{} {IDENTITY}\n",
        address(64).ip(),
        address(192).ip(),
        address(128).ip()
    );
    fs::write(root.join("hosts"), hosts).unwrap();
    rustix::mount::mount_bind(root.join("hosts"), "/etc/hosts").unwrap();
}
