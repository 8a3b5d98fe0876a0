//! The registration socket, spoken to as the kubelet's grpc-go does: with the percent-encoded path of the socket as
//! `:authority`, which HTTP libraries refuse.

use std::{
    io,
    sync::{Arc, Mutex},
    time::Duration,
};

use prost::Message as _;
use strongroom_csi::{
    kubelet::{
        registration::{self, Notice, Plugin},
        socket,
    },
    proto::registration::{PluginInfo, RegistrationStatus},
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::UnixStream,
};
use tokio_util::sync::CancellationToken;

use crate::support::{Node, eventually, in_private_mounts};

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const AUTHORITY: &str = "%2Fvar%2Flib%2Fkubelet%2Fplugins_registry%2Fcsi.strongroom.dev-reg.sock";
const DATA: u8 = 0;
const HEADERS: u8 = 1;
const SETTINGS: u8 = 4;
const PING: u8 = 6;
const GOAWAY: u8 = 7;
const WINDOW_UPDATE: u8 = 8;

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let mut out = u32::try_from(payload.len()).unwrap().to_be_bytes()[1..].to_vec();
    out.extend([kind, flags]);
    out.extend(stream.to_be_bytes());
    out.extend(payload);
    out
}

/// The header block of a call, as grpc-go writes it (RFC 7541): static fields, then literals that are not Huffman-coded.
fn headers(method: &str) -> Vec<u8> {
    let mut block = vec![0x83, 0x86];
    for (name, value) in [
        (vec![0x44], format!("/pluginregistration.Registration/{method}")),
        (vec![0x41], AUTHORITY.to_owned()),
        (vec![0x5f], "application/grpc".to_owned()),
        (vec![0x7a], "grpc-go/1.79.3".to_owned()),
        (b"\x40\x02te".to_vec(), "trailers".to_owned()),
        (b"\x40\x0cgrpc-timeout".to_vec(), "999752u".to_owned()),
    ] {
        block.extend(name);
        block.push(u8::try_from(value.len()).unwrap());
        block.extend(value.bytes());
    }
    block
}

pub fn call(stream: u32, method: &str, message: &[u8]) -> Vec<u8> {
    let mut body = vec![0];
    body.extend(u32::try_from(message.len()).unwrap().to_be_bytes());
    body.extend(message);
    [
        frame(HEADERS, 4, stream, &headers(method)),
        frame(DATA, 1, stream, &body),
    ]
    .concat()
}

pub struct Kubelet(UnixStream);

impl Kubelet {
    pub async fn dial(path: &std::path::Path) -> Self {
        Self::try_dial(path).await.unwrap()
    }

    async fn try_dial(path: &std::path::Path) -> io::Result<Self> {
        let mut stream = UnixStream::connect(path).await?;
        stream.write_all(PREFACE).await?;
        let settings = frame(SETTINGS, 0, 0, &[0, 4, 0, 0, 255, 255]);
        stream.write_all(&settings).await?;
        let window = frame(WINDOW_UPDATE, 0, 0, &[0, 1, 0, 0]);
        stream.write_all(&window).await?;
        Ok(Self(stream))
    }

    /// Dials and makes one call. Errors: the driver ended the connection first.
    pub async fn ask(path: &std::path::Path, method: &str) -> io::Result<Vec<u8>> {
        let mut kubelet = Self::try_dial(path).await?;
        kubelet.0.write_all(&call(1, method, &[])).await?;
        kubelet.try_answer(1).await
    }

    pub async fn send(&mut self, bytes: &[u8]) {
        self.0.write_all(bytes).await.unwrap();
    }

    /// The next frame: type, flags, stream, payload; `None` at the end.
    async fn frame(&mut self) -> Option<(u8, u8, u32, Vec<u8>)> {
        let mut header = [0; 9];
        self.0.read_exact(&mut header).await.ok()?;
        let [l0, l1, l2, kind, flags, stream @ ..] = header;
        let mut payload = vec![0; u32::from_be_bytes([0, l0, l1, l2]) as usize];
        self.0.read_exact(&mut payload).await.ok()?;
        Some((kind, flags, u32::from_be_bytes(stream), payload))
    }

    /// The frames of one answer, after whatever the connection itself needs.
    pub async fn answer(&mut self, stream: u32) -> Vec<u8> {
        self.try_answer(stream).await.expect("the answer is whole")
    }

