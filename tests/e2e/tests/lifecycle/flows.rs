//! The network policies fit the connections: they allow every connection that is made, and between Strongroom's own
//! parts and others no more than the table of [`matrix`] says.

#[path = "flows/matrix.rs"]
mod matrix;
#[path = "flows/observed.rs"]
mod observed;
#[path = "flows/parties.rs"]
mod parties;

use anyhow::{Context, Result, ensure};
use k8s_openapi::api::{
    apps::v1::{DaemonSet, Deployment},
    core::v1::{Namespace, Pod},
    networking::v1::NetworkPolicy,
};
use kube::{
    Api, ResourceExt,
    api::{DeleteParams, ListParams, PostParams},
};
use serde_json::json;
use strongroom_e2e::scenario::{PATIENCE, Scenario};
use strongroom_harness::{
    cluster::{pods, wait},
    installation::{self, NAMESPACE, NODE_NAMESPACE},
    local::flows::Recording,
};

use crate::{alone, running_app};
use parties::{Known, MONITORING, address, policies};

#[tokio::test]
async fn policies_allow_every_connection_that_is_made_and_no_other_between_the_parts() -> Result<()> {
    alone("flows", async |scenario| {
        let known = Known::begin(&scenario.client());
        let recording = Recording::begin(&scenario.cluster.local()?.record)?;
        use_everything(&scenario).await?;
        let flows = recording.finish();
        let (policies, names) = (policies(&scenario).await?, known.finish());
        let checked = observed::check(&scenario, &flows, &names, &policies)
            .and_then(|()| matrix::check(&scenario, &names, &policies));
        Api::<Namespace>::all(scenario.client())
            .delete(MONITORING, &DeleteParams::default())
            .await?;
        checked
    })
    .await
}

/// Starts every part again, and uses it.
async fn use_everything(scenario: &Scenario) -> Result<()> {
    let client = scenario.client();
    for name in ["strongroom-operator", "strongroom-identity"] {
        Api::<Deployment>::namespaced(client.clone(), NAMESPACE)
            .restart(name)
            .await?;
    }
    Api::<DaemonSet>::namespaced(client.clone(), NODE_NAMESPACE)
        .restart("strongroom-csi")
        .await?;
    for (name, network) in [
        ("open", json!({"defaultAction": "Allow"})),
        (
            "chosen",
            json!({"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": scenario.app.name}}}),
        ),
    ] {
        let vault = json!({
            "apiVersion": "strongroom.dev/v1alpha1", "kind": "Vault", "metadata": {"name": name},
            "spec": {"network": network},
        });
        scenario.apply(&scenario.vault.name, &vault).await?;
    }
    running_app(scenario, "first").await?;
    installation::ready(&client).await?;
    scenario.set("db-password", "second")?;
    scenario.holds("app", "/secrets/password", "second").await?;
    scenario.pod("late", "api", "db").await?;
    scenario.running("late").await?;
    // The operator that leads now brings it to the vault.
    let list = json!({"permissions": {"secrets": ["list"]}});
    scenario
        .policy("lists", "Allow", &[scenario.account("api")], &["db-*"], &list)
        .await?;
    scenario.enforced("lists").await?;
    for name in ["open-vault", "chosen-vault"] {
        let api: Api<NetworkPolicy> = Api::namespaced(client.clone(), &scenario.vault.name);
        wait::until(name, PATIENCE, || async {
            Ok(match api.get_opt(name).await? {
                Some(_) => wait::Seen::Ready(()),
                None => wait::Seen::NotYet("there is none".to_owned()),
            })
        })
        .await?;
    }
    scrape(scenario).await
}

/// Reads the metrics of every part from a pod of the namespace that may, as a collector does.
async fn scrape(scenario: &Scenario) -> Result<()> {
    let client = scenario.client();
    let namespaces = Api::<Namespace>::all(client.clone());
    let monitoring = serde_json::from_value(json!({"metadata": {"name": MONITORING}}))?;
    match namespaces.create(&PostParams::default(), &monitoring).await {
        // A run that failed left it.
        Err(kube::Error::Api(status)) if status.code == 409 => {}
        created => drop(created?),
    }
    scenario.apply(MONITORING, &pods::shell("collector")).await?;
    wait::pod(&client, MONITORING, "collector", PATIENCE).await?;
    for namespace in [NAMESPACE, NODE_NAMESPACE, &scenario.vault.name] {
        let found = Api::<Pod>::namespaced(client.clone(), namespace)
            .list(&ListParams::default())
            .await?;
        for pod in found.items.iter().filter(|pod| is_ready(pod)) {
            let address = address(pod).context("a ready pod without an address")?;
            let url = format!("http://{address}:9090/metrics");
            let get = ["/bin/wget", "-q", "-O", "-", &url];
            let said = pods::check(&client, MONITORING, "collector", &get).await?;
            ensure!(said.contains("strongroom_"), "{}: {said}", pod.name_any());
        }
    }
    Ok(())
}

fn is_ready(pod: &Pod) -> bool {
    let conditions = pod.status.as_ref().and_then(|status| status.conditions.as_ref());
    pod.metadata.deletion_timestamp.is_none()
        && conditions.is_some_and(|all| all.iter().any(|one| one.type_ == "Ready" && one.status == "True"))
}
