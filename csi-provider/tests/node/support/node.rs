//! A node with its kubelet, and the servers around it.

use std::{
    collections::HashMap,
    fs,
    net::{Ipv4Addr, SocketAddr, TcpListener},
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use axum::Router;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::json;
use strongroom_csi::proto::csi::{
    NodePublishVolumeRequest, NodeUnpublishVolumeRequest, VolumeCapability,
    volume_capability::{AccessMode, AccessType, MountVolume, access_mode},
};
use strongroom_testing::{
    Authority, Identity, SigningKey, TlsServer, api_server::kubeconfig, identity::SERVER_NAME,
    signing_key::uid,
};
use strongroom_vault::clock::Clock;
use tonic::Status;

use super::{
    api::Api,
    driver::{Driver, Launch},
    vault::Vault,
};

const VAULT: &str = "prod.team-a.svc";
const OTHER: &str = "prod.team-b.svc";

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
            "pod": {"name": self.name, "uid": self.uid()}, "serviceaccount": {"name": "api", "uid": uid("shop/api")}}});
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
    ca: Arc<Authority>,
    _identity: TlsServer,
}

impl Node {
    /// A node whose driver is up, with a vault that holds nothing.
    pub async fn start(root: PathBuf) -> Self {
        Self::start_with(root, &[], true).await
    }

    /// The same, with further arguments for the driver, and with or without shared mounts.
    pub async fn start_with(root: PathBuf, extra: &[&str], shared: bool) -> Self {
        let (api, ca) = (Api::default(), Arc::new(Authority::new("serving")));
        let kube = api.0.serve().await;
        let identity = Identity::new(SigningKey::new("replica-1"), Clock::default());
        let identity_server = TlsServer::start_at(&ca, SERVER_NAME, identity.router(), address(128)).await;
        let issuer = (&identity, identity_server.address());
        let vault = Vault::start("team-a", &ca, issuer, address(64)).await;
        let other = Vault::start("team-b", &ca, issuer, address(192)).await;
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
            _identity: identity_server,
        };
        node.driver.ready().await;
        node
    }

    /// What answers in the place of vault `prod` of `team-a`, which is to be stopped.
    pub async fn hostile_vault(&self, router: Router) -> TlsServer {
        TlsServer::start_at(&self.ca, VAULT, router, address(64)).await
    }

    /// What takes connections in the place of vault `prod` of `team-a`, which is to be stopped, and answers nothing.
    pub fn silent_vault() -> TcpListener {
        TcpListener::bind(address(64)).unwrap()
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

    /// Waits until the vault has this many subscriptions, each of a volume that has acknowledged what it was told.
    pub async fn subscribed(&self, count: u32) {
        super::eventually("the vault has its subscriptions", Duration::from_secs(5), || {
            self.vault.acknowledged(count)
        })
        .await;
    }

    /// Waits until the one volume has handled every change that the vault has sent it so far; it fetches then for the
    /// time `fetches`.
    pub async fn catches_up(&self, fetches: usize) {
        self.vault.put("db", "marker");
        self.acknowledges(fetches).await;
    }

    /// Waits until the one volume has acknowledged what it fetched for the time `fetches`. What it acknowledged before
    /// does not count: by the fetch, the vault has taken it for outdated.
    pub async fn acknowledges(&self, fetches: usize) {
        let second = Duration::from_secs(1);
        super::eventually("the new version is acknowledged", second, || {
            self.vault.counts()[3] == fetches && self.vault.acknowledged(1)
        })
        .await;
    }

    /// Asserts that the driver said nothing that the identity service gave it.
    pub fn keeps_tokens(&self, said: &str) {
        for exchange in self.identity.exchanges() {
            let token = exchange.token.unwrap_or_default();
            let signature = token.rsplit('.').next().unwrap_or_default();
            assert!(signature.is_empty() || !said.contains(signature), "{said}");
        }
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
        "127.0.0.1 localhost\n{} {VAULT}\n{} {OTHER}\n{} {SERVER_NAME}\n",
        address(64).ip(),
        address(192).ip(),
        address(128).ip()
    );
    fs::write(root.join("hosts"), hosts).unwrap();
    rustix::mount::mount_bind(root.join("hosts"), "/etc/hosts").unwrap();
}
