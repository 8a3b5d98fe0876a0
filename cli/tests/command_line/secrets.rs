//! `strongroom secret`, as far as it needs no vault.

use std::process::{Command, Stdio};

use serde_json::json;

use super::{ApiServer, assert_golden, strongroom, text, with_input};

/// The commands, each of which has a page of help.
const COMMANDS: [&str; 16] = [
    "set", "get", "show", "update", "rollback", "copy", "import", "export", "edit", "list", "versions",
    "delete", "recover", "purge", "backup", "restore",
];

/// What is written nowhere but into a vault.
const CANARY: &str = "CANARY-5c7f";

#[test]
fn the_help_of_secrets_is_what_is_documented_and_ends_with_three_examples() {
    let overview = strongroom(None, &["secret", "--help"]);
    let overview = text(&overview.stdout);
    assert_golden("secret.txt", overview);
    let (_, listed) = overview.split_once("Commands:\n").unwrap();
    let listed: Vec<_> = listed
        .lines()
        .take_while(|line| line.starts_with("  "))
        // A long line goes on in the next, further in.
        .filter(|line| !line.starts_with("   "))
        .filter_map(|line| line.split_whitespace().next())
        .filter(|word| *word != "help")
        .collect();
    assert_eq!(listed, COMMANDS);
    for command in COMMANDS {
        let output = strongroom(None, &["secret", command, "--help"]);
        assert!(output.status.success());
        let help = text(&output.stdout);
        assert_golden(&format!("secret-{command}.txt"), help);
        let (_, examples) = help.split_once("Examples:\n").unwrap();
        assert_eq!(examples.trim_end().lines().count(), 3, "{command}: {examples}");
    }
}

/// Runs `strongroom secret LINE` on a vault that nobody can reach.
fn secret(line: &str, input: &[u8]) -> (Option<i32>, String) {
    let words: Vec<_> = ["secret"].into_iter().chain(line.split(' ')).collect();
    let output = with_input(None, &[&words[..], &["--vault", "team-a/prod"]].concat(), input);
    assert!(output.stdout.is_empty(), "{line}: {}", text(&output.stdout));
    (output.status.code(), text(&output.stderr).to_owned())
}

#[test]
fn wrong_arguments_of_secrets_are_refused_before_any_request() {
    for line in [
        "set",
        "set db --from-env-file f",
        "set --from-env-file f --from-file g",
        "set --from-env-file f --if-version 155f1590d6edf977eb5b5716dd1c4383",
        "set db -f f --generate",
        "set db --from-literal a --generate",
        "set db --from-secret shop/db --from-file f",
        "set db --from-secret db",
        "set db --from-secret shop/db:",
        "set db --generate=0",
        "set db --generate=32:words",
        "set db --generate --trim-newline",
        "set db --if-version 1",
        "get db --version 155f1590d6edf977eb5b5716dd1c4383 --previous",
        "get db --show-value",
        "get db --show-value -o name",
        "show db -o env",
        "update db --enable --disable",
        "rollback db --to 1",
        "copy db",
        "copy db db",
        "copy a/b/c:db db",
        "import",
        "import f --from-secret shop/db",
        "export",
        "list --expiring soon",
        "list -l =a",
        "purge db",
    ] {
        let (code, error) = secret(line, b"");
        assert_eq!(code, Some(2), "{line}: {error}");
    }
    for line in [
        "copy a/b:db c/d:db --url https://a.example",
        "copy db c/d:db --url https://a.example",
    ] {
        let (code, error) = secret(line, b"");
        assert_eq!(code, Some(2), "{line}: {error}");
        assert!(error.contains("--url leads to one vault"), "{error}");
    }
}

#[test]
fn a_value_in_the_arguments_or_with_a_newline_that_stays_is_warned_of() {
    for (line, input, said) in [
        (
            "set db --from-literal CANARY-5c7f",
            "",
            "is seen by every process",
        ),
        ("set db", "CANARY-5c7f\n", "ends with a newline, which is kept"),
    ] {
        let (code, error) = secret(line, input.as_bytes());
        // There is no kubeconfig.
        assert_eq!(code, Some(3), "{line}: {error}");
        assert!(error.contains(said), "{line}: {error}");
        assert!(!error.contains(CANARY), "{line}: {error}");
    }
    for (line, input) in [
        ("set db --trim-newline", "CANARY-5c7f\n"),
        ("set db", "CANARY-5c7f"),
        ("set db --generate", ""),
    ] {
        let (code, error) = secret(line, input.as_bytes());
        assert_eq!(code, Some(3), "{line}: {error}");
        assert!(
            !error.contains("Warning") && !error.contains(CANARY),
            "{line}: {error}"
        );
    }
}

#[test]
fn nothing_is_destroyed_where_nobody_can_be_asked() {
    for kind in ["secret", "key", "cert"] {
        let purge = [kind, "purge", "db", "--vault", "team-a/prod"];
        let output = with_input(None, &purge, b"db\n");
        let error = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{error}");
        assert!(
            error.contains("nobody is there to be asked: give --yes"),
            "{error}"
        );
        let output = with_input(None, &[&purge[..], &["--yes"]].concat(), b"");
        assert!(text(&output.stderr).contains("kubeconfig"), "{output:?}");
    }
}

