//! Vaults as a whole, the installation and its releases, against an API server that knows a few objects.

use serde_json::{Value, json};

use crate::{ApiServer, assert_golden, strongroom, text};

const VAULT: &str = "/apis/strongroom.dev/v1alpha1/namespaces/team-a/vaults/prod";

fn condition(type_: &str, status: &str, reason: &str, message: &str) -> Value {
    json!({
        "type": type_, "status": status, "reason": reason, "message": message,
        "observedGeneration": 1, "lastTransitionTime": "2026-11-22T00:00:00Z",
    })
}

fn vault(name: &str, conditions: &[Value]) -> Value {
    json!({
        "apiVersion": "strongroom.dev/v1alpha1", "kind": "Vault",
        "metadata": {"name": name, "namespace": "team-a", "generation": 1, "creationTimestamp": "2026-11-22T00:00:00Z"},
        "spec": {},
        "status": {"observedGeneration": 1, "version": "0.1.0", "conditions": conditions},
    })
}

fn serving() -> Vec<Value> {
    vec![
        condition("Ready", "True", "Serving", "The vault serves."),
        condition("Unsealed", "True", "Unsealed", "The seal key opened the keyring."),
    ]
}

fn waiting() -> Vec<Value> {
    vec![
        condition(
            "Ready",
            "False",
            "VolumePending",
            "There is no default StorageClass.",
        ),
        condition(
            "Reconciling",
            "True",
            "VolumePending",
            "There is no default StorageClass.",
        ),
    ]
}

fn with(vaults: &[(&str, &[Value])]) -> ApiServer {
    let server = ApiServer::start();
    for (name, conditions) in vaults {
        let path = format!("/apis/strongroom.dev/v1alpha1/namespaces/team-a/vaults/{name}");
        server.objects.put(&path, vault(name, conditions));
    }
    server
}

fn json_of(output: &std::process::Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {output:?}"))
}

#[test]
fn the_help_of_each_command_is_what_is_documented_and_ends_with_three_examples() {
    for arguments in [
        &["vault", "list"][..],
        &["vault", "status"],
        &["vault", "create"],
        &["vault", "open"],
        &["vault", "pause"],
        &["vault", "resume"],
        &["vault", "accept-rollback"],
        &["check"],
        &["version"],
        &["crds"],
    ] {
        let output = strongroom(None, &[arguments, &["--help"]].concat());
        let help = text(&output.stdout);
        assert!(output.status.success(), "{output:?}");
        assert_golden(&format!("{}.txt", arguments.join("-")), help);
        let (_, examples) = help.split_once("Examples:\n").unwrap();
        assert!(examples.lines().count() >= 3, "{examples}");
    }
    let output = strongroom(None, &["vault", "--help"]);
    assert_golden("vault.txt", text(&output.stdout));
}

#[test]
fn a_list_names_what_each_vault_waits_for() {
    let server = with(&[("prod", &serving()), ("test", &waiting())]);
    let list = strongroom(Some(server.kubeconfig()), &["vault", "list", "-n", "team-a"]);
    let table = text(&list.stdout);
    assert!(list.status.success(), "{list:?}");
    let rows: Vec<_> = table
        .lines()
        .map(|line| line.split_whitespace().collect::<Vec<_>>())
        .collect();
    assert_eq!(
        rows[0],
        [
            "NAMESPACE",
            "NAME",
            "READY",
            "STATUS",
            "VERSION",
            "POLICIES",
            "AGE"
        ]
    );
    assert_eq!(rows[1][..5], ["team-a", "prod", "True", "Serving", "0.1.0"]);
    assert_eq!(rows[2][..4], ["team-a", "test", "False", "VolumePending"]);
    let names = strongroom(Some(server.kubeconfig()), &["vault", "list", "-A", "-o", "name"]);
    assert_eq!(text(&names.stdout), "team-a/prod\nteam-a/test\n");
    let json = json_of(&strongroom(
        Some(server.kubeconfig()),
        &["vault", "list", "-A", "-o", "json"],
    ));
    assert_eq!(json["items"][1]["message"], "There is no default StorageClass.");
}

