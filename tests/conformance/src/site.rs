//! A vault and its identity service, as processes of this machine, and what a pod would find in its environment.

use std::{
    env, fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};
use reqwest::{Certificate, Client, StatusCode};
use serde_json::{Value, json};
use strongroom_core::Effect;
use strongroom_harness::workspace;
use strongroom_testing::{
    Authority, Directory, Process, Program,
    cluster::{AccountToken, Cluster},
    identity::SERVER_NAME,
    program::free_address,
    signing_key::TENANT,
    vault::{Files, HOST, rule},
};
use tokio::time::sleep;

use crate::tree::copy;

/// The name that the suites log in at. They leave tests of rotation out unless it looks like one of Azure's public cloud.
const LOGIN: &str = "login.microsoftonline.com.strongroom.test";

/// How long a start may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// Vault `prod` of `team-a`, and the identity service that gives the account `team-a/admin` tokens for it. Both end when
/// this is dropped.
pub struct Site {
    // Before the directories: a process must not write into one that is being removed.
    _processes: [Process; 2],
    program: Program,
    directory: Directory,
    identity: SocketAddr,
}

impl Site {
    /// Starts both, with an API server that reviews tokens. The account may do `permissions` with every secret, key and
    /// certificate. To be called on a runtime, which the API server lives on.
    ///
    /// # Errors
    /// A program is not built, ends, or does not answer in time.
    pub async fn start(permissions: &[&str]) -> Result<Self> {
        let (cluster, directory, address) = (Cluster::start().await, Directory::new(), free_address());
        let token = AccountToken::of_pod("team-a", "admin", "node-1").sign(&cluster);
        fs::write(directory.path().join("token"), &token)?;
        let files = Files::on_disk()
            .await
            .with(&["--identity-peers", &address.to_string()]);
        let ca = files.path("ca.crt");
        let mut identity = start_identity(&directory, &files.serving, &ca, &cluster, address)?;
        let program = Program::on(workspace::program("strongroom-vault")?, files);
        let client = client(&ca, address, program.address())?;
        answers(
            &client,
            &format!("{}/keys", url(SERVER_NAME, address)),
            &mut identity,
        )
        .await?;
        let mut vault = program.spawn();
        answers(&client, &url(HOST, program.address()), &mut vault).await?;
        let everything = rule(
            "everything",
            Effect::Allow,
            &["uid-of-admin"],
            &["*"],
            permissions,
        );
        program.allow(1, vec![everything]).await;
        let site = Self {
            _processes: [vault, identity],
            program,
            directory,
            identity: address,
        };
        site.wait_for_login(&client, &token).await?;
        Ok(site)
    }

    /// A directory for the time of the site.
    pub fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// What a pod with this vault has in its environment, under the names that the suite reads, and the names that a
    /// cluster would resolve.
    pub fn environment(&self) -> Vec<(&'static str, String)> {
        let ca = self.program.files.path("ca.crt").display().to_string();
        let token = self.directory.path().join("token").display().to_string();
        let vault = url(HOST, self.program.address());
        let audit = self.program.files.audit_directory().display().to_string();
        vec![
            ("AZURE_KEYVAULT_URL", vault.clone()),
            // A vault of ours is also asked for what Azure offers on a Managed HSM alone.
            ("AZURE_MANAGEDHSM_URL", vault),
            ("AZURE_AUTHORITY_HOST", url(LOGIN, self.identity)),
            ("AZURE_FEDERATED_TOKEN_FILE", token),
            ("KEYVAULT_TENANT_ID", "adfs".to_owned()),
            ("KEYVAULT_CLIENT_ID", "conformance".to_owned()),
            ("REQUESTS_CA_BUNDLE", ca.clone()),
            ("SSL_CERT_FILE", ca),
            ("CONFORMANCE_NAMES", format!("{HOST},{SERVER_NAME},{LOGIN}")),
            ("CONFORMANCE_AUDIT", audit),
            // What needs a key of an HSM asks for another tier.
            ("KEYVAULT_SKU", "standard".to_owned()),
        ]
    }

    /// How many requests at this version are in the vault's audit log.
    pub fn requests(&self, version: &str) -> usize {
        let lines = self.program.files.audit_lines();
        let at_version = |line: &&Value| {
            let text = |member: &str| line.get(member).and_then(Value::as_str);
            text("type") == Some("request") && text("operationVersion") == Some(version)
        };
        lines.iter().filter(at_version).count()
    }

