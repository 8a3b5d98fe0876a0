//! Policy while its maker is broken: a leader that slept over its lease, a policy that nobody can read.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use k8s_openapi::{
    api::core::v1::Pod, apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition,
};
use kube::{Api, api::DeleteParams};
use rustix::process::Signal;
use serde_json::{Value, json};
use strongroom_crds::{AccessPolicy, Vault};
use strongroom_e2e::scenario::{PATIENCE, Scenario};
use strongroom_harness::{
    cluster::{apply, wait},
    installation::NAMESPACE,
    local::{faults, process::Process},
    testbed::catch_panic,
    workspace,
};

use crate::breaking::{alone, leader};

/// A container that stands still until the guard is dropped.
struct Asleep(Vec<Process>);

impl Asleep {
    fn fall(pod: &Pod, container: &str) -> Result<Self> {
        let processes = faults::container(pod, container)?;
        for process in &processes {
            process.signal(Signal::STOP)?;
        }
        Ok(Self(processes))
    }
}

impl Drop for Asleep {
    fn drop(&mut self) {
        for process in &self.0 {
            // One that has ended meanwhile needs no waking.
            let _ = process.signal(Signal::CONT);
        }
    }
}

/// The epoch and number of the policy in force, from the Vault's status.
async fn generation(scenario: &Scenario) -> Result<(u64, u64)> {
    let vaults: Api<Vault> = Api::namespaced(scenario.client(), &scenario.vault.name);
    let status = vaults.get("prod").await?.status.context("no status")?;
    let text = status.policy.context("no policy")?.generation;
    let (epoch, n) = text.split_once('-').context("not EPOCH-N")?;
    Ok((epoch.parse()?, n.parse()?))
}

#[tokio::test]
async fn a_leader_that_slept_over_its_lease_never_brings_its_old_policy_back() -> Result<()> {
    alone("asleep", |scenario| async move {
        scenario.cluster.local()?;
        scenario.set("db-password", "value")?;
        let before = generation(&scenario).await?;
        let pods: Api<Pod> = Api::namespaced(scenario.client(), NAMESPACE);
        let old = leader(&scenario).await?;
        let asleep = Asleep::fall(&pods.get(&old).await?, "operator")?;
        wait::until("another replica leads", PATIENCE, || async {
            let now = leader(&scenario).await?;
            Ok(if now == old {
                wait::Seen::NotYet(now)
            } else {
                wait::Seen::Ready(())
            })
        })
        .await?;
        let read = json!({"permissions": {"secrets": ["get"]}});
        let api = [scenario.account("api")];
        scenario.policy("stop", "Deny", &api, &["db-*"], &read).await?;
        scenario.enforced("stop").await?;
        // The Vault's status follows that of its policies.
        let mut highest = wait::until("the status shows the new leader's epoch", PATIENCE, || async {
            let now = generation(&scenario).await?;
            Ok(if now.0 > before.0 {
                wait::Seen::Ready(now)
            } else {
                wait::Seen::NotYet(format!("{before:?} then {now:?}"))
            })
        })
        .await?;
        drop(asleep);

        let woken = Instant::now();
        while woken.elapsed() < Duration::from_secs(12) {
            let refused = scenario.cli("api", &["secret", "get", "db-password"], "");
            ensure!(
                refused.is_err(),
                "the old policy came back {:?} after",
                woken.elapsed()
            );
            let now = generation(&scenario).await?;
            ensure!(now >= highest, "{highest:?} then {now:?}");
            highest = now;
        }
        ensure!(leader(&scenario).await? != old, "the old leader leads again");
        Ok(())
    })
    .await
}

/// The definition of AccessPolicy as a later release might have it: what `objects` holds is free, and no rule of this
/// release is checked.
fn later_release() -> Result<Value> {
    fn without_rules(value: &mut Value) {
        match value {
            Value::Object(members) => {
                members.remove("x-kubernetes-validations");
                members.values_mut().for_each(without_rules);
            }
            Value::Array(items) => items.iter_mut().for_each(without_rules),
            _ => {}
        }
    }
    let mut definition = this_release()?;
    without_rules(&mut definition);
    let versions = definition["spec"]["versions"]
        .as_array_mut()
        .context("no versions")?;
    for version in versions {
        let spec = &mut version["schema"]["openAPIV3Schema"]["properties"]["spec"];
        spec["properties"]["objects"] = json!({"x-kubernetes-preserve-unknown-fields": true});
    }
    Ok(definition)
}

