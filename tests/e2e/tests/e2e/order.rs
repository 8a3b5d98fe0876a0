//! What is declared before what it needs says so, and works once that is there.

use anyhow::{Result, ensure};
use k8s_openapi::api::core::v1::ResourceQuota;
use kube::{Api, api::DeleteParams};
use serde_json::json;
use strongroom_crds::{AccessPolicy, SecretRef, Vault};
use strongroom_e2e::scenario::{PATIENCE, Scenario, vault};
use strongroom_harness::cluster::wait;

use crate::reasons::NOT_PERMITTED;

#[tokio::test]
async fn what_needs_a_vault_that_does_not_exist_says_so_and_works_once_it_does() -> Result<()> {
    Scenario::prepare("early")
        .await?
        .run(async |scenario| {
            let (client, vault_ns) = (scenario.client(), &scenario.vault.name);
            let admin = [scenario.account("admin")];
            let officer = json!({"role": "KeyVaultSecretsOfficer"});
            scenario
                .policy("admin", "Allow", &admin, &["*"], &officer)
                .await?;
            let read = json!({"permissions": {"secrets": ["get"]}});
            let api = [scenario.account("api")];
            scenario
                .policy("api-reads-db", "Allow", &api, &["db-*"], &read)
                .await?;
            scenario.secret_ref("db", &[("password", "db-password")]).await?;
            scenario.pod("app", "api", "db").await?;
            let beside = json!({
                "apiVersion": "strongroom.dev/v1alpha1", "kind": "SecretRef", "metadata": {"name": "beside"},
                "spec": {"vaultRef": {"name": "prod", "namespace": vault_ns}, "serviceAccountName": "default",
                    "files": [{"path": "password", "secret": {"name": "db-password"}}]},
            });
            scenario.apply(vault_ns, &beside).await?;

            scenario
                .says::<AccessPolicy>(vault_ns, "admin", "VaultNotFound")
                .await?;
            scenario
                .says::<SecretRef>(vault_ns, "beside", "VaultNotFound")
                .await?;
            scenario
                .says::<SecretRef>(&scenario.app.name, "db", "NotPermitted")
                .await?;
            scenario
                .mount_error("app", &["db-password", NOT_PERMITTED])
                .await?;

            scenario.apply(vault_ns, &vault(&json!({}))).await?;
            scenario.vault_ready().await?;
            scenario.event(vault_ns, ("Vault", "prod"), "Serving").await?;
            scenario
                .says::<AccessPolicy>(vault_ns, "admin", "Enforced")
                .await?;
            scenario.set("db-password", "value")?;
            scenario.running("app").await?;
            scenario
                .says::<SecretRef>(&scenario.app.name, "db", "Available")
                .await?;
            wait::reason::<SecretRef>(&client, vault_ns, "beside", ("Ready", "NotPermitted"), PATIENCE)
                .await?;
            Ok(())
        })
        .await
}

#[tokio::test]
async fn an_account_that_is_made_later_is_meant_then() -> Result<()> {
    Scenario::start("later")
        .await?
        .run(async |scenario| {
            let (app, vault_ns) = (&scenario.app.name, &scenario.vault.name);
            scenario.set("db-password", "value")?;
            let read = json!({"permissions": {"secrets": ["get"]}});
            let late = [scenario.account("late")];
            scenario
                .policy("late-reads", "Allow", &late, &["db-*"], &read)
                .await?;
            scenario
                .secret_ref_as("db", "late", "prod", &[("password", "db-password")])
                .await?;
            let message = scenario
                .says::<AccessPolicy>(vault_ns, "late-reads", "AwaitingSubjects")
                .await?;
            ensure!(message.contains("late"), "{message}");
            scenario.enforced("late-reads").await?;
            let missing = ("SubjectsResolved", "SubjectNotFound");
            wait::reason::<AccessPolicy>(&scenario.client(), vault_ns, "late-reads", missing, PATIENCE)
                .await?;
            scenario
                .says::<SecretRef>(app, "db", "ServiceAccountNotFound")
                .await?;
            let account = json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "late"}});
            scenario.apply(app, &account).await?;
            scenario
                .says::<AccessPolicy>(vault_ns, "late-reads", "Enforced")
                .await?;
            scenario.says::<SecretRef>(app, "db", "Available").await?;
            scenario.pod("app", "late", "db").await?;
            scenario.running("app").await
        })
        .await
}

#[tokio::test]
async fn an_object_that_the_api_server_refuses_is_reported_and_applied_again() -> Result<()> {
    Scenario::prepare("quota")
        .await?
        .run(async |scenario| {
            let vault_ns = &scenario.vault.name;
            let quota = json!({
                "apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "few"},
                "spec": {"hard": {"services": "0"}},
            });
            scenario.apply(vault_ns, &quota).await?;
            wait_for_quota(scenario).await?;
            scenario.apply(vault_ns, &vault(&json!({}))).await?;
            let message = scenario.says::<Vault>(vault_ns, "prod", "ObjectRefused").await?;
            ensure!(message.contains("quota"), "{message}");
            let quotas: Api<ResourceQuota> = Api::namespaced(scenario.client(), vault_ns);
            quotas.delete("few", &DeleteParams::default()).await?;
            scenario.vault_ready().await
        })
        .await
}

/// A quota counts once its controller has written what is used.
async fn wait_for_quota(scenario: &Scenario) -> Result<()> {
    let quotas: Api<ResourceQuota> = Api::namespaced(scenario.client(), &scenario.vault.name);
    wait::until("the quota counts", PATIENCE, || async {
        let hard = quotas.get("few").await?.status.and_then(|status| status.hard);
        Ok(match hard {
            Some(_) => wait::Seen::Ready(()),
            None => wait::Seen::NotYet("no status".to_owned()),
        })
    })
    .await
}