/// What `strongroom secret LINE` shows on a terminal where somebody types these lines. `script`, of util-linux, runs it on one.
fn on_a_terminal(line: &str, typed: &str) -> String {
    let program = env!("CARGO_BIN_EXE_strongroom");
    let command = format!("{program} secret {line} --vault team-a/prod");
    let mut child = Command::new("script")
        .args(["-qec", &command, "/dev/null"])
        .env("KUBECONFIG", "/nonexistent")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut keyboard = child.stdin.take().unwrap();
    let typing = typed.to_owned();
    let typist = std::thread::spawn(move || {
        for line in typing.lines() {
            // What is typed before a question is thrown away, as a terminal should.
            std::thread::sleep(std::time::Duration::from_secs(1));
            drop(std::io::Write::write_all(
                &mut keyboard,
                format!("{line}\n").as_bytes(),
            ));
        }
        std::thread::sleep(std::time::Duration::from_secs(1));
    });
    let output = child.wait_with_output().unwrap();
    typist.join().unwrap();
    text(&output.stdout).to_owned()
}

#[test]
fn a_value_is_asked_for_twice_on_a_terminal_and_not_shown() {
    let shown = on_a_terminal("set db", &format!("{CANARY}\n{CANARY}\n"));
    assert!(
        shown.contains("Value of secret db: ") && shown.contains("The same again: "),
        "{shown}"
    );
    // Then it goes on to the cluster.
    assert!(shown.contains("kubeconfig") && !shown.contains(CANARY), "{shown}");
    let shown = on_a_terminal("set db", &format!("{CANARY}\nother\n"));
    assert!(
        shown.contains("the two values are not the same: nothing was set"),
        "{shown}"
    );
    assert!(!shown.contains(CANARY), "{shown}");
}

#[test]
fn a_name_that_is_typed_back_destroys_and_another_does_not() {
    let shown = on_a_terminal("purge db", "yes\n");
    assert!(shown.contains("Type its name to go on: "), "{shown}");
    assert!(
        shown.contains("that is not the name of secret db: nothing was destroyed"),
        "{shown}"
    );
    let shown = on_a_terminal("purge db", "db\n");
    assert!(shown.contains("kubeconfig"), "{shown}");
}

const SECRET_PATH: &str = "/api/v1/namespaces/shop/secrets/db";

fn server() -> ApiServer {
    let server = ApiServer::start();
    let data = json!({ "DB_PASSWORD": "Q0FOQVJZLTVjN2Y=", "tls.crt": "Yg==" });
    server.objects.put(
        SECRET_PATH,
        json!({
            "apiVersion": "v1", "kind": "Secret", "metadata": { "name": "db", "namespace": "shop" }, "data": data,
        }),
    );
    server
}

#[test]
fn a_kubernetes_secret_is_read_and_its_names_are_listed() {
    let server = server();
    let import = [
        "secret",
        "import",
        "--from-secret",
        "shop/db",
        "--dry-run",
        "--vault",
        "team-a/prod",
    ];
    let output = strongroom(Some(server.kubeconfig()), &import);
    assert!(output.status.success(), "{output:?}");
    assert_eq!(
        text(&output.stdout),
        "secret/db-password would be set\nsecret/tls-crt would be set\n"
    );
    let set = [
        "secret",
        "set",
        "db",
        "--vault",
        "team-a/prod",
        "--service-account",
        "shop/api",
        "--from-secret",
    ];
    for (from, said) in [
        (
            "shop/db",
            "which key? Give shop/db:KEY; the Kubernetes Secret has DB_PASSWORD, tls.crt",
        ),
        ("shop/db:other", "has no key other"),
        ("shop/nothing:a", "cannot get secrets in namespace shop"),
        (
            "shop/db:DB_PASSWORD",
            "cannot create serviceaccounts/token in namespace shop",
        ),
    ] {
        let output = strongroom(Some(server.kubeconfig()), &[&set[..], &[from]].concat());
        let error = text(&output.stderr);
        assert!(
            !output.status.success() && error.contains(said),
            "{from}: {error}"
        );
        assert!(!error.contains(CANARY), "{from}: {error}");
    }
}

#[test]
fn a_kubernetes_secret_that_the_caller_may_not_get_is_named_with_the_right() {
    let server = server();
    server
        .objects
        .refuse(http::Method::GET, "/namespaces/shop/secrets/", 403, "no right");
    let set = [
        "secret",
        "set",
        "db",
        "--vault",
        "team-a/prod",
        "--from-secret",
        "shop/db:a",
    ];
    let output = strongroom(Some(server.kubeconfig()), &set);
    assert_eq!(output.status.code(), Some(3));
    assert!(
        text(&output.stderr).contains("kubectl auth can-i get secrets -n shop"),
        "{output:?}"
    );
}
