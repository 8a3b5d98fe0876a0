//! The health port, as the kubelet and Prometheus see it.

use std::{
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use prometheus_client::{metrics::gauge::Gauge, registry::Registry};
use strongroom_serving::{accept::bind, health, metrics::CONTENT_TYPE};
use tokio::{
    io::AsyncWriteExt as _,
    net::{TcpSocket, TcpStream},
    time::timeout,
};

use crate::client::{ask, rest};

const SOON: Duration = Duration::from_secs(2);

/// A program whose state the test decides.
struct Program {
    problems: Arc<Mutex<Vec<String>>>,
    registry: Registry,
    gauge: Gauge,
    sampled: AtomicI64,
}

impl Program {
    fn new(problems: &Arc<Mutex<Vec<String>>>) -> Self {
        let (mut registry, gauge) = (Registry::default(), Gauge::default());
        registry.register("sampled", "How often it was sampled", gauge.clone());
        Self {
            problems: Arc::clone(problems),
            registry,
            gauge,
            sampled: AtomicI64::new(0),
        }
    }
}

impl health::Health for Program {
    fn problems(&self) -> Vec<String> {
        self.problems.lock().unwrap().clone()
    }

    fn sample(&self) {
        self.gauge.set(self.sampled.fetch_add(1, Ordering::Relaxed) + 1);
    }

    fn registry(&self) -> &Registry {
        &self.registry
    }
}

/// What is answered to a request, on a connection that ends with it.
async fn read(address: SocketAddr, path: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    ask(&mut stream, path).await;
    let answer = rest(&mut stream).await;
    assert!(answer.contains("connection: close"), "{answer}");
    answer
}

#[tokio::test]
async fn health_readiness_and_metrics_are_shown_until_the_program_stops() {
    let (tcp, address) = bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let problems = Arc::new(Mutex::new(vec![
        "no key is known".to_owned(),
        "draining".to_owned(),
    ]));
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let ended = async move {
        let _ = stopped.await;
    };
    let serving = tokio::spawn(health::serve(tcp, Program::new(&problems), ended));

    assert!(read(address, "/healthz").await.starts_with("HTTP/1.1 200"));
    let answer = read(address, "/readyz").await;
    assert!(answer.starts_with("HTTP/1.1 503"), "{answer}");
    assert!(answer.ends_with("no key is known\ndraining"), "{answer}");
    problems.lock().unwrap().clear();
    assert!(read(address, "/readyz").await.starts_with("HTTP/1.1 200"));

    let answer = read(address, "/metrics").await;
    assert!(answer.contains("sampled 1\n"), "{answer}");
    assert!(answer.ends_with("# EOF\n"), "{answer}");
    assert!(
        answer.contains(&format!("content-type: {CONTENT_TYPE}\r\n")),
        "{answer}"
    );
    assert!(read(address, "/metrics").await.contains("sampled 2\n"));

    drop(stop);
    serving.await.unwrap();
}

/// A connection from an address of this machine.
async fn connect_from(source: &str, to: SocketAddr) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(SocketAddr::new(source.parse().unwrap(), 0)).unwrap();
    socket.connect(to).await.unwrap()
}

#[tokio::test]
async fn a_source_that_sends_heads_without_an_end_is_cut_off_and_the_kubelet_is_answered() {
    let (tcp, address) = bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let program = Program::new(&Arc::default());
    tokio::spawn(health::serve(tcp, program, std::future::pending()));
    let mut half = Vec::new();
    for _ in 0..300 {
        let mut stream = connect_from("127.0.0.2", address).await;
        // Refused once the source has its share.
        drop(stream.write_all(b"GET /metrics HTTP/1.1\r\nA: ").await);
        half.push(stream);
    }
    let mut long = connect_from("127.0.0.3", address).await;
    // A server that stops reading and does not end the connection lets this wait.
    drop(timeout(SOON, long.write_all(&vec![b'a'; 8 << 20])).await);

    let mut kubelet = connect_from("127.0.0.4", address).await;
    ask(&mut kubelet, "/healthz").await;
    let answer = rest(&mut kubelet).await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    for stream in half.iter_mut().chain([&mut long]) {
        let answer = rest(stream).await;
        assert!(!answer.contains("200 OK"), "{answer}");
    }
}
