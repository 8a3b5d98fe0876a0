//! Our vault as a bare process: everything that a cluster gives it, made here.

use std::{
    fs,
    net::{SocketAddr, TcpListener},
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};
use strongroom_client::{Route, Server as Remote, Trust, admin::AdminClient};
use strongroom_core::{Bundle, BundlePolicy, Effect, Generation, ObjectKind, Permission};
use strongroom_testing::Authority;
use tempfile::TempDir;

use crate::{
    api::Api,
    identity::{self, Account, Signer},
    load::Target,
    process::Server,
};

/// The vault's name.
pub const HOST: &str = "prod.team-a.svc";
const AUDIENCE: &str = "https://prod.team-a.svc";
const OPERATOR: &str = "spiffe://strongroom.dev/0f0f0f0f-0000-4000-8000-000000000001/operator";

/// How long a start may take.
const DEADLINE: Duration = Duration::from_mins(2);

/// A vault's files, its surroundings, and the addresses it gets at each start.
pub struct Strongroom {
    program: PathBuf,
    directory: TempDir,
    serving: Authority,
    admin: Authority,
    signer: Signer,
    keys: SocketAddr,
    ports: Ports,
}

/// Where a vault listens.
#[derive(Debug)]
#[allow(missing_docs, reason = "the names of the fields say what they hold")]
pub struct Ports {
    pub data: SocketAddr,
    pub admin: SocketAddr,
    pub health: SocketAddr,
}

/// A bundle of policies that came into force.
#[derive(Debug, Clone, Copy)]
pub struct PutBundle {
    /// Its length as JSON.
    pub bytes: usize,
    /// How long the vault took to answer that it is in force.
    pub took: Duration,
}

impl Strongroom {
    /// A vault of `program` with no data, with its files below `parent`.
    pub fn new(program: PathBuf, parent: &Path) -> Result<Self> {
        let directory = TempDir::new_in(parent)?;
        let at = |name: &str| directory.path().join(name);
        for name in ["tls", "identity", "seal", "data"] {
            fs::create_dir(at(name))?;
        }
        let (serving, admin) = (Authority::new("serving"), Authority::new("admin"));
        serving.serve(&[HOST], &at("tls"));
        serving.serve(&[identity::SERVER_NAME], &at("identity"));
        fs::write(at("ca.crt"), serving.pem())?;
        fs::write(at("admin-ca.crt"), admin.pem())?;
        fs::write(at("seal/key"), [7; 32])?;
        fs::write(at("seal/id"), "bench")?;
        let signer = Signer::new()?;
        let keys = signer.serve(at("identity"))?;
        let ports = Ports {
            data: free()?,
            admin: free()?,
            health: free()?,
        };
        Ok(Self {
            program,
            directory,
            serving,
            admin,
            signer,
            keys,
            ports,
        })
    }

    /// Its serving authority, in PEM.
    pub fn ca(&self) -> String {
        self.serving.pem()
    }

    /// The directory with its serving certificate.
    pub fn tls(&self) -> PathBuf {
        self.directory.path().join("tls")
    }

    /// Clients of the account that may do everything.
    pub fn target(&self) -> Result<Target> {
        self.target_of(identity::CLIENT)
    }

    /// Clients of one account.
    pub fn target_of(&self, account: Account) -> Result<Target> {
        let bearer = format!("Bearer {}", self.token(account)?);
        Target::new(self.ports.data, HOST, self.ca().as_bytes())?.header("authorization", &bearer)
    }

    /// A token of one account.
    pub fn token(&self, account: Account) -> Result<String> {
        self.signer.token(account, AUDIENCE)
    }

    /// Where it listens.
    pub const fn ports(&self) -> &Ports {
        &self.ports
    }

    /// The file with its serving authority.
    pub fn trust_bundle(&self) -> PathBuf {
        self.directory.path().join("ca.crt")
    }

    /// How many bytes its store's file has.
    pub fn store_bytes(&self) -> Result<u64> {
        Ok(fs::metadata(self.directory.path().join("data/store.redb"))?.len())
    }

