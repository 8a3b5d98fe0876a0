//! What there is to see.

use std::{
    process::Output,
    sync::atomic::{AtomicUsize, Ordering},
};

use rustix::process::Signal;

use crate::world::{World, until};

const MANIFESTS: &str = "
apiVersion: strongroom.dev/v1alpha1
kind: Vault
metadata: {name: prod, namespace: team-a}
spec: {}
---
apiVersion: strongroom.dev/v1alpha1
kind: AccessPolicy
metadata: {name: shop-sets-db, namespace: team-a}
spec:
  vaultRef: {name: prod}
  effect: Allow
  subjects: [{serviceAccount: {namespace: shop, name: api}}]
  objects: [\"db-*\"]
  permissions: {secrets: [get, set]}
";

/// Compares with the file in tests/golden, or writes it when `STRONGROOM_WRITE_GOLDEN` is set.
fn assert_golden(name: &str, got: &str) {
    let path = std::path::PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("tests/golden")
        .join(name);
    if std::env::var_os("STRONGROOM_WRITE_GOLDEN").is_some() {
        std::fs::write(&path, got).unwrap();
    }
    assert_eq!(got, std::fs::read_to_string(&path).unwrap(), "{name}");
}

/// The lines without what differs each time: when it was, and how long it took.
fn masked(lines: &str) -> String {
    let mask = |line: &str| match line.split_once("  ") {
        Some((time, rest)) if time.ends_with('Z') => {
            let (rest, _) = rest.rsplit_once("  ").unwrap();
            format!("TIME  {rest}  N ms\n")
        }
        _ => format!("{line}\n"),
    };
    lines.lines().map(mask).collect()
}

fn errors(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn each_request_is_a_line_with_what_decided_it_and_no_value() {
    let world = World::new();
    let file = world.path("deploy.yaml");
    std::fs::write(&file, MANIFESTS).unwrap();
    let dev = world.start(&["-f", file.to_str().unwrap(), "--as", "shop/api"]);
    assert!(world.set("db-password", "CANARY", None).status.success());
    assert!(!world.set("other", "CANARY", None).status.success());
    let (stdout, stderr) = dev.end(Signal::INT);
    assert!(!stdout.contains("CANARY") && !stderr.contains("CANARY"));
    assert!(!stdout.contains('\u{1b}'), "no colours in a pipe: {stdout}");
    assert_golden("dev-requests.txt", &masked(&stdout));
}

#[test]
fn who_wants_it_quiet_gets_the_first_line_alone() {
    let world = World::new();
    let dev = world.start(&["--quiet"]);
    assert!(world.set("a", "CANARY", None).status.success());
    assert_eq!(dev.end(Signal::TERM), (String::new(), String::new()));
}

#[test]
fn a_client_that_refuses_our_certificate_is_told_on_the_console() {
    let world = World::new();
    let dev = world.start(&[]);
    let port = dev.url.rsplit(':').next().unwrap();
    let url = format!("https://localhost:{port}/secrets");
    for _ in 0..3 {
        let refused = std::process::Command::new("curl")
            .args(["--silent", "--noproxy", "*", &url])
            .env_remove("CURL_CA_BUNDLE")
            .env_remove("SSL_CERT_FILE")
            .output()
            .unwrap();
        assert_eq!(refused.status.code(), Some(60), "{refused:?}");
    }
    until("it is counted", || {
        world
            .said(&["dev", "status", "-o", "json"])
            .contains("\"certificateRefusals\": 3")
    });
    std::thread::sleep(std::time::Duration::from_millis(300));
    let (_, stderr) = dev.end(Signal::TERM);
    let told = stderr.matches("refused our certificate").count();
    assert_eq!(told, 1, "at most every ten seconds: {stderr}");
    assert!(stderr.contains("strongroom dev run -- PROGRAM"), "{stderr}");
}

#[test]
fn the_requests_of_a_program_are_in_a_file_and_its_faults_are_said_aloud() {
    let world = World::new();
    let log = world.path("requests.log");
    let script = format!(
        "printf CANARY | {} secret set a",
        env!("CARGO_BIN_EXE_strongroom")
    );
    let run = |options: &[&str]| {
        let mut words = vec!["dev", "run", "--log", log.to_str().unwrap()];
        words.extend(options);
        words.extend(["--", "sh", "-c", &script]);
        world.run(&words)
    };
    let served = run(&[]);
    assert!(served.status.success(), "{}", errors(&served));
    let lines = std::fs::read_to_string(&log).unwrap();
    assert!(
        lines.contains("  dev:default  SecretSet  secrets/a  200  allowed by "),
        "{lines}"
    );
    assert!(!lines.contains("CANARY") && lines.lines().count() == 1, "{lines}");

    let failed = run(&["--fail", "500:100%", "--seed-faults", "1"]);
    assert!(!failed.status.success());
    let said = errors(&failed);
    assert!(said.contains("FAULTS on purpose from now on: 500:100%"), "{said}");
    assert!(
        said.contains("FAULT on purpose: 500 for PUT /secrets/a"),
        "{said}"
    );
    let after = std::fs::read_to_string(&log).unwrap();
    assert_eq!(after, lines, "a fault is no request of the vault");
}

#[test]
fn what_was_acknowledged_before_ctrl_c_is_there_afterwards() {
    let world = World::new();
    let data = world.path("data");
    let options = ["--data", data.to_str().unwrap()];
    let dev = world.start(&options);
    let set = |number: usize| world.set(&format!("s-{number}"), "CANARY", None).status.success();
    let counted = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        let writer = scope.spawn(|| {
            while set(counted.load(Ordering::SeqCst)) {
                counted.fetch_add(1, Ordering::SeqCst);
            }
        });
        until("some are acknowledged", || counted.load(Ordering::SeqCst) >= 3);
        dev.end(Signal::INT);
        writer.join().unwrap();
    });
    let acknowledged = counted.into_inner();
    let again = world.start(&options);
    let exported = world.said(&["dev", "env"]);
    let script = format!(
        "{exported}\n{} secret list -o name",
        env!("CARGO_BIN_EXE_strongroom")
    );
    let listed = std::process::Command::new("sh")
        .args(["-c", &script])
        .output()
        .unwrap();
    let listed = String::from_utf8(listed.stdout).unwrap();
    for number in 0..acknowledged {
        let name = format!("s-{number}");
        assert!(
            listed.lines().any(|line| line.ends_with(&name)),
            "{name}: {listed}"
        );
    }
    drop(again);
}
