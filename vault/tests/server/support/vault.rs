//! The vault itself, wired as the program wires it.

use std::{fs, net::SocketAddr, path::Path, sync::Arc};

use clap::Parser;
use reqwest::{Certificate, Client, Method, StatusCode, header::HeaderMap};
use serde_json::{Value, json};
use strongroom_core::{Bundle, BundlePolicy, Effect, Generation, ObjectKind, Permission};
use strongroom_testing::{Authority, Directory};
use strongroom_vault::{
    args::{Cli, Command, ServeArgs},
    clock::Clock,
    serve::Running,
};

use super::identity::{self, Served, SigningKey};

pub const HOST: &str = "prod.team-a.svc";
pub const AUDIENCE: &str = "https://prod.team-a.svc";
pub const OPERATOR: &str = "spiffe://strongroom.dev/0f0f0f0f-0000-4000-8000-000000000001/operator";

/// A vault named `prod` in namespace `team-a`, and what stands around it.
pub struct TestVault {
    pub running: Running,
    pub signer: SigningKey,
    pub clock: Clock,
    pub client: Client,
    pub files: Arc<Files>,
}

/// Certificates, seal, store and audit log.
pub struct Files {
    pub directory: Directory,
    pub admin: Authority,
    pub identity: SocketAddr,
    pub keys: Served,
}

/// What was answered.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Value,
}

impl Answer {
    pub fn code(&self) -> &str {
        self.body["error"]["code"].as_str().unwrap_or_default()
    }

    pub fn inner(&self) -> &str {
        self.body["error"]["innererror"]["code"]
            .as_str()
            .unwrap_or_default()
    }
}

impl Files {
    pub fn new(signer: &SigningKey) -> Self {
        let directory = Directory::new();
        let at = |name: &str| directory.path().join(name);
        for name in ["tls", "identity", "seal", "data"] {
            fs::create_dir(at(name)).unwrap();
        }
        let (serving, admin) = (Authority::new("serving"), Authority::new("admin"));
        serving.serve(&[HOST, "prod.team-a.svc.cluster.local"], &at("tls"));
        serving.serve(&[identity::SERVER_NAME], &at("identity"));
        fs::write(at("ca.crt"), serving.pem()).unwrap();
        fs::write(at("admin-ca.crt"), admin.pem()).unwrap();
        fs::write(at("seal/key"), [7; 32]).unwrap();
        fs::write(at("seal/id"), "seal-1").unwrap();
        let keys = Served::default();
        keys.add(signer);
        let identity = identity::serve(keys.clone(), &at("identity"));
        Self {
            directory,
            admin,
            identity,
            keys,
        }
    }

    pub fn path(&self, name: &str) -> std::path::PathBuf {
        self.directory.path().join(name)
    }

    /// The command line of a vault on these files, on ports of the system's choice.
    pub fn arguments(&self, more: &[&str]) -> Vec<String> {
        let path = |name: &str| self.path(name).display().to_string();
        let words = [
            ("--vault-name", "prod".to_owned()),
            ("--namespace", "team-a".into()),
            ("--tenant-id", identity::TENANT.into()),
            ("--issuer", identity::ISSUER.into()),
            ("--identity-url", format!("https://{}", identity::SERVER_NAME)),
            ("--identity-peers", self.identity.to_string()),
            ("--identity-server-name", identity::SERVER_NAME.into()),
            ("--trust-bundle", path("ca.crt")),
            ("--admin-ca", path("admin-ca.crt")),
            ("--admin-client-uri", OPERATOR.into()),
            ("--listen", "127.0.0.1:0".into()),
            ("--admin-listen", "127.0.0.1:0".into()),
            ("--health-listen", "127.0.0.1:0".into()),
            ("--tls-dir", path("tls")),
            ("--seal-dir", path("seal")),
            ("--data-dir", path("data")),
        ];
        let words = words
            .into_iter()
            .flat_map(|(flag, value)| [flag.to_owned(), value]);
        let start = ["strongroom-vault", "serve", "--initialise"].map(str::to_owned);
        start
            .into_iter()
            .chain(words)
            .chain(more.iter().map(|word| (*word).to_owned()))
            .collect()
    }
}

