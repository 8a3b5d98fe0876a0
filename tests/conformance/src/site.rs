//! A vault on this machine, as `strongroom dev` runs it, and what the suites find in their environment.

use std::{
    collections::BTreeMap,
    env, fs,
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};
use serde::Deserialize;
use serde_json::{Value, json};
use strongroom_harness::workspace;
use strongroom_testing::{Directory, Process};
use tokio::time::sleep;

use crate::tree::copy;

/// The name that the suites log in at. They leave tests of rotation out unless it looks like one of Azure's public cloud.
const LOGIN: &str = "login.microsoftonline.com.localhost";

/// The vault's host.
const HOST: &str = "prod.vault.localhost";

/// How long a start may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// Vault `prod` of `team-a`, and the login that gives the account `team-a/admin` tokens for it. Both end when this is dropped.
pub struct Site {
    // Before the directory: a process must not write into one that is being removed.
    _process: Process,
    directory: Directory,
    ready: Ready,
}

/// What `strongroom dev` writes once it is ready.
#[derive(Deserialize)]
struct Ready {
    url: String,
    port: u16,
    variables: Vec<(String, String)>,
    /// The directory of the run, where the vault's files lie.
    run: PathBuf,
}

impl Site {
    /// Starts it. The account may do `permissions` with every secret, key and certificate. To be called on a runtime.
    ///
    /// # Errors
    /// The program is not built, ends, or is not ready in time.
    pub async fn start(permissions: &[&str]) -> Result<Self> {
        let directory = Directory::new();
        let manifests = directory.path().join("manifests.yaml");
        fs::write(&manifests, self::manifests(permissions))?;
        let told = directory.path().join("ready.json");
        let mut command = Command::new(workspace::program("strongroom")?);
        command
            .args(["dev", "--port", "0", "--as", "team-a/admin", "--san", LOGIN])
            .arg("--dev-dir")
            .arg(directory.path().join("dev"))
            .arg("--ready-file")
            .arg(&told)
            .arg("--filename")
            .arg(&manifests)
            // What it says to people is nothing for a report.
            .stderr(std::process::Stdio::null());
        let mut process = Process::start(&mut command);
        let ready = ready(&told, &mut process).await?;
        Ok(Self {
            _process: process,
            directory,
            ready,
        })
    }

    /// A directory for the time of the site.
    pub fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// What a program with this vault has in its environment, under the names that the suites read, and the names that they take
    /// for this machine.
    ///
    /// # Errors
    /// The program said less.
    pub fn environment(&self) -> Result<Vec<(&'static str, String)>> {
        let said = |name: &str| {
            let found = self.ready.variables.iter().find(|(known, _)| known == name);
            found
                .map(|(_, value)| value.clone())
                .with_context(|| format!("strongroom dev says no {name}"))
        };
        let login = said("AZURE_AUTHORITY_HOST")?.replace("localhost", LOGIN);
        Ok(vec![
            ("AZURE_KEYVAULT_URL", self.ready.url.clone()),
            // A vault of ours is also asked for what Azure offers on a Managed HSM alone.
            ("AZURE_MANAGEDHSM_URL", self.ready.url.clone()),
            ("AZURE_AUTHORITY_HOST", login),
            ("AZURE_FEDERATED_TOKEN_FILE", said("AZURE_FEDERATED_TOKEN_FILE")?),
            ("KEYVAULT_TENANT_ID", said("AZURE_TENANT_ID")?),
            ("KEYVAULT_CLIENT_ID", "conformance".to_owned()),
            ("REQUESTS_CA_BUNDLE", said("REQUESTS_CA_BUNDLE")?),
            ("SSL_CERT_FILE", said("SSL_CERT_FILE")?),
            ("CONFORMANCE_NAMES", format!("{HOST},{LOGIN}")),
            ("CONFORMANCE_AUDIT", self.audit().display().to_string()),
            // What needs a key of an HSM asks for another tier.
            ("KEYVAULT_SKU", "standard".to_owned()),
        ])
    }

    /// How many requests at this version are in the vault's audit log.
    ///
    /// # Errors
    /// The log cannot be read.
    pub fn requests(&self, version: &str) -> Result<usize> {
        let at_version = |line: &&str| {
            let line: Value = serde_json::from_str(line).unwrap_or_default();
            let text = |member: &str| line.get(member).and_then(Value::as_str);
            text("type") == Some("request") && text("operationVersion") == Some(version)
        };
        let mut found = 0;
        for file in fs::read_dir(self.audit())? {
            let path = file?.path();
            if path.extension().is_some_and(|extension| extension == "jsonl") {
                found += fs::read_to_string(path)?.lines().filter(at_version).count();
            }
        }
        Ok(found)
    }

    /// Keeps a copy of the vault's audit log under `name` and a number of its own.
    ///
    /// # Errors
    /// It cannot be copied.
    pub fn keep_audit_log(&self, name: &str) -> Result<PathBuf> {
        // Of two vaults that run at a time each has another port; of one before, nobody needs the log any more.
        let kept = kept_logs().join(format!("{name}-{}", self.ready.port));
        if kept.exists() {
            fs::remove_dir_all(&kept)?;
        }
        copy(&self.audit(), &kept).with_context(|| format!("{} cannot be written", kept.display()))?;
        Ok(kept)
    }

    /// The directory of the vault's audit log.
    fn audit(&self) -> PathBuf {
        self.ready.run.join("prod.team-a/data/audit")
    }
}

/// The vault and a policy for each kind of object, as a cluster would have them.
fn manifests(permissions: &[&str]) -> String {
    let mut kinds: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for permission in permissions {
        let (kind, name) = ["keys", "certificates"]
            .into_iter()
            .find_map(|kind| Some((kind, permission.strip_prefix(kind)?.strip_prefix('/')?)))
            .unwrap_or(("secrets", permission));
        kinds.entry(kind).or_default().push(name);
    }
    let policies = kinds.into_iter().map(|(kind, names)| {
        json!({
            "apiVersion": "strongroom.dev/v1alpha1", "kind": "AccessPolicy",
            "metadata": {"name": format!("all-{kind}"), "namespace": "team-a"},
            "spec": {
                "vaultRef": {"name": "prod"},
                "effect": "Allow",
                "subjects": [{"serviceAccount": {"namespace": "team-a", "name": "admin"}}],
                "objects": ["*"],
                "permissions": {kind: names},
            },
        })
    });
    let vault = json!({
        "apiVersion": "strongroom.dev/v1alpha1", "kind": "Vault",
        "metadata": {"name": "prod", "namespace": "team-a"},
        "spec": {},
    });
    let documents: Vec<String> = std::iter::once(vault)
        .chain(policies)
        .map(|document| document.to_string())
        .collect();
    documents.join("\n---\n")
}

/// Waits for the file that the program writes once it is ready.
async fn ready(told: &Path, process: &mut Process) -> Result<Ready> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        // It is there as a whole or not at all.
        if let Ok(text) = fs::read(told) {
            return Ok(serde_json::from_slice(&text)?);
        }
        if process.has_ended() {
            bail!("strongroom dev has ended");
        }
        if Instant::now() > deadline {
            bail!("strongroom dev is not ready in time");
        }
        sleep(Duration::from_millis(20)).await;
    }
}

/// Where audit logs are kept: beside what Cargo builds.
fn kept_logs() -> PathBuf {
    let target =
        env::var_os("CARGO_TARGET_DIR").map_or_else(|| workspace::root().join("target"), PathBuf::from);
    target.join("conformance")
}
