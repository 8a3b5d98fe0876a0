//! What `up`, `down` and `tools` leave alone.

use std::{
    process::Command,
    time::{Duration, Instant},
};

use serde_json::json;
use strongroom_harness::local::{
    Options,
    process::{Process, boot_id},
};

use crate::fixture::Fixture;

#[test]
fn a_taken_port_is_a_sentence_and_leaves_no_cluster() {
    let fixture = Fixture::new("harness-port");
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let output = fixture.run(&["up", "--api-port", &port]);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        !output.status.success() && said.contains(&format!("port {port} of 127.0.0.1 is taken")),
        "{said}"
    );
    assert!(!fixture.layout().root().exists());
}

#[test]
fn down_ends_no_process_that_only_has_a_recorded_number() {
    let fixture = Fixture::new("harness-other");
    let mut other = Command::new("sleep").arg("60").spawn().unwrap();
    let now = Process::of(i32::try_from(other.id()).unwrap()).unwrap();
    let stale = json!({"pid": now.pid, "started": now.started - 1});
    let record = json!({"format": 1, "boot": boot_id(), "api_port": 1,
        "options": Options::default(), "complete": true,
        "bundles": [{"role": "control", "holder": stale, "init": stale}]});
    fixture
        .layout()
        .write("cluster.json", &record.to_string())
        .unwrap();
    fixture.check(&["down"]);
    assert!(now.alive());
    other.kill().unwrap();
    other.wait().unwrap();
}

#[test]
fn tools_that_are_there_are_not_installed_again() {
    // The clusters above have installed these; asking again costs nothing.
    let harness = env!("CARGO_BIN_EXE_harness");
    let install = || {
        Command::new(harness)
            .args(["tools", "kubernetes", "coredns", "busybox"])
            .output()
            .unwrap()
    };
    assert!(install().status.success());
    let begun = Instant::now();
    let second = install();
    assert!(begun.elapsed() < Duration::from_secs(1));
    assert!(String::from_utf8_lossy(&second.stdout).contains("installed: nothing"));
}
