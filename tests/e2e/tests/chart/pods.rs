//! The pods: what they may do on their node, who reaches them, and how they are replaced.

use serde_json::{Value, json};

use crate::render::{VERSIONS, files, of_kind, pods, render, title};

#[test]
fn every_pod_but_the_drivers_passes_pod_security_restricted() {
    for file in files("charts") {
        let objects = render(file.file_stem().unwrap().to_str().unwrap(), VERSIONS[2]);
        for object in pods(&objects).filter(|object| object["kind"] != "DaemonSet") {
            restricted(&title(object), &object["spec"]["template"]["spec"]);
        }
    }
}

fn restricted(title: &str, pod: &Value) {
    let security = &pod["securityContext"];
    assert_eq!(security["runAsNonRoot"], true, "{title}");
    assert_ne!(security["runAsUser"], 0, "{title}");
    assert_eq!(security["seccompProfile"]["type"], "RuntimeDefault", "{title}");
    for field in ["hostNetwork", "hostPID", "hostIPC", "initContainers"] {
        assert!(pod[field].is_null(), "{title}: {field}");
    }
    for volume in pod["volumes"].as_array().into_iter().flatten() {
        let source = volume
            .as_object()
            .unwrap()
            .keys()
            .find(|key| *key != "name")
            .unwrap();
        assert!(
            ["secret", "configMap", "projected", "emptyDir"].contains(&source.as_str()),
            "{title}: {source}"
        );
    }
    for container in pod["containers"].as_array().unwrap() {
        let context = json!({
            "allowPrivilegeEscalation": false, "readOnlyRootFilesystem": true, "capabilities": {"drop": ["ALL"]},
        });
        assert_eq!(container["securityContext"], context, "{title}");
        assert!(
            container["resources"]["limits"]["memory"].is_string(),
            "{title} has no memory limit"
        );
        for port in container["ports"].as_array().into_iter().flatten() {
            assert!(port["hostPort"].is_null(), "{title}");
        }
    }
}

#[test]
fn the_drivers_namespace_is_the_only_one_made_and_the_only_privileged() {
    let objects = render("defaults", VERSIONS[2]);
    let namespaces: Vec<&Value> = objects
        .iter()
        .filter(|object| object["kind"] == "Namespace")
        .collect();
    assert_eq!(namespaces.len(), 1);
    assert_eq!(namespaces[0]["metadata"]["name"], "strongroom-node");
    let privileged: Vec<String> = pods(&objects)
        .filter(|object| object["metadata"]["namespace"] == "strongroom-node")
        .map(title)
        .collect();
    assert_eq!(privileged, [r#""DaemonSet" "strongroom-csi""#]);
    assert!(
        !render("little", VERSIONS[2])
            .iter()
            .any(|object| object["kind"] == "Namespace")
    );
}

/// Where nothing is said, helm's own version counts when nobody gives it the cluster's.
#[test]
fn tokens_come_as_secrets_where_the_cluster_can_or_as_the_values_say() {
    let asked = |values: &str, version: &str| {
        let objects = render(values, version);
        let driver = of_kind(&objects, "CSIDriver", "csi.strongroom.dev");
        let spec = driver["spec"].as_object().unwrap();
        spec.get("serviceAccountTokenInSecrets").cloned()
    };
    for (version, auto) in [(VERSIONS[1], None), (VERSIONS[2], Some(json!(true)))] {
        assert_eq!(asked("defaults", version), auto, "{version}");
        assert_eq!(
            asked("tokens-in-secrets", version),
            Some(json!(true)),
            "{version}"
        );
        assert_eq!(asked("tokens-in-attributes", version), None, "{version}");
    }
}

/// Nodes of several releases run the same DaemonSet, and a cluster is upgraded without helm.
#[test]
fn the_driver_is_the_same_whatever_the_version_that_the_chart_was_rendered_for() {
    let sets: Vec<Value> = VERSIONS
        .iter()
        .map(|version| of_kind(&render("defaults", version), "DaemonSet", "strongroom-csi").clone())
        .collect();
    assert_eq!((&sets[0], &sets[1]), (&sets[1], &sets[2]));
}

/// The kernel counts the files of volumes as memory of the node driver, which is killed beyond its limit.
#[test]
fn the_node_driver_learns_its_memory_limit_from_the_pod_that_has_it() {
    for values in ["defaults", "everything"] {
        let objects = render(values, VERSIONS[2]);
        let set = of_kind(&objects, "DaemonSet", "strongroom-csi");
        let container = &set["spec"]["template"]["spec"]["containers"][0];
        assert!(container["resources"]["limits"]["memory"].is_string(), "{values}");
        let limit =
            json!({"resourceFieldRef": {"containerName": container["name"], "resource": "limits.memory"}});
        let variables = container["env"].as_array().unwrap();
        let found = variables.iter().find(|one| one["name"] == "MEMORY_LIMIT");
        assert_eq!(found.unwrap()["valueFrom"], limit, "{values}");
    }
}

#[test]
fn every_long_lived_pod_has_one_network_policy() {
    let objects = render("defaults", VERSIONS[2]);
    for object in pods(&objects).filter(|object| object["kind"] != "Job") {
        let labels = &object["spec"]["template"]["metadata"]["labels"];
        let selecting = objects.iter().filter(|policy| {
            let selector = policy["spec"]["podSelector"]["matchLabels"].as_object();
            policy["kind"] == "NetworkPolicy"
                && policy["metadata"]["namespace"] == object["metadata"]["namespace"]
                && selector.is_some_and(|selector| selector.iter().all(|(key, value)| &labels[key] == value))
        });
        assert_eq!(selecting.count(), 1, "{}", title(object));
    }
}

#[test]
fn a_rollout_keeps_every_replica_that_serves() {
    let objects = render("defaults", VERSIONS[2]);
    let identity = of_kind(&objects, "Deployment", "strongroom-identity");
    assert_eq!(identity["spec"]["replicas"], 2);
    assert_eq!(identity["spec"]["strategy"]["rollingUpdate"]["maxUnavailable"], 0);
    let driver = of_kind(&objects, "DaemonSet", "strongroom-csi");
    assert_eq!(
        driver["spec"]["updateStrategy"]["rollingUpdate"],
        json!({"maxUnavailable": 0, "maxSurge": 1})
    );
}