pub fn parse(arguments: Vec<String>) -> ServeArgs {
    match Cli::try_parse_from(arguments).unwrap().command {
        Command::Serve(args) => *args,
        Command::Audit(_) => unreachable!("these are the arguments of serve"),
    }
}

impl TestVault {
    /// A vault where `team-a/admin` may do everything.
    pub async fn start() -> Self {
        Self::start_with(&[]).await
    }

    pub async fn start_with(more: &[&str]) -> Self {
        let signer = SigningKey::new("replica-1");
        let files = Arc::new(Files::new(&signer));
        let vault = Self::open(files, signer, more).await;
        vault
            .policy(1, vec![allow("admins", "team-a/admin", &["*"], ALL)])
            .await;
        vault
    }

    /// The vault on these files.
    pub async fn open(files: Arc<Files>, signer: SigningKey, more: &[&str]) -> Self {
        let clock = Clock::default();
        let running = Running::start(&parse(files.arguments(more)), clock.clone()).unwrap();
        let client = client(&files.path("ca.crt"), running.addresses().data);
        running.first_keys().await;
        Self {
            running,
            signer,
            clock,
            client,
            files,
        }
    }

    /// Puts a policy bundle in force.
    pub async fn policy(&self, n: u64, policies: Vec<BundlePolicy>) {
        let vault_id = self.running.service().objects.vault_id().to_string();
        let bundle = Bundle::new(vault_id, Generation { epoch: 1, n }, policies);
        let policy = Arc::clone(&self.running.service().policy);
        let put = move || {
            policy
                .put(&serde_json::to_vec(&bundle).unwrap(), |_| Ok(()))
                .map(drop)
        };
        tokio::task::spawn_blocking(put).await.unwrap().unwrap();
    }

    pub fn token(&self, account: &str) -> String {
        self.token_with(account, |_| ())
    }

    pub fn token_with(&self, account: &str, change: impl FnOnce(&mut Value)) -> String {
        let mut claims = identity::claims(&self.clock, account, AUDIENCE);
        change(&mut claims);
        self.signer.sign(&self.signer.header(), &claims)
    }

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

    pub async fn request(&self, account: &str, method: Method, path: &str, body: Option<Value>) -> Answer {
        self.with_token(&self.token(account), method, path, body).await
    }

    pub async fn with_token(&self, token: &str, method: Method, path: &str, body: Option<Value>) -> Answer {
        let mut request = self.client.request(method, self.url(path)).bearer_auth(token);
        if let Some(body) = body {
            request = request.json(&body);
        }
        answer(request.send().await.unwrap()).await
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.admin(Method::GET, path, None).await
    }

    pub async fn set(&self, name: &str, value: &str) -> Answer {
        self.admin(
            Method::PUT,
            &format!("/secrets/{name}"),
            Some(json!({ "value": value })),
        )
        .await
    }
}

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

pub const ALL: &[&str] = &[
    "get", "list", "set", "delete", "backup", "restore", "recover", "purge",
];

/// A policy of a bundle.
pub fn allow(name: &str, account: &str, objects: &[&str], secrets: &[&str]) -> BundlePolicy {
    policy(name, Effect::Allow, account, objects, secrets)
}

pub fn deny(name: &str, account: &str, objects: &[&str], secrets: &[&str]) -> BundlePolicy {
    policy(name, Effect::Deny, account, objects, secrets)
}

fn policy(name: &str, effect: Effect, account: &str, objects: &[&str], secrets: &[&str]) -> BundlePolicy {
    BundlePolicy {
        name: name.into(),
        effect,
        subjects: vec![identity::uid(account).parse().unwrap()],
        objects: objects.iter().map(|pattern| pattern.parse().unwrap()).collect(),
        permissions: secrets
            .iter()
            .map(|permission| Permission::parse(ObjectKind::Secrets, permission).unwrap())
            .collect(),
    }
}
