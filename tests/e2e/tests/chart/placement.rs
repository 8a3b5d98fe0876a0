//! Where pods run, and who gives way to whom: Strongroom's own, and those of vaults.

use std::fs;

use serde_json::{Value, json};
use strongroom_harness::cluster::apply::parse;

use crate::render::{VERSIONS, files, of_kind, pods, render, repository, title};

/// What the operator is told about vaults' pods by `--vault-FLAG=`.
fn told(objects: &[Value], flag: &str) -> Vec<String> {
    let operator = of_kind(objects, "Deployment", "strongroom-operator");
    let arguments = &operator["spec"]["template"]["spec"]["containers"][0]["args"];
    let arguments = arguments.as_array().unwrap().iter();
    let values = arguments.filter_map(|argument| {
        let (name, value) = argument.as_str()?.split_once('=')?;
        (name == format!("--vault-{flag}")).then(|| value.to_owned())
    });
    values.collect()
}

fn values() -> Value {
    let text = fs::read_to_string(repository().join("charts/strongroom/values.yaml")).unwrap();
    parse(&text).unwrap().remove(0)
}

/// Clusters have nodes of Windows too, where no image of ours runs.
#[test]
fn every_pod_asks_for_linux_under_all_values() {
    let mut checked = 0;
    for file in files("charts") {
        let objects = render(file.file_stem().unwrap().to_str().unwrap(), VERSIONS[2]);
        for object in pods(&objects) {
            let selector = &object["spec"]["template"]["spec"]["nodeSelector"];
            assert_eq!(
                selector["kubernetes.io/os"],
                "linux",
                "{file:?}: {}",
                title(object)
            );
            checked += 1;
        }
        assert!(told(&objects, "node-label").contains(&"kubernetes.io/os=linux".to_owned()));
    }
    assert!(checked > 12, "{checked} pods");
}

/// It tolerates every taint, theirs too: the driver would wait there for ever, and so would its roll-out.
#[test]
fn the_driver_keeps_off_virtual_nodes() {
    let objects = render("defaults", VERSIONS[2]);
    let driver = of_kind(&objects, "DaemonSet", "strongroom-csi");
    let pod = &driver["spec"]["template"]["spec"];
    assert_eq!(pod["tolerations"], json!([{"operator": "Exists"}]));
    let required = &pod["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"];
    let not_virtual = json!([{"matchExpressions": [
        {"key": "type", "operator": "NotIn", "values": ["virtual-kubelet"]},
    ]}]);
    assert_eq!(required["nodeSelectorTerms"], not_virtual);
}

#[test]
fn vaults_have_the_priority_and_resources_that_the_values_say() {
    let objects = render("defaults", VERSIONS[2]);
    assert_eq!(told(&objects, "priority-class"), ["strongroom-vault"]);
    assert_eq!(told(&objects, "request"), ["cpu=20m", "memory=96Mi"]);
    assert_eq!(told(&objects, "limit"), ["memory=256Mi"]);
    let class = of_kind(&objects, "PriorityClass", "strongroom-vault");
    // Every account that may make pods may use the class.
    assert_eq!(class["preemptionPolicy"], "Never");
    // Kubernetes makes no pod of a class that is gone, and vaults outlive an uninstall.
    assert_eq!(
        class["metadata"]["annotations"]["helm.sh/resource-policy"],
        "keep"
    );

    let objects = render("everything", VERSIONS[2]);
    assert_eq!(told(&objects, "priority-class"), ["business-critical"]);
    assert_eq!(told(&objects, "request"), ["cpu=1", "memory=96Mi"]);
    assert_eq!(told(&objects, "limit"), ["memory=1Gi"]);
    assert_eq!(
        told(&objects, "node-label"),
        ["kubernetes.io/os=linux", "pool=vaults"]
    );
    assert!(objects.iter().all(|object| object["kind"] != "PriorityClass"));

    assert_eq!(told(&render("little", VERSIONS[2]), "priority-class"), [""; 0]);
}

/// A Vault's owner does not see the chart's values, and reads them here.
#[test]
fn what_kubectl_explain_names_as_defaults_of_a_vaults_pod_are_the_charts() {
    let text = fs::read_to_string(repository().join("crds/yaml/vaults.strongroom.dev.yaml")).unwrap();
    let definition = parse(&text).unwrap().remove(0);
    let spec = "/spec/versions/0/schema/openAPIV3Schema/properties/spec/properties";
    let explained = |field: &str| {
        let path = format!("{spec}/podTemplate/properties/{field}/description");
        definition.pointer(&path).unwrap().as_str().unwrap().to_owned()
    };
    let (values, resources) = (values(), explained("resources"));
    let vault = &values["vault"];
    let requests = &vault["resources"]["requests"];
    let sentence = format!(
        "requests of {} CPU and {} memory and a limit of {} memory",
        requests["cpu"].as_str().unwrap(),
        requests["memory"].as_str().unwrap(),
        vault["resources"]["limits"]["memory"].as_str().unwrap()
    );
    assert!(resources.contains(&sentence), "{resources}");
    assert_eq!(vault["nodeSelector"], json!({"kubernetes.io/os": "linux"}));
    let selector = explained("nodeSelector");
    assert!(selector.contains("kubernetes.io/os: linux"), "{selector}");
}
