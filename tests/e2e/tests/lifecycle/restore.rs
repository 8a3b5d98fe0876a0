//! A vault's volume and seal key are the vault, wherever they are brought: by the steps of `docs/install.md`.

use std::{
    collections::BTreeSet,
    fs,
    os::unix::fs::PermissionsExt,
    path::Path,
    process::{Command, Stdio},
    time::Instant,
};

use anyhow::{Context, Result, ensure};
use k8s_openapi::{
    api::{
        core::v1::{Namespace, Pod},
        rbac::v1::RoleBinding,
    },
    apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition,
};
use kube::{
    Api, Client, ResourceExt,
    api::{DeleteParams, DynamicObject, ListParams, PostParams},
    discovery::{Discovery, verbs},
};
use serde_json::{Value, json};
use strongroom_crds::Vault;
use strongroom_e2e::{
    exclusive,
    scenario::{self, PATIENCE, Scenario},
};
use strongroom_harness::{
    cluster::{self, wait},
    command,
    images::IMAGES,
    installation::{self, NAMESPACE},
    local::{
        Layout,
        config::CONTAINERD_SOCKET,
        enter::{self, Share},
        load,
        network::node_name,
        record::Record,
    },
    testbed::{Cluster, Local, namespace},
    workspace,
};

use crate::{installation_id, kubeconfig, recipe::steps};

