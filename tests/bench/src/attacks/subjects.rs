//! The programs that are attacked, each in a process of its own with what stands around it.

use std::{
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Result, ensure};
use http::Method;
use serde_json::json;
use strongroom_harness::workspace;
use strongroom_testing::{
    ApiServer, Authority,
    api_server::kubeconfig,
    cluster::{AccountToken, Cluster},
};
use tempfile::TempDir;

use super::clients::Client;
use crate::{
    api::Api,
    identity,
    load::{self, Call, Target, Until},
    process::Server,
    strongroom::{HOST, Strongroom, free},
};

/// How long a start may take.
const DEADLINE: Duration = Duration::from_secs(30);
/// The secret of which an account makes backups, with so many versions of so many bytes.
pub const LARGE: &str = "large";
const VERSIONS: u64 = 500;
const VERSION_BYTES: usize = 25_000;

/// A program that can be attacked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Program {
    /// The vault.
    Vault,
    /// The identity service.
    Identity,
    /// The operator, which has no port but that of health.
    Operator,
    /// The node driver, which has none either.
    NodeDriver,
}

impl Program {
    /// As tables name it, with the memory that the chart, or for a vault the operator, lets it have, in MiB.
    pub const fn name_and_limit(self) -> (&'static str, u64) {
        match self {
            Self::Vault => ("vault", 256),
            Self::Identity => ("identity service", 96),
            Self::Operator => ("operator", 128),
            Self::NodeDriver => ("node driver", 128),
        }
    }
}

/// A program that runs.
pub struct Subject {
    /// Its process.
    pub server: Server,
    /// Its port with TLS, if it has one.
    pub main: Option<Place>,
    /// Its health port.
    pub health: SocketAddr,
    /// Its honest clients.
    pub client: Client,
    /// A token of an account that attacks, where it takes tokens.
    pub token: Option<String>,
    /// What ends with it.
    _kept: Kept,
}

/// A port with TLS, and what a stranger asks there.
#[derive(Debug, Clone)]
#[allow(missing_docs, reason = "the names of the fields say what they hold")]
pub struct Place {
    pub address: SocketAddr,
    pub host: String,
    pub ca: PathBuf,
    pub path: &'static str,
    pub content_type: &'static str,
}

#[expect(dead_code, reason = "held for what its drop removes")]
enum Kept {
    Vault(Box<Strongroom>),
    Identity(TempDir, Cluster),
    Health(TempDir),
}

impl Subject {
    /// Starts `program` below `directory`. A vault holds `objects` secrets, and the large one if `large`.
    pub async fn start(program: Program, directory: &Path, objects: u64, large: bool) -> Result<Self> {
        let subject = match program {
            Program::Vault => vault(directory, objects, large).await?,
            Program::Identity => identity_service(directory).await?,
            Program::Operator => operator(directory).await?,
            Program::NodeDriver => node_driver(directory)?,
        };
        let deadline = Instant::now() + DEADLINE;
        while subject.client.ask(Duration::from_millis(100)).await?.failed > 0 {
            ensure!(Instant::now() < deadline, "{program:?} does not serve");
        }
        Ok(subject)
    }
}

async fn vault(directory: &Path, objects: u64, large: bool) -> Result<Subject> {
    let strongroom = Strongroom::new(workspace::program("strongroom-vault")?, directory)?;
    let server = strongroom.start().await?;
    let target = strongroom.target()?;
    let write = move |number| Api::KeyVault.set(number, number);
    load::run(&target, server.usage(), 64, Until::Requests(objects), write).await?;
    if large {
        let write = |number: u64| Call {
            method: Method::PUT,
            path: format!("/secrets/{LARGE}?api-version=2026-04-01"),
            body: json!({"value": format!("{number:x>VERSION_BYTES$}")})
                .to_string()
                .into(),
        };
        load::run(&target, server.usage(), 8, Until::Requests(VERSIONS), write).await?;
    }
    Ok(Subject {
        server,
        main: Some(Place {
            address: strongroom.ports().data,
            host: HOST.to_owned(),
            ca: strongroom.trust_bundle(),
            path: "/secrets/x?api-version=2026-04-01",
            content_type: "application/json",
        }),
        health: strongroom.ports().health,
        client: Client::Reads(target, objects),
        token: Some(strongroom.token(identity::GREEDY)?),
        _kept: Kept::Vault(Box::new(strongroom)),
    })
}

