//! Every right that the chart grants is used, and nothing is asked for that it does not grant: its roles are compared
//! with what the API server wrote down about Strongroom's accounts since the cluster was started.

use std::{collections::BTreeSet, path::Path};

use anyhow::{Result, ensure};
use k8s_openapi::api::core::v1::Pod;
use kube::{Api, api::DeleteParams};
use serde_json::{Value, json};
use strongroom_crds::{AccessPolicy, Vault};
use strongroom_e2e::scenario::{PATIENCE, Scenario, vault};
use strongroom_harness::{
    cluster::{apply, wait},
    command,
    installation::{NAMESPACE, NODE_NAMESPACE, RELEASE},
    local::audit::{self, Request},
    workspace,
};

use crate::{alone, installer, running_app, uninstall::refused};

/// The account, the right and the object that it is about, and why it is granted though no run of the tests surely uses
/// it.
const SELDOM: [(&str, &str, &str, &str); 3] = [
    (
        "strongroom-csi",
        "patch events.k8s.io/events",
        "any",
        "an event that is sent again within six minutes; the driver sends the same every five",
    ),
    (
        "strongroom-operator",
        "patch /secrets",
        "strongroom-serving-ca",
        "an authority that moves on to its successor; it is made by a create",
    ),
    (
        "strongroom-operator",
        "patch /secrets",
        "strongroom-admin-ca",
        "an authority that moves on to its successor; it is made by a create",
    ),
];

/// What Kubernetes lets every account do, by roles of its own: discovery, and questions about oneself.
const EVERYBODYS: [&str; 8] = [
    "/api",
    "/apis",
    "/healthz",
    "/livez",
    "/readyz",
    "/openapi",
    "/openid/v1/jwks",
    "/version",
];

#[tokio::test]
async fn every_right_is_used_and_nothing_is_asked_for_without_one() -> Result<()> {
    alone("rights", async |scenario| {
        let layout = scenario.cluster.local()?.layout.clone();
        use_everything(&scenario).await?;
        let rights = rights(&scenario)?;
        let requests = audit::requests(&layout)?;
        eprintln!("{} rights, {} kinds of request", rights.len(), requests.len());
        let used: BTreeSet<&Right> = requests
            .iter()
            .filter(|request| request.allowed)
            .flat_map(|request| narrowest(&rights, request))
            .collect();
        let unused: Vec<String> = rights
            .iter()
            .filter(|right| !used.contains(right) && !seldom(right))
            .map(ToString::to_string)
            .collect();
        ensure!(unused.is_empty(), "granted and never used: {unused:#?}");
        let missing: Vec<&Request> = requests
            .iter()
            .filter(|request| !rights.iter().any(|right| right.covers(request)))
            .filter(|request| !everybodys(request) && !not_enabled(request, &rights))
            .collect();
        ensure!(
            missing.is_empty(),
            "asked for and not granted by the chart: {missing:#?}"
        );
        Ok(())
    })
    .await
}

/// One verb on one resource or path, for one account, somewhere.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Right {
    account: String,
    verb: String,
    group: String,
    resource: String,
    path: String,
    /// The one object that it is about, where the rule names some.
    name: Option<String>,
    place: Place,
}

/// Where a right holds.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Place {
    Everywhere,
    Namespace(String),
    /// In namespaces that may hold vaults.
    Vaults,
}

impl Right {
    fn covers(&self, request: &Request) -> bool {
        let there = match &self.place {
            Place::Everywhere => true,
            Place::Namespace(namespace) => *namespace == request.namespace,
            Place::Vaults => ![NAMESPACE, NODE_NAMESPACE, ""].contains(&request.namespace.as_str()),
        };
        there
            && self.account == request.account
            && self.verb == request.verb
            && self.group == request.group
            && self.resource == request.resource
            && self.path == request.path
            && self.name.as_ref().is_none_or(|name| *name == request.name)
    }
}

impl std::fmt::Display for Right {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self {
            account,
            verb,
            group,
            resource,
            path,
            name,
            place,
        } = self;
        let name = name.as_deref().unwrap_or("any");
        write!(f, "{account}: {verb} {group}/{resource}{path} {name}, {place:?}")
    }
}

/// Those that a request needs: one that holds everywhere is not needed where a narrower one does.
fn narrowest<'a>(rights: &'a [Right], request: &Request) -> Vec<&'a Right> {
    let covering: Vec<&Right> = rights.iter().filter(|right| right.covers(request)).collect();
    let everywhere = |right: &&Right| right.place == Place::Everywhere;
    if covering.iter().all(everywhere) {
        return covering;
    }
    covering.into_iter().filter(|right| !everywhere(right)).collect()
}

fn seldom(right: &Right) -> bool {
    let what = format!("{} {}/{}", right.verb, right.group, right.resource);
    let account = right.account.split(':').next_back().unwrap_or_default();
    let object = right.name.as_deref().unwrap_or("any");
    SELDOM
        .iter()
        .any(|seldom| (seldom.0, seldom.1, seldom.2) == (account, what.as_str(), object))
}

