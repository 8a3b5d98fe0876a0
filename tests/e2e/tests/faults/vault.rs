//! The vault killed, removed and adopted again.

use anyhow::{Result, ensure};
use k8s_openapi::api::core::v1::Pod;
use kube::{Api, api::DeleteParams};
use serde_json::json;
use strongroom_crds::Vault;
use strongroom_e2e::scenario::{self, PATIENCE};
use strongroom_harness::cluster::wait;

use crate::breaking::{Killed, alone, running_app, scale};

#[tokio::test]
async fn a_killed_vault_serves_and_enforces_its_last_policy_without_the_operator() -> Result<()> {
    alone("headless", |scenario| async move {
        running_app(&scenario).await?;
        scale(&scenario, "strongroom-operator", 0).await?;
        let labels = "app.kubernetes.io/name=strongroom-vault";
        let vault = Killed::now(&scenario, &scenario.vault.name, labels, "vault").await?;
        vault.back().await?;
        let got = scenario.cli("api", &["secret", "get", "db-password"], "")?;
        ensure!(got == "first");
        ensure!(
            scenario
                .cli("stranger", &["secret", "get", "db-password"], "")
                .is_err()
        );
        scenario.set("db-password", "second")?;
        scenario.holds("app", "/secrets/password", "second").await?;
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_volume_and_its_seal_key_are_adopted_by_a_vault_made_to_recover() -> Result<()> {
    alone("recover", |scenario| async move {
        running_app(&scenario).await?;
        let vaults: Api<Vault> = Api::namespaced(scenario.client(), &scenario.vault.name);
        vaults.delete("prod", &DeleteParams::default()).await?;
        let running: Api<Pod> = Api::namespaced(scenario.client(), &scenario.vault.name);
        wait::deleted(&running, "prod-0", PATIENCE).await?;
        let again = scenario::vault(&json!({}));
        scenario.apply(&scenario.vault.name, &again).await?;
        let stalled = wait::condition::<Vault>(
            &scenario.client(),
            &scenario.vault.name,
            "prod",
            ("Stalled", "True"),
            PATIENCE,
        )
        .await?;
        ensure!(stalled.0 == "RetainedDataFound", "{stalled:?}");
        let recover = scenario::vault(&json!({"createMode": "Recover"}));
        scenario.apply(&scenario.vault.name, &recover).await?;
        scenario.vault_ready().await?;
        scenario.enforced("api-reads-db").await?;
        ensure!(scenario.cli("api", &["secret", "get", "db-password"], "")? == "first");
        Ok(())
    })
    .await
}
