//! The health port, as the kubelet and Prometheus see it.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicI64, Ordering},
};

use prometheus_client::{metrics::gauge::Gauge, registry::Registry};
use strongroom_serving::{health, metrics::CONTENT_TYPE};
use tokio::net::{TcpListener, TcpStream};

use crate::client::{ask, read_to};

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

async fn read(stream: &mut TcpStream, path: &str, end: &str) -> String {
    ask(stream, path).await;
    read_to(stream, end).await
}

#[tokio::test]
async fn health_readiness_and_metrics_are_shown_until_the_program_stops() {
    let tcp = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = tcp.local_addr().unwrap();
    let problems = Arc::new(Mutex::new(vec![
        "no key is known".to_owned(),
        "draining".to_owned(),
    ]));
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let ended = async move {
        let _ = stopped.await;
    };
    let serving = tokio::spawn(health::serve(tcp, Program::new(&problems), ended));
    let mut stream = TcpStream::connect(address).await.unwrap();

    assert!(
        read(&mut stream, "/healthz", "ok")
            .await
            .starts_with("HTTP/1.1 200")
    );
    let answer = read(&mut stream, "/readyz", "no key is known\ndraining").await;
    assert!(answer.starts_with("HTTP/1.1 503"), "{answer}");
    problems.lock().unwrap().clear();
    assert!(
        read(&mut stream, "/readyz", "ok")
            .await
            .starts_with("HTTP/1.1 200")
    );

    let answer = read(&mut stream, "/metrics", "# EOF\n").await;
    assert!(answer.contains("sampled 1\n"), "{answer}");
    assert!(
        answer.contains(&format!("content-type: {CONTENT_TYPE}\r\n")),
        "{answer}"
    );
    assert!(
        read(&mut stream, "/metrics", "# EOF\n")
            .await
            .contains("sampled 2\n")
    );

    drop(stop);
    drop(stream);
    serving.await.unwrap().unwrap();
}
