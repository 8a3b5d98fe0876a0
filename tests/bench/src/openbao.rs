//! The peer: OpenBao with integrated storage, TLS, a policy and the file audit device.

use std::{
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};
use http::Method;
use serde_json::{Value, json};
use strongroom_testing::Authority;
use tempfile::TempDir;

use crate::{
    api::SigningKey,
    load::{Call, Target},
    process::Server,
    strongroom::free,
};

const HOST: &str = "openbao.bench";
const DEADLINE: Duration = Duration::from_mins(1);

/// OpenBao's files and address.
pub struct OpenBao {
    program: PathBuf,
    directory: TempDir,
    authority: Authority,
    address: SocketAddr,
}

/// What opens it and lets clients in.
#[derive(Debug)]
pub struct Keys {
    root: String,
    unseal: String,
    token: String,
}

impl OpenBao {
    /// One of `program` with no data, with its files below `parent`.
    pub fn new(program: PathBuf, parent: &Path) -> Result<Self> {
        let directory = TempDir::new_in(parent)?;
        let authority = Authority::new("openbao");
        authority.serve(&[HOST], directory.path());
        fs::create_dir(directory.path().join("raft"))?;
        let (address, cluster) = (free()?, free()?);
        let at = directory.path().display();
        let config = format!(
            r#"disable_mlock = true
log_level = "error"
api_addr = "https://{address}"
cluster_addr = "https://{cluster}"
storage "raft" {{
  path = "{at}/raft"
  node_id = "bench"
}}
listener "tcp" {{
  address = "{address}"
  tls_cert_file = "{at}/tls.crt"
  tls_key_file = "{at}/tls.key"
}}
audit "file" "bench" {{
  description = "one line a request and one an answer"
  options = {{ file_path = "{at}/audit.log" }}
}}
"#
        );
        fs::write(directory.path().join("config.hcl"), config)?;
        Ok(Self {
            program,
            directory,
            authority,
            address,
        })
    }

    /// Starts it, initialises it, and makes the KV engine, a policy and a token.
    pub async fn start(&self) -> Result<(Server, Keys)> {
        let server = self.spawn()?;
        let init = json!({"secret_shares": 1, "secret_threshold": 1});
        let answer = self.retry("", Method::PUT, "/v1/sys/init", &init).await?;
        let root = text(&answer, "/root_token")?;
        let unseal = text(&answer, "/keys_base64/0")?;
        self.unseal(&unseal).await?;
        let engine = json!({"type": "kv", "options": {"version": "2"}});
        self.retry(&root, Method::POST, "/v1/sys/mounts/secret", &engine)
            .await?;
        let rule = r#"path "secret/data/*" { capabilities = ["create", "update", "read"] }
path "transit/keys/*" { capabilities = ["create", "update", "read"] }
path "transit/sign/*" { capabilities = ["update"] }
path "pki/+/issue/*" { capabilities = ["update"] }
path "pki/+/root/generate/internal" { capabilities = ["update"] }"#;
        let policy = json!({"policy": rule});
        self.retry(&root, Method::PUT, "/v1/sys/policies/acl/bench", &policy)
            .await?;
        let asked = json!({"policies": ["bench"], "ttl": "24h", "explicit_max_ttl": "24h"});
        let answer = self
            .retry(&root, Method::POST, "/v1/auth/token/create", &asked)
            .await?;
        let token = text(&answer, "/auth/client_token")?;
        let keys = Keys { root, unseal, token };
        // A new engine upgrades itself for a moment and refuses meanwhile.
        self.first_write(&keys).await?;
        Ok((server, keys))
    }

    /// Makes its transit engine, with the keys that sign.
    pub async fn enable_signing(&self, keys: &Keys) -> Result<()> {
        let engine = json!({"type": "transit"});
        self.retry(&keys.root, Method::POST, "/v1/sys/mounts/transit", &engine)
            .await?;
        for key in SigningKey::ALL {
            let (path, kind) = (format!("/v1/transit/keys/{}", key.name()), key.openbao_type());
            self.retry(&keys.root, Method::POST, &path, &json!({"type": kind}))
                .await?;
        }
        Ok(())
    }