fn this_release() -> Result<Value> {
    let path = workspace::root().join("charts/strongroom/crds");
    for entry in std::fs::read_dir(&path)? {
        let text = std::fs::read_to_string(entry?.path())?;
        let found = apply::parse(&text)?
            .into_iter()
            .find(|object| object["spec"]["names"]["kind"] == "AccessPolicy");
        if let Some(found) = found {
            return Ok(found);
        }
    }
    anyhow::bail!("no definition of AccessPolicy in {}", path.display())
}

/// Replaces the definition whole: an apply would leave what it does not name.
async fn define(scenario: &Scenario, definition: &Value) -> Result<()> {
    let api: Api<CustomResourceDefinition> = Api::all(scenario.client());
    let name = "accesspolicies.strongroom.dev";
    let mut present = api.get(name).await?;
    let wanted: CustomResourceDefinition = serde_json::from_value(definition.clone())?;
    present.spec = wanted.spec;
    present.metadata.managed_fields = None;
    api.replace(name, &kube::api::PostParams::default(), &present)
        .await?;
    Ok(())
}

#[tokio::test]
async fn while_a_policy_cannot_be_read_grants_stay_as_they_are_and_denies_hold() -> Result<()> {
    alone("unreadable", |scenario| async move {
        let outcome = catch_panic(unreadable(&scenario)).await;
        let policies: Api<AccessPolicy> = Api::namespaced(scenario.client(), &scenario.vault.name);
        // Gone before the definition is what it was: an object that breaks it could not be changed any more.
        let _ = policies.delete("later", &DeleteParams::default()).await;
        define(&scenario, &this_release()?).await?;
        outcome
    })
    .await
}

async fn unreadable(scenario: &Scenario) -> Result<()> {
    let vault = &scenario.vault.name;
    let get = |account: &str, name: &str| scenario.cli(account, &["secret", "get", name], "");
    for name in ["db-password", "db-denied", "db-later"] {
        scenario.set(name, "value")?;
    }
    let read = json!({"permissions": {"secrets": ["get"]}});
    let (api, stranger) = ([scenario.account("api")], [scenario.account("stranger")]);
    scenario
        .policy("stop", "Deny", &api, &["db-denied"], &read)
        .await?;
    scenario.enforced("stop").await?;

    define(scenario, &later_release()?).await?;
    let later = json!({
        "apiVersion": "strongroom.dev/v1alpha1", "kind": "AccessPolicy", "metadata": {"name": "later"},
        "spec": {"vaultRef": {"name": "prod"}, "effect": "Deny", "subjects": api,
            "objects": {"labelled": {"tier": "gold"}}, "permissions": {"secrets": ["get"]}},
    });
    wait::until("a policy of a later release is stored", PATIENCE, || async {
        scenario.apply(vault, &later).await?;
        Ok(wait::Seen::Ready(()))
    })
    .await?;
    let message = scenario
        .says::<AccessPolicy>(vault, "later", "PolicyUnreadable")
        .await?;
    ensure!(message.contains("grants anything new"), "{message}");
    for condition in ["Stalled", "Enforced"] {
        let wanted = (condition, "PolicyUnreadable");
        wait::reason::<AccessPolicy>(&scenario.client(), vault, "later", wanted, PATIENCE).await?;
    }

    // What was granted stays, what is new is not granted, a Deny that goes is kept, a Deny that comes counts.
    ensure!(get("api", "db-password")? == "value");
    scenario
        .policy("stranger-reads", "Allow", &stranger, &["db-*"], &read)
        .await?;
    scenario
        .says::<AccessPolicy>(vault, "stranger-reads", "GrantsFrozen")
        .await?;
    ensure!(get("stranger", "db-password").is_err(), "a grant was not frozen");
    let policies: Api<AccessPolicy> = Api::namespaced(scenario.client(), vault);
    policies.delete("stop", &DeleteParams::default()).await?;
    scenario
        .policy("stop-later", "Deny", &api, &["db-later"], &read)
        .await?;
    scenario.enforced("stop-later").await?;
    ensure!(get("api", "db-denied").is_err(), "a Deny was dropped");
    ensure!(get("api", "db-later").is_err(), "a new Deny does not count");

    policies.delete("later", &DeleteParams::default()).await?;
    scenario
        .says::<AccessPolicy>(vault, "stranger-reads", "Enforced")
        .await?;
    ensure!(get("stranger", "db-password")? == "value");
    wait::until("the deleted Deny is over", PATIENCE, || async {
        Ok(match get("api", "db-denied") {
            Ok(_) => wait::Seen::Ready(()),
            Err(error) => wait::Seen::NotYet(error.to_string()),
        })
    })
    .await
}
