//! What outlives a vault's restart, and what stands around it.

use std::{
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
};

use clap::Parser;
use serde_json::Value;
use strongroom_engine::store::{MemoryStore, Store};
use strongroom_vault::{
    args::{Cli, Command, ServeArgs},
    clock::Clock,
    serve::{self, Running, StartError},
    service::Service,
};

use super::OPERATOR;
use crate::{
    Authority, Directory, Identity, SigningKey, TlsServer, identity,
    signing_key::{ISSUER, TENANT},
};

/// The vault `prod` of a namespace: its certificates, its seal, its audit log, its store, its clock.
pub struct Files {
    /// Holds all of it but a store in memory.
    pub directory: Directory,
    /// The vault's clock, and the identity service's.
    pub clock: Clock,
    /// What the identity service signs with.
    pub signer: Arc<SigningKey>,
    /// The identity service.
    pub identity: Identity,
    /// Where the vault looks for its replicas.
    pub peers: SocketAddr,
    /// Signs what servers show.
    pub serving: Arc<Authority>,
    /// Signs what the operator shows.
    pub admin: Authority,
    namespace: String,
    store: Option<Arc<dyn Store>>,
    more: Vec<String>,
    /// Kept, since it ends with this.
    server: Option<TlsServer>,
}

impl Files {
    /// Vault `prod` of `team-a`, on a store in memory. No identity service listens.
    pub fn in_memory() -> Self {
        Self::on(Arc::new(MemoryStore::default()))
    }

    /// The same on `store`.
    pub fn on(store: Arc<dyn Store>) -> Self {
        let identity = Identity::new(SigningKey::new("replica-1"), Clock::default());
        let serving = Arc::new(Authority::new("serving"));
        let nowhere = "127.0.0.1:1".parse().unwrap();
        let mut files = Self::beside("team-a", &serving, &identity, nowhere);
        files.store = Some(store);
        files
    }

    /// The same on the store that the program has, with an identity service that listens.
    pub async fn on_disk() -> Self {
        let mut files = Self::in_memory();
        files.store = None;
        let router = files.identity.router();
        let server = TlsServer::start(&files.serving, identity::SERVER_NAME, router).await;
        files.peers = server.address();
        files.server = Some(server);
        files
    }

    /// Vault `prod` of `namespace`, on a store in memory, among servers that show certificates of `serving`: of them
    /// `identity` listens at `peers`.
    pub fn beside(namespace: &str, serving: &Arc<Authority>, identity: &Identity, peers: SocketAddr) -> Self {
        let (directory, admin) = (Directory::new(), Authority::new("admin"));
        let at = |name: &str| directory.path().join(name);
        for name in ["tls", "seal", "data"] {
            fs::create_dir(at(name)).unwrap();
        }
        let host = format!("prod.{namespace}.svc");
        serving.serve(&[&host, &format!("{host}.cluster.local")], &at("tls"));
        fs::write(at("ca.crt"), serving.pem()).unwrap();
        fs::write(at("admin-ca.crt"), admin.pem()).unwrap();
        fs::write(at("seal/key"), [7; 32]).unwrap();
        fs::write(at("seal/id"), "seal-1").unwrap();
        Self {
            directory,
            clock: identity.clock(),
            signer: identity.signer(),
            identity: identity.clone(),
            peers,
            serving: Arc::clone(serving),
            admin,
            namespace: namespace.to_owned(),
            store: Some(Arc::new(MemoryStore::default())),
            more: Vec::new(),
            server: None,
        }
    }

    /// With further arguments, or others.
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

    /// The path of one of the files.
    pub fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// The command line of a vault on these files, on ports of the system's choice.
    pub fn arguments(&self) -> Vec<String> {
        let path = |name: &str| self.path(name).display().to_string();
        let words = [
            ("--vault-name", "prod".to_owned()),
            ("--namespace", self.namespace.clone()),
            ("--tenant-id", TENANT.into()),
            ("--issuer", ISSUER.into()),
            ("--identity-url", format!("https://{}", identity::SERVER_NAME)),
            ("--identity-peers", self.peers.to_string()),
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
            .filter(|(flag, _)| !self.more.iter().any(|given| given == flag))
            .flat_map(|(flag, value)| [flag.to_owned(), value]);
        let start = ["strongroom-vault", "serve", "--initialise"].map(str::to_owned);
        start
            .into_iter()
            .chain(words)
            .chain(self.more.iter().cloned())
            .collect()
    }

    /// The vault's parts, none of which listens. It knows the keys of the identity service.
    pub fn service(&self) -> Service {
        let args = parse(self.arguments());
        let peers = serve::peers(&args, &self.clock).unwrap();
        let key_set = self.identity.key_set().to_string();
        peers.keys().learn(key_set.as_bytes(), self.clock.now()).unwrap();
        let store = self.store.clone().expect("a store in memory");
        serve::service(&args, &peers, || Ok(store), self.clock.clone()).unwrap()
    }

    /// The whole vault. To be called on a runtime.
    pub fn run(&self) -> Running {
        self.try_run().unwrap()
    }

    /// The same, or why it does not start.
    pub fn try_run(&self) -> Result<Running, StartError> {
        let (args, clock) = (parse(self.arguments()), self.clock.clone());
        match &self.store {
            Some(store) => Running::start_on(&args, Arc::clone(store), clock),
            None => Running::start(&args, clock),
        }
    }

    /// Where the audit log is.
    pub fn audit_directory(&self) -> PathBuf {
        self.path("data/audit")
    }

    /// Every line of the audit log.
    pub fn audit_lines(&self) -> Vec<Value> {
        lines(&self.audit_directory())
    }

    /// The audit records of `operation`.
    pub fn audited(&self, operation: &str) -> Vec<Value> {
        let mut lines = self.audit_lines();
        lines.retain(|line| line["operationName"] == operation);
        lines
    }
}

/// What the words of a command line say.
pub fn parse(arguments: Vec<String>) -> ServeArgs {
    match Cli::try_parse_from(arguments).unwrap().command {
        Command::Serve(args) => *args,
        Command::Audit(_) => unreachable!("these are the arguments of serve"),
    }
}

fn lines(directory: &Path) -> Vec<Value> {
    let mut files: Vec<_> = fs::read_dir(directory)
        .unwrap()
        .map(|file| file.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "jsonl"))
        .collect();
    files.sort();
    let text: String = files
        .iter()
        .map(|file| fs::read_to_string(file).unwrap())
        .collect();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}
