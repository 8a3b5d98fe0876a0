//! Clients, each with one kept-alive TLS connection. Each sends its next request when it has the last answer, or at a rate
//! that all of them share.

use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use http::{HeaderMap, HeaderValue, Method, Request, StatusCode, header};
use http_body_util::{BodyExt, Full};
use hyper::{body::Bytes, client::conn::http1};
use hyper_util::rt::TokioIo;
use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, ServerName, pem::PemObject},
};
use tokio::{net::TcpSocket, task::JoinSet, time::sleep_until};
use tokio_rustls::TlsConnector;

use crate::process::Usage;

/// A server, and how clients appear to it.
#[derive(Clone)]
pub struct Target {
    address: SocketAddr,
    source: Ipv4Addr,
    host: String,
    tls: Arc<ClientConfig>,
    headers: HeaderMap,
}

/// One request.
#[derive(Debug)]
pub struct Call {
    /// The HTTP method.
    pub method: Method,
    /// The path with its query.
    pub path: String,
    /// The body, JSON.
    pub body: Bytes,
}

impl Call {
    /// A GET.
    pub fn get(path: String) -> Self {
        Self {
            method: Method::GET,
            path,
            body: Bytes::new(),
        }
    }
}

/// One answer.
#[derive(Debug)]
#[allow(missing_docs, reason = "the names of the fields say what they hold")]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Bytes,
}

/// What a run of requests took.
#[derive(Debug, Default)]
pub struct Run {
    /// How long the run was.
    pub elapsed: Duration,
    /// What the server spent on it, handshakes apart.
    pub cpu: Duration,
    /// Of each request, from its first byte to its answer's last.
    pub latencies: Vec<Duration>,
}

impl Run {
    /// Requests per second.
    #[allow(clippy::cast_precision_loss, reason = "fewer than 2^52 requests")]
    pub fn rate(&self) -> f64 {
        self.latencies.len() as f64 / self.elapsed.as_secs_f64()
    }

    /// Microseconds of the server's processor time per request.
    #[allow(clippy::cast_precision_loss, reason = "fewer than 2^52 requests")]
    pub fn cost(&self) -> f64 {
        self.cpu.as_secs_f64() * 1e6 / (self.latencies.len() as f64).max(1.0)
    }
}

/// When a run ends.
#[derive(Debug, Clone, Copy)]
pub enum Until {
    /// After a time.
    Elapsed(Duration),
    /// After that many requests.
    Requests(u64),
    /// After a time in which so many requests a second are due, all clients together. One that is late is sent at once.
    Paced(Duration, f64),
}

impl Until {
    /// When request `number` is to be sent, counted from the start of the run; `None` once the run is over.
    fn due(self, number: u64, elapsed: Duration) -> Option<Duration> {
        match self {
            Self::Elapsed(length) => (elapsed < length).then_some(Duration::ZERO),
            Self::Requests(count) => (number < count).then_some(Duration::ZERO),
            Self::Paced(length, rate) => {
                #[allow(clippy::cast_precision_loss, reason = "fewer than 2^52 requests")]
                let due = Duration::from_secs_f64(number as f64 / rate);
                (due < length).then_some(due)
            }
        }
    }
}

impl Target {
    /// The server `host`, which is at `address` and has a certificate from the authority in `ca` (PEM).
    pub fn new(address: SocketAddr, host: &str, ca: &[u8]) -> Result<Self> {
        let mut roots = RootCertStore::empty();
        for certificate in CertificateDer::pem_slice_iter(ca) {
            roots.add(certificate?)?;
        }
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let tls = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(Self {
            address,
            source: Ipv4Addr::LOCALHOST,
            host: host.to_owned(),
            tls: Arc::new(tls),
            headers: HeaderMap::new(),
        })
    }

    /// The same with a header on every request.
    pub fn header(mut self, name: &'static str, value: &str) -> Result<Self> {
        self.headers.insert(name, HeaderValue::from_str(value)?);
        Ok(self)
    }

    /// The same at another address.
    pub fn at(self, address: SocketAddr) -> Self {
        Self { address, ..self }
    }