#[test]
fn the_status_of_a_vault_is_its_exit_code_and_what_cannot_be_looked_at_is_said() {
    let server = with(&[("prod", &serving()), ("test", &waiting())]);
    let status = |vault: &str| strongroom(Some(server.kubeconfig()), &["vault", "status", vault]);
    let ready = status("team-a/prod");
    let said = text(&ready.stdout);
    assert_eq!(ready.status.code(), Some(0), "{ready:?}");
    assert!(
        said.starts_with("team-a/prod is ready (Serving): The vault serves.\n"),
        "{said}"
    );
    assert!(
        said.contains("✓ Unsealed: The seal key opened the keyring.\n"),
        "{said}"
    );
    assert!(said.contains("? the certificate's end is not known: "), "{said}");
    let not_ready = status("team-a/test");
    assert_eq!(not_ready.status.code(), Some(1), "{not_ready:?}");
    assert!(text(&not_ready.stdout).contains("(VolumePending): There is no default StorageClass."));
    let none = status("team-a/none");
    assert_eq!(none.status.code(), Some(1));
    assert!(text(&none.stderr).contains("there is no vault team-a/none\nTo see the vaults that are there: "));
    let all = strongroom(
        Some(server.kubeconfig()),
        &["vault", "status", "-n", "team-a", "-o", "json"],
    );
    assert_eq!(all.status.code(), Some(1), "one of them is not ready");
    assert_eq!(json_of(&all)["items"].as_array().unwrap().len(), 2);
}

#[test]
fn a_manifest_needs_no_cluster_and_a_size_that_no_volume_has_is_refused() {
    let create = strongroom(None, &["vault", "create", "team-a/prod", "--storage", "10Gi"]);
    let yaml = text(&create.stdout);
    assert!(create.status.success(), "{create:?}");
    assert!(
        yaml.starts_with("apiVersion: strongroom.dev/v1alpha1\nkind: Vault\n"),
        "{yaml}"
    );
    assert!(
        yaml.contains("namespace: team-a\n") && yaml.contains("size: 10Gi\n"),
        "{yaml}"
    );
    for wrong in [
        &["prod", "--storage", "1Mi"][..],
        &["Prod"],
        &["team-a/prod", "-n", "team-b"],
        &["prod", "--retention-days", "91"],
        &["prod", "--timeout", "1m"],
    ] {
        let refused = strongroom(None, &[&["vault", "create"], wrong].concat());
        assert_eq!(refused.status.code(), Some(2), "{wrong:?}: {refused:?}");
    }
}

#[test]
fn a_vault_that_is_not_ready_in_time_is_6_and_stays() {
    let server = ApiServer::start();
    let apply = ["vault", "create", "team-a/prod", "--apply", "--timeout", "1s"];
    let output = strongroom(Some(server.kubeconfig()), &apply);
    assert_eq!(output.status.code(), Some(6), "{output:?}");
    let error = text(&output.stderr);
    assert!(
        error.contains("vault team-a/prod is not ready after 1 s; it goes on: The operator has not"),
        "{error}"
    );
    assert!(
        error.contains("To see how it is: strongroom vault status team-a/prod"),
        "{error}"
    );
    assert_eq!(
        server.objects.get(VAULT).unwrap()["spec"]["storage"]["embedded"]["size"],
        "1Gi"
    );
    let again = strongroom(Some(server.kubeconfig()), &apply);
    assert_eq!(again.status.code(), Some(1), "{again:?}");
    assert!(text(&again.stderr).contains("there is a vault team-a/prod already"));
}

