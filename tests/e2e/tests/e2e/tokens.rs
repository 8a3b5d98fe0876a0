//! Whose token it is counts, not what it is called: pods that are gone, accounts that were made again.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use k8s_openapi::api::core::v1::{Namespace, Pod};
use kube::{Api, api::DeleteParams};
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use strongroom_client::identity::ExchangeError;
use strongroom_crds::AccessPolicy;
use strongroom_e2e::scenario::{PATIENCE, Scenario};
use strongroom_harness::cluster::{pods, wait};

/// How long the API server's review may answer from its cache.
const CACHED: Duration = Duration::from_secs(10);

#[tokio::test]
async fn the_token_of_a_pod_that_is_gone_gives_no_vault_token_and_the_one_it_had_lives_on() -> Result<()> {
    Scenario::start("gone")
        .await?
        .run(async |scenario| {
            scenario.set("db-password", "value")?;
            let mut client = pods::shell("client");
            client["spec"]["serviceAccountName"] = json!("api");
            scenario.apply(&scenario.app.name, &client).await?;
            scenario.running("client").await?;
            let api: Api<Pod> = Api::namespaced(scenario.client(), &scenario.app.name);
            let pod = api.get("client").await?;
            let presented = scenario.presented("api", Some(&pod)).await?;
            let token = scenario.exchange(&presented).await??;
            let exchanged = Instant::now();

            api.delete("client", &DeleteParams::default()).await?;
            wait::deleted(&api, "client", PATIENCE).await?;
            let refused = wait::until("the pod's token is refused", PATIENCE, || async {
                Ok(match scenario.exchange(&presented).await? {
                    Ok(_) => wait::Seen::NotYet("it was exchanged".to_owned()),
                    Err(error) => wait::Seen::Ready(error),
                })
            })
            .await?;
            ensure!(
                matches!(&refused, ExchangeError::Refused { status, .. } if status.is_client_error()),
                "{refused}"
            );
            ensure!(
                exchanged.elapsed() < CACHED + Duration::from_secs(20),
                "{:?}",
                exchanged.elapsed()
            );
            let vault = scenario.client_of_vault().await?;
            let secret = vault.get_secret(&token, &"db-password".parse()?, None).await?;
            ensure!(secret.value.expose_secret() == "value");
            Ok(())
        })
        .await
}

#[tokio::test]
async fn an_account_of_a_replaced_namespace_is_nobody_until_the_policys_owner_names_it_anew() -> Result<()> {
    Scenario::start("replaced")
        .await?
        .run(async |scenario| {
            scenario.set("db-password", "value")?;
            ensure!(scenario.cli("api", &["secret", "get", "db-password"], "")? == "value");
            replace_namespace(scenario).await?;

            let vault = &scenario.vault.name;
            let message = scenario
                .says::<AccessPolicy>(vault, "api-reads-db", "NamespaceReplaced")
                .await?;
            ensure!(message.contains(&scenario.app.name), "{message}");
            let stalled = ("Stalled", "NamespaceReplaced");
            wait::reason::<AccessPolicy>(&scenario.client(), vault, "api-reads-db", stalled, PATIENCE)
                .await?;
            let refused = scenario
                .cli("api", &["secret", "get", "db-password"], "")
                .err()
                .context("the new account was taken for the old one")?;
            ensure!(refused.to_string().contains("Forbidden"), "{refused}");

            let policies: Api<AccessPolicy> = Api::namespaced(scenario.client(), vault);
            policies.delete("api-reads-db", &DeleteParams::default()).await?;
            let read = json!({"permissions": {"secrets": ["get"]}});
            let api = [scenario.account("api")];
            scenario
                .policy("api-reads-db", "Allow", &api, &["db-*"], &read)
                .await?;
            scenario
                .says::<AccessPolicy>(vault, "api-reads-db", "Enforced")
                .await?;
            ensure!(scenario.cli("api", &["secret", "get", "db-password"], "")? == "value");
            Ok(())
        })
        .await
}

#[tokio::test]
async fn an_account_made_again_in_its_own_namespace_follows_its_name() -> Result<()> {
    Scenario::start("recreated")
        .await?
        .run(async |scenario| {
            use k8s_openapi::api::core::v1::ServiceAccount;
            scenario.set("db-password", "value")?;
            let (vault, old) = scenario.session("api").await?;
            let accounts: Api<ServiceAccount> = Api::namespaced(scenario.client(), &scenario.app.name);
            accounts.delete("api", &DeleteParams::default()).await?;
            scenario
                .says::<AccessPolicy>(&scenario.vault.name, "api-reads-db", "AwaitingSubjects")
                .await?;
            let name = "db-password".parse()?;
            ensure!(
                vault.get_secret(&old, &name, None).await.is_err(),
                "the deleted account's token still reads"
            );
            scenario.apply(&scenario.app.name, &account("api")).await?;
            scenario
                .says::<AccessPolicy>(&scenario.vault.name, "api-reads-db", "Enforced")
                .await?;
            ensure!(scenario.cli("api", &["secret", "get", "db-password"], "")? == "value");
            ensure!(
                vault.get_secret(&old, &name, None).await.is_err(),
                "the deleted account's token reads again"
            );
            Ok(())
        })
        .await
}

fn account(name: &str) -> Value {
    json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": name}})
}

/// Deletes the app's namespace, and makes another of the same name with the same account.
async fn replace_namespace(scenario: &Scenario) -> Result<()> {
    let namespaces: Api<Namespace> = Api::all(scenario.client());
    let name = &scenario.app.name;
    namespaces.delete(name, &DeleteParams::default()).await?;
    wait::deleted(&namespaces, name, PATIENCE).await?;
    let again = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}});
    scenario.apply(name, &again).await?;
    wait::until("the account can be made", PATIENCE, || async {
        scenario.apply(name, &account("api")).await?;
        Ok(wait::Seen::Ready(()))
    })
    .await
}
