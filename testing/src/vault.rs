//! A vault: the real one, over HTTPS as the program serves it, or its parts without a port.
//!
//! ```text
//!   files      what outlives its restart and what stands around it: certificates, seal, store, audit log, clock, identity
//!   policy     policies of a bundle
//!   secrets    writes, without a request
//!   keys       the same of keys
//! ```

mod files;
mod keys;
mod policy;
mod secrets;

use std::{fs, net::SocketAddr, path::Path, sync::Arc};

use reqwest::{Certificate, Client, Method, StatusCode, header::HeaderMap};
use serde_json::{Value, json};
use strongroom_core::BundlePolicy;
use strongroom_vault::{
    policy::{PutError, Taken},
    serve::Running,
    service::Service,
};

pub use files::{Files, parse};
pub use keys::{delete_key, enable_key, recover_key, rotate_key, set_key};
pub use policy::{ALL, CERTIFICATES, KEYS, allow, bundle, deny, rule};
pub use secrets::{delete, enable, purge, set, write};

use crate::signing_key::claims;

/// The name of vault `prod` of `team-a`.
pub const HOST: &str = "prod.team-a.svc";
/// What a token for it is for.
pub const AUDIENCE: &str = "https://prod.team-a.svc";
/// The operator's name.
pub const OPERATOR: &str = "spiffe://strongroom.dev/0f0f0f0f-0000-4000-8000-000000000001/operator";

/// A vault that serves.
pub struct Vault {
    /// The vault itself.
    pub running: Running,
    /// A client that trusts it.
    pub client: Client,
    /// What stands around it.
    pub files: Arc<Files>,
}

/// What was answered.
#[derive(Debug)]
#[allow(missing_docs, reason = "the names of the fields say what they hold")]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Value,
}

impl Answer {
    /// The error's code.
    pub fn code(&self) -> &str {
        self.body["error"]["code"].as_str().unwrap_or_default()
    }

    /// The error's sentence.
    pub fn message(&self) -> &str {
        self.body["error"]["message"].as_str().unwrap_or_default()
    }

    /// The error's inner code.
    pub fn inner(&self) -> &str {
        self.body["error"]["innererror"]["code"]
            .as_str()
            .unwrap_or_default()
    }
}

impl Vault {
    /// A vault on disk where `team-a/admin` may do everything.
    pub async fn start() -> Self {
        Self::start_with(&[]).await
    }

    /// The same with further arguments.
    pub async fn start_with(more: &[&str]) -> Self {
        let files = Files::on_disk().await.with(more);
        let vault = Self::open(Arc::new(files)).await;
        vault
            .policy(
                1,
                vec![
                    allow("admins", "team-a/admin", &["*"], ALL),
                    allow("officers", "team-a/admin", &["*"], KEYS),
                    allow("managers", "team-a/admin", &["*"], CERTIFICATES),
                ],
            )
            .await;
        vault
    }

    /// The vault on these files.
    pub async fn open(files: Arc<Files>) -> Self {
        let running = files.run();
        let client = client(&files.path("ca.crt"), running.addresses().data);
        running.first_keys().await;
        Self {
            running,
            client,
            files,
        }
    }

    /// Puts a policy bundle in force.
    pub async fn policy(&self, n: u64, policies: Vec<BundlePolicy>) {
        let service = self.running.service().clone();
        let put = move || put(&service, (1, n), policies).map(drop);
        tokio::task::spawn_blocking(put).await.unwrap().unwrap();
    }

    /// A token of the account `NAMESPACE/NAME`.
    pub fn token(&self, account: &str) -> String {
        self.token_with(account, |_| ())
    }

    /// The same with other claims.
    pub fn token_with(&self, account: &str, change: impl FnOnce(&mut Value)) -> String {
        let mut claims = claims(self.files.clock.now(), account, AUDIENCE);
        change(&mut claims);
        self.files.signer.token(&claims)
    }

    /// The address of `path`.
    pub fn url(&self, path: &str) -> String {
        let query = if path.contains('?') {
            ""
        } else {
            "?api-version=2026-04-01"
        };
        format!(
            "https://{HOST}:{}{path}{query}",
            self.running.addresses().data.port()
        )
    }

    /// A request of the account `team-a/admin`.
    pub async fn admin(&self, method: Method, path: &str, body: Option<Value>) -> Answer {
        self.request("team-a/admin", method, path, body).await
    }

    /// A request of this account.
    pub async fn request(&self, account: &str, method: Method, path: &str, body: Option<Value>) -> Answer {
        self.with_token(&self.token(account), method, path, body).await
    }

    /// A request with this token.
    pub async fn with_token(&self, token: &str, method: Method, path: &str, body: Option<Value>) -> Answer {
        let mut request = self.client.request(method, self.url(path)).bearer_auth(token);
        if let Some(body) = body {
            request = request.json(&body);
        }
        answer(request.send().await.unwrap()).await
    }

    /// What `team-a/admin` gets.
    pub async fn get(&self, path: &str) -> Answer {
        self.admin(Method::GET, path, None).await
    }

    /// Sets a secret as `team-a/admin`.
    pub async fn set(&self, name: &str, value: &str) -> Answer {
        self.admin(
            Method::PUT,
            &format!("/secrets/{name}"),
            Some(json!({ "value": value })),
        )
        .await
    }
}

/// Puts a bundle as the admin API does, but for the audit.
pub fn put(service: &Service, place: (u64, u64), policies: Vec<BundlePolicy>) -> Result<Taken, PutError> {
    service
        .policy
        .put(&bundle(&service.objects, place, policies), |_| Ok(()))
}

/// The whole of an answer.
pub async fn answer(response: reqwest::Response) -> Answer {
    let (status, headers) = (response.status(), response.headers().clone());
    let bytes = response.bytes().await.unwrap();
    let body = if bytes.is_empty() {
        Value::Null
    } else {
        serde_json::from_slice(&bytes).unwrap()
    };
    Answer {
        status,
        headers,
        body,
    }
}

/// A client that trusts only the authority in the PEM file `ca`, and finds the vault at `address`.
pub fn client(ca: &Path, address: SocketAddr) -> Client {
    let ca = Certificate::from_pem(&fs::read(ca).unwrap()).unwrap();
    Client::builder()
        .tls_certs_only([ca])
        .resolve(HOST, address)
        .resolve("prod.team-a.svc.cluster.local", address)
        .no_proxy()
        .build()
        .unwrap()
}