#[test]
fn a_vault_that_becomes_ready_is_waited_for() {
    let server = ApiServer::start();
    let objects = server.objects.clone();
    let operator = std::thread::spawn(move || {
        for _ in 0..600 {
            if let Some(mut made) = objects.get(VAULT) {
                made["metadata"]["generation"] = json!(1);
                made["status"] = json!({
                    "observedGeneration": 1, "uri": "https://prod.team-a.svc", "conditions": serving(),
                });
                objects.put(VAULT, made);
                return;
            }
            std::thread::sleep(std::time::Duration::from_millis(50));
        }
    });
    let apply = [
        "vault",
        "create",
        "prod",
        "-n",
        "team-a",
        "--apply",
        "--timeout",
        "30s",
    ];
    let output = strongroom(Some(server.kubeconfig()), &apply);
    operator.join().unwrap();
    assert!(output.status.success(), "{output:?}");
    let said = text(&output.stdout);
    assert!(
        said.starts_with("vault team-a/prod created, ready at https://prod.team-a.svc after "),
        "{said}"
    );
    assert!(output.stderr.is_empty(), "progress is for a terminal: {output:?}");
}

#[test]
fn a_vault_that_only_a_person_can_bring_on_is_not_waited_for() {
    let stalled = [
        condition(
            "Ready",
            "False",
            "NamespaceNotEnabled",
            "Run kubectl create rolebinding.",
        ),
        condition(
            "Stalled",
            "True",
            "NamespaceNotEnabled",
            "Run kubectl create rolebinding.",
        ),
    ];
    let server = with(&[("prod", &stalled)]);
    let output = strongroom(Some(server.kubeconfig()), &["vault", "resume", "team-a/prod"]);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert!(
        text(&output.stderr).contains("does not become ready by itself: Run kubectl create rolebinding.")
    );
}

#[test]
fn a_vault_is_paused_by_its_spec_and_resumed_by_nothing_in_it() {
    let paused = [condition("Paused", "True", "Paused", "The vault is stopped.")];
    let server = with(&[("prod", &paused)]);
    let output = strongroom(Some(server.kubeconfig()), &["vault", "pause", "team-a/prod"]);
    assert_eq!(text(&output.stdout), "vault team-a/prod paused\n", "{output:?}");
    assert_eq!(
        server.objects.get(VAULT).unwrap()["spec"],
        json!({"paused": true})
    );
    let output = strongroom(
        Some(server.kubeconfig()),
        &["vault", "resume", "team-a/prod", "--timeout", "1s"],
    );
    assert_eq!(output.status.code(), Some(6), "{output:?}");
    assert_eq!(server.objects.get(VAULT).unwrap()["spec"], json!({}));
}

#[test]
fn an_older_store_is_accepted_by_its_generation_alone() {
    let message = "The store is at generation 41. Annotate the Vault with strongroom.dev/accept-rollback=41.";
    let server = with(&[(
        "prod",
        &[condition("RollbackDetected", "True", "RollbackDetected", message)],
    )]);
    let accept = |more: &[&str]| {
        let command = [&["vault", "accept-rollback", "team-a/prod"], more].concat();
        strongroom(Some(server.kubeconfig()), &command)
    };
    let annotation = || server.objects.get(VAULT).unwrap()["metadata"]["annotations"].clone();
    let asked = accept(&[]);
    assert!(asked.status.success() && text(&asked.stdout).contains("every change after generation 41"));
    assert_eq!(accept(&["--generation", "40"]).status.code(), Some(1));
    assert_eq!(annotation(), Value::Null, "nothing was accepted");
    assert!(accept(&["--generation", "41"]).status.success());
    assert_eq!(annotation()["strongroom.dev/accept-rollback"], "41");
    assert_eq!(
        accept(&["--generation", "41"]).status.code(),
        Some(1),
        "it acts once"
    );
}

/// What `/version` answers, and the objects of a cluster in which nothing is wrong.
fn good_cluster() -> ApiServer {
    let server = ApiServer::start();
    let put = |path: &str, object: Value| server.objects.put(path, object);
    put(
        "/version",
        json!({
            "major": "1", "minor": "36", "gitVersion": "v1.36.0", "gitCommit": "", "gitTreeState": "", "buildDate": "",
            "goVersion": "", "compiler": "", "platform": "",
        }),
    );
    let list = |items: Value| json!({"metadata": {}, "items": items});
    put(
        "/apis/storage.k8s.io/v1/storageclasses",
        list(json!([{
            "metadata": {"name": "fast", "annotations": {"storageclass.kubernetes.io/is-default-class": "true"}},
            "provisioner": "p",
        }])),
    );
    put(
        "/apis/apps/v1/daemonsets",
        list(json!([{"metadata": {"name": "cilium"}}])),
    );
    put(
        "/api/v1/nodes",
        list(json!([{"metadata": {"name": "n", "labels": {"node.openshift.io/os_id": "rhcos"}}}])),
    );
    server
}