    /// Starts it and pushes the policy, as the operator does.
    pub async fn start(&self) -> Result<Server> {
        let server = self.spawn()?;
        let deadline = Instant::now() + DEADLINE;
        while let Err(error) = self.allow().await {
            if Instant::now() > deadline {
                return Err(error.context("the vault takes no policy"));
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        self.first_answer().await?;
        Ok(server)
    }

    /// Starts it again, with its data and policy; returns the time from the program's start to the first secret
    /// that was answered.
    pub async fn restart(&self) -> Result<(Server, Duration)> {
        let started = Instant::now();
        let server = self.spawn()?;
        self.first_answer().await?;
        Ok((server, started.elapsed()))
    }

    /// How many commits its store has made, by its metrics.
    pub async fn commits(&self) -> Result<u64> {
        let url = format!("http://{}/metrics", self.ports.health);
        let text = reqwest::get(url).await?.text().await?;
        let value = text
            .lines()
            .find_map(|line| line.strip_prefix("strongroom_store_generation "));
        Ok(value
            .context("the vault's metrics lack its generation")?
            .parse()?)
    }

    fn spawn(&self) -> Result<Server> {
        let path = |name: &str| self.directory.path().join(name);
        let mut command = Command::new(&self.program);
        command
            .env("RUST_LOG", "error")
            .args(["serve", "--initialise", "--namespace", "team-a"]);
        command.args(["--vault-name", "prod", "--tenant-id", identity::TENANT]);
        command.args(["--issuer", &identity::issuer()]);
        command.args(["--identity-url", &format!("https://{}", identity::SERVER_NAME)]);
        command.args(["--identity-peers", &self.keys.to_string()]);
        command.args(["--identity-server-name", identity::SERVER_NAME]);
        command.arg("--trust-bundle").arg(path("ca.crt"));
        command.arg("--admin-ca").arg(path("admin-ca.crt"));
        command.args(["--admin-client-uri", OPERATOR]);
        command.args(["--listen", &self.ports.data.to_string()]);
        command.args(["--admin-listen", &self.ports.admin.to_string()]);
        command.args(["--health-listen", &self.ports.health.to_string()]);
        command.arg("--tls-dir").arg(path("tls"));
        command.arg("--seal-dir").arg(path("seal"));
        command.arg("--data-dir").arg(path("data"));
        // One account sends everything here, and nothing is to be removed meanwhile. The audit log has half of the volume at
        // most and the objects a quarter: of less, the log of a few minutes or a million objects would come to an end.
        command.args(["--account-rate", "1000000", "--audit-quota-mib", "65536"]);
        command.args(["--volume-mib", "16384", "--versions-per-object", "1000000"]);
        Server::start(&mut command)
    }

    async fn allow(&self) -> Result<()> {
        let secrets = ["get", "list", "set", "delete", "backup"];
        let secrets = secrets.map(|name| Permission::parse(ObjectKind::Secrets, name));
        let keys = ["get", "list", "create", "rotate", "sign"];
        let keys = keys.map(|name| Permission::parse(ObjectKind::Keys, name));
        let certificates = ["get", "create", "import", "setissuers", "strongroom/issuers/use"];
        let certificates = certificates.map(|name| Permission::parse(ObjectKind::Certificates, name));
        let policy = BundlePolicy {
            name: "everything".to_owned(),
            effect: Effect::Allow,
            subjects: vec![identity::CLIENT.uid().parse()?, identity::GREEDY.uid().parse()?],
            objects: vec!["*".parse()?],
            permissions: secrets
                .into_iter()
                .chain(keys)
                .chain(certificates)
                .flatten()
                .collect(),
        };
        self.put_policies(1, vec![policy]).await.map(drop)
    }

    /// Puts `policies` in the place of those in force, as its bundle of this `number`: the start puts the first one.
    pub async fn put_policies(&self, number: u64, policies: Vec<BundlePolicy>) -> Result<PutBundle> {
        let shown = self.admin.client(OPERATOR);
        let (chain, key) = (shown.certificate.as_bytes(), shown.key.as_bytes());
        let trust = Trust::mutual_from_pem(self.ca().as_bytes(), chain, key)?;
        let remote = Remote::new(HOST).by(Route::Socket(self.ports.admin));
        let operator = AdminClient::new(&remote, trust);
        let status = operator.status().await?;
        let generation = Generation { epoch: 1, n: number };
        let bundle = serde_json::to_vec(&Bundle::new(status.vault_id.to_string(), generation, policies))?;
        let (bytes, asked) = (bundle.len(), Instant::now());
        operator.put_bundle(bundle.into()).await?;
        Ok(PutBundle {
            bytes,
            took: asked.elapsed(),
        })
    }

    /// Waits until a secret is answered, or is said to be missing: either means that the store was read.
    async fn first_answer(&self) -> Result<()> {
        let target = self.target()?;
        let deadline = Instant::now() + DEADLINE;
        loop {
            match target.once(Api::KeyVault.get(0)).await {
                Ok(answer) if matches!(answer.status.as_u16(), 200 | 404) => return Ok(()),
                Ok(answer) if Instant::now() > deadline => bail!("the vault answers {}", answer.status),
                Err(error) if Instant::now() > deadline => return Err(error),
                Ok(_) | Err(_) => tokio::time::sleep(Duration::from_millis(1)).await,
            }
        }
    }
}

/// An address that nobody listens on now.
pub fn free() -> Result<SocketAddr> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?)
}
