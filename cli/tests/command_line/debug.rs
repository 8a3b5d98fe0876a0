//! `strongroom debug` and `strongroom report`, against an API server that refuses some of it.

use http::Method;
use serde_json::json;
use strongroom_testing::Directory;

use super::{api_server::ApiServer, assert_golden, strongroom, text};

/// A pod that waits for its secrets, and what a developer of its namespace may see.
fn shop() -> ApiServer {
    let server = ApiServer::start_with_reason("Enforced");
    let objects = &server.objects;
    objects.put(
        "/api/v1/namespaces/shop/pods/intern",
        json!({
            "apiVersion": "v1", "kind": "Pod", "metadata": {"name": "intern", "namespace": "shop"},
            "spec": {"containers": [{"name": "app", "env": [{"name": "X", "value": "CANARY"}]}], "nodeName": "n1",
                "serviceAccountName": "api", "volumes": [{"name": "secrets", "csi": {
                    "driver": "csi.strongroom.dev", "volumeAttributes": {"secretRef": "db"}}}]},
            "status": {"phase": "Pending"},
        }),
    );
    objects.put(
        "/apis/storage.k8s.io/v1/csidrivers/csi.strongroom.dev",
        json!({"apiVersion": "storage.k8s.io/v1", "kind": "CSIDriver",
            "metadata": {"name": "csi.strongroom.dev"}, "spec": {}}),
    );
    objects.put(
        "/apis/storage.k8s.io/v1/csinodes/n1",
        json!({"apiVersion": "storage.k8s.io/v1", "kind": "CSINode", "metadata": {"name": "n1"},
            "spec": {"drivers": [{"name": "csi.strongroom.dev", "nodeID": "n1"}]}}),
    );
    objects.put(
        "/apis/strongroom.dev/v1alpha1/namespaces/shop/secretrefs/db",
        json!({
            "apiVersion": "strongroom.dev/v1alpha1", "kind": "SecretRef",
            "metadata": {"name": "db", "namespace": "shop", "generation": 1},
            "spec": {"vaultRef": {"name": "prod", "namespace": "team-a"}, "serviceAccountName": "api",
                "files": [{"path": "tls", "secret": {"name": "tls-key"}},
                    {"path": "password", "secret": {"name": "db-password"}}]},
        }),
    );
    objects.put(
        "/apis/strongroom.dev/v1alpha1/namespaces/team-a/vaults/prod",
        json!({
            "apiVersion": "strongroom.dev/v1alpha1", "kind": "Vault",
            "metadata": {"name": "prod", "namespace": "team-a", "generation": 1,
                "annotations": {"note": "CANARY"}},
            "spec": {}, "status": {"conditions": [{"type": "Ready", "status": "True", "reason": "Serving",
                "message": "m", "observedGeneration": 1, "lastTransitionTime": "2026-11-22T00:00:00Z"}]},
        }),
    );
    objects.put(
        "/api/v1/namespaces/shop/events",
        json!({"apiVersion": "v1", "kind": "EventList", "metadata": {}, "items": []}),
    );
    objects.refuse(
        Method::GET,
        "/namespaces/strongroom-node/pods",
        403,
        "pods is forbidden",
    );
    server
}

#[test]
fn a_pod_is_walked_with_the_rights_that_there_are_and_one_fix_is_proposed() {
    let server = shop();
    let output = strongroom(Some(server.kubeconfig()), &["debug", "pod", "shop/intern"]);
    assert_eq!(output.status.code(), Some(1), "{}", text(&output.stderr));
    let walk = text(&output.stdout);
    assert_golden("debug-pod-walk.txt", walk);
    let page = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/debug-commands.md");
    assert!(std::fs::read_to_string(page).unwrap().contains(walk), "{walk}");
}