    async fn try_answer(&mut self, stream: u32) -> io::Result<Vec<u8>> {
        let mut message = None;
        loop {
            let next = self.frame().await.ok_or(io::ErrorKind::UnexpectedEof)?;
            let (kind, flags, on, payload) = next;
            match (kind, on == stream) {
                (SETTINGS, _) if flags == 0 => self.0.write_all(&frame(SETTINGS, 1, 0, &[])).await?,
                (DATA, true) => message = Some(payload[5..].to_vec()),
                (HEADERS, true) if flags & 1 == 1 => {
                    assert_eq!(payload, b"\x00\x0bgrpc-status\x010");
                    return Ok(message.expect("a message comes before the trailers"));
                }
                (HEADERS, true) => assert_eq!(payload, b"\x88\x0f\x10\x10application/grpc"),
                _ => {}
            }
        }
    }
}

struct Running {
    directory: tempfile::TempDir,
    notices: Arc<Mutex<Vec<Notice>>>,
    stop: CancellationToken,
}

impl Running {
    fn start() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let bound = socket::bind(&directory.path().join("reg.sock")).unwrap();
        let (notices, stop) = (Arc::<Mutex<Vec<Notice>>>::default(), CancellationToken::new());
        let received = Arc::clone(&notices);
        let plugin = Plugin::csi("csi.strongroom.dev", "/csi.sock");
        let hear = move |notice| received.lock().unwrap().push(notice);
        tokio::spawn(registration::serve(
            bound.listener,
            plugin,
            hear,
            stop.clone().cancelled_owned(),
        ));
        Self {
            directory,
            notices,
            stop,
        }
    }

    async fn dial(&self) -> Kubelet {
        Kubelet::dial(&self.directory.path().join("reg.sock")).await
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

#[tokio::test]
async fn the_kubelet_learns_who_the_driver_is_and_says_that_it_is_registered() {
    let running = Running::start();
    let mut kubelet = running.dial().await;
    kubelet.send(&call(1, "GetInfo", &[])).await;
    let info = PluginInfo::decode(&*kubelet.answer(1).await).unwrap();
    assert_eq!(
        (info.r#type.as_str(), info.name.as_str()),
        ("CSIPlugin", "csi.strongroom.dev")
    );
    assert_eq!(
        (info.endpoint.as_str(), info.supported_versions),
        ("/csi.sock", vec!["1.0.0".to_owned()])
    );
    let status = RegistrationStatus {
        plugin_registered: true,
        error: String::new(),
    };
    kubelet
        .send(&call(3, "NotifyRegistrationStatus", &status.encode_to_vec()))
        .await;
    assert_eq!(kubelet.answer(3).await, b"");
    assert_eq!(*running.notices.lock().unwrap(), [Notice::Registered]);
}

#[tokio::test]
async fn a_refusal_is_heard_with_its_reason() {
    let running = Running::start();
    let mut kubelet = running.dial().await;
    let status = RegistrationStatus {
        plugin_registered: false,
        error: "already registered".into(),
    };
    kubelet
        .send(&call(1, "NotifyRegistrationStatus", &status.encode_to_vec()))
        .await;
    kubelet.answer(1).await;
    assert_eq!(
        *running.notices.lock().unwrap(),
        [Notice::Refused("already registered".into())]
    );
}

#[tokio::test]
async fn settings_and_pings_are_acknowledged() {
    let running = Running::start();
    let mut kubelet = running.dial().await;
    kubelet.send(&frame(PING, 0, 0, b"abcdefgh")).await;
    let mut seen = Vec::new();
    for _ in 0..3 {
        let (kind, flags, _, payload) = kubelet.frame().await.unwrap();
        seen.push((kind, flags, payload));
    }
    assert_eq!(
        seen,
        [
            (SETTINGS, 0, vec![]),
            (SETTINGS, 1, vec![]),
            (PING, 1, b"abcdefgh".to_vec())
        ]
    );
}

#[tokio::test]
async fn whatever_grpc_go_does_not_send_ends_the_connection_and_no_other() {
    let running = Running::start();
    let mut honest = running.dial().await;
    let body = |length: usize| frame(DATA, 1, 1, &vec![0; length]);
    let begin = frame(HEADERS, 4, 1, &headers("GetInfo"));
    for bad in [
        b"\xff\xff\xff\x00\x00\x00\x00\x00\x01".to_vec(),
        frame(5, 4, 1, &[0; 8]),
        frame(9, 4, 1, &[0; 8]),
        frame(PING, 0, 0, &[0; 7]),
        frame(SETTINGS, 0, 0, &[0; 5]),
        frame(SETTINGS, 0, 1, &[]),
        frame(DATA, 1, 7, &[0; 5]),
        frame(HEADERS, 0, 1, &headers("GetInfo")),
        frame(HEADERS, 5, 1, &headers("GetInfo")),
        frame(HEADERS, 4, 2, &headers("GetInfo")),
        [begin.clone(), begin.clone()].concat(),
        [begin.clone(), body(4)].concat(),
        [begin.clone(), body(5000)].concat(),
        [begin.clone(), frame(DATA, 9, 1, &[0; 6])].concat(),
        [begin.clone(), frame(DATA, 1, 1, &[0, 0, 0, 0, 1, 0xff])].concat(),
        (0..9)
            .flat_map(|n| frame(HEADERS, 4, 2 * n + 1, &headers("GetInfo")))
            .collect(),
    ] {
        let mut kubelet = running.dial().await;
        kubelet.send(&bad).await;
        let mut rest = Vec::new();
        let ended = tokio::time::timeout(Duration::from_secs(5), kubelet.0.read_to_end(&mut rest)).await;
        assert!(ended.is_ok(), "{:?}", &bad[..bad.len().min(20)]);
    }
    honest.send(&call(1, "GetInfo", &[])).await;
    assert!(!honest.answer(1).await.is_empty());
    honest.send(&frame(GOAWAY, 0, 0, &[0; 8])).await;
    while honest.frame().await.is_some() {}
}

#[tokio::test]
async fn a_connection_more_than_the_kubelet_needs_takes_the_place_of_the_one_that_was_silent_longest() {
    let running = Running::start();
    let mut held = Vec::new();
    for _ in 0..8 {
        let mut kubelet = running.dial().await;
        assert!(kubelet.frame().await.is_some());
        held.push(kubelet);
    }
    let mut next = running.dial().await;
    next.send(&call(1, "GetInfo", &[])).await;
    assert!(!next.answer(1).await.is_empty());
    let ended = tokio::time::timeout(Duration::from_secs(5), async {
        while held[0].frame().await.is_some() {}
    });
    assert!(ended.await.is_ok());
    held[1].send(&call(1, "GetInfo", &[])).await;
    assert!(!held[1].answer(1).await.is_empty(), "the others stay");
}

/// What the health port answers.
pub async fn health_says(address: &str, path: &str) -> String {
    let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

#[test]
fn a_driver_registers_under_the_sidecars_name_and_becomes_ready() {
    in_private_mounts(async |root| {
        let health = "127.0.0.1:19090";
        let node = Node::start_with(root, &["--health", health], true).await;
        let status = async |path: &str| health_says(health, path).await;
        assert!(status("/healthz").await.starts_with("HTTP/1.1 200"));
        assert!(status("/readyz").await.starts_with("HTTP/1.1 503"));
        let socket = node
            .root
            .join("kubelet/plugins_registry/csi.strongroom.dev-reg.sock");
        // The driver binds it after the CSI socket that the node has dialled, and renames it once it listens.
        eventually("the registration socket is there", Duration::from_secs(5), || {
            socket.exists()
        })
        .await;
        let mut kubelet = Kubelet::dial(&socket).await;
        kubelet.send(&call(1, "GetInfo", &[])).await;
        let info = PluginInfo::decode(&*kubelet.answer(1).await).unwrap();
        assert_eq!(
            info.endpoint,
            node.root
                .join("kubelet/plugins/csi.strongroom.dev/csi.sock")
                .to_str()
                .unwrap()
        );
        let said = RegistrationStatus {
            plugin_registered: true,
            error: String::new(),
        };
        kubelet
            .send(&call(3, "NotifyRegistrationStatus", &said.encode_to_vec()))
            .await;
        kubelet.answer(3).await;
        assert!(status("/readyz").await.starts_with("HTTP/1.1 200"));
        let metrics = status("/metrics").await;
        assert!(metrics.contains("strongroom_csi_registered 1"), "{metrics}");
        eventually(
            "the directory holds the socket and nothing else",
            Duration::from_secs(1),
            || std::fs::read_dir(socket.parent().unwrap()).unwrap().count() == 1,
        )
        .await;
    });
}
