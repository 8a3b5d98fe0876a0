//! The image of a vault for development, unpacked and run as a container would.

use std::{
    fs,
    io::{BufRead as _, BufReader},
    path::Path,
    process::{Command, Stdio},
};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use strongroom_harness::{images, workspace};
use tempfile::TempDir;

use crate::run;

/// Unpacks an image, and gives its configuration.
fn unpack(image: &[u8], at: &Path) -> Value {
    let (tar, root) = (at.join("image.tar"), at.join("root"));
    fs::write(&tar, image).unwrap();
    fs::create_dir(&root).unwrap();
    run("tar", &["--extract", "--file", "image.tar"], at);
    let manifest: Value = serde_json::from_slice(&fs::read(at.join("manifest.json")).unwrap()).unwrap();
    let name = |pointer: &str| manifest.pointer(pointer).and_then(Value::as_str).unwrap();
    assert_eq!(name("/0/RepoTags/0"), "strongroom.invalid/strongroom:dev");
    let layer = at.join(name("/0/Layers/0"));
    let words = [
        "--extract",
        "--same-owner",
        "--same-permissions",
        "--numeric-owner",
        "--file",
    ];
    run("tar", &[&words[..], &[layer.to_str().unwrap()]].concat(), &root);
    let config: Value = serde_json::from_slice(&fs::read(at.join(name("/0/Config"))).unwrap()).unwrap();
    config.get("config").unwrap().clone()
}

fn words<'a>(config: &'a Value, name: &str) -> Vec<&'a str> {
    let words = config.get(name).and_then(Value::as_array).unwrap();
    words.iter().map(|word| word.as_str().unwrap()).collect()
}

#[test]
fn the_image_of_a_vault_for_development_runs_as_nobody_in_particular_and_ends_when_it_is_asked_to() {
    let directory = TempDir::new().unwrap();
    let program = workspace::program("strongroom").unwrap();
    let config = unpack(&images::laptop(&program, "dev").unwrap(), directory.path());
    assert_eq!(config.get("User"), Some(&json!("65532:65532")));
    assert_eq!(
        (words(&config, "Entrypoint"), words(&config, "Cmd")),
        (vec!["/strongroom"], vec!["dev"])
    );
    let root = directory.path().join("root");
    // As in a container of its image, without its namespaces.
    let inside = |arguments: &[&str]| {
        let mut inside = Command::new("/usr/sbin/chroot");
        inside.args(["--userspec=65532:65532", "--groups="]).arg(&root);
        inside.args(words(&config, "Entrypoint")).args(arguments);
        let variables = words(&config, "Env");
        let variables = variables.iter().filter_map(|pair| pair.split_once('='));
        inside.env_clear().envs(variables);
        inside
    };
    let mut container = inside(&words(&config, "Cmd"));
    let mut container = container.stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(container.stderr.take().unwrap()).lines();
    let ready = lines
        .by_ref()
        .map(Result::unwrap)
        .find(|line| line.starts_with("ready "));
    let ready = ready.unwrap_or_else(|| panic!("it ended: {:?}", container.wait()));
    assert!(ready.starts_with("ready https://dev.vault.localhost:"), "{ready}");
    let files = root.join("home/nonroot/.local/share/strongroom/dev");
    let trusted = fs::read_to_string(files.join("bundle.pem")).unwrap();
    let authorities = trusted.matches("BEGIN CERTIFICATE").count();
    assert!(
        authorities > 100,
        "programs could reach nothing else: {authorities}"
    );
    // As a program in another container that shares its network and its files.
    let told = inside(&["dev", "env"]).output().unwrap();
    let variables = String::from_utf8(told.stdout).unwrap();
    let url = ready.split(' ').nth(1).unwrap();
    assert!(
        variables.contains(&format!("export VAULT_URL='{url}'")),
        "{variables}"
    );
    kill_process(Pid::from_child(&container), Signal::TERM).unwrap();
    assert!(container.wait().unwrap().success());
    assert!(!files.join("running.json").exists());
}
