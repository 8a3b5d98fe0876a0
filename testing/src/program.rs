//! The vault's program, as a process of its own on files that outlive it: for tests that kill it.

use std::{
    fs,
    net::{SocketAddr, TcpListener},
    path::PathBuf,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use reqwest::{Certificate, Client, Identity, StatusCode};
use serde_json::Value;
use strongroom_core::{Bundle, BundlePolicy, Generation};
use strongroom_wire::{
    admin::{self, Status},
    cloud_event::CloudEvent,
};
use tokio::time::sleep;

use crate::{
    signing_key::claims,
    vault::{AUDIENCE, Files, HOST, OPERATOR, client},
};

/// How long a start may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// The program on files of its own, at the same addresses after each start.
pub struct Program {
    /// What stands around the vault.
    pub files: Files,
    path: PathBuf,
    data: SocketAddr,
    admin: SocketAddr,
    more: Vec<String>,
}

/// A process of a program. It is killed when this is dropped.
#[derive(Debug)]
pub struct Process(Child);

impl Process {
    /// Starts a program that reads nothing and of which only errors are shown.
    pub fn start(command: &mut Command) -> Self {
        command.env("RUST_LOG", "error");
        Self(
            command
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .spawn()
                .unwrap(),
        )
    }

    /// Its id.
    pub fn id(&self) -> u32 {
        self.0.id()
    }

    /// Ends it as a power cut would end a process: whatever it is doing, it does no more.
    pub fn kill(mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }

    /// Waits until it ends by itself; returns whether it says that all is well.
    pub fn wait(&mut self) -> bool {
        self.0.wait().unwrap().success()
    }

    /// Waits until it ends by itself; returns the code that it ends with.
    pub fn code(&mut self) -> i32 {
        self.0.wait().unwrap().code().unwrap()
    }

    /// Whether it has ended by itself.
    pub fn has_ended(&mut self) -> bool {
        self.0.try_wait().unwrap().is_some()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Program {
    /// The vault `prod` of `team-a`, which `path` serves, on an empty directory, with these further arguments. To be
    /// called on a runtime: the identity service lives there.
    pub async fn new(path: impl Into<PathBuf>, more: &[&str]) -> Self {
        Self::on(path, Files::on_disk().await).with(more)
    }

    /// The vault of these files, which `path` serves.
    pub fn on(path: impl Into<PathBuf>, files: Files) -> Self {
        Self {
            files,
            path: path.into(),
            data: free_address(),
            admin: free_address(),
            more: Vec::new(),
        }
    }

    /// With further arguments.
    #[must_use]
    pub fn with(mut self, more: &[&str]) -> Self {
        self.more.extend(more.iter().map(|word| (*word).to_owned()));
        self
    }

    /// Without any further arguments.
    #[must_use]
    pub fn with_no_more(mut self) -> Self {
        self.more.clear();
        self
    }

    /// Starts it and waits for nothing.
    pub fn spawn(&self) -> Process {
        let mut arguments = self.files.arguments();
        for (flag, address) in [("--listen", self.data), ("--admin-listen", self.admin)] {
            let place = arguments.iter().position(|word| word == flag).unwrap();
            arguments[place + 1] = address.to_string();
        }
        arguments.extend(self.more.iter().cloned());
        Process::start(Command::new(&self.path).args(&arguments[1..]))
    }

    /// Starts it and waits until it answers and knows a key; returns how long the first answer took.
    pub async fn start(&self) -> (Process, Duration) {
        let started = Instant::now();
        let mut process = self.spawn();
        let first = self.answers(&mut process).await.unwrap();
        (process, first.duration_since(started))
    }

    /// Waits until `process` answers and knows a key; returns when it first answered, or why it never will.
    pub async fn answers(&self, process: &mut Process) -> Result<Instant, String> {
        let (client, deadline) = (self.client(), Instant::now() + PATIENCE);
        let mut first = None;
        loop {
            if let Ok(answer) = self.ask(&client, "/secrets/a").await {
                let first = *first.get_or_insert_with(Instant::now);
                if answer.status() != StatusCode::UNAUTHORIZED {
                    return Ok(first);
                }
            }
            if process.has_ended() {
                return Err("the vault has ended instead of answering".to_owned());
            }
            if Instant::now() > deadline {
                return Err(format!("the vault does not answer within {PATIENCE:?}"));
            }
            sleep(Duration::from_millis(2)).await;
        }
    }

    /// What it tells the operator of itself.
    pub async fn status(&self) -> Status {
        let status = self.operator().get(self.admin_url(admin::path::STATUS));
        status.send().await.unwrap().json().await.unwrap()
    }

    /// All events of objects that it tells the operator.
    pub async fn events(&self) -> Vec<CloudEvent> {
        let (operator, mut events) = (self.operator(), Vec::<CloudEvent>::new());
        loop {
            let after = events.last().map(|event| format!("&after={}", event.id));
            let query = format!("?max=500{}", after.unwrap_or_default());
            let page = operator.get(self.admin_url(admin::path::EVENTS) + &query);
            let page: Vec<CloudEvent> = page.send().await.unwrap().json().await.unwrap();
            if page.is_empty() {
                return events;
            }
            events.extend(page);
        }
    }

    /// Puts a bundle of this number in force, as the operator does.
    pub async fn allow(&self, n: u64, policies: Vec<BundlePolicy>) {
        let id = self.status().await.vault_id.to_string();
        let bundle = Bundle::new(id, Generation { epoch: 1, n }, policies);
        let put = self
            .operator()
            .put(self.admin_url(admin::path::BUNDLE))
            .json(&bundle);
        let put = put.send().await.unwrap();
        assert_eq!(put.status(), StatusCode::OK, "{}", put.text().await.unwrap());
    }

    fn admin_url(&self, path: &str) -> String {
        format!("https://{HOST}:{}{path}", self.admin.port())
    }

    /// The operator's client.
    fn operator(&self) -> Client {
        let identity = self.files.admin.client(OPERATOR).both();
        let ca = Certificate::from_pem(&fs::read(self.files.path("ca.crt")).unwrap()).unwrap();
        Client::builder()
            .tls_certs_only([ca])
            .identity(Identity::from_pem(identity.as_bytes()).unwrap())
            .resolve(HOST, self.admin)
            .no_proxy()
            .build()
            .unwrap()
    }

    /// A client that trusts it.
    pub fn client(&self) -> Client {
        client(&self.files.path("ca.crt"), self.data)
    }

    /// Where its data port listens.
    pub const fn address(&self) -> SocketAddr {
        self.data
    }

    /// A token of the account `NAMESPACE/NAME`.
    pub fn token(&self, account: &str) -> String {
        let claims = claims(self.files.clock.now(), account, AUDIENCE);
        self.files.signer.token(&claims)
    }

    /// The address of `path`.
    pub fn url(&self, path: &str) -> String {
        let query = if path.contains('?') {
            ""
        } else {
            "?api-version=7.4"
        };
        format!("https://{HOST}:{}{path}{query}", self.data.port())
    }

    /// What `team-a/admin` gets.
    pub async fn get(&self, client: &Client, path: &str) -> (StatusCode, Value) {
        let response = self.ask(client, path).await.unwrap();
        (response.status(), response.json().await.unwrap())
    }

    async fn ask(&self, client: &Client, path: &str) -> Result<reqwest::Response, reqwest::Error> {
        let request = client.get(self.url(path));
        request.bearer_auth(self.token("team-a/admin")).send().await
    }
}

/// An address of this machine where nobody listens now.
pub fn free_address() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}
