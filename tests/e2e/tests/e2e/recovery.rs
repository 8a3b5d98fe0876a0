//! What is missing is named, and mends itself once it is there.

use anyhow::{Result, ensure};
use k8s_openapi::api::core::v1::{Pod, Service};
use kube::{Api, api::DeleteParams};
use serde_json::json;
use strongroom_client::vault::{Secrets, VaultRefusal};
use strongroom_crds::{SecretRef, Vault};
use strongroom_e2e::scenario::{PATIENCE, Scenario, vault};
use strongroom_harness::{cluster::wait, testbed::Cluster};

#[tokio::test]
async fn a_secret_that_is_missing_is_named_and_the_pod_starts_once_it_is_there() -> Result<()> {
    Scenario::start("missing")
        .await?
        .run(async |scenario| {
            scenario
                .secret_ref("db", &[("password", "db-password"), ("user", "db-user")])
                .await?;
            let (reason, message) = scenario.ref_is("db", "False").await?;
            ensure!(reason == "ObjectNotFound", "{reason}: {message}");
            ensure!(
                message.contains("password") && message.contains("user"),
                "{message}"
            );
            scenario
                .event(&scenario.app.name, ("SecretRef", "db"), "ObjectNotFound")
                .await?;
            scenario.pod("app", "api", "db").await?;
            let missing = [
                "password (secret db-password)",
                "user (secret db-user)",
                "it does not exist",
            ];
            let text = scenario.mount_error("app", &missing).await?;
            ensure!(!text.contains("may not read it"), "{text}");
            scenario.set("db-password", "p")?;
            scenario.set("db-user", "u")?;
            scenario.running("app").await?;
            scenario
                .says::<SecretRef>(&scenario.app.name, "db", "Available")
                .await?;
            Ok(())
        })
        .await
}

#[tokio::test]
async fn a_namespace_that_is_not_enabled_stalls_the_vault_until_it_is() -> Result<()> {
    Scenario::prepare("enable")
        .await?
        .run(async |scenario| {
            let client = scenario.client();
            scenario
                .cluster
                .in_namespace("enable-other", async |elsewhere| {
                    scenario.apply(&elsewhere.name, &vault(&json!({}))).await?;
                    let stalled = wait::condition::<Vault>(
                        &client,
                        &elsewhere.name,
                        "prod",
                        ("Stalled", "True"),
                        PATIENCE,
                    )
                    .await?;
                    ensure!(stalled.0 == "NamespaceNotEnabled", "{stalled:?}");
                    ensure!(
                        stalled
                            .1
                            .contains("kubectl create rolebinding strongroom-vault-host"),
                        "{stalled:?}"
                    );
                    let why = ("Vault", "prod");
                    scenario
                        .event(&elsewhere.name, why, "NamespaceNotEnabled")
                        .await?;
                    scenario.enable(&elsewhere.name).await?;
                    wait::condition::<Vault>(
                        &client,
                        &elsewhere.name,
                        "prod",
                        ("Ready", "True"),
                        PATIENCE * 2,
                    )
                    .await?;
                    Ok(())
                })
                .await
        })
        .await
}

#[tokio::test]
async fn a_service_of_somebody_else_is_never_taken_over() -> Result<()> {
    Scenario::prepare("taken")
        .await?
        .run(async |scenario| {
            let service = json!({
                "apiVersion": "v1", "kind": "Service", "metadata": {"name": "prod"},
                "spec": {"ports": [{"port": 80}], "selector": {"app": "theirs"}},
            });
            scenario.apply(&scenario.vault.name, &service).await?;
            scenario.apply(&scenario.vault.name, &vault(&json!({}))).await?;
            let client = scenario.client();
            let stalled = wait::condition::<Vault>(
                &client,
                &scenario.vault.name,
                "prod",
                ("Stalled", "True"),
                PATIENCE,
            )
            .await?;
            ensure!(
                stalled.0 == "NameTaken" && stalled.1.contains("Service prod"),
                "{stalled:?}"
            );
            let why = ("Vault", "prod");
            scenario.event(&scenario.vault.name, why, "NameTaken").await?;
            let services: Api<Service> = Api::namespaced(client, &scenario.vault.name);
            let selector = services
                .get("prod")
                .await?
                .spec
                .and_then(|spec| spec.selector)
                .unwrap_or_default();
            ensure!(
                selector.get("app").is_some_and(|app| app == "theirs"),
                "{selector:?}"
            );
            services.delete("prod", &DeleteParams::default()).await?;
            scenario.vault_ready().await
        })
        .await
}

