//! Who may do what with the API.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use strongroom_e2e::cli_rights::{self, Place};

use crate::render::{RELEASE_NAMESPACE, VERSIONS, everything, of_kind, render};

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
    let (_, somewhere) = rights(&render("defaults", VERSIONS[2]), "strongroom-operator");
    let secrets = somewhere
        .iter()
        .filter(|(_, rule)| names(std::slice::from_ref(rule), "secrets"));
    for (namespace, rule) in secrets {
        // Kubernetes cannot bound the right to create by name.
        let creates = rule["verbs"] == json!(["create"]);
        assert!(creates || rule["resourceNames"].is_array(), "{namespace}: {rule}");
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
fn the_way_to_log_in_is_for_nobody_but_the_groups_that_the_installer_names() {
    let defaults = render("defaults", VERSIONS[2]);
    let of_role = |objects: &[Value]| -> Vec<Value> {
        let binds = |object: &&Value| object["roleRef"]["name"] == "strongroom-login";
        objects.iter().filter(binds).cloned().collect()
    };
    assert_eq!(of_role(&defaults), Vec::<Value>::new());
    let role = of_kind(&defaults, "Role", "strongroom-login");
    assert_eq!(role["metadata"]["namespace"], RELEASE_NAMESPACE);
    let bindings = of_role(&render("everything", VERSIONS[2]));
    let group = |name: &str| json!({"apiGroup": "rbac.authorization.k8s.io", "kind": "Group", "name": name});
    assert_eq!(bindings.len(), 1);
    assert_eq!(bindings[0]["metadata"]["namespace"], RELEASE_NAMESPACE);
    assert_eq!(
        bindings[0]["subjects"],
        json!([group("system:authenticated"), group("oidc:developers")])
    );
}

/// A cluster test runs every command with what the table lists.
#[test]
fn the_way_to_log_in_is_what_the_table_of_the_installation_lists() {
    let objects = render("defaults", VERSIONS[2]);
    let mut granted = BTreeSet::new();
    for rule in of_kind(&objects, "Role", "strongroom-login")["rules"]
        .as_array()
        .unwrap()
    {
        let words = |key: &str| -> Vec<String> {
            let list = rule[key].as_array().into_iter().flatten();
            list.map(|word| word.as_str().unwrap().to_owned()).collect()
        };
        assert_eq!(words("apiGroups"), [""]);
        let names = words("resourceNames").join(" ");
        for verb in words("verbs") {
            for resource in words("resources") {
                granted.insert(format!("{verb} {resource} {names}").trim_end().to_owned());
            }
        }
    }
    let listed: BTreeSet<String> = cli_rights::listed()
        .unwrap()
        .into_iter()
        .filter(|right| right.place == Place::Release)
        .map(|right| right.text)
        .collect();
    assert_eq!(granted, listed);
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