    /// Makes two PKI engines for keys like `key`: one whose authority signs by a role, and one that makes roots.
    pub async fn enable_certificates(&self, keys: &Keys, key: SigningKey) -> Result<()> {
        let (name, (kind, bits)) = (key.name(), key.openbao_certificate_key());
        for mount in [format!("pki/{name}"), format!("pki/roots-{name}")] {
            let engine = json!({"type": "pki", "config": {"max_lease_ttl": "87600h"}});
            self.retry(
                &keys.root,
                Method::POST,
                &format!("/v1/sys/mounts/{mount}"),
                &engine,
            )
            .await?;
            // Of each root it would make a list of revoked certificates anew, with those of all roots before.
            let lists = json!({"disable": true});
            self.retry(
                &keys.root,
                Method::POST,
                &format!("/v1/{mount}/config/crl"),
                &lists,
            )
            .await?;
        }
        let root = json!({"common_name": "Bench", "ttl": "87600h", "key_type": kind, "key_bits": bits});
        let path = format!("/v1/pki/{name}/root/generate/internal");
        self.retry(&keys.root, Method::POST, &path, &root).await?;
        let role = json!({"allow_any_name": true, "max_ttl": "87600h", "key_type": kind, "key_bits": bits});
        let path = format!("/v1/pki/{name}/roles/bench");
        self.retry(&keys.root, Method::POST, &path, &role).await.map(drop)
    }

    /// Starts it again and unseals it; returns the time from the program's start to the first secret that was answered.
    pub async fn restart(&self, keys: &Keys) -> Result<(Server, Duration)> {
        let started = Instant::now();
        let server = self.spawn()?;
        self.unseal(&keys.unseal).await?;
        self.retry(&keys.token, Method::GET, "/v1/secret/data/secret-0", &Value::Null)
            .await?;
        Ok((server, started.elapsed()))
    }

    /// Clients with the token.
    pub fn target(&self, keys: &Keys) -> Result<Target> {
        Target::new(self.address, HOST, self.authority.pem().as_bytes())?.header("x-vault-token", &keys.token)
    }

    fn spawn(&self) -> Result<Server> {
        let mut command = Command::new(&self.program);
        command
            .arg("server")
            .arg("-config")
            .arg(self.directory.path().join("config.hcl"));
        command.stderr(fs::File::create(self.directory.path().join("server.log"))?);
        Server::start(&mut command)
    }

    async fn unseal(&self, key: &str) -> Result<()> {
        self.retry("", Method::PUT, "/v1/sys/unseal", &json!({"key": key}))
            .await
            .map(drop)
    }

    async fn first_write(&self, keys: &Keys) -> Result<()> {
        let value = json!({"data": {"value": "first"}});
        self.retry(&keys.token, Method::POST, "/v1/secret/data/secret-0", &value)
            .await
            .map(drop)
    }

    /// Sends a request until it succeeds.
    async fn retry(&self, token: &str, method: Method, path: &str, body: &Value) -> Result<Value> {
        let target = Target::new(self.address, HOST, self.authority.pem().as_bytes())?;
        let target = target.header("x-vault-token", token)?;
        let deadline = Instant::now() + DEADLINE;
        loop {
            let call = Call {
                method: method.clone(),
                path: path.to_owned(),
                body: body.to_string().into(),
            };
            let said = match target.once(call).await {
                Ok(answer) if answer.status.is_success() => {
                    return Ok(serde_json::from_slice(&answer.body).unwrap_or(Value::Null));
                }
                Ok(answer) => format!("{}: {}", answer.status, String::from_utf8_lossy(&answer.body)),
                Err(error) => format!("{error:#}"),
            };
            if Instant::now() > deadline {
                bail!("OpenBao, {path}: {said}");
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

fn text(answer: &Value, pointer: &str) -> Result<String> {
    let found = answer.pointer(pointer).and_then(Value::as_str);
    found
        .map(str::to_owned)
        .with_context(|| format!("OpenBao's answer has no {pointer}"))
}
