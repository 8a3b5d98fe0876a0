//! A replica with its certificate, and clients of it.

use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::{Arc, Mutex},
    time::Duration,
};

use clap::Parser;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, jwk::JwkSet};
use rustls::{
    ClientConfig, RootCertStore,
    crypto::aws_lc_rs::default_provider,
    pki_types::{CertificateDer, ServerName, pem::PemObject as _},
};
use serde_json::Value;
use strongroom_client::{
    Route, Server, Trust,
    identity::{ASSERTION_TYPE, IdentityClient},
};
use strongroom_identity::{Arguments, Replica};
use strongroom_testing::{Authority, cluster::Cluster, silent_peer::Port};
use strongroom_wire::token::{Claims, TYPE};
use tempfile::TempDir;
use tokio::net::{TcpSocket, TcpStream};
use tokio_rustls::{TlsConnector, client::TlsStream};

pub const TENANT: &str = "0b7a1f5e-3c55-4b8e-9b0a-2f6d8c1e7a90";
pub const HOST: &str = "strongroom-identity.strongroom-system.svc";

pub struct Installation {
    pub cluster: Cluster,
    pub address: SocketAddr,
    health_address: SocketAddr,
    replica: Mutex<Option<Replica>>,
    http: reqwest::Client,
    ca: String,
    directory: TempDir,
}

impl Installation {
    pub async fn start() -> Self {
        Self::start_with(&[]).await
    }

    pub async fn start_with(further: &[&str]) -> Self {
        let cluster = Cluster::start().await;
        let directory = tempfile::tempdir().unwrap();
        let ca = write_certificates(&directory);
        std::fs::write(directory.path().join("id"), format!("{TENANT}\n")).unwrap();
        let path = |name: &str| directory.path().join(name).to_str().unwrap().to_owned();
        let (tenant, tls, trust) = (path("id"), path(""), path("ca.crt"));
        let line = [
            "identity",
            "--tenant-id-file",
            &tenant,
            "--tls-dir",
            &tls,
            "--trust-bundle",
            &trust,
            "--listen",
            "127.0.0.1:0",
            "--health-listen",
            "127.0.0.1:0",
            "--release-namespace",
            "strongroom-system",
        ];
        let arguments = Arguments::parse_from(line.iter().chain(further));
        let config = kube::Config::new(format!("http://{}", cluster.address).parse().unwrap());
        let replica = Replica::start(&arguments, kube::Client::try_from(config).unwrap()).unwrap();
        let (address, health_address) = (replica.address(), replica.health_address());
        let http = http(&ca, address);
        Self {
            cluster,
            address,
            health_address,
            replica: Mutex::new(Some(replica)),
            http,
            ca,
            directory,
        }
    }

    /// The project's own client.
    pub fn client(&self) -> IdentityClient {
        let server = Server::identity(&"strongroom-system".parse().unwrap()).by(Route::Socket(self.address));
        IdentityClient::new(&server, TENANT, Trust::from_pem(self.ca.as_bytes()).unwrap())
    }

