//! An uninstall takes nothing away from anybody: refused while pods mount, and every vault is there after the next
//! installation.

use std::{collections::BTreeSet, process::Command};

use anyhow::{Context, Result, ensure};
use k8s_openapi::api::{
    coordination::v1::Lease,
    core::v1::{ConfigMap, Namespace, Pod, Secret},
    storage::v1::CSINode,
};
use kube::{
    Api, Client, ResourceExt,
    api::{DeleteParams, DynamicObject, ListParams},
    discovery::{Discovery, verbs},
};
use strongroom_e2e::scenario::{PATIENCE, Scenario};
use strongroom_harness::{
    cluster::wait,
    command,
    installation::{NAMESPACE, NODE_NAMESPACE, RELEASE},
};

use crate::{Witness, alone, install, installation_id, installer, path_with_tools, running_app};

/// What `docs/install.md` says stays in the release's namespace, besides the vaults' anchors.
const STAYING: [&str; 7] = [
    "Secret strongroom-serving-ca",
    "Secret strongroom-admin-ca",
    "Secret strongroom-identity-tls",
    "ConfigMap strongroom-installation",
    "ConfigMap strongroom-trust-bundle",
    "ConfigMap strongroom-anchor-",
    "Lease strongroom-operator",
];

#[tokio::test]
async fn an_uninstall_is_refused_while_pods_mount_and_loses_nothing_otherwise() -> Result<()> {
    alone("uninstall", async |scenario| {
        running_app(&scenario, "first").await?;
        refuse_and_go_on(&scenario).await?;
        let installation = installation_id(&scenario.client()).await?;

        let pods: Api<Pod> = Api::namespaced(scenario.client(), &scenario.app.name);
        pods.delete("app", &DeleteParams::default()).await?;
        wait::deleted(&pods, "app", PATIENCE).await?;
        let said = uninstall(&scenario)?;
        ensure!(said.is_ok(), "{said:?}");
        removed(&scenario).await?;
        ensure!(
            installation_id(&scenario.client()).await? == installation,
            "the installation's id did not stay"
        );

        install("dev", &[], &scenario.cluster).await?;
        ensure!(installation_id(&scenario.client()).await? == installation);
        scenario.vault_ready().await?;
        scenario.enforced("api-reads-db").await?;
        ensure!(scenario.cli("api", &["secret", "get", "db-password"], "")? == "second");
        ensure!(
            scenario
                .cli("stranger", &["secret", "get", "db-password"], "")
                .is_err()
        );
        scenario.pod("again", "api", "db").await?;
        scenario.running("again").await?;
        ensure!(scenario.read("again", "/secrets/password").await? == "second");
        Ok(())
    })
    .await
}

/// Uninstalls as the documentation says; the error is what `helm` said.
fn uninstall(scenario: &Scenario) -> Result<std::result::Result<String, String>> {
    let mut helm = installer(&scenario.cluster)?.helm();
    let output = helm
        .args(["uninstall", RELEASE, "--namespace", NAMESPACE])
        .output()?;
    let said = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    let said = said.join("\n");
    Ok(if output.status.success() {
        Ok(said)
    } else {
        Err(said)
    })
}

/// Asks for an uninstall that has to be refused, and follows its advice for keeping Strongroom; gives what was said.
pub fn refused(scenario: &Scenario) -> Result<String> {
    let said = uninstall(scenario)?
        .err()
        .context("the uninstall was not refused")?;
    let advice = said.split_once("upgrades it again: ").map(|(_, rest)| rest);
    let (advice, _) = advice
        .and_then(|rest| rest.split_once(". "))
        .with_context(|| said.clone())?;
    ensure!(advice.starts_with("helm rollback strongroom "), "{advice}");
    let mut shell = Command::new("sh");
    shell.args(["-ceu", advice]);
    for (name, value) in path_with_tools(&scenario.cluster)? {
        shell.env(name, value);
    }
    command::output(&mut shell)?;
    Ok(said)
}

