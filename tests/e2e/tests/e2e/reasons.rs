//! What is wrong is said by the condition, by an event and by the mount that fails, and is over once its cause is.

use anyhow::{Context, Result, ensure};
use k8s_openapi::api::apps::v1::StatefulSet;
use kube::{
    Api,
    api::{DeleteParams, Patch, PatchParams},
};
use serde_json::json;
use strongroom_client::vault::{NewAttributes, SecretChange, Secrets};
use strongroom_crds::{AccessPolicy, SecretRef, Vault};
use strongroom_e2e::scenario::{PATIENCE, Scenario};
use strongroom_harness::cluster::wait;

/// The sentence for a caller without permission: it does not disclose whether the object exists.
pub const NOT_PERMITTED: &str = "may not read it, or it does not exist";

/// Starts a pod that must wait, with a mount error that has all of `words`.
async fn waits(
    scenario: &Scenario,
    pod: &str,
    account: &str,
    reference: &str,
    words: &[&str],
) -> Result<String> {
    scenario.pod(pod, account, reference).await?;
    let text = scenario.mount_error(pod, words).await?;
    ensure!(scenario.is_waiting(pod).await?, "{pod} started: {text}");
    Ok(text)
}

async fn enable(scenario: &Scenario, name: &str, enabled: bool) -> Result<()> {
    let (vault, token) = scenario.session("admin").await?;
    let change = SecretChange {
        attributes: NewAttributes {
            enabled: Some(enabled),
            ..NewAttributes::default()
        },
        ..SecretChange::default()
    };
    vault.update_secret(&token, &name.parse()?, None, &change).await?;
    Ok(())
}

#[tokio::test]
async fn a_disabled_a_deleted_and_a_denied_secret_each_say_so_and_pods_start_once_they_are_not() -> Result<()>
{
    Scenario::start("reasons")
        .await?
        .run(async |scenario| {
            let app = &scenario.app.name;
            for name in ["db-disabled", "db-deleted", "db-denied"] {
                scenario.set(name, "value")?;
            }
            enable(scenario, "db-disabled", false).await?;
            scenario.cli("admin", &["secret", "delete", "db-deleted"], "")?;
            let read = json!({"permissions": {"secrets": ["get"]}});
            let api = [scenario.account("api")];
            scenario
                .policy("stop", "Deny", &api, &["db-denied"], &read)
                .await?;
            scenario.enforced("stop").await?;

            let cases = [
                ("disabled", "ObjectDisabled", "it is disabled"),
                // Azure answers a read of a deleted secret with 404, so that the mount cannot say more.
                ("deleted", "ObjectDeleted", "it does not exist"),
                ("denied", "NotPermitted", NOT_PERMITTED),
            ];
            for (name, reason, words) in cases {
                let secret = format!("db-{name}");
                scenario.secret_ref(name, &[("file", &secret)]).await?;
                let message = scenario.says::<SecretRef>(app, name, reason).await?;
                let named = if reason == "NotPermitted" {
                    "no policy there lets"
                } else {
                    "file"
                };
                ensure!(message.contains(named), "{message}");
                waits(scenario, name, "api", name, &["file", &secret, words]).await?;
            }

            enable(scenario, "db-disabled", true).await?;
            let (vault, token) = scenario.session("admin").await?;
            vault
                .recover_deleted::<Secrets>(&token, &"db-deleted".parse()?)
                .await?;
            let policies: Api<AccessPolicy> = Api::namespaced(scenario.client(), &scenario.vault.name);
            policies.delete("stop", &DeleteParams::default()).await?;
            for (name, _, _) in cases {
                scenario.running(name).await?;
                ensure!(scenario.read(name, "/secrets/file").await? == "value");
                scenario.says::<SecretRef>(app, name, "Available").await?;
            }

            // Once it is mounted, the file stays and an event on the pod reports the secret.
            enable(scenario, "db-disabled", false).await?;
            let about = ("Pod", "disabled");
            let sentence = scenario.event(app, about, "ObjectUnavailable").await?;
            ensure!(sentence.contains("db-disabled"), "{sentence}");
            ensure!(scenario.read("disabled", "/secrets/file").await? == "value");
            Ok(())
        })
        .await
}