#[test]
fn a_walk_as_json_has_the_steps_and_the_fix() {
    let server = shop();
    let output = strongroom(
        Some(server.kubeconfig()),
        &["debug", "ref", "db", "-n", "shop", "-o", "json"],
    );
    assert_eq!(output.status.code(), Some(1), "{}", text(&output.stderr));
    let walk: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(walk["kind"], "Walk");
    assert_eq!(walk["holds"], false);
    let failing: Vec<_> = walk["steps"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|step| step["state"] == "fails")
        .map(|step| step["step"].as_str().unwrap())
        .collect();
    assert_eq!(failing, ["policy tls-key"]);
    assert!(walk["fix"].as_str().unwrap().contains("objects: [\"tls-key\"]"));
}

#[test]
fn a_pod_that_may_not_be_read_names_the_right_and_is_not_said_to_be_broken() {
    let server = shop();
    server.objects.refuse(
        Method::GET,
        "/namespaces/shop/pods/intern",
        403,
        "pods is forbidden",
    );
    let output = strongroom(Some(server.kubeconfig()), &["debug", "pod", "shop/intern"]);
    assert_eq!(
        text(&output.stdout),
        "? pod  you may not get pods in namespace shop\n       to see why: kubectl auth can-i get pods -n shop\n"
    );
}

#[test]
fn a_namespace_is_named_once() {
    let output = strongroom(None, &["debug", "pod", "shop/intern", "-n", "other"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("give the namespace once"));
}

#[test]
fn a_report_holds_the_objects_and_no_value_and_says_what_it_could_not_read() {
    let server = shop();
    server.objects.put(
        "/version",
        json!({"major": "1", "minor": "36", "gitVersion": "v1.36.0", "gitCommit": "", "gitTreeState": "",
            "buildDate": "", "goVersion": "", "compiler": "", "platform": ""}),
    );
    let directory = Directory::new();
    let path = directory.path().join("report.tar");
    let arguments = [
        "report",
        "-n",
        "team-a",
        "--redact",
        "--to-file",
        path.to_str().unwrap(),
    ];
    let output = strongroom(Some(server.kubeconfig()), &arguments);
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert!(output.stdout.is_empty());
    assert!(text(&output.stderr).contains("accesspolicies.json  (1 entry)"));
    let archive = std::fs::read(&path).unwrap();
    let has = |word: &str| archive.windows(word.len()).any(|part| part == word.as_bytes());
    assert!(has("strongroom-report/not-read.json") && has("pods is forbidden"));
    assert!(has("Serving") && has("vault-1") && has("account-1"));
    assert!(!has("team-a") && !has("shop"));
    assert!(!has("CANARY") && !has("BEGIN CERTIFICATE"));
    // It takes the place of no other file.
    let again = strongroom(Some(server.kubeconfig()), &arguments);
    assert_eq!(again.status.code(), Some(5));
}

#[test]
fn a_token_that_is_refused_leaves_no_file_and_names_the_right() {
    let server = shop();
    let directory = Directory::new();
    let path = directory.path().join("token");
    let output = strongroom(
        Some(server.kubeconfig()),
        &[
            "token",
            "--vault",
            "team-a/prod",
            "--service-account",
            "shop/api",
            "--to-file",
            path.to_str().unwrap(),
        ],
    );
    assert_eq!(output.status.code(), Some(3), "{}", text(&output.stderr));
    assert!(
        text(&output.stderr)
            .contains("kubectl auth can-i create serviceaccounts --subresource=token -n shop")
    );
    assert!(!path.exists());
}

#[test]
fn the_help_of_these_commands_is_what_is_documented() {
    for (name, arguments) in [
        ("debug.txt", &["debug", "--help"][..]),
        ("debug-pod.txt", &["debug", "pod", "--help"]),
        ("debug-vault.txt", &["debug", "vault", "--help"]),
        ("debug-ref.txt", &["debug", "ref", "--help"]),
        ("report.txt", &["report", "--help"]),
        ("token.txt", &["token", "--help"]),
    ] {
        let output = strongroom(None, arguments);
        assert!(output.status.success());
        assert_golden(name, text(&output.stdout));
    }
}