/// Refused with a sentence that names the pod; everything goes on, and the next upgrade works.
async fn refuse_and_go_on(scenario: &Scenario) -> Result<()> {
    let said = refused(scenario)?;
    let pod = format!("1 pod still mounts secrets ({}/app)", scenario.app.name);
    for words in [
        pod.as_str(),
        "helm uninstall strongroom -n strongroom-system --no-hooks",
    ] {
        ensure!(said.contains(words), "{words:?} is not in: {said}");
    }
    Witness::begin(scenario, "first", "second")
        .follows(scenario, "second")
        .await?;
    scenario.pod("late", "api", "db").await?;
    scenario.running("late").await?;
    let pods: Api<Pod> = Api::namespaced(scenario.client(), &scenario.app.name);
    pods.delete("late", &DeleteParams::default()).await?;
    wait::deleted(&pods, "late", PATIENCE).await?;
    install("dev", &["operator.logLevel=debug"], &scenario.cluster).await
}

/// Of the release nothing is left, beside it what the documentation says, and the vault runs on.
async fn removed(scenario: &Scenario) -> Result<()> {
    let client = scenario.client();
    wait::deleted(&Api::<Namespace>::all(client.clone()), NODE_NAMESPACE, PATIENCE).await?;
    // Vaults run on, and Kubernetes makes no pod of a class that is gone.
    let staying = BTreeSet::from(["PriorityClass strongroom-vault".to_owned()]);
    wait::until("the release's objects are gone", PATIENCE, || async {
        let left = of_release(&client).await?;
        Ok(if left == staying {
            wait::Seen::Ready(())
        } else {
            wait::Seen::NotYet(format!("{left:?}"))
        })
    })
    .await?;
    let staying = own_objects(&client).await?;
    for object in &staying {
        ensure!(
            STAYING.iter().any(|known| object.starts_with(known)),
            "{object} stays, which docs/install.md does not say: {staying:?}"
        );
    }
    for known in STAYING {
        ensure!(
            staying.iter().any(|object| object.starts_with(known)),
            "{known} is gone: {staying:?}"
        );
    }
    for node in Api::<CSINode>::all(client.clone())
        .list(&ListParams::default())
        .await?
    {
        let drivers: Vec<String> = node.spec.drivers.into_iter().map(|driver| driver.name).collect();
        ensure!(
            !drivers.contains(&"csi.strongroom.dev".to_owned()),
            "the kubelet still has {drivers:?}"
        );
    }
    let vault = wait::pod(&client, &scenario.vault.name, "prod-0", PATIENCE).await?;
    ensure!(vault.metadata.deletion_timestamp.is_none());
    Ok(())
}

/// Every object of the cluster that carries the release's label, whatever its kind.
async fn of_release(client: &Client) -> Result<BTreeSet<String>> {
    let labelled = ListParams::default().labels(&format!("app.kubernetes.io/instance={RELEASE}"));
    let mut found = BTreeSet::new();
    for group in Discovery::new(client.clone()).run().await?.groups() {
        for (resource, capabilities) in group.recommended_resources() {
            if !capabilities.supports_operation(verbs::LIST) {
                continue;
            }
            let api: Api<DynamicObject> = Api::all_with(client.clone(), &resource);
            let objects = api.list_metadata(&labelled).await?.items;
            found.extend(
                objects
                    .iter()
                    .map(|object| format!("{} {}", resource.kind, object.name_any())),
            );
        }
    }
    Ok(found)
}

/// The Secrets, `ConfigMaps` and Leases in the release's namespace, but for the one that Kubernetes puts into each.
async fn own_objects(client: &Client) -> Result<BTreeSet<String>> {
    let (secrets, maps, leases) = (
        Api::<Secret>::namespaced(client.clone(), NAMESPACE),
        Api::<ConfigMap>::namespaced(client.clone(), NAMESPACE),
        Api::<Lease>::namespaced(client.clone(), NAMESPACE),
    );
    let all = ListParams::default();
    let mut found = BTreeSet::new();
    found.extend(
        secrets
            .list(&all)
            .await?
            .iter()
            .map(|one| format!("Secret {}", one.name_any())),
    );
    found.extend(
        maps.list(&all)
            .await?
            .iter()
            .map(|one| format!("ConfigMap {}", one.name_any())),
    );
    found.extend(
        leases
            .list(&all)
            .await?
            .iter()
            .map(|one| format!("Lease {}", one.name_any())),
    );
    found.remove("ConfigMap kube-root-ca.crt");
    Ok(found)
}
