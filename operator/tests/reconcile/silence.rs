//! Peers that let the operator wait on its one port, that of health: the real program, before it leads.

use std::{
    net::{Ipv4Addr, SocketAddr, TcpListener},
    process::{Child, Command, Stdio},
    time::Duration,
};

use strongroom_testing::{
    ApiServer, Directory,
    api_server::kubeconfig,
    silent_peer::{Port, Siege},
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

struct Operator {
    process: Child,
    health: SocketAddr,
    _directory: Directory,
}

impl Operator {
    async fn start() -> Self {
        let (api, directory) = (ApiServer::default().serve().await, Directory::new());
        let config = directory.path().join("kubeconfig");
        std::fs::write(&config, kubeconfig(api)).unwrap();
        let health = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let process = Command::new(env!("CARGO_BIN_EXE_strongroom-operator"))
            .args([
                "run",
                "--vault-image",
                "none",
                "--health-listen",
                &health.to_string(),
            ])
            .env("KUBECONFIG", config)
            .stdin(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        for _ in 0..500 {
            if TcpStream::connect(health).await.is_ok() {
                break;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Self {
            process,
            health,
            _directory: directory,
        }
    }

    async fn look(&self) {
        let mut stream = TcpStream::connect(self.health).await.unwrap();
        stream
            .write_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
            .await
            .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    }
}

impl Drop for Operator {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn peers_that_stand_still_in_every_way_keep_nobody_from_its_port() {
    let operator = Operator::start().await;
    let siege = Siege {
        listener: "operator health",
        port: &Port::plain(operator.health),
        source: Ipv4Addr::new(127, 8, 1, 1),
        path: "/metrics",
        peers: 3,
        within: Duration::from_secs(12),
    };
    siege.lay(async || operator.look().await).await;
}