async fn identity_service(parent: &Path) -> Result<Subject> {
    let (directory, serving) = (TempDir::new_in(parent)?, Authority::new("serving"));
    let (cluster, at) = (Cluster::start().await, |name: &str| directory.path().join(name));
    serving.serve(&[identity::SERVER_NAME], directory.path());
    fs::write(at("ca.crt"), serving.pem())?;
    fs::write(at("id"), identity::TENANT)?;
    fs::write(at("kubeconfig"), kubeconfig(cluster.address))?;
    let (address, health) = (free()?, free()?);
    let mut command = quiet("strongroom-identity")?;
    command.arg("--tenant-id-file").arg(at("id"));
    command.arg("--tls-dir").arg(directory.path());
    command.arg("--trust-bundle").arg(at("ca.crt"));
    command.args([
        "--listen",
        &address.to_string(),
        "--health-listen",
        &health.to_string(),
    ]);
    command.env("KUBECONFIG", at("kubeconfig"));
    let server = Server::start(&mut command)?;
    let token = AccountToken::of_pod("shop", "api", "n1").sign(&cluster);
    let fields = [
        ("grant_type", "client_credentials"),
        ("client_id", "client"),
        (
            "client_assertion_type",
            "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        ),
        ("scope", "https://prod.team-a.svc/.default"),
        ("client_assertion", &token),
    ];
    let form: Vec<_> = fields
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    let content_type = "application/x-www-form-urlencoded";
    let target = Target::new(address, identity::SERVER_NAME, serving.pem().as_bytes())?
        .header("content-type", content_type)?;
    let path = format!("/{}/oauth2/v2.0/token", identity::TENANT);
    Ok(Subject {
        server,
        main: Some(Place {
            address,
            host: identity::SERVER_NAME.to_owned(),
            ca: at("ca.crt"),
            path: "/adfs/oauth2/token",
            content_type,
        }),
        health,
        client: Client::Logins(target, path, form.join("&").into()),
        token: None,
        _kept: Kept::Identity(directory, cluster),
    })
}

async fn operator(parent: &Path) -> Result<Subject> {
    let (directory, health) = (TempDir::new_in(parent)?, free()?);
    let config = directory.path().join("kubeconfig");
    // It waits for the definitions, which this API server has none of.
    fs::write(&config, kubeconfig(ApiServer::default().serve().await))?;
    let mut command = quiet("strongroom-operator")?;
    command.args([
        "run",
        "--vault-image",
        "none",
        "--health-listen",
        &health.to_string(),
    ]);
    command.env("KUBECONFIG", config);
    of_health(&mut command, health, directory)
}

fn node_driver(parent: &Path) -> Result<Subject> {
    let (directory, health) = (TempDir::new_in(parent)?, free()?);
    let config = directory.path().join("kubeconfig");
    fs::write(&config, kubeconfig(free()?))?;
    let mut command = quiet("strongroom-csi")?;
    command.args(["--node-name", "n", "--tenant-id", identity::TENANT]);
    command.args(["--health", &health.to_string()]);
    command.arg("--kubelet-root").arg(directory.path());
    // It waits for the file of its authorities, and mounts nothing before.
    command.arg("--trust-bundle").arg(directory.path().join("none"));
    command.env("KUBECONFIG", config);
    of_health(&mut command, health, directory)
}

fn of_health(command: &mut Command, health: SocketAddr, directory: TempDir) -> Result<Subject> {
    Ok(Subject {
        server: Server::start(command)?,
        main: None,
        health,
        client: Client::Looks(health),
        token: None,
        _kept: Kept::Health(directory),
    })
}

fn quiet(program: &str) -> Result<Command> {
    let mut command = Command::new(workspace::program(program)?);
    command.env("RUST_LOG", "error").stderr(Stdio::null());
    Ok(command)
}
