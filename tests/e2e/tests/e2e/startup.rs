//! A vault that starts wakes nobody, and one that cannot start says what it lacks.

use anyhow::{Context, Result, ensure};
use k8s_openapi::{
    ByteString,
    api::core::v1::{Event, Pod, Secret},
};
use kube::{
    Api,
    api::{DeleteParams, ListParams, Patch, PatchParams},
};
use serde_json::json;
use strongroom_crds::Vault;
use strongroom_e2e::scenario::{PATIENCE, Scenario, vault};
use strongroom_harness::cluster::wait;

#[tokio::test]
async fn a_vault_that_starts_with_its_policies_sends_no_warning() -> Result<()> {
    Scenario::start("calm")
        .await?
        .run(async |scenario| {
            let vault_ns = &scenario.vault.name;
            scenario.event(vault_ns, ("Vault", "prod"), "Serving").await?;
            let events: Api<Event> = Api::namespaced(scenario.client(), vault_ns);
            let warnings = ListParams::default().fields("type=Warning");
            let ours = |event: &Event| {
                let kind = event.involved_object.kind.as_deref();
                matches!(kind, Some("Vault" | "AccessPolicy"))
            };
            let mut found = events.list(&warnings).await?.items;
            found.retain(ours);
            let said: Vec<_> = found
                .iter()
                .map(|event| (&event.reason, &event.message))
                .collect();
            ensure!(said.is_empty(), "{said:?}");
            Ok(())
        })
        .await
}

#[tokio::test]
async fn a_vault_without_a_volume_or_a_node_says_so() -> Result<()> {
    Scenario::prepare("lacks")
        .await?
        .run(async |scenario| {
            let vault_ns = &scenario.vault.name;
            let no_class = json!({"storage": {"type": "Embedded", "embedded": {"size": "64Mi", "storageClassName": "absent"}}});
            scenario.apply(vault_ns, &vault(&no_class)).await?;
            let mut nowhere = vault(&json!({"podTemplate": {"nodeSelector": {"strongroom.test/no-node": "has-this"}}}));
            nowhere["metadata"]["name"] = json!("nowhere");
            scenario.apply(vault_ns, &nowhere).await?;
            let message = scenario.says::<Vault>(vault_ns, "prod", "VolumePending").await?;
            ensure!(
                message.contains("data-prod-0") && message.contains("absent"),
                "{message}"
            );
            let message = scenario.says::<Vault>(vault_ns, "nowhere", "Unschedulable").await?;
            ensure!(message.contains("nowhere-0"), "{message}");
            Ok(())
        })
        .await
}

/// Gives the vault another seal key, and a pod that reads it.
async fn put_key(scenario: &Scenario, key: &ByteString) -> Result<()> {
    let vault_ns = &scenario.vault.name;
    let secrets: Api<Secret> = Api::namespaced(scenario.client(), vault_ns);
    let patch = Patch::Merge(json!({"data": {"key": key}}));
    secrets
        .patch("prod-seal", &PatchParams::default(), &patch)
        .await?;
    let pods: Api<Pod> = Api::namespaced(scenario.client(), vault_ns);
    pods.delete("prod-0", &DeleteParams::default()).await?;
    Ok(())
}

#[tokio::test]
async fn a_vault_whose_seal_key_was_replaced_says_so_and_serves_once_it_is_back() -> Result<()> {
    Scenario::start("sealed")
        .await?
        .run(async |scenario| {
            let vault_ns = &scenario.vault.name;
            scenario.set("db-password", "kept")?;
            let secrets: Api<Secret> = Api::namespaced(scenario.client(), vault_ns);
            let mut seal = secrets.get("prod-seal").await?.data.unwrap_or_default();
            let key = seal.remove("key").context("no seal key")?;
            put_key(scenario, &ByteString(vec![7; 32])).await?;
            let message = scenario.says::<Vault>(vault_ns, "prod", "Sealed").await?;
            ensure!(message.contains("prod-seal"), "{message}");
            for type_ in ["Stalled", "Unsealed"] {
                let sealed = (type_, "Sealed");
                wait::reason::<Vault>(&scenario.client(), vault_ns, "prod", sealed, PATIENCE).await?;
            }
            put_key(scenario, &key).await?;
            scenario.vault_ready().await?;
            scenario.enforced("api-reads-db").await?;
            ensure!(scenario.cli("api", &["secret", "get", "db-password"], "")? == "kept");
            Ok(())
        })
        .await
}