#[tokio::test]
async fn a_vault_that_is_down_changes_no_mounted_byte_and_comes_back_with_its_data() -> Result<()> {
    Scenario::start("restart")
        .await?
        .run(async |scenario| {
            scenario.set("db-password", "kept")?;
            scenario.secret_ref("db", &[("password", "db-password")]).await?;
            scenario.pod("app", "api", "db").await?;
            scenario.running("app").await?;
            let pods: Api<Pod> = Api::namespaced(scenario.client(), &scenario.vault.name);
            pods.delete("prod-0", &DeleteParams::default().grace_period(0))
                .await?;
            ensure!(scenario.read("app", "/secrets/password").await? == "kept");
            scenario.vault_ready().await?;
            wait::until("the vault answers again", PATIENCE, || async {
                Ok(match scenario.cli("api", &["secret", "get", "db-password"], "") {
                    Ok(value) => wait::Seen::Ready(value),
                    Err(error) => wait::Seen::NotYet(error.to_string()),
                })
            })
            .await?;
            scenario.set("db-password", "after")?;
            scenario.holds("app", "/secrets/password", "after").await?;
            Ok(())
        })
        .await
}

/// No node takes a pod of the second revision. The third must not wait for it.
#[tokio::test]
async fn a_revision_of_a_vault_that_cannot_start_is_replaced_by_the_next() -> Result<()> {
    Scenario::start("broken")
        .await?
        .run(async |scenario| {
            let (client, namespace) = (scenario.client(), &scenario.vault.name);
            scenario.set("db-password", "kept")?;
            let somewhere = json!({"podTemplate": {"nodeSelector": {"strongroom.dev/no-such": "node"}}});
            scenario.apply(namespace, &vault(&somewhere)).await?;
            let pods: Api<Pod> = Api::namespaced(client.clone(), namespace);
            wait::until(
                "the pod of the new revision is not placed",
                PATIENCE * 2,
                || async {
                    let pod = pods.get("prod-0").await?;
                    let selects = pod
                        .spec
                        .and_then(|spec| spec.node_selector)
                        .is_some_and(|labels| labels.contains_key("strongroom.dev/no-such"));
                    let phase = pod.status.and_then(|status| status.phase).unwrap_or_default();
                    Ok(if selects && phase == "Pending" {
                        wait::Seen::Ready(())
                    } else {
                        wait::Seen::NotYet(format!("selects: {selects}, phase {phase}"))
                    })
                },
            )
            .await?;
            scenario.apply(namespace, &vault(&json!({}))).await?;
            let value = wait::until("the third revision answers", PATIENCE * 2, || async {
                Ok(match scenario.cli("api", &["secret", "get", "db-password"], "") {
                    Ok(value) => wait::Seen::Ready(value),
                    Err(error) => wait::Seen::NotYet(error.to_string()),
                })
            })
            .await?;
            ensure!(value == "kept", "another value");
            scenario.vault_ready().await
        })
        .await
}

/// The Vault is deleted and made again by someone who writes nothing but `createMode: Recover`.
#[tokio::test]
async fn a_vault_that_is_made_again_keeps_its_purge_protection_its_retention_and_its_volume() -> Result<()> {
    let spec = json!({
        "softDelete": {"retentionDays": 30, "purgeProtection": true},
        "storage": {"type": "Embedded", "embedded": {"size": "512Mi"}},
    });
    Scenario::start_with(Cluster::connect().await?, "lifelong", &spec)
        .await?
        .run(async |scenario| {
            let (client, namespace) = (scenario.client(), &scenario.vault.name);
            scenario.set("db-password", "kept")?;
            scenario.cli("admin", &["secret", "delete", "db-password"], "")?;
            let vaults: Api<Vault> = Api::namespaced(client.clone(), namespace);
            vaults.delete("prod", &DeleteParams::default()).await?;
            let pods: Api<Pod> = Api::namespaced(client.clone(), namespace);
            wait::deleted(&pods, "prod-0", PATIENCE).await?;
            let smaller = json!({"type": "Embedded", "embedded": {"size": "256Mi"}});
            let recover = vault(&json!({"createMode": "Recover", "storage": smaller}));
            scenario.apply(namespace, &recover).await?;
            let stalled = ("Stalled", "SoftDeleteDiffers");
            wait::reason::<Vault>(&client, namespace, "prod", stalled, PATIENCE * 2).await?;
            scenario.enforced("admin").await?;
            let (server, token) = scenario.session("admin").await?;
            let purge = server
                .purge_deleted::<Secrets>(&token, &"db-password".parse()?)
                .await;
            let refused = purge
                .err()
                .map(|error| error.refusal().map(VaultRefusal::is_forbidden));
            ensure!(refused == Some(Some(true)), "{refused:?}");
            let right = vault(&json!({
                "createMode": "Recover", "storage": smaller,
                "softDelete": {"retentionDays": 30, "purgeProtection": true},
            }));
            scenario.apply(namespace, &right).await?;
            scenario.vault_ready().await
        })
        .await
}
