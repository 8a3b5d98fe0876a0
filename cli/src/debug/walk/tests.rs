use k8s_openapi::api::core::v1::Pod;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use strongroom_crds::{SecretRef, Vault};

use super::*;
use crate::debug::{
    facts::{Hidden, PodFacts, ReferenceFacts, VaultFacts},
    step::StepState,
};
use crate::policy::StoredPolicies;

fn read<T: DeserializeOwned>(value: Value) -> T {
    serde_json::from_value(value).unwrap()
}

fn condition_of(type_: &str, status: &str, reason: &str) -> Value {
    json!({"type": type_, "status": status, "reason": reason, "message": "m", "observedGeneration": 1,
        "lastTransitionTime": "2026-11-22T00:00:00Z"})
}

fn pod(driver: &str) -> Pod {
    read(json!({
        "metadata": {"name": "intern", "namespace": "shop"},
        "spec": {"containers": [], "nodeName": "n1", "serviceAccountName": "api", "volumes": [
            {"name": "secrets", "csi": {"driver": driver, "volumeAttributes": {"secretRef": "db"}}}]},
        "status": {"phase": "Pending", "podIPs": [{"ip": "10.1.2.3"}]},
    }))
}

fn driver(ready: &str) -> Pod {
    read(json!({
        "metadata": {"name": "strongroom-csi-x", "namespace": "strongroom-node"},
        "spec": {"containers": [], "nodeName": "n1"},
        "status": {"phase": "Running", "conditions": [{"type": "Ready", "status": ready}]},
    }))
}

fn reference(account: &str, ready: &Value, authorized: &Value, state: &str) -> SecretRef {
    read(json!({
        "apiVersion": "strongroom.dev/v1alpha1", "kind": "SecretRef",
        "metadata": {"name": "db", "namespace": "shop", "generation": 1},
        "spec": {"vaultRef": {"name": "prod", "namespace": "team-a"}, "serviceAccountName": account,
            "files": [{"path": "password", "secret": {"name": "db-password"}}]},
        "status": {"observedGeneration": 1, "conditions": [ready, authorized],
            "files": [{"path": "password", "state": state}]},
    }))
}

fn available() -> SecretRef {
    reference(
        "api",
        &condition_of("Ready", "True", "Available"),
        &condition_of("Authorized", "True", "Permitted"),
        "Available",
    )
}

fn vault(ready: &Value, network: &Value) -> Vault {
    read(json!({
        "apiVersion": "strongroom.dev/v1alpha1", "kind": "Vault",
        "metadata": {"name": "prod", "namespace": "team-a", "generation": 1},
        "spec": {"network": network}, "status": {"conditions": [ready]},
    }))
}

fn serving() -> Vault {
    vault(
        &condition_of("Ready", "True", "Serving"),
        &json!({"namespaceSelector": {"matchLabels": {"team": "shop"}}}),
    )
}

fn policies(effect: &str, objects: &str) -> StoredPolicies {
    StoredPolicies::read(&[read(json!({
        "apiVersion": "strongroom.dev/v1alpha1", "kind": "AccessPolicy",
        "metadata": {"name": "shop-reads", "namespace": "team-a", "generation": 1},
        "spec": {"vaultRef": {"name": "prod"}, "effect": effect, "objects": [objects],
            "subjects": [{"serviceAccount": {"namespace": "shop", "name": "api"}}],
            "permissions": {"secrets": ["get"]}},
        "status": {"observedGeneration": 1, "conditions": [condition_of("Enforced", "True", "Enforced")]},
    }))])
}

fn events(reason: &str, message: &str) -> Seen<Vec<k8s_openapi::api::core::v1::Event>> {
    Seen::Found(vec![read(json!({
        "metadata": {"name": "e", "namespace": "shop"}, "involvedObject": {"kind": "Pod", "name": "intern"},
        "reason": reason, "message": message, "lastTimestamp": "2026-11-22T00:00:00Z",
    }))])
}

