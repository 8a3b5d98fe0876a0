//! Disks and quotas that are used up, and a volume that was put back.

use anyhow::{Context, Result, ensure};
use k8s_openapi::api::{apps::v1::StatefulSet, core::v1::ConfigMap};
use kube::{
    Api,
    api::{Patch, PatchParams},
};
use serde_json::{Value, json};
use strongroom_client::vault::{NewSecret, SecretChange, VaultError};
use strongroom_crds::Vault;
use strongroom_e2e::scenario::{PATIENCE, Scenario};
use strongroom_harness::{
    cluster::{pods, wait},
    installation::NAMESPACE,
};

use crate::breaking::{alone, alone_with, scale};

/// A pod of the test's own beside the vault, with the vault's volume at /data.
async fn keeper(scenario: &Scenario) -> Result<()> {
    let mut keeper = pods::shell("keeper");
    keeper["spec"]["volumes"] =
        json!([{"name": "data", "persistentVolumeClaim": {"claimName": "data-prod-0"}}]);
    keeper["spec"]["containers"][0]["volumeMounts"] = json!([{"name": "data", "mountPath": "/data"}]);
    scenario.apply(&scenario.vault.name, &keeper).await?;
    wait::pod(&scenario.client(), &scenario.vault.name, "keeper", PATIENCE)
        .await
        .map(drop)
}

async fn keep(scenario: &Scenario, script: &str) -> Result<String> {
    let words = ["/bin/sh", "-c", script];
    pods::check(&scenario.client(), &scenario.vault.name, "keeper", &words).await
}

/// What the vault says when it refuses.
fn inner_code(error: &VaultError) -> Option<&str> {
    error.refusal()?.inner_code.as_deref()
}

/// Waits until the vault serves without anybody's help, and reads and writes.
async fn serves_again(scenario: &Scenario) -> Result<()> {
    scenario.vault_ready().await?;
    for healthy in ["StorageHealthy", "AuditHealthy"] {
        let wanted = (healthy, "Healthy");
        wait::reason::<Vault>(&scenario.client(), &scenario.vault.name, "prod", wanted, PATIENCE).await?;
    }
    wait::until("the vault reads and writes", PATIENCE, || async {
        scenario.set("db-after", "after")?;
        Ok(wait::Seen::Ready(()))
    })
    .await?;
    ensure!(scenario.cli("api", &["secret", "get", "db-password"], "")? == "value");
    ensure!(scenario.cli("api", &["secret", "get", "db-after"], "")? == "after");
    Ok(())
}

#[tokio::test]
async fn a_full_disk_refuses_what_it_must_says_so_and_is_over_when_there_is_room() -> Result<()> {
    let small =
        json!({"storage": {"type": "Embedded", "embedded": {"size": "1Gi", "storageClassName": "small"}}});
    alone_with("full", small, |scenario| async move {
        scenario.cluster.local()?;
        let vault_ns = &scenario.vault.name;
        scenario.set("db-password", "value")?;
        keeper(&scenario).await?;
        let (vault, admin) = scenario.session("admin").await?;
        let (_, api) = scenario.session("api").await?;
        let name = "db-password".parse()?;

        // So little room that the store keeps it for itself: no change is taken, and everything is read.
        let leave_a_mebibyte = "free=$(stat -f -c %a /data); size=$(stat -f -c %S /data); \
            head -c $((free * size - 1048576)) /dev/zero > /data/filler";
        keep(&scenario, leave_a_mebibyte).await?;
        let other = NewSecret {
            value: "other".into(),
            about: SecretChange::default(),
        };
        let refused = vault.set_secret(&admin, &name, &other).await;
        let refused = refused.err().context("it was set on a full disk")?;
        ensure!(inner_code(&refused) == Some("StorageUnavailable"), "{refused}");
        let message = scenario.says::<Vault>(vault_ns, "prod", "StorageFailing").await?;
        ensure!(message.contains("full"), "{message}");
        let unhealthy = ("StorageHealthy", "StorageFailing");
        wait::reason::<Vault>(&scenario.client(), vault_ns, "prod", unhealthy, PATIENCE).await?;
        ensure!(scenario.cli("api", &["secret", "get", "db-password"], "")? == "value");
        keep(&scenario, "rm /data/filler").await?;
        serves_again(&scenario).await?;

        // No room at all: what cannot be recorded is not answered.
        keep(&scenario, "cat /dev/zero > /data/filler; test -s /data/filler").await?;
        let refused = wait::until("nothing is answered", PATIENCE, || async {
            Ok(match vault.get_secret(&api, &name, None).await {
                Ok(_) => wait::Seen::NotYet("an answer".to_owned()),
                Err(error) => wait::Seen::Ready(error),
            })
        })
        .await?;
        ensure!(inner_code(&refused) == Some("AuditUnavailable"), "{refused}");
        scenario.says::<Vault>(vault_ns, "prod", "AuditFailing").await?;
        keep(&scenario, "rm /data/filler").await?;
        serves_again(&scenario).await
    })
    .await
}

