//! The binary as its users run it, against an API server that knows a few objects.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking, also in what its functions call"
)]

#[path = "command_line/api_server.rs"]
mod api_server;
#[path = "command_line/certs.rs"]
mod certs;
#[path = "command_line/completion.rs"]
mod completion;
#[path = "command_line/config.rs"]
mod config;
#[path = "command_line/debug.rs"]
mod debug;
#[path = "command_line/dev_vault.rs"]
mod dev_vault;
#[path = "command_line/keys.rs"]
mod keys;
#[path = "command_line/policies.rs"]
mod policies;
#[path = "command_line/references.rs"]
mod references;
#[path = "command_line/screen.rs"]
mod screen;
#[path = "command_line/secrets.rs"]
mod secrets;
#[path = "command_line/vaults.rs"]
mod vaults;

use std::{
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

use api_server::ApiServer;

fn strongroom(kubeconfig: Option<&Path>, arguments: &[&str]) -> Output {
    with_input(kubeconfig, arguments, b"")
}

fn with_input(kubeconfig: Option<&Path>, arguments: &[&str], input: &[u8]) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_strongroom"))
        .args(arguments)
        .env("KUBECONFIG", kubeconfig.unwrap_or(Path::new("/nonexistent")))
        // Whoever runs the tests may have defaults.
        .env("XDG_CONFIG_HOME", "/nonexistent")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A command that refuses its arguments does not read its input.
    drop(child.stdin.take().unwrap().write_all(input));
    child.wait_with_output().unwrap()
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

/// Compares with the file in tests/golden, or writes it when `STRONGROOM_WRITE_GOLDEN` is set.
fn assert_golden(name: &str, got: &str) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("tests/golden")
        .join(name);
    if std::env::var_os("STRONGROOM_WRITE_GOLDEN").is_some() {
        std::fs::write(&path, got).unwrap();
    }
    assert_eq!(got, std::fs::read_to_string(&path).unwrap(), "{name}");
}

#[test]
fn the_help_is_what_is_documented() {
    for (name, arguments) in [
        ("help.txt", &["--help"][..]),
        ("dev.txt", &["dev", "--help"]),
        ("dev-run.txt", &["dev", "run", "--help"]),
        ("dev-env.txt", &["dev", "env", "--help"]),
        ("dev-seed.txt", &["dev", "seed", "--help"]),
        ("dev-snapshot.txt", &["dev", "snapshot", "--help"]),
        ("dev-reset.txt", &["dev", "reset", "--help"]),
        ("dev-trust.txt", &["dev", "trust", "--help"]),
        ("dev-fault.txt", &["dev", "fault", "--help"]),
        ("dev-files.txt", &["dev", "files", "--help"]),
        ("dev-status.txt", &["dev", "status", "--help"]),
        ("dev-stop.txt", &["dev", "stop", "--help"]),
        ("dev-time.txt", &["dev", "time", "--help"]),
        ("policy-check.txt", &["policy", "check", "--help"]),
        ("az-cloud.txt", &["az-cloud", "--help"]),
        ("config.txt", &["config", "--help"]),
        ("config-set.txt", &["config", "set", "--help"]),
        ("config-get.txt", &["config", "get", "--help"]),
        ("config-unset.txt", &["config", "unset", "--help"]),
        ("config-list.txt", &["config", "list", "--help"]),
        ("config-path.txt", &["config", "path", "--help"]),
        ("completion.txt", &["completion", "--help"]),
        ("man.txt", &["man", "--help"]),
    ] {
        let output = strongroom(None, arguments);
        assert!(output.status.success());
        assert_golden(name, text(&output.stdout));
    }
}