    /// A whole form with `fields` for what differs.
    pub fn form<'a>(fields: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
        let fixed = [
            ("grant_type", "client_credentials"),
            ("client_id", "client"),
            ("client_assertion_type", ASSERTION_TYPE),
        ];
        fixed.into_iter().chain(fields.iter().copied()).collect()
    }

    pub async fn exchange(&self, fields: &[(&str, &str)]) -> (u16, Value) {
        self.post(&format!("/{TENANT}/oauth2/v2.0/token"), &Self::form(fields))
            .await
    }

    pub async fn post(&self, path: &str, form: &[(&str, &str)]) -> (u16, Value) {
        answer(self.http.post(self.url(path)).form(form)).await
    }

    pub async fn post_raw(&self, path: &str, content_type: &str, body: &'static str) -> (u16, Value) {
        answer(
            self.http
                .post(self.url(path))
                .header("content-type", content_type)
                .body(body),
        )
        .await
    }

    pub async fn get(&self, path: &str) -> Value {
        self.ask(path).await.1
    }

    /// The status and the answer to a GET.
    pub async fn ask(&self, path: &str) -> (u16, Value) {
        answer(self.http.get(self.url(path))).await
    }

    /// As a client that speaks HTTP/1.1 and names another host.
    pub async fn get_as(&self, host: &str, path: &str) -> Value {
        let request = self
            .http
            .get(self.url(path))
            .version(reqwest::Version::HTTP_11)
            .header("host", host);
        answer(request).await.1
    }

    /// A TLS session of an address of this host, in which nothing is asked.
    pub async fn session_from(&self, source: Ipv4Addr) -> std::io::Result<TlsStream<TcpStream>> {
        let socket = TcpSocket::new_v4()?;
        socket.bind((source, 0).into())?;
        let stream = socket.connect(self.address).await?;
        let mut roots = RootCertStore::empty();
        roots
            .add(CertificateDer::from_pem_slice(self.ca.as_bytes()).unwrap())
            .unwrap();
        let config = ClientConfig::builder_with_provider(Arc::new(default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        TlsConnector::from(Arc::new(config))
            .connect(ServerName::try_from(HOST).unwrap(), stream)
            .await
    }

    /// The token endpoint, for peers that speak for themselves.
    pub fn port(&self) -> Port {
        Port::tls(self.address, HOST, &self.directory.path().join("ca.crt"))
    }

    /// The health port, for the same.
    pub fn health_port(&self) -> Port {
        Port::plain(self.health_address)
    }

    pub async fn health(&self, path: &str) -> (u16, String) {
        let answer = reqwest::get(format!("http://{}{path}", self.health_address))
            .await
            .unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    }

    pub async fn wait_until_ready(&self, ready: bool) {
        for _ in 0..300 {
            if (self.health("/readyz").await.0 == 200) == ready {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!(
            "readiness did not become {ready}: {}",
            self.health("/readyz").await.1
        );
    }

    pub fn drain(&self, time: Duration) -> tokio::task::JoinHandle<()> {
        let replica = self.replica.lock().unwrap().take().unwrap();
        tokio::spawn(replica.drain(time))
    }

    /// The claims of a vault token, verified as a vault does, with the keys that are served.
    pub async fn verify(&self, token: &str) -> Claims {
        let keys: JwkSet = serde_json::from_value(self.get("/keys").await).unwrap();
        let header = jsonwebtoken::decode_header(token).unwrap();
        assert_eq!(header.typ.as_deref(), Some(TYPE));
        let key = DecodingKey::from_jwk(keys.find(&header.kid.unwrap()).unwrap()).unwrap();
        let mut validation = Validation::new(Algorithm::ES256);
        validation.validate_aud = false;
        jsonwebtoken::decode(token, &key, &validation).unwrap().claims
    }

    fn url(&self, path: &str) -> String {
        format!("https://{HOST}:{}{path}", self.address.port())
    }
}

async fn answer(request: reqwest::RequestBuilder) -> (u16, Value) {
    let answer = request.send().await.unwrap();
    let status = answer.status().as_u16();
    if matches!(status, 429 | 503) {
        assert!(answer.headers().contains_key("retry-after"));
    }
    (status, answer.json().await.unwrap())
}

fn http(ca: &str, address: SocketAddr) -> reqwest::Client {
    reqwest::Client::builder()
        .tls_certs_only([reqwest::Certificate::from_pem(ca.as_bytes()).unwrap()])
        .resolve(HOST, address)
        .build()
        .unwrap()
}

/// Writes ca.crt, tls.crt and tls.key, and returns the CA's certificate.
fn write_certificates(directory: &TempDir) -> String {
    let authority = Authority::new("strongroom");
    authority.serve(&[HOST], directory.path());
    std::fs::write(directory.path().join("ca.crt"), authority.pem()).unwrap();
    authority.pem()
}