#[tokio::test]
async fn a_used_up_audit_quota_stops_answers_says_so_and_is_over_when_records_make_room() -> Result<()> {
    alone("quota", |scenario| async move {
        let vault_ns = &scenario.vault.name;
        scenario.set("db-password", "value")?;
        limit_audit(&scenario).await?;
        keeper(&scenario).await?;
        let (vault, api) = scenario.session("api").await?;
        let name = "db-password".parse()?;
        let mut answered = 0;
        let refused = loop {
            match vault.get_secret(&api, &name, None).await {
                Ok(_) => answered += 1,
                Err(error) => break error,
            }
            ensure!(answered < 20_000, "the quota is never used up");
        };
        ensure!(
            inner_code(&refused) == Some("AuditUnavailable"),
            "after {answered} reads: {refused}"
        );
        let message = scenario.says::<Vault>(vault_ns, "prod", "AuditFailing").await?;
        ensure!(message.contains("quota"), "{message}");
        let unhealthy = ("AuditHealthy", "AuditFailing");
        wait::reason::<Vault>(&scenario.client(), vault_ns, "prod", unhealthy, PATIENCE).await?;

        // As an archivist would: the oldest closed segments are taken away.
        keep(&scenario, "cd /data/audit && ls | sort | head -n 8 | xargs rm").await?;
        serves_again(&scenario).await
    })
    .await
}

/// Gives the vault's audit log a quota that a test can use up, and no retention that would keep it from that.
async fn limit_audit(scenario: &Scenario) -> Result<()> {
    let sets: Api<StatefulSet> = Api::namespaced(scenario.client(), &scenario.vault.name);
    let environment = json!([
        {"name": "STRONGROOM_AUDIT_QUOTA_MIB", "value": "1"},
        {"name": "STRONGROOM_AUDIT_RETENTION_MIB", "value": "1"},
        {"name": "STRONGROOM_AUDIT_LEAST_AGE", "value": "0"},
    ]);
    let patch = json!({
        "apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": {"name": "prod"},
        "spec": {"template": {"spec": {"containers": [{"name": "vault", "env": environment}]}}},
    });
    let params = PatchParams::apply("strongroom-tests-quota");
    sets.patch("prod", &params, &Patch::Apply(&patch)).await?;
    wait::rollout::<StatefulSet>(&scenario.client(), &scenario.vault.name, "prod", PATIENCE).await?;
    scenario.vault_ready().await
}

/// Stops the vault's pod or starts it, while no operator undoes that.
async fn vault_pods(scenario: &Scenario, replicas: u8) -> Result<()> {
    let vault = &scenario.vault.name;
    let sets: Api<StatefulSet> = Api::namespaced(scenario.client(), vault);
    let patch = json!({"spec": {"replicas": replicas}});
    sets.patch("prod", &PatchParams::default(), &Patch::Merge(&patch))
        .await?;
    wait::until(&format!("the vault has {replicas} pods"), PATIENCE, || async {
        let status = sets.get("prod").await?.status.unwrap_or_default();
        let now = (status.replicas, status.ready_replicas.unwrap_or(0));
        let wanted = i32::from(replicas);
        Ok(if now == (wanted, wanted) {
            wait::Seen::Ready(())
        } else {
            wait::Seen::NotYet(format!("{now:?}"))
        })
    })
    .await
}