#[test]
fn a_value_is_never_an_argument() {
    let output = strongroom(None, &["secret", "set", "db", "CANARY", "--vault", "prod"]);
    assert_eq!(output.status.code(), Some(2));
    let output = strongroom(
        None,
        &["secret", "set", "db", "--value", "CANARY", "--vault", "prod"],
    );
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn wrong_arguments_are_refused_before_any_request() {
    for arguments in [
        &["secret", "get", "a/b", "--vault", "prod"][..],
        &["secret", "get", "db", "--vault", "Kubernetes"],
        &["secret", "get", "db", "--version", "1", "--vault", "prod"],
        &["secret", "get", "db"],
        &[
            "secret",
            "list",
            "--vault",
            "prod",
            "--service-account",
            "shop/api/x",
        ],
        &[
            "secret",
            "list",
            "--vault",
            "team-a/prod",
            "--namespace",
            "team-b",
        ],
        &["secret", "set", "db", "--vault", "prod", "--tag", "novalue"],
        &["az-cloud", "--namespace", "team-a", "--name", "a]b"],
        &["az-cloud", "--namespace", "team a"],
        &[
            "policy",
            "check",
            "--vault",
            "a/b",
            "--service-account",
            "a:b",
            "--permission",
            "secrets/read",
        ],
    ] {
        let output = strongroom(None, arguments);
        assert_eq!(
            output.status.code(),
            Some(2),
            "{arguments:?}: {}",
            text(&output.stderr)
        );
        assert!(output.stdout.is_empty());
    }
}

#[test]
fn a_value_that_no_secret_can_hold_is_refused_before_anything_is_asked() {
    let set = ["secret", "set", "db", "--vault", "prod"];
    for (input, sentence) in [(vec![b'x'; 25 * 1024 + 1], "25 KiB"), (vec![0xff, 0xfe], "UTF-8")] {
        let output = with_input(None, &set, &input);
        assert_eq!(output.status.code(), Some(5));
        assert!(
            text(&output.stderr).contains(sentence),
            "{}",
            text(&output.stderr)
        );
    }
    let output = strongroom(
        None,
        &[
            "secret",
            "set",
            "db",
            "--vault",
            "prod",
            "-f",
            "/nonexistent/value",
        ],
    );
    assert_eq!(output.status.code(), Some(5));
    assert!(text(&output.stderr).contains("/nonexistent/value"));
}

#[test]
fn without_a_kubeconfig_the_error_says_so() {
    let output = with_input(None, &["secret", "set", "db", "--vault", "prod"], b"CANARY");
    assert_eq!(output.status.code(), Some(3));
    assert!(
        text(&output.stderr).contains("kubeconfig"),
        "{}",
        text(&output.stderr)
    );
    assert!(!text(&output.stderr).contains("CANARY"));
}

#[test]
fn the_cloud_of_a_namespace_needs_no_cluster_and_names_only_its_own_installation() {
    let of = [
        "az-cloud",
        "--namespace",
        "team-a",
        "--release-namespace",
        "vaults",
        "--name",
        "own",
    ];
    let output = strongroom(None, &of);
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert_eq!(
        text(&output.stdout),
        "[own]\n\
         endpoint_active_directory = https://strongroom-identity.vaults.svc\n\
         endpoint_active_directory_resource_id = https://team-a.svc\n\
         endpoint_management = https://strongroom-identity.vaults.svc\n\
         endpoint_resource_manager = https://strongroom-identity.vaults.svc\n\
         suffix_keyvault_dns = .team-a.svc\n"
    );
}

#[test]
fn the_cloud_of_the_contexts_namespace_is_read_from_the_kubeconfig() {
    let server = ApiServer::start();
    let output = strongroom(Some(server.kubeconfig()), &["az-cloud"]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert!(text(&output.stdout).contains("suffix_keyvault_dns = .default.svc\n"));
    assert_eq!(strongroom(None, &["az-cloud"]).status.code(), Some(3));
}

const CHECK: [&str; 8] = [
    "policy",
    "check",
    "--vault",
    "team-a/prod",
    "--service-account",
    "shop:api",
    "--permission",
    "secrets/get",
];

/// What a check shows on a terminal. `script`, of util-linux, runs it on one and copies what that shows.
fn on_a_terminal(server: &ApiServer, more: &str) -> String {
    let program = env!("CARGO_BIN_EXE_strongroom");
    let command = format!("{program} {} --object db-password {more}", CHECK.join(" "));
    let output = Command::new("script")
        .args(["-qec", &command, "/dev/null"])
        .env("KUBECONFIG", server.kubeconfig())
        .stdin(Stdio::null())
        .output()
        .unwrap();
    text(&output.stdout).to_owned()
}

#[test]
fn a_terminal_shows_escape_sequences_and_a_pipe_gets_them_as_they_are() {
    // Sets the title of the window, clears it, and turns the text round; a line of its own.
    let reason = "Confirmed\u{1b}]0;owned\u{7}\u{9b}2J\u{202e}\nno";
    let escaped = "Confirmed\\u001b]0;owned\\u0007\\u009b2J\\u202e\\u000ano";
    let server = ApiServer::start_with_reason(reason);
    let piped = strongroom(
        Some(server.kubeconfig()),
        &[&CHECK[..], &["--object", "db-password"]].concat(),
    );
    assert!(text(&piped.stdout).contains(reason), "{piped:?}");
    let table = on_a_terminal(&server, "");
    assert!(table.contains(escaped), "{table:?}");
    let json = on_a_terminal(&server, "-o json");
    for shown in [&table, &json] {
        assert!(
            !shown.contains(['\u{1b}', '\u{7}', '\u{9b}', '\u{202e}']),
            "{shown:?}"
        );
    }
    let answer: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(answer["policies"][0]["reason"], reason, "{json:?}");
}

#[test]
fn a_check_answers_yes_and_names_the_policy() {
    let server = ApiServer::start();
    let output = strongroom(
        Some(server.kubeconfig()),
        &[&CHECK[..], &["--object", "db-password"]].concat(),
    );
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert_eq!(
        text(&output.stdout),
        "yes - allowed by AccessPolicy shop-reads-db\n\n\
         POLICY          EFFECT   ENFORCED   REASON\n\
         shop-reads-db   Allow    True       Confirmed\n"
    );
}

#[test]
fn a_check_answers_no_with_its_exit_code() {
    let server = ApiServer::start();
    let output = strongroom(
        Some(server.kubeconfig()),
        &[&CHECK[..], &["--object", "other"]].concat(),
    );
    assert_eq!(output.status.code(), Some(1), "{}", text(&output.stderr));
    assert!(text(&output.stdout).starts_with("no - no AccessPolicy allows it\n"));
}

#[test]
fn a_check_can_be_read_by_a_program_and_takes_the_namespace_as_kubectl_does() {
    let server = ApiServer::start();
    let arguments = [
        "policy",
        "check",
        "--vault",
        "prod",
        "-n",
        "team-a",
        "--service-account",
        "shop:api",
        "--permission",
        "secrets/get",
        "--object",
        "db-password",
        "-o",
        "json",
    ];
    let output = strongroom(Some(server.kubeconfig()), &arguments);
    let answer: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        (&answer["allowed"], &answer["policy"]),
        (&true.into(), &"shop-reads-db".into())
    );
}

#[test]
fn a_missing_right_names_the_command_that_shows_why() {
    let server = ApiServer::start();
    let arguments = [
        "secret",
        "get",
        "db",
        "--vault",
        "prod",
        "-n",
        "team-a",
        "--as-service-account",
        "shop:api",
    ];
    let output = strongroom(Some(server.kubeconfig()), &arguments);
    assert_eq!(output.status.code(), Some(3));
    let error = text(&output.stderr);
    assert!(
        error.contains("cannot create serviceaccounts/token in namespace shop"),
        "{error}"
    );
    assert!(
        error.contains("kubectl auth can-i create serviceaccounts --subresource=token -n shop"),
        "{error}"
    );
}

#[test]
fn every_command_takes_a_vault_and_an_account_in_every_spelling_and_under_both_names_of_the_flag() {
    let server = ApiServer::start();
    let vaults: [&[&str]; 3] = [
        &["--vault", "team-a/prod"],
        &["--vault", "prod", "-n", "team-a"],
        &["--vault", "team-a/prod", "-n", "team-a"],
    ];
    let accounts = ["shop/api", "shop:api", "system:serviceaccount:shop:api"];
    for vault in vaults {
        for account in accounts {
            for flag in ["--service-account", "--as-service-account"] {
                let who = [vault, &[flag, account]].concat();
                let check = [
                    "policy",
                    "check",
                    "--permission",
                    "secrets/get",
                    "--object",
                    "db-x",
                ];
                let output = strongroom(Some(server.kubeconfig()), &[&check[..], who.as_slice()].concat());
                assert_eq!(output.status.code(), Some(0), "{who:?}: {}", text(&output.stderr));
                let output = strongroom(
                    Some(server.kubeconfig()),
                    &[&["secret", "list"][..], who.as_slice()].concat(),
                );
                let error = text(&output.stderr);
                assert!(
                    error.contains("cannot create serviceaccounts/token in namespace shop"),
                    "{who:?}: {error}"
                );
            }
        }
    }
}

/// kubectl runs a plugin by the path of its file.
#[test]
fn the_usage_names_the_program_as_it_was_called() {
    let directory = strongroom_testing::Directory::new();
    let plugin = directory.path().join("kubectl-strongroom");
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_strongroom"), &plugin).unwrap();
    let output = Command::new(&plugin).args(["secret", "--help"]).output().unwrap();
    assert!(
        text(&output.stdout).contains("Usage: kubectl strongroom secret [OPTIONS] <COMMAND>"),
        "{output:?}"
    );
}

const LIST: [&str; 6] = [
    "secret",
    "list",
    "--vault",
    "team-a/prod",
    "--service-account",
    "shop/api",
];

#[test]
fn the_trust_bundle_is_that_of_the_vaults_namespace_and_needs_no_right_in_the_releases() {
    let server = ApiServer::start();
    server.move_bundle("team-a");
    server.objects.refuse(
        http::Method::GET,
        "/namespaces/strongroom-system/configmaps/",
        403,
        "no right there",
    );
    let output = strongroom(Some(server.kubeconfig()), &LIST);
    let error = text(&output.stderr);
    assert!(error.contains("cannot create serviceaccounts/token"), "{error}");
}

#[test]
fn the_trust_bundle_is_that_of_the_releases_namespace_where_the_vaults_shows_none() {
    let server = ApiServer::start();
    let output = strongroom(Some(server.kubeconfig()), &LIST);
    let error = text(&output.stderr);
    assert!(error.contains("cannot create serviceaccounts/token"), "{error}");
    for (path, words) in [
        (
            "/namespaces/strongroom-system/configmaps/",
            "strongroom-system: the API server answered 403: no right",
        ),
        (
            "/namespaces/team-a/configmaps/",
            "team-a: the API server answered 403: no right",
        ),
    ] {
        server.objects.refuse(http::Method::GET, path, 403, "no right");
        let output = strongroom(Some(server.kubeconfig()), &LIST);
        let error = text(&output.stderr);
        assert!(
            error.contains(&format!("cannot get configmaps in namespace {words}")),
            "{error}"
        );
    }
}
