//! `strongroom dev` with the programs of `examples/sdk`, as they are: each SDK's own credential and client, with their
//! verification on, by environment alone. No cluster is needed.

#![allow(
    clippy::unwrap_used,
    reason = "this whole file is tests; clippy exempts only the functions marked so"
)]

use std::{
    fs,
    io::{BufRead as _, BufReader},
    process::{Command, Output, Stdio},
};

use strongroom_e2e::sdk::Tool;
use strongroom_harness::workspace;
use tempfile::TempDir;

/// Runs a program with a vault of its own.
fn with_a_vault(options: &[&str], program: &[&str]) -> Output {
    let place = TempDir::new().unwrap();
    let mut command = Command::new(workspace::program("strongroom").unwrap());
    command
        .args(["dev", "run", "--dev-dir"])
        .arg(place.path().join("dev"))
        .args(options)
        .arg("--")
        .args(program);
    command.output().unwrap()
}

/// Runs the example of a language; it sets, gets, lists and deletes a secret.
fn uses_a_vault(tool: &str, script: Option<&str>, secret: &str) {
    let tool = Tool::installed(tool).unwrap();
    let mut words = vec![tool.program.to_string_lossy().into_owned()];
    words.extend(script.map(|script| tool.dir.join(script).to_string_lossy().into_owned()));
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let output = with_a_vault(&[], &words);
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{said}\n{errors}");
    for line in [
        "got a value",
        &format!("listed {secret}"),
        &format!("deleted {secret}"),
    ] {
        assert!(said.contains(line), "{said}\n{errors}");
    }
    assert!(said.contains(".vault.localhost:"), "{said}");
}

#[test]
fn python_uses_a_vault_on_this_machine() {
    uses_a_vault("azure-python", Some("example.py"), "sdk-python");
}

#[test]
fn python_with_asyncio_uses_a_vault_on_this_machine() {
    uses_a_vault("azure-python", Some("example_aio.py"), "sdk-python-aio");
}

#[test]
fn go_uses_a_vault_on_this_machine() {
    uses_a_vault("azure-go", None, "sdk-go");
}

#[test]
fn javascript_uses_a_vault_on_this_machine() {
    uses_a_vault("azure-javascript", None, "sdk-javascript");
}

#[test]
fn java_uses_a_vault_on_this_machine() {
    uses_a_vault("azure-java", None, "sdk-java");
}

#[test]
fn one_that_stays_tells_other_programs_how_it_is_reached_and_leaves_nothing_behind() {
    let place = TempDir::new().unwrap();
    let (directory, ready) = (place.path().join("dev"), place.path().join("ready.json"));
    let directory = directory.to_str().unwrap();
    let strongroom = workspace::program("strongroom").unwrap();
    let env = || {
        let words = ["dev", "env", "--dev-dir", directory, "--dotenv"];
        let file = place.path().join(".env");
        let output = Command::new(&strongroom).args(words).arg(&file).output().unwrap();
        (output, fs::read_to_string(file).unwrap_or_default())
    };
    let (none, _) = env();
    let said = String::from_utf8_lossy(&none.stderr).into_owned();
    assert_eq!(none.status.code(), Some(4), "{said}");
    assert!(said.contains("no `strongroom dev` is running"), "{said}");

    let words = ["dev", "--port", "0", "--dev-dir", directory, "--ready-file"];
    let mut dev = Command::new(&strongroom)
        .args(words)
        .arg(&ready)
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut first = String::new();
    BufReader::new(dev.stderr.take().unwrap())
        .read_line(&mut first)
        .unwrap();
    let told: serde_json::Value = serde_json::from_slice(&fs::read(&ready).unwrap()).unwrap();
    let url = told["url"].as_str().unwrap();
    assert!(first.starts_with(&format!("ready {url} after ")), "{first}");
    assert!(url.ends_with(&format!(":{}", told["port"])), "{told}");
    let (told_env, variables) = env();
    assert!(
        told_env.status.success() && told_env.stdout.is_empty(),
        "{told_env:?}"
    );
    assert!(
        variables.lines().any(|line| line == format!("VAULT_URL={url}")),
        "{variables}"
    );
    let asked = Command::new("curl")
        .args(["--silent", "--output", "/dev/null", "--write-out", "%{http_code}"])
        .arg(format!("{url}/secrets?api-version=7.6"))
        .env_clear()
        .envs(
            variables
                .lines()
                .filter_map(|line| line.split_once('='))
                .map(|(name, value)| (name, value.trim_matches('\''))),
        )
        .output()
        .unwrap();
    assert_eq!(String::from_utf8_lossy(&asked.stdout), "401", "{asked:?}");

    let id = rustix::process::Pid::from_child(&dev);
    rustix::process::kill_process(id, rustix::process::Signal::TERM).unwrap();
    assert_eq!(dev.wait().unwrap().code(), Some(0));
    assert!(!ready.exists());
    assert_eq!(env().0.status.code(), Some(4));
    let left: Vec<_> = fs::read_dir(place.path().join("dev/runs")).unwrap().collect();
    assert_eq!(left.len(), 1, "the lock alone: {left:?}");
}

