//! A right that is taken away is gone within two seconds, whatever else about the Vault fails.

use std::time::Duration;

use anyhow::{Result, ensure};
use k8s_openapi::api::{
    admissionregistration::v1::{ValidatingAdmissionPolicy, ValidatingAdmissionPolicyBinding},
    core::v1::{PersistentVolumeClaim, Service},
    rbac::v1::RoleBinding,
};
use kube::{
    Api,
    api::{DeleteParams, Patch, PatchParams},
};
use serde_json::{Value, json};
use strongroom_crds::{AccessPolicy, Vault};
use strongroom_e2e::scenario::{Access, PATIENCE, Scenario};
use strongroom_harness::cluster::{apply, wait};

/// Until when a right must be gone.
const BITES: Duration = Duration::from_secs(2);

/// Waits until the operator has reported on the Vault as it was edited last.
async fn is_observed(scenario: &Scenario) -> Result<()> {
    let vaults: Api<Vault> = Api::namespaced(scenario.client(), &scenario.vault.name);
    wait::until("the operator looks at the Vault", PATIENCE, || async {
        let vault = vaults.get("prod").await?;
        let observed = vault.status.and_then(|status| status.observed_generation);
        Ok(if observed == vault.metadata.generation {
            wait::Seen::Ready(())
        } else {
            wait::Seen::NotYet(format!("{observed:?}"))
        })
    })
    .await
}

/// The Vault says `reason`; then the account `api` loses its policy, and soon after cannot read any more.
async fn narrows(scenario: &Scenario, reason: &str) -> Result<()> {
    let namespace = &scenario.vault.name;
    wait::reason::<Vault>(&scenario.client(), namespace, "prod", ("Ready", reason), PATIENCE).await?;
    let session = scenario.session("api").await?;
    scenario.bites(&session, "db-password", Access::Allowed).await?;
    let policies: Api<AccessPolicy> = Api::namespaced(scenario.client(), namespace);
    policies.delete("api-reads-db", &DeleteParams::default()).await?;
    let after = scenario.bites(&session, "db-password", Access::Forbidden).await?;
    ensure!(after < BITES, "{reason}: {after:?}");
    println!("{reason}: refused after {after:?}");
    wait::reason::<Vault>(&scenario.client(), namespace, "prod", ("Ready", reason), PATIENCE).await?;
    // What still grants is reported, too.
    scenario.enforced("admin").await
}

async fn started(name: &str) -> Result<Scenario> {
    let scenario = Scenario::start(name).await?;
    match scenario.set("db-password", "value") {
        Ok(()) => Ok(scenario),
        Err(error) => scenario.end(Err(error)).await,
    }
}

/// A rule of the cluster that refuses every change of a `NetworkPolicy` in one namespace.
fn frozen(namespace: &str) -> [Value; 2] {
    let name = format!("frozen-{namespace}");
    [
        json!({
            "apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingAdmissionPolicy",
            "metadata": {"name": name},
            "spec": {
                "failurePolicy": "Fail",
                "matchConstraints": {"resourceRules": [{"apiGroups": ["networking.k8s.io"], "apiVersions": ["v1"],
                    "operations": ["CREATE", "UPDATE"], "resources": ["networkpolicies"]}]},
                "validations": [{"expression": "false", "message": "network policies are frozen"}],
            },
        }),
        json!({
            "apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingAdmissionPolicyBinding",
            "metadata": {"name": name},
            "spec": {
                "policyName": name, "validationActions": ["Deny"],
                "matchResources": {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": namespace}}},
            },
        }),
    ]
}

#[tokio::test]
async fn while_an_admission_policy_refuses_an_object() -> Result<()> {
    started("frozen")
        .await?
        .run(async |scenario| {
            let namespace = scenario.vault.name.clone();
            for object in frozen(&namespace) {
                apply::one(&scenario.client(), &namespace, &object).await?;
            }
            let outcome = async {
                // The rule counts some moments after it was made.
                tokio::time::sleep(Duration::from_secs(3)).await;
                scenario.touch_vault().await?;
                narrows(scenario, "ObjectRefused").await
            }
            .await;
            let name = format!("frozen-{namespace}");
            let (client, params) = (scenario.client(), DeleteParams::default());
            let bindings: Api<ValidatingAdmissionPolicyBinding> = Api::all(client.clone());
            bindings.delete(&name, &params).await?;
            let policies: Api<ValidatingAdmissionPolicy> = Api::all(client);
            policies.delete(&name, &params).await?;
            outcome
        })
        .await
}

#[tokio::test]
async fn while_a_name_is_taken() -> Result<()> {
    started("taken")
        .await?
        .run(async |scenario| {
            let services: Api<Service> = Api::namespaced(scenario.client(), &scenario.vault.name);
            let foreign = json!({"metadata": {"ownerReferences": null}});
            services
                .patch("prod", &PatchParams::default(), &Patch::Merge(&foreign))
                .await?;
            scenario.touch_vault().await?;
            narrows(scenario, "NameTaken").await
        })
        .await
}

#[tokio::test]
async fn while_the_operator_has_lost_its_rights_in_the_namespace() -> Result<()> {
    started("unbound")
        .await?
        .run(async |scenario| {
            let bindings: Api<RoleBinding> = Api::namespaced(scenario.client(), &scenario.vault.name);
            bindings
                .delete("strongroom-vault-host", &DeleteParams::default())
                .await?;
            scenario.touch_vault().await?;
            narrows(scenario, "NamespaceNotEnabled").await
        })
        .await
}

/// It is no obstacle: the operator leaves it as it is.
#[tokio::test]
async fn while_a_claim_is_larger_than_the_spec_says() -> Result<()> {
    started("enlarged")
        .await?
        .run(async |scenario| {
            let claims: Api<PersistentVolumeClaim> = Api::namespaced(scenario.client(), &scenario.vault.name);
            let larger = json!({"spec": {"resources": {"requests": {"storage": "2Gi"}}}});
            claims
                .patch("data-prod-0", &PatchParams::default(), &Patch::Merge(&larger))
                .await?;
            scenario.touch_vault().await?;
            is_observed(scenario).await?;
            narrows(scenario, "Serving").await?;
            let claim = claims.get("data-prod-0").await?;
            let asked = claim
                .spec
                .and_then(|spec| spec.resources?.requests?.remove("storage"));
            ensure!(asked.as_ref().is_some_and(|asked| asked.0 == "2Gi"), "{asked:?}");
            Ok(())
        })
        .await
}
