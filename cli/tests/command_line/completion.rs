//! What shells are told while a command line is typed.

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::Path,
    process::{Command, Output},
    time::{Duration, Instant},
};

use serde_json::json;
use strongroom_testing::Directory;

use super::{api_server::ApiServer, text};

/// Asks as a script does, with the words of a line of which the last is being typed.
fn ask(kubeconfig: &Path, line: &str) -> Output {
    Command::new(env!("CARGO_BIN_EXE_strongroom"))
        .arg("--")
        .args(line.split(' '))
        .env("COMPLETE", "fish")
        .env("KUBECONFIG", kubeconfig)
        .env("XDG_CONFIG_HOME", "/nonexistent")
        .output()
        .unwrap()
}

/// The names that are offered.
fn offered(kubeconfig: &Path, line: &str) -> Vec<String> {
    let output = ask(kubeconfig, line);
    assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
    let lines = text(&output.stdout).lines();
    lines
        .map(|line| line.split('\t').next().unwrap().to_owned())
        .collect()
}

fn vaults(server: &ApiServer) {
    for (namespace, name) in [("team-a", "prod"), ("team-b", "staging")] {
        server.objects.put(
            &format!("/apis/strongroom.dev/v1alpha1/namespaces/{namespace}/vaults/{name}"),
            json!({
                "apiVersion": "strongroom.dev/v1alpha1", "kind": "Vault",
                "metadata": { "name": name, "namespace": namespace }, "spec": {},
            }),
        );
        server.objects.put(
            &format!("/api/v1/namespaces/{namespace}"),
            json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": namespace } }),
        );
    }
}

#[test]
fn names_come_from_the_kubeconfig_and_the_cluster() {
    let server = ApiServer::start();
    vaults(&server);
    let of = |line: &str| offered(server.kubeconfig(), line);
    assert_eq!(of("strongroom secret list --context "), ["test"]);
    assert_eq!(
        of("strongroom secret list --vault "),
        ["team-a/prod", "team-b/staging"]
    );
    assert_eq!(of("strongroom secret list --vault team-b"), ["team-b/staging"]);
    assert_eq!(
        of("strongroom secret list --vault team-a/prod --service-account shop/"),
        ["shop/api"]
    );
    assert!(of("strongroom config set va").contains(&"vault".to_owned()));
    assert!(of("strongroom sec").contains(&"secret".to_owned()));
}

#[test]
fn where_a_right_is_missing_nothing_is_offered_and_nothing_is_said() {
    let server = ApiServer::start();
    server.objects.refuse(http::Method::GET, "/vaults", 403, "no");
    let none: [&str; 0] = [];
    assert_eq!(
        offered(server.kubeconfig(), "strongroom secret list --vault "),
        none
    );
    let refused = offered(
        server.kubeconfig(),
        "strongroom secret get --vault team-a/prod --service-account shop/api ",
    );
    assert!(refused.iter().all(|word| word.starts_with("--")), "{refused:?}");
    assert_eq!(
        offered(Path::new("/nonexistent"), "strongroom secret list --vault "),
        none
    );
}

#[test]
fn nobody_waits_longer_than_the_budget() {
    let server = ApiServer::start();
    server.objects.leave_unanswered(http::Method::GET, "/vaults");
    let since = Instant::now();
    let none: [&str; 0] = [];
    assert_eq!(
        offered(server.kubeconfig(), "strongroom secret list --vault "),
        none
    );
    // The budget, and what a process takes on a machine that does much else.
    assert!(since.elapsed() < Duration::from_secs(3), "{:?}", since.elapsed());
}

/// As kubectl runs it.
#[test]
fn the_script_for_kubectl_offers_names_and_ends_with_the_directive() {
    let server = ApiServer::start();
    vaults(&server);
    let output = super::strongroom(None, &["completion", "kubectl"]);
    let directory = Directory::new();
    let script = directory.path().join("kubectl_complete-strongroom");
    fs::write(&script, &output.stdout).unwrap();
    fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).unwrap();
    let output = Command::new("sh")
        .arg(&script)
        .args(["secret", "list", "--vault", "team-a"])
        .env("KUBECONFIG", server.kubeconfig())
        .env("XDG_CONFIG_HOME", "/nonexistent")
        .output()
        .unwrap();
    assert_eq!(text(&output.stdout), "team-a/prod\n:4\n", "{output:?}");
}

#[test]
fn the_script_of_bash_is_one_and_completes() {
    let server = ApiServer::start();
    vaults(&server);
    let script = super::strongroom(None, &["completion", "bash"]);
    let typed = format!(
        "{}\nCOMP_WORDS=(strongroom secret list --vault team-b); COMP_CWORD=4; COMP_TYPE=9\n\
         _clap_complete_strongroom strongroom team-b --vault; printf '%s\\n' \"${{COMPREPLY[@]}}\"",
        text(&script.stdout)
    );
    let output = Command::new("bash")
        .args(["--norc", "-c", &typed])
        .env("KUBECONFIG", server.kubeconfig())
        .env("XDG_CONFIG_HOME", "/nonexistent")
        .output()
        .unwrap();
    assert_eq!(text(&output.stdout), "team-b/staging\n", "{output:?}");
    assert!(output.stderr.is_empty(), "{output:?}");
}
