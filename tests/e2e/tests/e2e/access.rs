//! Who may not, is refused: by the mount, by the vault, at the next request.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use kube::{Api, api::DeleteParams};
use serde_json::json;
use strongroom_crds::AccessPolicy;
use strongroom_e2e::scenario::{Access, Scenario, mounting_pod};
use strongroom_harness::workspace;

use crate::reasons::NOT_PERMITTED;

/// Until when a change of policy counts (docs/security.md, "How fast access ends").
const BOUND: Duration = Duration::from_secs(2);

#[tokio::test]
async fn another_service_account_is_refused_and_its_pod_says_why() -> Result<()> {
    Scenario::start("refuse")
        .await?
        .run(async |scenario| {
            scenario.set("db-password", "CANARY-refused")?;
            scenario.secret_ref("db", &[("password", "db-password")]).await?;
            scenario.pod("intruder", "stranger", "db").await?;
            let text = scenario
                .mount_error("intruder", &["password", NOT_PERMITTED])
                .await?;
            let app = &scenario.app.name;
            let checked = format!("The conditions of the SecretRef are about another one, {app}/api.");
            for said in [&format!("service account {app}/stranger"), &checked] {
                ensure!(text.contains(said), "{text}");
            }
            ensure!(!text.contains("CANARY"), "{text}");
            ensure!(scenario.is_waiting("intruder").await?);
            let refused = scenario
                .cli("stranger", &["secret", "get", "db-password"], "")
                .err()
                .context("it was allowed")?;
            ensure!(refused.to_string().contains("Forbidden"), "{refused}");
            pasted(scenario, &text)?;
            Ok(())
        })
        .await
}

/// The command that the mount's error names says no, as it is printed.
fn pasted(scenario: &Scenario, text: &str) -> Result<()> {
    let (_, command) = text.split_once("kubectl strongroom ").context("no command")?;
    let words: Vec<&str> = command.split_whitespace().collect();
    let mut check = std::process::Command::new(workspace::program("strongroom")?);
    if let Ok(local) = scenario.cluster.local() {
        check.env("KUBECONFIG", local.layout.kubeconfig());
    }
    let output = check.args(&words).output()?;
    let said = String::from_utf8(output.stdout)?;
    ensure!(
        output.status.code() == Some(1) && said.starts_with("no - no AccessPolicy allows it"),
        "{words:?}: {said}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(())
}

#[tokio::test]
async fn a_missing_secret_and_a_forbidden_one_look_the_same_to_who_may_not_read() -> Result<()> {
    Scenario::start("enumerate")
        .await?
        .run(async |scenario| {
            scenario.set("other-exists", "value")?;
            let there = scenario
                .cli("api", &["secret", "get", "other-exists"], "")
                .err()
                .context("allowed")?;
            let missing = scenario
                .cli("api", &["secret", "get", "other-missing"], "")
                .err()
                .context("allowed")?;
            let one = there.to_string().replace("other-exists", "NAME");
            let two = missing.to_string().replace("other-missing", "NAME");
            ensure!(one == two, "{one}\n{two}");
            Ok(())
        })
        .await
}

#[tokio::test]
async fn a_deny_bites_within_two_seconds_and_its_removal_too() -> Result<()> {
    Scenario::start("deny")
        .await?
        .run(async |scenario| {
            scenario.set("db-password", "value")?;
            let session = scenario.session("api").await?;
            scenario.bites(&session, "db-password", Access::Allowed).await?;
            let grant = json!({"permissions": {"secrets": ["get"]}});
            scenario
                .policy("stop", "Deny", &[scenario.account("api")], &["db-pass*"], &grant)
                .await?;
            let denied = scenario.bites(&session, "db-password", Access::Forbidden).await?;
            ensure!(denied < BOUND, "the Deny: {denied:?}");
            let policies: Api<AccessPolicy> = Api::namespaced(scenario.client(), &scenario.vault.name);
            policies.delete("stop", &DeleteParams::default()).await?;
            let allowed = scenario.bites(&session, "db-password", Access::Allowed).await?;
            ensure!(allowed < BOUND, "the end of the Deny: {allowed:?}");
            println!("refused after {denied:?}, allowed again after {allowed:?}");
            Ok(())
        })
        .await
}

#[tokio::test]
async fn reserved_attributes_and_foreign_secret_refs_refuse_the_mount() -> Result<()> {
    Scenario::start("attributes")
        .await?
        .run(async |scenario| {
            scenario.set("db-password", "value")?;
            scenario.secret_ref("db", &[("password", "db-password")]).await?;
            let reserved = json!({"secretRef": "db", "csi.storage.k8s.io/serviceAccount.tokens": "{}"});
            scenario
                .apply(&scenario.app.name, &mounting_pod("reserved", "api", &reserved))
                .await?;
            scenario.mount_error("reserved", &["attribute"]).await?;
            let foreign = json!({"secretRef": format!("{}/db", scenario.vault.name)});
            scenario
                .apply(&scenario.app.name, &mounting_pod("foreign", "api", &foreign))
                .await?;
            scenario.mount_error("foreign", &["secretRef"]).await?;
            Ok(())
        })
        .await
}