fn install(server: &ApiServer) {
    for definition in strongroom_crds::all() {
        let name = definition.metadata.name.clone().unwrap();
        let path = format!("/apis/apiextensions.k8s.io/v1/customresourcedefinitions/{name}");
        server
            .objects
            .put(&path, serde_json::to_value(definition).unwrap());
    }
    let pod = |namespace: &str, component: &str| {
        server.objects.put(
            &format!("/api/v1/namespaces/{namespace}/pods/{component}-0"),
            json!({
                "metadata": {"name": format!("{component}-0"), "namespace": namespace, "labels": {
                    "app.kubernetes.io/name": "strongroom", "app.kubernetes.io/component": component,
                    "app.kubernetes.io/version": env!("CARGO_PKG_VERSION"),
                }},
                "status": {"conditions": [{"type": "Ready", "status": "True"}]},
            }),
        );
    };
    for component in ["operator", "identity"] {
        pod("strongroom-system", component);
        server.objects.put(
            &format!("/apis/apps/v1/namespaces/strongroom-system/deployments/strongroom-{component}"),
            json!({"metadata": {"name": component}, "spec": {
                "replicas": 1, "selector": {},
                "template": {"spec": {"containers": [{"name": "c", "args": ["--node-namespace=strongroom-node"]}]}},
            }}),
        );
    }
    pod("strongroom-node", "csi");
    server.objects.put(
        "/apis/apps/v1/namespaces/strongroom-node/daemonsets/strongroom-csi",
        json!({"metadata": {"name": "strongroom-csi"}, "status": {
            "currentNumberScheduled": 1, "desiredNumberScheduled": 1, "numberMisscheduled": 0, "numberReady": 1,
        }}),
    );
    server.objects.put(
        "/apis/storage.k8s.io/v1/csidrivers/csi.strongroom.dev",
        json!({"metadata": {"name": "csi.strongroom.dev"}, "spec": {
            "podInfoOnMount": true, "tokenRequests": [{"audience": "strongroom.dev"}],
        }}),
    );
}

