//! The Helm chart: what it renders under every file of `charts/`, and what it refuses.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failed step is a failed test"
)]

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
    sync::OnceLock,
};

use k8s_openapi::api::{
    apps::v1::{DaemonSet, Deployment},
    batch::v1::Job,
    core::v1::{Namespace, ResourceQuota, Service, ServiceAccount},
    networking::v1::NetworkPolicy,
    policy::v1::PodDisruptionBudget,
    rbac::v1::{ClusterRole, ClusterRoleBinding, Role, RoleBinding},
    storage::v1::CSIDriver,
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};
use strongroom_tests::{
    cluster::apply::parse,
    tools::{Store, program},
};

/// The oldest supported cluster, the last one that passes tokens among attributes, and the newest.
const VERSIONS: [&str; 3] = ["1.32.0", "1.34.9", "1.36.3"];
const RELEASE_NAMESPACE: &str = "strongroom-system";

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn helm(command: &[&str]) -> Output {
    static HELM: OnceLock<PathBuf> = OnceLock::new();
    let helm = HELM.get_or_init(|| program(&Store::from_env().unwrap(), "helm").unwrap());
    Command::new(helm)
        .current_dir(repository())
        .args(command)
        .output()
        .unwrap()
}

fn template(values: &Path, version: &str) -> Output {
    helm(&[
        "template",
        "strongroom",
        "charts/strongroom",
        "--namespace",
        RELEASE_NAMESPACE,
        "--kube-version",
        version,
        "--values",
        values.to_str().unwrap(),
    ])
}

fn files(directory: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(directory)).unwrap();
    let yaml = |path: &PathBuf| path.extension().is_some_and(|extension| extension == "yaml");
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).filter(yaml).collect();
    files.sort();
    assert!(!files.is_empty());
    files
}

/// The objects that the chart renders under one of the files of `charts/`.
fn render(values: &str, version: &str) -> Vec<Value> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("charts/{values}.yaml"));
    let output = template(&path, version);
    assert!(
        output.status.success(),
        "{values}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    parse(&String::from_utf8(output.stdout).unwrap()).unwrap()
}

/// Everything rendered under every file and every version, each with what it was rendered from.
fn everything() -> Vec<(String, Value)> {
    let mut all = Vec::new();
    for file in files("charts") {
        let values = file.file_stem().unwrap().to_str().unwrap();
        for version in VERSIONS {
            let objects = render(values, version);
            all.extend(
                objects
                    .into_iter()
                    .map(|object| (format!("{values}, {version}: {}", title(&object)), object)),
            );
        }
    }
    all
}

fn title(object: &Value) -> String {
    format!("{} {}", object["kind"], object["metadata"]["name"])
}

fn of_kind<'a>(objects: &'a [Value], kind: &str, name: &str) -> &'a Value {
    let found = objects
        .iter()
        .find(|object| object["kind"] == kind && object["metadata"]["name"] == name);
    found.unwrap_or_else(|| panic!("there is no {kind} {name}"))
}

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
            ("storage.k8s.io/v1", "CSIDriver") => survives::<CSIDriver>(&title, &object),
            other => panic!("{title}: {other:?} is not expected of this chart"),
        }
    }
}