    /// Keeps a copy of the vault's audit log under `name` and a number of its own.
    ///
    /// # Errors
    /// It cannot be copied.
    pub fn keep_audit_log(&self, name: &str) -> Result<PathBuf> {
        // Of two vaults that run at a time each has another port; of one before, nobody needs the log any more.
        let kept = kept_logs().join(format!("{name}-{}", self.program.address().port()));
        if kept.exists() {
            fs::remove_dir_all(&kept)?;
        }
        copy(&self.program.files.audit_directory(), &kept)
            .with_context(|| format!("{} cannot be written", kept.display()))?;
        Ok(kept)
    }

    /// Waits until the account can log in and the vault decides by its policy.
    async fn wait_for_login(&self, client: &Client, token: &str) -> Result<()> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let found = self.log_in_and_read(client, token).await;
            match found {
                Ok(StatusCode::NOT_FOUND) => return Ok(()),
                Ok(status) if Instant::now() > deadline => bail!("the vault still answers {status}"),
                Err(error) if Instant::now() > deadline => return Err(error),
                Ok(_) | Err(_) => sleep(Duration::from_millis(20)).await,
            }
        }
    }

    /// What the vault answers to a request for a secret that was never set.
    async fn log_in_and_read(&self, client: &Client, token: &str) -> Result<StatusCode> {
        let scope = format!("https://{HOST}/.default");
        let form = [
            ("grant_type", "client_credentials"),
            ("client_id", "conformance"),
            ("scope", scope.as_str()),
            (
                "client_assertion_type",
                "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            ),
            ("client_assertion", token),
        ];
        let login = format!("{}/adfs/oauth2/v2.0/token", url(SERVER_NAME, self.identity));
        let answer = client.post(login).form(&form).send().await?.error_for_status()?;
        let answer: Value = answer.json().await?;
        let token = answer.get("access_token").and_then(Value::as_str);
        let secret = format!(
            "{}/secrets/never-set?api-version=7.6",
            url(HOST, self.program.address())
        );
        let request = client
            .get(secret)
            .bearer_auth(token.context("the answer holds no token")?);
        Ok(request.send().await?.status())
    }
}

/// Where audit logs are kept: beside what Cargo builds.
fn kept_logs() -> PathBuf {
    let target =
        env::var_os("CARGO_TARGET_DIR").map_or_else(|| workspace::root().join("target"), PathBuf::from);
    target.join("conformance")
}

fn url(host: &str, address: SocketAddr) -> String {
    format!("https://{host}:{}", address.port())
}

fn client(ca: &Path, identity: SocketAddr, vault: SocketAddr) -> Result<Client> {
    let client = Client::builder()
        .tls_certs_only([Certificate::from_pem(&fs::read(ca)?)?])
        .resolve(SERVER_NAME, identity)
        .resolve(HOST, vault)
        .no_proxy();
    Ok(client.build()?)
}

/// Waits until a server answers anything.
async fn answers(client: &Client, url: &str, process: &mut Process) -> Result<()> {
    let deadline = Instant::now() + PATIENCE;
    while let Err(error) = client.get(url).send().await {
        if process.has_ended() {
            bail!("the program behind {url} has ended");
        }
        if Instant::now() > deadline {
            return Err(error).context("a program does not answer in time");
        }
        sleep(Duration::from_millis(20)).await;
    }
    Ok(())
}

fn start_identity(
    directory: &Directory,
    serving: &Authority,
    ca: &Path,
    cluster: &Cluster,
    address: SocketAddr,
) -> Result<Process> {
    let (tls, kubeconfig) = (directory.path().join("tls"), directory.path().join("kubeconfig"));
    fs::create_dir(&tls)?;
    serving.serve(&[SERVER_NAME, LOGIN], &tls);
    let api_server = format!("http://{}", cluster.address);
    let config = json!({
        "apiVersion": "v1", "kind": "Config", "current-context": "here",
        "clusters": [{"name": "here", "cluster": {"server": api_server}}],
        "users": [{"name": "here", "user": {}}],
        "contexts": [{"name": "here", "context": {"cluster": "here", "user": "here"}}],
    });
    fs::write(&kubeconfig, config.to_string())?;
    let mut command = Command::new(workspace::program("strongroom-identity")?);
    command
        .args(["--tenant-id", TENANT, "--release-namespace", "strongroom-system"])
        .arg("--tls-dir")
        .arg(tls)
        .arg("--trust-bundle")
        .arg(ca)
        .args(["--listen", &address.to_string(), "--health-listen", "127.0.0.1:0"])
        .env("KUBECONFIG", kubeconfig);
    Ok(Process::start(&mut command))
}