/// What the vault is beside its data. Nothing of it may be lost, and `Delete` must destroy nothing on the way.
fn spec() -> Value {
    json!({
        "deletionPolicy": "Delete",
        "softDelete": {"retentionDays": 30, "purgeProtection": true},
        "network": {"defaultAction": "Deny", "ipRules": ["10.9.8.0/24"]},
        "limits": {"versionsPerObject": 77},
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_volume_and_its_seal_key_restored_into_a_new_cluster_serve_their_values() -> Result<()> {
    let _turn = exclusive::turn().await;
    let begun = Instant::now();
    let cluster = Cluster::connect().await?;
    let local = cluster.local()?.clone();
    let other = tokio::task::spawn_blocking(move || Other::start(&local));
    let outcome = prepare(cluster).await?.run(async |here| {
        let files = tempfile::tempdir()?;
        let filled = fill(here).await;
        // Whatever happens here, the other cluster is started to its end before it is removed.
        let other = other.await??;
        filled?;
        steps("backup", &kubeconfig(&here.cluster)?, files.path())?;
        is_private(&files.path().join("prod-seal.yaml"))?;
        restored(here, &other, files.path()).await?;
        removed(&other, files.path()).await?;
        serves(here)
    });
    let outcome = outcome.await;
    eprintln!("restore took {:?} with both clusters", begun.elapsed());
    outcome
}

/// The namespaces of the documentation.
async fn prepare(cluster: Cluster) -> Result<Scenario> {
    let app = cluster.exact_namespace("team-a-app").await?;
    let vault = match cluster.exact_namespace("team-a").await {
        Ok(vault) => vault,
        Err(error) => return namespace::end(&[&app], Err(error)).await,
    };
    Ok(Scenario { cluster, vault, app })
}

async fn accounts(scenario: &Scenario) -> Result<()> {
    for account in ["api", "admin", "stranger"] {
        let object = json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": account}});
        scenario.apply(&scenario.app.name, &object).await?;
    }
    Ok(())
}

/// A vault with policies, and values of which one has two versions.
async fn fill(here: &Scenario) -> Result<()> {
    accounts(here).await?;
    here.enable(&here.vault.name).await?;
    here.apply(&here.vault.name, &scenario::vault(&spec())).await?;
    let (admin, api) = ([here.account("admin")], [here.account("api")]);
    let everything = json!({"role": "KeyVaultSecretsOfficer"});
    here.policy("admin", "Allow", &admin, &["*"], &everything).await?;
    let read = json!({"permissions": {"secrets": ["get"]}});
    here.policy("api-reads-db", "Allow", &api, &["db-*"], &read)
        .await?;
    here.vault_ready().await?;
    here.enforced("admin").await?;
    here.set("db-password", "first")?;
    here.set("db-password", "second")?;
    here.set("other", "not for the api")
}

/// The vault of before, in the other cluster.
async fn restored(here: &Scenario, other: &Other, files: &Path) -> Result<()> {
    let cluster = Cluster::connect_local(&other.0).await?;
    let (id, elsewhere) = (
        installation_id(&here.client()).await?,
        installation_id(&cluster.client()).await?,
    );
    ensure!(id != elsewhere, "both clusters have the installation {id}");
    let app = cluster.exact_namespace("team-a-app").await?;
    let vault = here.vault.clone();
    let there = Scenario { cluster, vault, app };
    accounts(&there).await?;
    steps("restore", &other.0.kubeconfig(), files)?;
    let vaults: Api<Vault> = Api::namespaced(there.client(), &there.vault.name);
    let restored = serde_json::to_value(vaults.get("prod").await?.spec)?;
    for (field, value) in spec().as_object().into_iter().flatten() {
        ensure!(restored[field] == *value, "{field}: {restored}");
    }
    ensure!(restored["paused"] == Value::Null, "{restored}");
    there.enforced("api-reads-db").await?;
    there.enforced("admin").await?;
    serves(&there)?;
    there.secret_ref("db", &[("password", "db-password")]).await?;
    there.pod("app", "api", "db").await?;
    there.running("app").await?;
    there.set("db-password", "third")?;
    there.holds("app", "/secrets/password", "third").await?;
    // The vault that was copied goes on too.
    here.vault_ready().await?;
    here.enforced("api-reads-db").await?;
    serves(here)
}

/// The seal key is its owner's alone, and names no owner that another cluster does not have.
fn is_private(seal: &Path) -> Result<()> {
    let mode = fs::metadata(seal)?.permissions().mode() & 0o777;
    ensure!(mode == 0o600, "{mode:o}");
    let text = fs::read_to_string(seal)?;
    ensure!(text.contains("strongroom.dev/seal-key"), "it is no seal key");
    for gone in ["ownerReferences", "resourceVersion"] {
        ensure!(!text.contains(gone), "{gone}");
    }
    Ok(())
}

/// Upgrades the other cluster's installation, uninstalls it and removes all that it left.
async fn removed(other: &Other, files: &Path) -> Result<()> {
    let (kubeconfig, client) = (
        other.0.kubeconfig(),
        cluster::client(&other.0.kubeconfig()).await?,
    );
    steps("upgrade", &kubeconfig, files)?;
    installation::ready(&client).await?;
    let pods: Api<Pod> = Api::namespaced(client.clone(), "team-a-app");
    pods.delete("app", &DeleteParams::default().grace_period(0))
        .await?;
    wait::deleted(&pods, "app", PATIENCE).await?;
    by_hand(&client).await?;
    steps("uninstall", &kubeconfig, files)?;
    steps("remove", &kubeconfig, files)?;
    let definitions: Api<CustomResourceDefinition> = Api::all(client.clone());
    wait::deleted(&definitions, "vaults.strongroom.dev", PATIENCE).await?;
    wait::deleted(&Api::<Namespace>::all(client.clone()), NAMESPACE, PATIENCE).await?;
    wait::until("nothing of Strongroom is left", PATIENCE, || async {
        let left = named_after_strongroom(&client).await?;
        Ok(if left.is_empty() {
            wait::Seen::Ready(())
        } else {
            wait::Seen::NotYet(format!("{left:?}"))
        })
    })
    .await
}

/// Allows vaults in another namespace by the command of `docs/install.md`, as an administrator of it does.
async fn by_hand(client: &Client) -> Result<()> {
    let binding = serde_json::from_value(json!({
        "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding",
        "metadata": {"name": "strongroom-vault-host"},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "strongroom-vault-host"},
        "subjects": [{"kind": "ServiceAccount", "name": "strongroom-operator", "namespace": NAMESPACE}],
    }))?;
    let bindings: Api<RoleBinding> = Api::namespaced(client.clone(), "team-a-app");
    bindings.create(&PostParams::default(), &binding).await?;
    Ok(())
}

/// Every object of the cluster that has Strongroom in its name or says that its operator made it, but for what tells of the
/// past.
async fn named_after_strongroom(client: &Client) -> Result<BTreeSet<String>> {
    let mut found = BTreeSet::new();
    for group in Discovery::new(client.clone()).run().await?.groups() {
        for (resource, capabilities) in group.recommended_resources() {
            if !capabilities.supports_operation(verbs::LIST) || resource.kind == "Event" {
                continue;
            }
            let api: Api<DynamicObject> = Api::all_with(client.clone(), &resource);
            for object in api.list_metadata(&ListParams::default()).await?.items {
                let (name, maker) = (
                    object.name_any(),
                    object.labels().get("app.kubernetes.io/managed-by"),
                );
                if name.contains("strongroom") || maker.is_some_and(|maker| maker == "strongroom-operator") {
                    found.insert(format!("{} {name}", resource.kind));
                }
            }
        }
    }
    Ok(found)
}

/// Checks that the vault gives the earlier values to the accounts that may read them, and to no other.
fn serves(scenario: &Scenario) -> Result<()> {
    let get = |account, secret| scenario.cli(account, &["secret", "get", secret], "");
    ensure!(get("api", "db-password")? == "second");
    ensure!(get("admin", "other")? == "not for the api");
    ensure!(get("api", "other").is_err() && get("stranger", "db-password").is_err());
    Ok(())
}

/// A second cluster with an installation of its own, removed at the end whatever happens.
struct Other(Layout);

impl Other {
    fn start(from: &Local) -> Result<Self> {
        let other = Self(Layout::from_env(&format!("{}-other", from.layout.name()))?);
        // An aborted run may have left it.
        other.harness(&["down"])?;
        other.harness(&["up", "--volumes", "4", "--small-volumes", "0"])?;
        let record = Record::load(&other.0)?.context("the other cluster has no record")?;
        for image in IMAGES.iter().filter(|image| PARTS.contains(&image.name)) {
            let reference = image.reference(Some("dev"));
            let mut export = enter::command(&from.record, &node_name(0), Share::Everything)?;
            export.args(["ctr", "--address", CONTAINERD_SOCKET, "--namespace", "k8s.io"]);
            export.args(["images", "export", "-", &reference]);
            load::import_bytes(&record, &reference, &command::output(&mut export)?)?;
        }
        let files = tempfile::tempdir()?;
        steps("install", &other.0.kubeconfig(), files.path())?;
        tokio::runtime::Handle::current().block_on(async {
            let client = cluster::client(&other.0.kubeconfig()).await?;
            installation::ready(&client).await
        })?;
        Ok(other)
    }

    fn harness(&self, words: &[&str]) -> Result<()> {
        let mut command = Command::new(workspace::program("harness")?);
        command.args(words).args(["--name", self.0.name()]);
        command.env_remove("KUBECONFIG").stdin(Stdio::null());
        command::output(&mut command).map(drop)
    }
}

/// The images that the chart needs.
const PARTS: [&str; 4] = ["vault", "operator", "identity", "csi"];

impl Drop for Other {
    fn drop(&mut self) {
        if let Err(error) = self.harness(&["down"]) {
            eprintln!("the other cluster is not removed: {error:#}");
        }
    }
}