#[test]
fn a_cluster_that_has_everything_is_checked_before_an_installation() {
    let server = good_cluster();
    let output = strongroom(Some(server.kubeconfig()), &["check", "--pre"]);
    let said = text(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert!(said.contains("✓ default StorageClass   fast\n"), "{said}");
    assert!(said.ends_with("8 good, 0 wrong, 0 not known\n"), "{said}");
    server
        .objects
        .refuse(http::Method::GET, "/storageclasses", 403, "no right");
    let output = strongroom(Some(server.kubeconfig()), &["check", "--pre"]);
    assert_eq!(
        output.status.code(),
        Some(0),
        "what cannot be known is not wrong: {output:?}"
    );
    assert!(
        text(&output.stdout)
            .contains("? default StorageClass   cannot be known: the API server answered 403")
    );
}

#[test]
fn a_cluster_that_lacks_something_is_told_what_to_set() {
    let server = good_cluster();
    server.objects.put(
        "/apis/storage.k8s.io/v1/storageclasses",
        json!({"metadata": {}, "items": []}),
    );
    let output = strongroom(Some(server.kubeconfig()), &["check", "--pre", "-o", "json"]);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let json = json_of(&output);
    assert_eq!(
        (&json["kind"], &json["good"]),
        (&json!("CheckList"), &json!(false))
    );
    let row = &json["items"][1];
    assert_eq!(
        (&row["check"], &row["result"]),
        (&json!("default StorageClass"), &json!("wrong"))
    );
    assert!(row["fix"].as_str().unwrap().contains("storageClassName"), "{row}");
}

#[test]
fn an_installation_that_works_is_good_and_one_whose_vault_waits_is_not() {
    let server = good_cluster();
    install(&server);
    let check = || strongroom(Some(server.kubeconfig()), &["check"]);
    let output = check();
    let said = text(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{said}{}", text(&output.stderr));
    assert!(
        said.contains("✓ node driver        1 of 1 pods ready, release "),
        "{said}"
    );
    server.objects.put(VAULT, vault("prod", &waiting()));
    let output = check();
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert!(
        text(&output.stdout)
            .contains("✗ vault team-a/prod   VolumePending: There is no default StorageClass.\n")
    );
    server
        .objects
        .remove("/apis/apiextensions.k8s.io/v1/customresourcedefinitions/vaults.strongroom.dev");
    assert!(
        text(&check().stdout)
            .contains("strongroom crds | kubectl apply --server-side --force-conflicts -f -")
    );
}

#[test]
fn an_api_that_refuses_or_is_away_is_3() {
    let server = ApiServer::start();
    server
        .objects
        .refuse(http::Method::GET, "/version", 401, "who are you");
    for command in [&["check"][..], &["check", "--pre"], &["version"]] {
        let output = strongroom(Some(server.kubeconfig()), command);
        assert_eq!(output.status.code(), Some(3), "{output:?}");
        assert!(
            text(&output.stderr).contains("cannot get /version of the cluster: the API server answered 401")
        );
        assert_eq!(strongroom(None, command).status.code(), Some(3));
    }
    let listed = strongroom(None, &["vault", "list"]);
    assert_eq!(listed.status.code(), Some(3), "{listed:?}");
}

#[test]
fn every_release_is_named_and_a_difference_said() {
    let server = good_cluster();
    install(&server);
    server.objects.put(VAULT, vault("prod", &serving()));
    let output = strongroom(Some(server.kubeconfig()), &["version"]);
    let said = text(&output.stdout);
    assert!(output.status.success(), "{output:?}");
    for part in [
        "client",
        "Kubernetes",
        "operator",
        "identity service",
        "node driver",
        "CRDs",
        "vault team-a/prod",
    ] {
        assert!(said.lines().any(|line| line.starts_with(part)), "{part}: {said}");
    }
    assert!(said.ends_with("\nEverything is of one release.\n"), "{said}");
    let mut older = vault("prod", &serving());
    older["status"]["version"] = json!("0.0.9");
    server.objects.put(VAULT, older);
    let json = json_of(&strongroom(Some(server.kubeconfig()), &["version", "-o", "json"]));
    assert_eq!(json["skew"]["verdict"], "differs", "{json}");
    assert!(
        json["skew"]["sentence"]
            .as_str()
            .unwrap()
            .contains("vault team-a/prod is 0.0.9"),
        "{json}"
    );
}

#[test]
fn the_client_and_its_definitions_need_no_cluster() {
    let version = strongroom(None, &["version", "--client"]);
    assert_eq!(
        text(&version.stdout),
        format!("PART     RELEASE\nclient   {}\n", env!("CARGO_PKG_VERSION"))
    );
    let names = strongroom(None, &["crds", "-o", "name"]);
    assert_eq!(
        text(&names.stdout),
        "vaults.strongroom.dev\naccesspolicies.strongroom.dev\nsecretrefs.strongroom.dev\n"
    );
}

#[test]
fn a_door_that_cannot_be_opened_says_why_and_leaves_nothing_behind() {
    let server = with(&[("prod", &serving())]);
    let place = strongroom_testing::Directory::new();
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_strongroom"))
        .args([
            "vault",
            "open",
            "team-a/prod",
            "--as-account",
            "shop/api",
            "--",
            "true",
        ])
        .env("KUBECONFIG", server.kubeconfig())
        .env("STRONGROOM_DEV_DIR", place.path().join("dev"))
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(3), "{output:?}");
    assert!(text(&output.stderr).contains("cannot create serviceaccounts/token in namespace shop"));
    let runs = std::fs::read_dir(place.path().join("dev/runs")).unwrap();
    let left: Vec<_> = runs
        .filter(|entry| entry.as_ref().unwrap().path().is_dir())
        .collect();
    assert!(left.is_empty(), "{left:?}");
}
