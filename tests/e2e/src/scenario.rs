//! A vault and an app of a test's own: the namespaces, the objects, and the ways to use them.

mod pods;
mod reasons;
mod session;

use std::{
    io::Write,
    process::{Command, Stdio},
    time::Duration,
};

use anyhow::{Context, Result, bail};
use kube::{
    Api, Client,
    api::{Patch, PatchParams},
};
use serde_json::{Value, json};
use strongroom_crds::{AccessPolicy, SecretRef, Vault};

use strongroom_harness::{
    cluster::{apply, wait},
    installation::NAMESPACE,
    testbed::{Cluster, TestNamespace, catch_panic, namespace},
    workspace,
};

pub use self::{pods::mounting_pod, session::Access};

/// How long something may take on a busy machine that usually takes a second.
pub const PATIENCE: Duration = Duration::from_secs(90);

/// A vault `prod` in a namespace of its own, and an app's namespace with the accounts `api` (may get `db-*`), `admin`
/// (may do everything) and `stranger` (may do nothing).
pub struct Scenario {
    /// The cluster that holds both namespaces.
    pub cluster: Cluster,
    /// Where the vault is.
    pub vault: TestNamespace,
    /// Where the app is.
    pub app: TestNamespace,
}

impl Scenario {
    /// Makes the namespaces and all objects, and waits until the vault is ready and enforces the policies.
    pub async fn start(name: &str) -> Result<Self> {
        Self::start_with(Cluster::connect().await?, name, &json!({})).await
    }

    /// The same on a cluster that need not be the one under test, with a vault of this spec.
    pub async fn start_with(cluster: Cluster, name: &str, spec: &Value) -> Result<Self> {
        let scenario = Self::prepare_on(cluster, name).await?;
        match scenario.make_vault(spec).await {
            Ok(()) => Ok(scenario),
            Err(error) => scenario.end(Err(error)).await,
        }
    }

    async fn make_vault(&self, spec: &Value) -> Result<()> {
        self.apply(&self.vault.name, &vault(spec)).await?;
        let admin = [self.account("admin")];
        let everything = json!({"role": "KeyVaultSecretsOfficer"});
        self.policy("admin", "Allow", &admin, &["*"], &everything).await?;
        let api = [self.account("api")];
        let read = json!({"permissions": {"secrets": ["get"]}});
        self.policy("api-reads-db", "Allow", &api, &["db-*"], &read)
            .await?;
        self.vault_ready().await?;
        self.enforced("admin").await?;
        self.enforced("api-reads-db").await
    }

    /// Makes the namespaces and accounts only, with the vault's namespace enabled as its administrator would.
    pub async fn prepare(name: &str) -> Result<Self> {
        Self::prepare_on(Cluster::connect().await?, name).await
    }

    async fn prepare_on(cluster: Cluster, name: &str) -> Result<Self> {
        let vault = cluster.namespace(&format!("{name}-vault")).await?;
        let app = match cluster.namespace(&format!("{name}-app")).await {
            Ok(app) => app,
            Err(error) => return namespace::end(&[&vault], Err(error)).await,
        };
        let scenario = Self { cluster, vault, app };
        match scenario.make_accounts().await {
            Ok(()) => Ok(scenario),
            Err(error) => scenario.end(Err(error)).await,
        }
    }

    async fn make_accounts(&self) -> Result<()> {
        self.enable(&self.vault.name).await?;
        for account in ["api", "admin", "stranger"] {
            let object = json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": account}});
            self.apply(&self.app.name, &object).await?;
        }
        Ok(())
    }