/// Every link holds.
fn facts() -> Facts {
    let account = read(
        json!({"metadata": {"name": "api", "namespace": "shop", "uid": "5b1c2f0e-1111-2222-3333-444455556666"}}),
    );
    Facts {
        program: "strongroom",
        now: 1_800_000_000,
        release_namespace: "strongroom-system".parse().unwrap(),
        pod: Some(PodFacts {
            namespace: "shop".parse().unwrap(),
            name: "intern".to_owned(),
            pod: Seen::Found(pod("csi.strongroom.dev")),
            home: Seen::Found(read(
                json!({"metadata": {"name": "shop", "labels": {"team": "shop"}}}),
            )),
            csi_driver: Seen::Found(read(
                json!({"metadata": {"name": "csi.strongroom.dev"}, "spec": {}}),
            )),
            csi_node: Seen::Found(read(json!({"metadata": {"name": "n1"},
                "spec": {"drivers": [{"name": "csi.strongroom.dev", "nodeID": "n1"}]}}))),
            node_namespace: "strongroom-node".parse().unwrap(),
            drivers: Seen::Found(vec![driver("True")]),
            events: Seen::Found(Vec::new()),
            connects_to: None,
        }),
        account: Some(AccountFacts {
            account: "shop:api".parse().unwrap(),
            found: Seen::Found(account),
        }),
        references: vec![ReferenceFacts {
            reference: strongroom_core::SecretRefName {
                namespace: "shop".parse().unwrap(),
                name: "db".parse().unwrap(),
            },
            found: Seen::Found(available()),
        }],
        vaults: vec![VaultFacts {
            vault: strongroom_core::VaultRef::new("team-a".parse().unwrap(), "prod".parse().unwrap()),
            found: Seen::Found(serving()),
            policies: Seen::Found(policies("Allow", "db-*")),
            pods: None,
        }],
    }
}

fn pod_of(facts: &mut Facts) -> &mut PodFacts {
    facts.pod.as_mut().unwrap()
}

fn hidden<T>() -> Seen<T> {
    Seen::Hidden(Hidden {
        why: "you may not get it".to_owned(),
        can_i: Some("kubectl auth can-i get it".to_owned()),
    })
}

fn first_broken(facts: &Facts) -> Option<Step> {
    walk(facts)
        .into_iter()
        .find(|step| step.state == StepState::Fails)
}

#[test]
fn where_every_link_holds_every_step_says_so() {
    let steps = walk(&facts());
    let wrong: Vec<_> = steps
        .iter()
        .filter(|step| step.state != StepState::Holds)
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
    let names: Vec<_> = steps.iter().map(|step| step.name.as_str()).collect();
    assert_eq!(
        names,
        [
            "pod",
            "account",
            "volume secrets",
            "CSIDriver",
            "node driver",
            "CSINode",
            "SecretRef db",
            "limits",
            "Vault prod",
            "network",
            "policy db-password",
            "objects",
            "events",
        ]
    );
}

type Break = fn(&mut Facts);

#[test]
fn each_broken_link_is_named_with_what_mends_it() {
    let cases: [(&str, &str, Break); 18] = [
        ("pod", "kubectl get pods -n shop", |facts| {
            pod_of(facts).pod = Seen::Absent;
        }),
        ("pod", "kubectl describe pod intern", |facts| {
            let mut waiting = pod("csi.strongroom.dev");
            waiting.spec.as_mut().unwrap().node_name = None;
            pod_of(facts).pod = Seen::Found(waiting);
        }),
        ("account", "kubectl create serviceaccount api -n shop", |facts| {
            facts.account.as_mut().unwrap().found = Seen::Absent;
        }),
        ("volumes", "driver: csi.strongroom.dev", |facts| {
            pod_of(facts).pod = Seen::Found(pod("other.example"));
        }),
        ("CSIDriver", "helm status strongroom", |facts| {
            pod_of(facts).csi_driver = Seen::Absent;
        }),
        ("node driver", "node.tolerations", |facts| {
            pod_of(facts).drivers = Seen::Found(Vec::new());
        }),
        ("node driver", "kubectl describe pod strongroom-csi-x", |facts| {
            pod_of(facts).drivers = Seen::Found(vec![driver("False")]);
        }),
        ("CSINode", "spec.nodeName=n1", |facts| {
            pod_of(facts).csi_node = Seen::Absent;
        }),
        ("SecretRef db", "kubectl get secretrefs", |facts| {
            facts.references[0].found = Seen::Absent;
        }),
        ("SecretRef db", "kubectl edit secretrefs", |facts| {
            let mut none = available();
            none.spec.files[0].secret = None;
            facts.references[0].found = Seen::Found(none);
        }),
        ("limits", "kubectl edit secretrefs", |facts| {
            let mut many = available();
            many.spec.files = vec![many.spec.files[0].clone(); 65];
            facts.references[0].found = Seen::Found(many);
        }),
        ("Vault prod", "kubectl get vaults", |facts| {
            facts.vaults[0].found = Seen::Absent;
        }),
        ("Vault prod", "\"paused\":false", |facts| {
            let paused = vault(&condition_of("Ready", "False", "Paused"), &json!(null));
            facts.vaults[0].found = Seen::Found(paused);
        }),
        ("network", "kubectl label namespace shop team=shop", |facts| {
            let pod = pod_of(facts);
            pod.connects_to = Some(strongroom_core::VaultRef::new(
                "team-a".parse().unwrap(),
                "prod".parse().unwrap(),
            ));
            pod.home = Seen::Found(read(json!({"metadata": {"name": "shop"}})));
        }),
        ("policy db-password", "objects: [\"db-password\"]", |facts| {
            facts.vaults[0].policies = Seen::Found(policies("Allow", "other"));
        }),
        (
            "policy db-password",
            "edit accesspolicies.strongroom.dev shop-reads",
            |facts| {
                facts.vaults[0].policies = Seen::Found(policies("Deny", "db-password"));
            },
        ),
        (
            "object db-password",
            "strongroom secret recover db-password --vault team-a/prod",
            |facts| {
                let deleted = reference(
                    "api",
                    &condition_of("Ready", "False", "ObjectDeleted"),
                    &condition_of("Authorized", "True", "Permitted"),
                    "Deleted",
                );
                facts.references[0].found = Seen::Found(deleted);
            },
        ),
        ("events", "docs/troubleshooting.md", |facts| {
            pod_of(facts).events = events(
                "FailedMount",
                "MountVolume.SetUp failed for volume \"secrets\" : no",
            );
        }),
    ];
    for (step, cure, break_link) in cases {
        let mut facts = facts();
        break_link(&mut facts);
        let broken = first_broken(&facts).unwrap_or_else(|| panic!("{step}: nothing is broken"));
        assert_eq!(broken.name, step, "{broken:?}");
        assert!(broken.fix.as_ref().unwrap().contains(cure), "{broken:?}");
    }
}