#[tokio::test]
async fn a_volume_put_back_gives_no_data_until_its_owner_accepts_exactly_that() -> Result<()> {
    alone("rollback", |scenario| async move {
        let vault_ns = &scenario.vault.name;
        scenario.set("db-password", "old")?;
        keeper(&scenario).await?;
        // Nothing is written meanwhile, so that a copy is what a snapshot of the volume would be.
        anchored(&scenario).await?;
        let copy = "cd /data && mkdir kept && for f in *; do [ $f = kept ] || cp -a $f kept; done";
        keep(&scenario, copy).await?;
        scenario.set("db-password", "new")?;
        anchored(&scenario).await?;

        scale(&scenario, "strongroom-operator", 0).await?;
        vault_pods(&scenario, 0).await?;
        let put_back = "cd /data && for f in *; do [ $f = kept ] || rm -r $f; done; cp -a kept/. .";
        keep(&scenario, put_back).await?;
        let sets: Api<StatefulSet> = Api::namespaced(scenario.client(), vault_ns);
        let patch = json!({"spec": {"replicas": 1}});
        sets.patch("prod", &PatchParams::default(), &Patch::Merge(&patch))
            .await?;
        scale(&scenario, "strongroom-operator", 2).await?;

        let message = scenario
            .says::<Vault>(vault_ns, "prod", "RollbackDetected")
            .await?;
        let detected = ("RollbackDetected", "RollbackDetected");
        wait::reason::<Vault>(&scenario.client(), vault_ns, "prod", detected, PATIENCE).await?;
        let (vault, api) = scenario.session("api").await?;
        let name = "db-password".parse()?;
        let refused = vault.get_secret(&api, &name, None).await.err();
        let refused = refused.context("an older store was answered from")?;
        ensure!(
            refused
                .refusal()
                .is_some_and(|refusal| refusal.status.is_server_error()),
            "{refused}"
        );

        let asked = message.split("strongroom.dev/accept-rollback=").nth(1);
        let asked = asked.context("no annotation is named")?;
        let digits: String = asked.chars().take_while(char::is_ascii_digit).collect();
        let generation: u64 = digits.parse()?;
        annotate(&scenario, &(generation + 1).to_string()).await?;
        tokio::time::sleep(std::time::Duration::from_secs(3)).await;
        ensure!(
            vault.get_secret(&api, &name, None).await.is_err(),
            "another generation was accepted"
        );
        annotate(&scenario, &generation.to_string()).await?;
        scenario
            .event(vault_ns, ("Vault", "prod"), "RollbackAccepted")
            .await?;
        scenario.vault_ready().await?;
        scenario.enforced("api-reads-db").await?;
        ensure!(scenario.cli("api", &["secret", "get", "db-password"], "")? == "old");
        scenario.set("db-password", "newest")?;
        ensure!(scenario.cli("api", &["secret", "get", "db-password"], "")? == "newest");
        Ok(())
    })
    .await
}

async fn annotate(scenario: &Scenario, generation: &str) -> Result<()> {
    let vaults: Api<Vault> = Api::namespaced(scenario.client(), &scenario.vault.name);
    let patch: Value = json!({"metadata": {"annotations": {"strongroom.dev/accept-rollback": generation}}});
    vaults
        .patch("prod", &PatchParams::default(), &Patch::Merge(&patch))
        .await?;
    Ok(())
}

/// Waits until the operator has seen the vault's latest state: it does within its next confirmation.
async fn anchored(scenario: &Scenario) -> Result<()> {
    let name = format!("strongroom-anchor-{}.prod", scenario.vault.name);
    let anchors: Api<ConfigMap> = Api::namespaced(scenario.client(), NAMESPACE);
    let wanted = store_generation(scenario).await?;
    wait::until("the latest state is anchored", PATIENCE, || async {
        let data = anchors.get(&name).await?.data.unwrap_or_default();
        let anchor: Value = serde_json::from_str(data.get("anchor").context("an empty anchor")?)?;
        Ok(match anchor["generation"].as_u64() {
            Some(seen) if seen >= wanted => wait::Seen::Ready(()),
            seen => wait::Seen::NotYet(format!("{seen:?} of {wanted}")),
        })
    })
    .await
}

/// How many commits the vault's store has made, by its metrics.
async fn store_generation(scenario: &Scenario) -> Result<u64> {
    let namespace = &scenario.vault.name;
    let path = format!("/api/v1/namespaces/{namespace}/pods/prod-0:9090/proxy/metrics");
    let request = http::Request::get(path).body(Vec::new())?;
    let text = scenario.client().request_text(request).await?;
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix("strongroom_store_generation "));
    Ok(line.context("no such metric")?.trim().parse()?)
}