#[test]
fn the_code_of_the_program_is_that_of_the_command() {
    assert_eq!(with_a_vault(&[], &["sh", "-c", "exit 7"]).status.code(), Some(7));
    assert_eq!(
        with_a_vault(&[], &["sh", "-c", "kill -9 $$"]).status.code(),
        Some(137)
    );
    let missing = with_a_vault(&[], &["/nonexistent/program"]);
    assert_eq!(missing.status.code(), Some(127));
}

#[test]
fn the_program_gets_the_signals_and_the_vault_ends_after_it() {
    let place = TempDir::new().unwrap();
    let script = "trap 'echo told; exit 3' TERM; echo ready; while :; do sleep 0.05; done";
    let mut dev = Command::new(workspace::program("strongroom").unwrap())
        .args(["dev", "run", "--dev-dir"])
        .arg(place.path().join("dev"))
        .args(["--", "sh", "-c", script])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(dev.stdout.take().unwrap()).lines();
    assert_eq!(lines.next().unwrap().unwrap(), "ready");
    let id = rustix::process::Pid::from_child(&dev);
    rustix::process::kill_process(id, rustix::process::Signal::TERM).unwrap();
    assert_eq!(lines.next().unwrap().unwrap(), "told");
    assert_eq!(dev.wait().unwrap().code(), Some(3));
}

#[test]
fn what_cannot_be_read_is_said_before_anything_starts() {
    for (options, code, said) in [
        (
            &["-f", "/nonexistent.yaml"][..],
            2,
            "cannot read /nonexistent.yaml",
        ),
        (
            &["--seed", "/nonexistent.yaml"][..],
            2,
            "cannot read /nonexistent.yaml",
        ),
    ] {
        let output = with_a_vault(options, &["sh", "-c", "echo started"]);
        let errors = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(
            (output.status.code(), output.stdout.is_empty()),
            (Some(code), true),
            "{errors}"
        );
        assert!(errors.contains(said), "{errors}");
    }
}

#[test]
fn az_uses_a_vault_on_this_machine_without_a_login() {
    let az = Tool::installed("azure-cli").unwrap().program;
    let script = "$0 keyvault secret set --vault-name dev --name sdk-az --value 'a value' --output none && \
                  $0 keyvault secret show --vault-name dev --name sdk-az --query value --output tsv && \
                  $0 keyvault secret list --vault-name dev --query '[].id' --output tsv";
    let output = with_a_vault(&[], &["sh", "-c", script, &az.to_string_lossy()]);
    let (said, errors) = (
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    assert!(output.status.success(), "{said}\n{errors}");
    assert!(
        said.starts_with("a value\nhttps://dev.vault.localhost:"),
        "{said}\n{errors}"
    );
}

/// What `scripts/try` needs of a system beside the program: no language among it.
const COMMANDS: [&str; 16] = [
    "bash", "cat", "date", "dirname", "env", "grep", "kill", "ln", "mkdir", "printf", "realpath", "rm",
    "sed", "seq", "sleep", "uname",
];

#[test]
fn what_make_try_shows_comes_to_its_end_on_a_machine_without_any_language() {
    let place = TempDir::new().unwrap();
    let bin = place.path().join("bin");
    fs::create_dir(&bin).unwrap();
    for name in COMMANDS {
        let found = ["/usr/bin", "/bin"].map(|directory| std::path::Path::new(directory).join(name));
        if let Some(found) = found.iter().find(|path| path.exists()) {
            std::os::unix::fs::symlink(found, bin.join(name)).unwrap();
        }
    }
    let program = workspace::program("strongroom").unwrap();
    // The script keeps what it runs apart from what else runs on this machine.
    let dev = place.path().join("target/try/dev");
    let output = Command::new("/bin/bash")
        .arg(workspace::root().join("scripts/try"))
        .arg(&program)
        .env("PATH", &bin)
        .env("HOME", place.path())
        .env("CARGO_TARGET_DIR", place.path().join("target"))
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    let stopped = Command::new(&program)
        .args(["dev", "stop"])
        .env("STRONGROOM_DEV_DIR", &dev)
        .status()
        .unwrap();
    assert!(output.status.success(), "{said}\n{errors}");
    assert!(stopped.success(), "it was not left running: {said}\n{errors}");
    for line in [
        "Python: passed over, since there is no python3",
        "The file changed",
        "That is all",
    ] {
        assert!(said.contains(line), "{said}\n{errors}");
    }
    assert!(errors.contains("ForbiddenByPolicy"), "{said}\n{errors}");
}