#[test]
fn what_may_not_be_seen_is_no_link_that_holds_and_no_link_that_is_broken() {
    let mut facts = facts();
    let pod = pod_of(&mut facts);
    pod.csi_node = hidden();
    pod.drivers = hidden();
    pod.csi_driver = hidden();
    pod.events = hidden();
    let steps = walk(&facts);
    assert!(
        steps.iter().all(|step| step.state != StepState::Fails),
        "{steps:#?}"
    );
    let unknown: Vec<_> = steps
        .iter()
        .filter(|step| step.state == StepState::Unknown)
        .map(|step| (step.name.as_str(), step.can_i.is_some()))
        .collect();
    assert_eq!(
        unknown,
        [
            ("CSIDriver", true),
            ("node driver", true),
            ("CSINode", true),
            ("events", true)
        ]
    );
}

#[test]
fn who_may_see_neither_vault_nor_policies_is_told_what_the_secret_ref_says() {
    let mut facts = facts();
    facts.vaults[0].found = hidden();
    facts.vaults[0].policies = hidden();
    assert!(walk(&facts).iter().all(|step| step.state == StepState::Holds));
    facts.references[0].found = Seen::Found(reference(
        "api",
        &condition_of("Ready", "False", "NotPermitted"),
        &condition_of("Authorized", "False", "NotPermitted"),
        "Forbidden",
    ));
    let broken = first_broken(&facts).unwrap();
    assert_eq!(broken.name, "policy");
    assert!(broken.fix.unwrap().contains("kind: AccessPolicy"));
}

#[test]
fn what_a_secret_ref_says_of_another_account_is_not_said_of_the_pod() {
    let mut facts = facts();
    facts.vaults[0].found = hidden();
    facts.vaults[0].policies = hidden();
    facts.references[0].found = Seen::Found(reference(
        "other",
        &condition_of("Ready", "True", "Available"),
        &condition_of("Authorized", "True", "Permitted"),
        "Available",
    ));
    let unknown: Vec<_> = walk(&facts)
        .into_iter()
        .filter(|step| step.state == StepState::Unknown)
        .map(|step| step.name)
        .collect();
    assert_eq!(unknown, ["Vault prod", "policy", "objects"]);
}

#[test]
fn a_pod_with_a_volume_needs_no_label_for_the_vaults_network_policy() {
    let mut facts = facts();
    pod_of(&mut facts).home = Seen::Found(read(json!({"metadata": {"name": "shop"}})));
    assert_eq!(first_broken(&facts), None);
}

#[test]
fn a_vault_alone_is_walked_without_an_account() {
    let mut facts = facts();
    facts.pod = None;
    facts.account = None;
    facts.references.clear();
    facts.vaults[0].pods = Some(Seen::Found(Vec::new()));
    let broken = first_broken(&facts).unwrap();
    assert_eq!(broken.name, "vault's pods");
    assert!(broken.fix.unwrap().contains("strongroom.dev/vault=prod"));
}
