//! The objects as Kubernetes reads them.

use std::fs;

use k8s_openapi::api::{
    apps::v1::{DaemonSet, Deployment},
    batch::v1::Job,
    core::v1::{Namespace, ResourceQuota, Service, ServiceAccount},
    networking::v1::NetworkPolicy,
    policy::v1::PodDisruptionBudget,
    rbac::v1::{ClusterRole, ClusterRoleBinding, Role, RoleBinding},
    scheduling::v1::PriorityClass,
    storage::v1::CSIDriver,
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};

use crate::render::{GIVEN, VERSIONS, everything, files, helm, render, repository, title};

/// The typed form holds all that the object says: nothing is misspelled, misplaced or of a wrong type.
fn survives<T: Serialize + DeserializeOwned>(title: &str, object: &Value) {
    let typed: T = serde_json::from_value(object.clone()).unwrap_or_else(|error| panic!("{title}: {error}"));
    assert_eq!(&serde_json::to_value(typed).unwrap(), object, "{title}");
}

#[test]
fn the_chart_passes_helms_own_checks() {
    for values in files("charts") {
        let output = helm(&[
            "lint",
            "--strict",
            "charts/strongroom",
            "--values",
            GIVEN,
            "--values",
            values.to_str().unwrap(),
        ]);
        assert!(
            output.status.success(),
            "{values:?}: {}",
            String::from_utf8_lossy(&output.stdout)
        );
    }
}

#[test]
fn every_object_is_what_kubernetes_calls_it() {
    for (title, object) in everything() {
        let kind = (
            object["apiVersion"].as_str().unwrap(),
            object["kind"].as_str().unwrap(),
        );
        match kind {
            ("v1", "Namespace") => survives::<Namespace>(&title, &object),
            ("v1", "ResourceQuota") => survives::<ResourceQuota>(&title, &object),
            ("v1", "Service") => survives::<Service>(&title, &object),
            ("v1", "ServiceAccount") => survives::<ServiceAccount>(&title, &object),
            ("apps/v1", "Deployment") => survives::<Deployment>(&title, &object),
            ("apps/v1", "DaemonSet") => survives::<DaemonSet>(&title, &object),
            ("batch/v1", "Job") => survives::<Job>(&title, &object),
            ("networking.k8s.io/v1", "NetworkPolicy") => survives::<NetworkPolicy>(&title, &object),
            ("policy/v1", "PodDisruptionBudget") => survives::<PodDisruptionBudget>(&title, &object),
            ("rbac.authorization.k8s.io/v1", "ClusterRole") => survives::<ClusterRole>(&title, &object),
            ("rbac.authorization.k8s.io/v1", "ClusterRoleBinding") => {
                survives::<ClusterRoleBinding>(&title, &object);
            }
            ("rbac.authorization.k8s.io/v1", "Role") => survives::<Role>(&title, &object),
            ("rbac.authorization.k8s.io/v1", "RoleBinding") => survives::<RoleBinding>(&title, &object),
            ("scheduling.k8s.io/v1", "PriorityClass") => survives::<PriorityClass>(&title, &object),
            ("storage.k8s.io/v1", "CSIDriver") => survives::<CSIDriver>(&title, &object),
            other => panic!("{title}: {other:?} is not expected of this chart"),
        }
    }
}

#[test]
fn no_webhook_stands_in_the_way_of_the_api_server() {
    for file in files("charts") {
        let objects = render(file.file_stem().unwrap().to_str().unwrap(), VERSIONS[2]);
        assert!(
            !objects
                .iter()
                .any(|object| object["kind"].as_str().unwrap().contains("Webhook"))
        );
    }
}

#[test]
fn every_object_says_where_it_lives_and_no_two_are_the_same() {
    let cluster = [
        "Namespace",
        "ClusterRole",
        "ClusterRoleBinding",
        "CSIDriver",
        "PriorityClass",
    ];
    for file in files("charts") {
        let objects = render(file.file_stem().unwrap().to_str().unwrap(), VERSIONS[2]);
        let mut names: Vec<String> = objects
            .iter()
            .map(|object| format!("{} in {}", title(object), object["metadata"]["namespace"]))
            .collect();
        for object in &objects {
            let namespaced = !cluster.contains(&object["kind"].as_str().unwrap());
            assert_eq!(
                object["metadata"]["namespace"].is_string(),
                namespaced,
                "{}",
                title(object)
            );
            assert_eq!(
                object["metadata"]["labels"]["app.kubernetes.io/name"],
                "strongroom",
                "{}",
                title(object)
            );
        }
        let count = names.len();
        names.sort();
        names.dedup();
        assert_eq!(names.len(), count, "{file:?}");
    }
}

#[test]
fn the_charts_definitions_are_the_generated_ones() {
    let read = |directory: &str| {
        let mut files: Vec<(String, String)> = fs::read_dir(repository().join(directory))
            .unwrap()
            .map(|entry| entry.unwrap())
            .map(|entry| {
                (
                    entry.file_name().into_string().unwrap(),
                    fs::read_to_string(entry.path()).unwrap(),
                )
            })
            .collect();
        files.sort();
        files
    };
    assert_eq!(read("charts/strongroom/crds"), read("crds/yaml"));
}

#[test]
fn no_port_is_open_to_everybody_but_the_one_for_logins() {
    let mut policies = 0;
    for (title, object) in everything() {
        if object["kind"] != "NetworkPolicy" {
            continue;
        }
        policies += 1;
        let rules = object["spec"]["ingress"].as_array();
        let rules = rules.unwrap_or_else(|| panic!("{title}: no list of rules"));
        for rule in rules {
            let is_login = object["metadata"]["name"] == "strongroom-identity"
                && rule["ports"] == json!([{"port": 8443, "protocol": "TCP"}]);
            let admits_somebody = rule["from"].as_array().is_some_and(|from| !from.is_empty());
            assert!(admits_somebody || is_login, "{title}: {rule}");
        }
    }
    assert!(policies > 3);
}