#[test]
fn every_object_says_where_it_lives_and_no_two_are_the_same() {
    let cluster = ["Namespace", "ClusterRole", "ClusterRoleBinding", "CSIDriver"];
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
fn values_that_mean_nothing_are_refused_with_the_place() {
    for file in files("charts/refused") {
        let output = template(&file, VERSIONS[2]);
        let (text, error) = (
            fs::read_to_string(&file).unwrap(),
            String::from_utf8_lossy(&output.stderr).into_owned(),
        );
        let expected = text.lines().next().unwrap().trim_start_matches("# ");
        assert!(!output.status.success(), "{file:?} is accepted");
        assert!(error.contains(expected), "{file:?} is refused with: {error}");
    }
}

#[test]
fn the_schema_describes_every_value() {
    let text = fs::read_to_string(repository().join("charts/strongroom/values.schema.json")).unwrap();
    let schema: Value = serde_json::from_str(&text).unwrap();
    let values = fs::read_to_string(repository().join("charts/strongroom/values.yaml")).unwrap();
    described("", &schema, &parse(&values).unwrap()[0]);
}

fn described(path: &str, schema: &Value, values: &Value) {
    for (name, value) in values.as_object().unwrap() {
        let (path, field) = (format!("{path}.{name}"), &schema["properties"][name]);
        assert!(
            field["description"].is_string() || field["$ref"].is_string(),
            "{path} is not described"
        );
        if field["properties"].is_object() {
            assert_eq!(
                field["additionalProperties"], false,
                "{path} takes what it does not know"
            );
            described(&path, field, value);
        }
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

fn pods(objects: &[Value]) -> impl Iterator<Item = &Value> {
    objects
        .iter()
        .filter(|object| object["spec"]["template"]["spec"].is_object())
}

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

/// The rules that a service account holds: cluster-wide, and by namespace.
fn rights(objects: &[Value], account: &str) -> (Vec<Value>, Vec<(String, Value)>) {
    let subject = |binding: &Value| {
        binding["subjects"]
            .as_array()
            .unwrap()
            .iter()
            .any(|s| s["name"] == account)
    };
    let rules = |binding: &Value| {
        let role = &binding["roleRef"];
        let namespace = if role["kind"] == "Role" {
            binding["metadata"]["namespace"].clone()
        } else {
            Value::Null
        };
        let found = objects.iter().find(|object| {
            object["kind"] == role["kind"]
                && object["metadata"]["name"] == role["name"]
                && object["metadata"]["namespace"] == namespace
        });
        found.unwrap_or_else(|| panic!("{role} is bound and not there"))["rules"]
            .as_array()
            .unwrap()
            .clone()
    };
    let (mut everywhere, mut somewhere) = (Vec::new(), Vec::new());
    for binding in objects
        .iter()
        .filter(|object| object["subjects"].is_array())
        .filter(|b| subject(b))
    {
        if binding["kind"] == "ClusterRoleBinding" {
            everywhere.extend(rules(binding));
        } else {
            let namespace = binding["metadata"]["namespace"].as_str().unwrap();
            somewhere.extend(
                rules(binding)
                    .into_iter()
                    .map(|rule| (namespace.to_owned(), rule)),
            );
        }
    }
    (everywhere, somewhere)
}

fn names(rules: &[Value], resource: &str) -> bool {
    let lists = |rule: &Value, what: &str| {
        rule["resources"]
            .as_array()
            .is_some_and(|list| list.contains(&json!(what)))
    };
    rules.iter().any(|rule| lists(rule, resource) || lists(rule, "*"))
}

#[test]
fn the_operator_reaches_secrets_and_workloads_only_where_vaults_are_allowed() {
    let bounded = [
        "secrets",
        "configmaps",
        "services",
        "pods",
        "statefulsets",
        "persistentvolumeclaims",
        "networkpolicies",
    ];
    for values in ["defaults", "little", "everything", "many-namespaces"] {
        let objects = render(values, VERSIONS[2]);
        let (everywhere, somewhere) = rights(&objects, "strongroom-operator");
        for resource in bounded {
            assert!(
                !names(&everywhere, resource),
                "{values}: {resource} in every namespace"
            );
        }
        let mut namespaces: Vec<&str> = somewhere
            .iter()
            .filter(|(_, rule)| names(std::slice::from_ref(rule), "secrets"))
            .map(|(namespace, _)| namespace.as_str())
            .filter(|namespace| *namespace != RELEASE_NAMESPACE)
            .collect();
        namespaces.sort_unstable();
        let expected = match values {
            "everything" => vec!["team-a".to_owned(), "team-b".to_owned()],
            "many-namespaces" => {
                let mut all: Vec<String> = (0..60).map(|n| format!("team-{n}")).collect();
                all.sort();
                all
            }
            _ => Vec::new(),
        };
        assert_eq!(namespaces, expected, "{values}");
    }
    let (everywhere, _) = rights(&render("every-namespace", VERSIONS[2]), "strongroom-operator");
    assert!(names(&everywhere, "secrets"));
}

#[test]
fn no_role_holds_a_wildcard_or_the_right_to_grant_more() {
    for (title, object) in everything() {
        for rule in object["rules"].as_array().into_iter().flatten() {
            for list in ["apiGroups", "resources", "verbs"] {
                for entry in rule[list].as_array().into_iter().flatten() {
                    let entry = entry.as_str().unwrap();
                    assert!(!entry.contains('*'), "{title}: {list} {entry}");
                    let grants = [
                        "bind",
                        "escalate",
                        "impersonate",
                        "serviceaccounts/token",
                        "pods/exec",
                    ];
                    assert!(!grants.contains(&entry), "{title}: {entry}");
                }
            }
        }
    }
}

#[test]
fn the_identity_service_may_ask_about_tokens_and_nothing_else() {
    let (everywhere, somewhere) = rights(&render("everything", VERSIONS[2]), "strongroom-identity");
    let expected = json!([
        {"apiGroups": ["authentication.k8s.io"], "resources": ["tokenreviews"], "verbs": ["create"]},
        {"nonResourceURLs": ["/openid/v1/jwks", "/.well-known/openid-configuration"], "verbs": ["get"]},
    ]);
    assert_eq!((json!(everywhere), somewhere), (expected, vec![]));
}

#[test]
fn the_driver_may_read_secret_refs_and_send_events_and_nothing_else() {
    let (everywhere, somewhere) = rights(&render("everything", VERSIONS[2]), "strongroom-csi");
    let expected = json!([
        {"apiGroups": ["strongroom.dev"], "resources": ["secretrefs"], "verbs": ["get"]},
        {"apiGroups": ["events.k8s.io"], "resources": ["events"], "verbs": ["create", "patch"]},
    ]);
    assert_eq!((json!(everywhere), somewhere), (expected, vec![]));
}

#[test]
fn pods_are_listed_everywhere_only_by_a_hook_that_goes_again() {
    let objects = render("defaults", VERSIONS[2]);
    let hooks: Vec<&Value> = objects
        .iter()
        .filter(|object| object["metadata"]["annotations"]["helm.sh/hook"] == "pre-delete")
        .collect();
    assert_eq!(hooks.len(), 4, "the Job, its account, its role and its binding");
    for hook in hooks {
        assert_eq!(hook["metadata"]["name"], "strongroom-uninstall");
        let policy = hook["metadata"]["annotations"]["helm.sh/hook-delete-policy"]
            .as_str()
            .unwrap();
        assert!(
            policy.contains("hook-succeeded") && policy.contains("hook-failed"),
            "{policy}"
        );
    }
    let (everywhere, somewhere) = rights(&objects, "strongroom-uninstall");
    let expected = json!([{"apiGroups": [""], "resources": ["pods"], "verbs": ["list"]}]);
    assert_eq!((json!(everywhere), somewhere), (expected, vec![]));
}

#[test]
fn who_edits_a_namespace_may_ask_for_secrets_and_not_allow_them() {
    let objects = render("defaults", VERSIONS[2]);
    let edit = of_kind(&objects, "ClusterRole", "strongroom-edit");
    assert_eq!(
        edit["metadata"]["labels"]["rbac.authorization.k8s.io/aggregate-to-edit"],
        "true"
    );
    assert_eq!(edit["rules"].as_array().unwrap().len(), 1);
    assert_eq!(edit["rules"][0]["resources"], json!(["secretrefs"]));
    let view = of_kind(&objects, "ClusterRole", "strongroom-view");
    assert_eq!(view["rules"][0]["verbs"], json!(["get", "list", "watch"]));
}

#[test]
fn tokens_come_as_secrets_where_the_cluster_can() {
    for (version, expected) in [(VERSIONS[1], false), (VERSIONS[2], true)] {
        let objects = render("defaults", version);
        let driver = of_kind(&objects, "CSIDriver", "csi.strongroom.dev");
        assert_eq!(
            driver["spec"]["serviceAccountTokenInSecrets"] == true,
            expected,
            "{version}"
        );
        let set = of_kind(&objects, "DaemonSet", "strongroom-csi");
        let arguments = set["spec"]["template"]["spec"]["containers"][0]["args"]
            .as_array()
            .unwrap();
        assert_eq!(
            arguments.contains(&json!("--tokens-in-secrets")),
            expected,
            "{version}"
        );
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
