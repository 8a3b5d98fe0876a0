//! The admin port over TLS, and those who call it.

use std::{net::SocketAddr, sync::Arc};

use reqwest::{Certificate, Client, Identity, Method, Response};
use serde::{Serialize, de::DeserializeOwned};
use strongroom_core::VaultRef;
use strongroom_serving::{
    accept::{Limits as ConnectionLimits, Listener},
    tls::ServingCertificate,
};
use strongroom_testing::{Authority, vault::Files};
use strongroom_vault::{
    admin::{Admin, OperatorAuthority},
    service::Service,
    watch::{Limits, Watch},
};
use strongroom_wire::admin::AdminRefusal;

use crate::fixture::access;

pub use strongroom_testing::vault::{HOST, OPERATOR};

/// The operator's certificate and key, signed by `authority`.
pub fn identity(authority: &Authority) -> String {
    authority.client(OPERATOR).both()
}

/// A vault's admin port.
pub struct AdminPort {
    pub fixture: Files,
    pub service: Service,
    pub watch: Watch,
    pub authority: Arc<OperatorAuthority>,
    pub address: SocketAddr,
    pub operator: Client,
}

/// An answer that is not success.
#[derive(Debug, PartialEq, Eq)]
pub struct Refused {
    pub status: u16,
    pub code: String,
}

impl AdminPort {
    pub fn start() -> Self {
        let fixture = Files::in_memory();
        let service = fixture.service();
        let access = access(&service);
        let watch = Watch::new(Arc::clone(&access), &service, Limits::default());
        let authority = OperatorAuthority::load(&fixture.path("admin-ca.crt"), OPERATOR).unwrap();
        let tls = authority
            .server_config(ServingCertificate::load(&fixture.path("tls")).unwrap())
            .unwrap();
        let router = Admin {
            vault: VaultRef::new("team-a".parse().unwrap(), "prod".parse().unwrap()),
            access,
            service: service.clone(),
            watch: watch.clone(),
            seal_kind: "KubernetesSecret",
        }
        .into_router(&authority);
        let tcp = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        tcp.set_nonblocking(true).unwrap();
        let address = tcp.local_addr().unwrap();
        let (counts, drain) = (service.metrics.connections.clone(), service.drain.clone());
        let limits = ConnectionLimits::default();
        tokio::spawn(Listener::new(tcp, Some(tls), router, limits, counts, drain).run());
        let operator = client(&fixture.serving, address, Some(&identity(&fixture.admin)));
        Self {
            fixture,
            service,
            watch,
            authority,
            address,
            operator,
        }
    }

    /// Asks as the client that shows `identity` (certificate and key in PEM); the status, if there is an answer at all.
    pub async fn ask_as(&self, identity: Option<&str>) -> Option<u16> {
        let client = client(&self.fixture.serving, self.address, identity);
        let answer = client.get(url("/v1/status")).send().await.ok()?;
        Some(answer.status().as_u16())
    }

    pub async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, Refused> {
        read(self.operator.get(url(path)).send().await.unwrap()).await
    }

    pub async fn post<T: DeserializeOwned>(&self, path: &str, body: &impl Serialize) -> Result<T, Refused> {
        read(self.operator.post(url(path)).json(body).send().await.unwrap()).await
    }

    /// Posts what is answered without a body.
    pub async fn report(&self, path: &str, body: &impl Serialize) -> Result<(), Refused> {
        let answer = self.operator.post(url(path)).json(body).send().await.unwrap();
        if answer.status() == 204 {
            Ok(())
        } else {
            Err(refused(answer).await)
        }
    }

    pub async fn send<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: impl Into<reqwest::Body>,
    ) -> Result<T, Refused> {
        read(
            self.operator
                .request(method, url(path))
                .body(body)
                .send()
                .await
                .unwrap(),
        )
        .await
    }
}

fn url(path: &str) -> String {
    format!("https://{HOST}{path}")
}

fn client(serving: &Authority, address: SocketAddr, identity: Option<&str>) -> Client {
    let builder = Client::builder()
        .tls_certs_only([Certificate::from_pem(serving.pem().as_bytes()).unwrap()])
        .resolve(HOST, address)
        .no_proxy();
    match identity {
        Some(pem) => builder.identity(Identity::from_pem(pem.as_bytes()).unwrap()),
        None => builder,
    }
    .build()
    .unwrap()
}

async fn read<T: DeserializeOwned>(answer: Response) -> Result<T, Refused> {
    if answer.status() == 200 {
        Ok(serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap())
    } else {
        Err(refused(answer).await)
    }
}

async fn refused(answer: Response) -> Refused {
    let status = answer.status().as_u16();
    let refusal: AdminRefusal = serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap();
    Refused {
        status,
        code: refusal.code,
    }
}
