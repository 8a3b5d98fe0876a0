//! The driver's process, in a mount namespace of its own that shares what is below the kubelet's root, as a container
//! with Bidirectional propagation has it.

use std::{
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

use strongroom_csi::proto::csi::node_client::NodeClient;
use strongroom_testing::signing_key::TENANT;
use tonic::transport::{Channel, Endpoint};

use super::eventually;

/// A running driver. Dropped, it is killed.
pub struct Driver {
    process: Child,
    endpoint: PathBuf,
}

/// What a driver is started with.
#[derive(Clone)]
pub struct Launch {
    pub root: PathBuf,
    pub extra: Vec<String>,
    /// Whether its mounts are seen outside.
    pub shared: bool,
}

impl Launch {
    /// `flag` with `value`, unless it is among the further arguments.
    fn unless_given<'a>(&self, flag: &'a str, value: &'a str) -> Vec<&'a str> {
        if self.extra.iter().any(|given| given == flag) {
            Vec::new()
        } else {
            vec![flag, value]
        }
    }
}

impl Driver {
    /// Starts a driver; its CSI socket may not answer yet.
    pub fn start(how: &Launch) -> Self {
        let kubelet = how.root.join("kubelet");
        let endpoint = kubelet.join("plugins/csi.strongroom.dev/csi.sock");
        let log = std::fs::OpenOptions::new()
            .append(true)
            .create(true)
            .open(how.root.join("log"))
            .unwrap();
        let propagation = if how.shared { "unchanged" } else { "private" };
        let process = Command::new("unshare")
            .args([
                "--mount",
                "--propagation",
                propagation,
                "--",
                env!("CARGO_BIN_EXE_strongroom-csi"),
            ])
            .args(["--node-name", "node-1", "--tenant-id", TENANT])
            .args(how.unless_given("--patience", "4"))
            .args(["--log", "debug,hyper=info,h2=info,tower=info,rustls=info"])
            .arg("--kubelet-root")
            .arg(&kubelet)
            .arg("--trust-bundle")
            .arg(how.root.join("ca.crt"))
            .arg("--actor-token")
            .arg(how.root.join("actor"))
            .args(how.unless_given("--health", "127.0.0.1:0"))
            .args(&how.extra)
            .env("KUBECONFIG", how.root.join("kubeconfig"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .unwrap();
        Self { process, endpoint }
    }

    /// Waits until the CSI socket answers.
    pub async fn ready(&mut self) {
        let endpoint = self.endpoint.clone();
        eventually("the driver answers", Duration::from_secs(20), || {
            std::os::unix::net::UnixStream::connect(&endpoint).is_ok()
        })
        .await;
    }

    pub fn pid(&self) -> u32 {
        self.process.id()
    }

    /// As the kernel does when memory runs out.
    pub fn kill(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    /// As the kubelet does.
    pub async fn terminate(&mut self) {
        let pid = rustix::process::Pid::from_child(&self.process);
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
        let process = &mut self.process;
        eventually("the driver ends", Duration::from_secs(10), || {
            process.try_wait().unwrap().is_some()
        })
        .await;
    }

    pub async fn node(&self) -> NodeClient<Channel> {
        NodeClient::new(connect(&self.endpoint).await)
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

/// A connection to a Unix socket.
pub async fn connect(path: &Path) -> Channel {
    Endpoint::from_shared(format!("unix://{}", path.display()))
        .unwrap()
        .connect()
        .await
        .unwrap()
}
