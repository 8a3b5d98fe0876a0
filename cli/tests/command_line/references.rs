//! SecretRefs: written, created, shown.

use serde_json::{Value, json};

use super::{ApiServer, assert_golden, strongroom, text};

const REFERENCES: &str = "/apis/strongroom.dev/v1alpha1/namespaces/shop/secretrefs";

const CREATE: [&str; 9] = [
    "ref",
    "create",
    "shop/db",
    "--vault",
    "team-a/prod",
    "--account",
    "api",
    "--file",
    "password=db-password",
];

#[test]
fn the_help_is_what_is_documented() {
    for (name, arguments) in [
        ("ref.txt", &["ref", "--help"][..]),
        ("ref-create.txt", &["ref", "create", "--help"]),
        ("ref-show.txt", &["ref", "show", "--help"]),
    ] {
        let output = strongroom(None, arguments);
        assert!(output.status.success());
        assert_golden(name, text(&output.stdout));
    }
}

#[test]
fn a_reference_is_printed_with_the_volume_and_needs_no_cluster() {
    let output = strongroom(None, &CREATE);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert!(
        text(&output.stdout).starts_with(
            "apiVersion: strongroom.dev/v1alpha1\n\
             kind: SecretRef\n\
             metadata:\n\
             \x20 name: db\n\
             \x20 namespace: shop\n\
             spec:\n\
             \x20 vaultRef:\n\
             \x20   name: prod\n\
             \x20   namespace: team-a\n\
             \x20 serviceAccountName: api\n\
             \x20 files:\n\
             \x20 - path: password\n\
             \x20   secret:\n\
             \x20     name: db-password\n\
             # The template of the pods that mount it:\n"
        ),
        "{}",
        text(&output.stdout)
    );
    let output = strongroom(None, &[&CREATE[..], &["-o", "yaml"]].concat());
    assert!(!text(&output.stdout).contains('#'), "{output:?}");
}

#[test]
fn a_reference_is_in_the_namespace_of_its_account() {
    let create = |name: &str, account: &str| {
        let create = [
            "ref",
            "create",
            name,
            "--vault",
            "team-a/prod",
            "--account",
            account,
            "--file",
            "x=y",
        ];
        strongroom(None, &create)
    };
    let output = create("db", "shop/api");
    assert!(text(&output.stdout).contains("namespace: shop"), "{output:?}");
    let output = create("other/db", "shop/api");
    assert_eq!(output.status.code(), Some(2));
    assert!(
        text(&output.stderr).contains("different namespaces"),
        "{output:?}"
    );
    // Neither says where, so that it is the kubeconfig's namespace, which there is not.
    assert_eq!(create("db", "api").status.code(), Some(3));
}

#[test]
fn wrong_files_are_refused_before_any_request() {
    for file in ["password", "password=", "../x=db", "x=db/1"] {
        let mut create = CREATE;
        create[8] = file;
        let output = strongroom(None, &[&create[..], &["--apply"]].concat());
        assert_eq!(output.status.code(), Some(2), "{file}: {}", text(&output.stderr));
        assert!(output.stdout.is_empty());
    }
}

#[test]
fn applied_it_is_created_and_one_that_is_there_stays() {
    let server = ApiServer::start();
    let apply = [&CREATE[..], &["--apply"]].concat();
    let output = strongroom(Some(server.kubeconfig()), &apply);
    assert_eq!(text(&output.stdout), "SecretRef shop/db created\n", "{output:?}");
    let created = server.objects.get(&format!("{REFERENCES}/db")).unwrap();
    assert_eq!(created["spec"]["serviceAccountName"], "api");
    let output = strongroom(Some(server.kubeconfig()), &apply);
    assert_eq!(output.status.code(), Some(3));
    assert!(text(&output.stderr).contains("409"), "{output:?}");
}

fn deployment(containers: &[&str]) -> Value {
    let containers: Vec<_> = containers
        .iter()
        .map(|name| json!({ "name": name, "image": "i" }))
        .collect();
    json!({
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": { "name": "api", "namespace": "shop" },
        "spec": { "selector": {}, "template": { "spec": { "serviceAccountName": "web", "containers": containers } } },
    })
}

#[test]
fn a_patch_mounts_it_in_the_only_container_or_in_those_that_are_named() {
    let server = ApiServer::start();
    let path = "/apis/apps/v1/namespaces/shop/deployments/api";
    let deployed = [&CREATE[..], &["--patch", "deploy/api", "-o", "json"]].concat();
    server.objects.put(path, deployment(&["app"]));
    let output = strongroom(Some(server.kubeconfig()), &deployed);
    let printed: Value = serde_json::from_slice(&output.stdout).unwrap();
    let pod = &printed["spec"]["template"]["spec"];
    assert_eq!(pod["containers"][0]["name"], "app");
    assert_eq!(
        pod["containers"][0]["volumeMounts"][0]["mountPath"],
        "/secrets/db"
    );
    assert_eq!(pod["volumes"][0]["csi"]["volumeAttributes"]["secretRef"], "db");
    let note = "the pods of Deployment api run as service account web, and the SecretRef is for api";
    assert!(text(&output.stderr).contains(note), "{output:?}");

    server.objects.put(path, deployment(&["app", "proxy"]));
    let output = strongroom(Some(server.kubeconfig()), &deployed);
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("has the containers app, proxy: give --container"));
    let named = [&deployed[..], &["--container", "app"]].concat();
    let output = strongroom(None, &named);
    assert_eq!(serde_json::from_slice::<Value>(&output.stdout).unwrap(), printed);
}

#[test]
fn a_reference_is_shown_with_its_conditions_and_counts() {
    let server = ApiServer::start();
    let reference = json!({
        "apiVersion": "strongroom.dev/v1alpha1", "kind": "SecretRef",
        "metadata": { "name": "db", "namespace": "shop", "generation": 1 },
        "spec": {
            "vaultRef": { "namespace": "team-a", "name": "prod" }, "serviceAccountName": "api",
            "files": [{ "path": "password", "secret": { "name": "db-password" } }],
        },
        "status": {
            "observedGeneration": 1,
            "conditions": [{
                "type": "Ready", "status": "True", "reason": "Available", "message": "Every file can be mounted.",
                "lastTransitionTime": "2026-11-22T00:00:00Z",
            }],
            "files": [{ "path": "password", "state": "Available", "version": "ab".repeat(16) }],
            "volumes": { "total": 2, "current": 1, "outdated": 1, "failing": 0 },
        },
    });
    server.objects.put(&format!("{REFERENCES}/db"), reference);
    let show = ["ref", "show", "db", "-n", "shop"];
    let output = strongroom(Some(server.kubeconfig()), &show);
    let shown = text(&output.stdout);
    assert!(
        shown.contains("\nReady is True (Available): Every file can be mounted.\n"),
        "{shown}"
    );
    assert!(
        shown.ends_with("\n1/2 volumes current, 1 outdated, 0 failing\n"),
        "{shown}"
    );
    let path = [&show[..], &["-o", "jsonpath={.volumes.outdated}"]].concat();
    let output = strongroom(Some(server.kubeconfig()), &path);
    assert_eq!(text(&output.stdout), "1\n");
}