#[tokio::test]
async fn who_is_not_allowed_sees_one_sentence_for_a_missing_vault_a_missing_secret_and_a_denied_one()
-> Result<()> {
    Scenario::start("alike")
        .await?
        .run(async |scenario| {
            scenario.set("db-there", "value")?;
            let cases = [
                ("one", "absent", "db-there"),
                ("two", "prod", "db-none"),
                ("three", "prod", "db-there"),
            ];
            let mut said = Vec::new();
            for (name, vault, secret) in cases {
                scenario
                    .secret_ref_as(name, "stranger", vault, &[("file", secret)])
                    .await?;
                scenario.pod(name, "stranger", name).await?;
            }
            for (name, vault, secret) in cases {
                let alike = |text: String| {
                    let text = text.replace(&format!("/{vault} "), "/VAULT ");
                    text.replace(&format!("/{vault}:"), "/VAULT:")
                        .replace(secret, "SECRET")
                        .replace(&format!("SecretRef {}/{name}", scenario.app.name), "SecretRef")
                };
                let app = &scenario.app.name;
                let ready = scenario.says::<SecretRef>(app, name, "NotPermitted").await?;
                let authorized = ("Authorized", "NotPermitted");
                let authorized =
                    wait::reason::<SecretRef>(&scenario.client(), app, name, authorized, PATIENCE).await?;
                let mount = scenario.mount_error(name, &["file", NOT_PERMITTED]).await?;
                let (_, mount) = mount.split_once("SecretRef").context("no sentence")?;
                said.push([ready, authorized, format!("SecretRef{mount}")].map(alike));
            }
            ensure!(said[0] == said[1] && said[1] == said[2], "{said:#?}");
            Ok(())
        })
        .await
}

#[tokio::test]
async fn a_vault_that_does_not_answer_is_named_only_to_permitted_accounts_and_mounts_go_on_once_it_does()
-> Result<()> {
    Scenario::start("away")
        .await?
        .run(async |scenario| {
            let (app, vault_ns) = (&scenario.app.name, &scenario.vault.name);
            scenario.set("db-password", "kept")?;
            scenario.secret_ref("db", &[("password", "db-password")]).await?;
            scenario.pod("before", "api", "db").await?;
            scenario.running("before").await?;
            let sets: Api<StatefulSet> = Api::namespaced(scenario.client(), vault_ns);
            let scale = async |replicas: u8| {
                let patch = json!({"spec": {"replicas": replicas}});
                sets.patch("prod", &PatchParams::default(), &Patch::Merge(&patch))
                    .await
            };
            scale(0).await?;
            scenario.says::<Vault>(vault_ns, "prod", "NotAnswering").await?;
            scenario
                .secret_ref_as("theirs", "stranger", "prod", &[("password", "db-password")])
                .await?;
            scenario.pod("during", "api", "db").await?;
            scenario.pod("intruder", "stranger", "theirs").await?;
            let message = scenario.says::<SecretRef>(app, "db", "VaultNotReady").await?;
            ensure!(message.contains("does not answer"), "{message}");
            scenario.says::<SecretRef>(app, "theirs", "NotPermitted").await?;
            let text = scenario
                .mount_error("during", &["db-password", "cannot connect"])
                .await?;
            ensure!(!text.contains(NOT_PERMITTED), "{text}");
            scenario
                .mount_error("intruder", &["db-password", NOT_PERMITTED])
                .await?;
            ensure!(scenario.read("before", "/secrets/password").await? == "kept");

            scale(1).await?;
            scenario.running("during").await?;
            scenario.says::<Vault>(vault_ns, "prod", "Serving").await?;
            scenario.says::<SecretRef>(app, "db", "Available").await?;
            ensure!(scenario.read("during", "/secrets/password").await? == "kept");
            ensure!(scenario.is_waiting("intruder").await?);
            Ok(())
        })
        .await
}