fn everybodys(request: &Request) -> bool {
    let known = |path: &&str| request.path == **path || request.path.starts_with(&format!("{path}/"));
    let asks_for_own_rights = request.verb == "create"
        && request.group == "authorization.k8s.io"
        && request.resource == "selfsubjectaccessreviews";
    let discovers = request.verb == "get" && !request.path.is_empty() && EVERYBODYS.iter().any(known);
    asks_for_own_rights || discovers
}

/// Whether it is a refusal to expect: the operator tries in every namespace with a Vault, and the Vault's condition
/// reports where the API server refuses.
fn not_enabled(request: &Request, rights: &[Right]) -> bool {
    let elsewhere = |right: &&Right| right.place == Place::Vaults && right.covers(request);
    !request.allowed && rights.iter().any(|right| elsewhere(&right))
}

/// What the chart grants, with one namespace for vaults.
fn rights(scenario: &Scenario) -> Result<Vec<Right>> {
    let mut helm = installer(&scenario.cluster)?.helm();
    helm.args(["template", RELEASE])
        .arg(workspace::root().join(Path::new("charts/strongroom")));
    helm.args(["--namespace", NAMESPACE, "--kube-version", "1.36.3"]);
    // No image is pulled for this.
    helm.args([
        "--set",
        "vaultNamespaces={team-a}",
        "--set",
        "image.registry=strongroom.invalid",
    ]);
    let objects = apply::parse(&String::from_utf8(command::output(&mut helm)?)?)?;
    let mut found = BTreeSet::new();
    for binding in objects.iter().filter(|object| object["subjects"].is_array()) {
        let subject = &binding["subjects"][0];
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let account = format!("{}:{}", text(&subject["namespace"]), text(&subject["name"]));
        let place = match (&binding["kind"], text(&binding["metadata"]["namespace"])) {
            (kind, _) if kind == "ClusterRoleBinding" => Place::Everywhere,
            (_, namespace) if namespace == "team-a" => Place::Vaults,
            (_, namespace) => Place::Namespace(namespace),
        };
        let role = objects.iter().find(|object| {
            let role = &binding["roleRef"];
            let same_place = role["kind"] == "ClusterRole"
                || object["metadata"]["namespace"] == binding["metadata"]["namespace"];
            object["kind"] == role["kind"] && object["metadata"]["name"] == role["name"] && same_place
        });
        for rule in role.unwrap()["rules"].as_array().unwrap() {
            found.extend(of_rule(rule, &account, &place));
        }
    }
    Ok(found.into_iter().collect())
}

/// Each right of a rule by itself.
fn of_rule(rule: &Value, account: &str, place: &Place) -> Vec<Right> {
    let list = |key: &str| -> Vec<String> {
        let entries = rule[key].as_array().into_iter().flatten();
        entries.map(|entry| entry.as_str().unwrap().to_owned()).collect()
    };
    let or_empty = |list: Vec<String>| {
        if list.is_empty() {
            vec![String::new()]
        } else {
            list
        }
    };
    let mut names: Vec<Option<String>> = list("resourceNames").into_iter().map(Some).collect();
    if names.is_empty() {
        names.push(None);
    }
    let mut found = Vec::new();
    for verb in list("verbs") {
        for group in or_empty(list("apiGroups")) {
            for resource in or_empty(list("resources")) {
                for path in or_empty(list("nonResourceURLs")) {
                    for name in &names {
                        found.push(Right {
                            account: account.to_owned(),
                            verb: verb.clone(),
                            group: group.clone(),
                            resource: resource.clone(),
                            path: path.clone(),
                            name: name.clone(),
                            place: place.clone(),
                        });
                    }
                }
            }
        }
    }
    found
}

/// What a vault's life needs: made, used, broken, deleted, recovered.
async fn use_everything(scenario: &Scenario) -> Result<()> {
    let client = scenario.client();
    running_app(scenario, "first").await?;
    // Its own uninstall asks which pods mount; it is refused.
    refused(scenario)?;
    // An event on the pod reports a secret that it may not read any more; the second time, the driver
    // updates that event.
    let policies: Api<AccessPolicy> = Api::namespaced(client.clone(), &scenario.vault.name);
    for _ in 0..2 {
        policies.delete("api-reads-db", &DeleteParams::default()).await?;
        scenario.ref_is("db", "False").await?;
        let read = json!({"permissions": {"secrets": ["get"]}});
        let api = [scenario.account("api")];
        scenario
            .policy("api-reads-db", "Allow", &api, &["db-*"], &read)
            .await?;
        scenario.ref_is("db", "True").await?;
    }
    scenario
        .mount_error("app", &["SecretRef db", "none of the objects"])
        .await?;
    // Volume and seal key are adopted.
    let pods: Api<Pod> = Api::namespaced(client.clone(), &scenario.vault.name);
    let vaults: Api<Vault> = Api::namespaced(client.clone(), &scenario.vault.name);
    vaults.delete("prod", &DeleteParams::default()).await?;
    wait::deleted(&pods, "prod-0", PATIENCE).await?;
    let recover = vault(&json!({"createMode": "Recover"}));
    scenario.apply(&scenario.vault.name, &recover).await?;
    scenario.vault_ready().await
}