    /// The same for a client at another address of this machine.
    pub fn from(self, source: Ipv4Addr) -> Self {
        Self { source, ..self }
    }

    /// A connection.
    pub async fn connect(&self) -> Result<Connection> {
        let socket = TcpSocket::new_v4()?;
        socket.bind((self.source, 0).into())?;
        let tcp = socket.connect(self.address).await?;
        tcp.set_nodelay(true)?;
        let name = ServerName::try_from(self.host.clone())?;
        let tls = TlsConnector::from(Arc::clone(&self.tls))
            .connect(name, tcp)
            .await?;
        let (sender, connection) = http1::handshake(TokioIo::new(tls)).await?;
        // Ends with its sender; a broken connection is the sender's error.
        tokio::spawn(connection);
        Ok(Connection {
            sender,
            host: HeaderValue::from_str(&self.host)?,
            headers: self.headers.clone(),
        })
    }

    /// One request on a connection of its own.
    pub async fn once(&self, call: Call) -> Result<Answer> {
        self.connect().await?.send(call).await
    }
}

/// A kept-alive connection.
#[derive(Debug)]
pub struct Connection {
    sender: http1::SendRequest<Full<Bytes>>,
    host: HeaderValue,
    headers: HeaderMap,
}

impl Connection {
    /// Sends a request and reads the whole answer.
    pub async fn send(&mut self, call: Call) -> Result<Answer> {
        let mut request = Request::new(Full::new(call.body));
        *request.method_mut() = call.method;
        *request.uri_mut() = call.path.parse()?;
        *request.headers_mut() = self.headers.clone();
        request.headers_mut().insert(header::HOST, self.host.clone());
        request
            .headers_mut()
            .entry(header::CONTENT_TYPE)
            .or_insert(HeaderValue::from_static("application/json"));
        self.sender.ready().await?;
        let (head, body) = self.sender.send_request(request).await?.into_parts();
        Ok(Answer {
            status: head.status,
            headers: head.headers,
            body: body.collect().await?.to_bytes(),
        })
    }
}

/// Lets `clients` send what `call` makes of each request's number to `server`, and expects an answer of 2xx to each.
pub async fn run(
    target: &Target,
    server: Usage,
    clients: usize,
    until: Until,
    call: impl Fn(u64) -> Call + Send + Sync + 'static,
) -> Result<Run> {
    let mut connections = Vec::new();
    for _ in 0..clients {
        connections.push(target.connect().await.context("cannot connect")?);
    }
    let (call, next) = (Arc::new(call), Arc::new(AtomicU64::new(0)));
    let (started, before) = (Instant::now(), server.cpu()?);
    let mut loops = JoinSet::new();
    for mut connection in connections {
        let (call, next) = (Arc::clone(&call), Arc::clone(&next));
        loops.spawn(async move {
            let mut latencies = Vec::new();
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                let Some(due) = until.due(number, started.elapsed()) else {
                    return anyhow::Ok(latencies);
                };
                sleep_until((started + due).into()).await;
                let asked = Instant::now();
                let answer = connection.send(call(number)).await?;
                latencies.push(asked.elapsed());
                let (status, body) = (answer.status, answer.body);
                ensure!(
                    status.is_success(),
                    "{status}: {}",
                    String::from_utf8_lossy(&body)
                );
            }
        });
    }
    let mut latencies = Vec::new();
    while let Some(ended) = loops.join_next().await {
        latencies.extend(ended??);
    }
    Ok(Run {
        elapsed: started.elapsed(),
        cpu: server.cpu()?.saturating_sub(before),
        latencies,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_of_a_paced_run_are_due_at_its_rate_until_its_time_is_over() {
        let paced = Until::Paced(Duration::from_secs(2), 4.0);
        let due: Vec<_> = (0..10)
            .map_while(|number| paced.due(number, Duration::from_mins(1)))
            .collect();
        assert_eq!(
            due,
            [0, 250, 500, 750, 1000, 1250, 1500, 1750].map(Duration::from_millis)
        );
    }
}