    /// Lets the operator run vaults in a namespace.
    pub async fn enable(&self, namespace: &str) -> Result<()> {
        let binding = json!({
            "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding",
            "metadata": {"name": "strongroom-vault-host"},
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "strongroom-vault-host"},
            "subjects": [{"kind": "ServiceAccount", "name": "strongroom-operator", "namespace": NAMESPACE}],
        });
        self.apply(namespace, &binding).await
    }

    /// A client of the cluster's API server.
    pub fn client(&self) -> Client {
        self.cluster.client()
    }

    /// Applies an object.
    pub async fn apply(&self, namespace: &str, object: &Value) -> Result<()> {
        apply::one(&self.client(), namespace, object).await.map(drop)
    }

    /// A policy's subject: an account of the app's namespace.
    pub fn account(&self, name: &str) -> Value {
        json!({"serviceAccount": {"namespace": self.app.name, "name": name}})
    }

    /// Applies a policy of the vault. `grant` is `permissions` or `role`.
    pub async fn policy(
        &self,
        name: &str,
        effect: &str,
        subjects: &[Value],
        objects: &[&str],
        grant: &Value,
    ) -> Result<()> {
        let mut spec = json!({
            "vaultRef": {"name": "prod"}, "effect": effect, "subjects": subjects, "objects": objects,
        });
        if let (Some(spec), Some(grant)) = (spec.as_object_mut(), grant.as_object()) {
            spec.extend(grant.clone());
        }
        let object = json!({
            "apiVersion": "strongroom.dev/v1alpha1", "kind": "AccessPolicy",
            "metadata": {"name": name}, "spec": spec,
        });
        self.apply(&self.vault.name, &object).await
    }

    /// Applies a SecretRef of account `api` with the files `(path, secret)`.
    pub async fn secret_ref(&self, name: &str, files: &[(&str, &str)]) -> Result<()> {
        self.secret_ref_as(name, "api", "prod", files).await
    }

    /// Applies a SecretRef of an account to a vault of the vault's namespace.
    pub async fn secret_ref_as(
        &self,
        name: &str,
        account: &str,
        vault: &str,
        files: &[(&str, &str)],
    ) -> Result<()> {
        let files: Vec<Value> = files
            .iter()
            .map(|(path, secret)| json!({"path": path, "secret": {"name": secret}}))
            .collect();
        let object = json!({
            "apiVersion": "strongroom.dev/v1alpha1", "kind": "SecretRef",
            "metadata": {"name": name},
            "spec": {
                "vaultRef": {"name": vault, "namespace": self.vault.name},
                "serviceAccountName": account, "files": files,
            },
        });
        self.apply(&self.app.name, &object).await
    }

    /// Edits the Vault in a way that no test minds, so that its objects are applied anew.
    pub async fn touch_vault(&self) -> Result<()> {
        let vaults: Api<Vault> = Api::namespaced(self.client(), &self.vault.name);
        let edit = json!({"spec": {"network": {"ipRules": ["10.9.8.0/24"]}}});
        vaults
            .patch("prod", &PatchParams::default(), &Patch::Merge(&edit))
            .await?;
        Ok(())
    }

    /// Waits until the vault is ready.
    pub async fn vault_ready(&self) -> Result<()> {
        let wanted = ("Ready", "True");
        wait::condition::<Vault>(&self.client(), &self.vault.name, "prod", wanted, PATIENCE * 2)
            .await
            .map(drop)
    }

    /// Waits until a policy is enforced.
    pub async fn enforced(&self, policy: &str) -> Result<()> {
        let wanted = ("Enforced", "True");
        wait::condition::<AccessPolicy>(&self.client(), &self.vault.name, policy, wanted, PATIENCE)
            .await
            .map(drop)
    }

    /// Waits for a status of a SecretRef's `Ready`; gives its reason and message.
    pub async fn ref_is(&self, name: &str, status: &str) -> Result<(String, String)> {
        wait::condition::<SecretRef>(&self.client(), &self.app.name, name, ("Ready", status), PATIENCE).await
    }

    /// Sets a secret as account `admin`, with the command line as a person would.
    pub fn set(&self, name: &str, value: &str) -> Result<()> {
        self.cli("admin", &["secret", "set", name], value).map(drop)
    }

    /// Runs `strongroom` as a service account of the app, with `input` on its standard input.
    pub fn cli(&self, account: &str, words: &[&str], input: &str) -> Result<String> {
        self.cli_as(&format!("{}:{account}", self.app.name), words, input)
    }

    /// Runs `strongroom` as a service account, `NAMESPACE:NAME`, with `input` on its standard input.
    pub fn cli_as(&self, account: &str, words: &[&str], input: &str) -> Result<String> {
        let mut command = Command::new(workspace::program("strongroom")?);
        command.args(words);
        command.args(["--vault", "prod", "--namespace", &self.vault.name]);
        command.args(["--service-account", account]);
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        if let Ok(local) = self.cluster.local() {
            command.env("KUBECONFIG", local.layout.kubeconfig());
        }
        let mut child = command.spawn().context("cannot start strongroom")?;
        if let Some(mut stdin) = child.stdin.take() {
            stdin.write_all(input.as_bytes())?;
        }
        let output = child.wait_with_output()?;
        if !output.status.success() {
            bail!(
                "{words:?} as {account}: {}",
                String::from_utf8_lossy(&output.stderr).trim()
            );
        }
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }

    /// Runs a test here, and removes the scenario after it, also when the test fails or panics.
    pub async fn run<T>(self, test: impl AsyncFnOnce(&Self) -> Result<T>) -> Result<T> {
        let outcome = catch_panic(Box::pin(test(&self))).await;
        self.end(outcome).await
    }

    /// Removes both namespaces and waits until they are gone: the next test counts pods, mounts and volumes of the whole
    /// cluster. The namespaces of a failed test are reported, and stay for a look with `STRONGROOM_KEEP=1`.
    pub async fn end<T>(&self, outcome: Result<T>) -> Result<T> {
        namespace::end(&[&self.app, &self.vault], outcome).await
    }
}

/// A Vault `prod` with this spec.
pub fn vault(spec: &Value) -> Value {
    json!({"apiVersion": "strongroom.dev/v1alpha1", "kind": "Vault", "metadata": {"name": "prod"}, "spec": spec})
}
