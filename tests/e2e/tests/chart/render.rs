//! What Helm makes of the chart.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
    sync::OnceLock,
};

use serde_json::Value;
use strongroom_harness::{
    cluster::apply::parse,
    tools::{Store, program},
};

/// The oldest supported cluster, the last one that passes tokens among attributes, and the newest.
pub const VERSIONS: [&str; 3] = ["1.32.0", "1.34.9", "1.36.3"];
/// The values that every installation has to give.
pub const GIVEN: &str = "tests/e2e/charts/base/registry.yaml";
/// Where the chart is installed.
pub const RELEASE_NAMESPACE: &str = "strongroom-system";

pub fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

pub fn helm(command: &[&str]) -> Output {
    static HELM: OnceLock<PathBuf> = OnceLock::new();
    let helm = HELM.get_or_init(|| program(&Store::from_env().unwrap(), "helm").unwrap());
    Command::new(helm)
        .current_dir(repository())
        .args(command)
        .output()
        .unwrap()
}

pub fn template(values: &Path, version: &str) -> Output {
    helm(&[
        "template",
        "strongroom",
        "charts/strongroom",
        "--namespace",
        RELEASE_NAMESPACE,
        "--kube-version",
        version,
        "--values",
        GIVEN,
        "--values",
        values.to_str().unwrap(),
    ])
}

pub fn files(directory: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(directory)).unwrap();
    let yaml = |path: &PathBuf| path.extension().is_some_and(|extension| extension == "yaml");
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).filter(yaml).collect();
    files.sort();
    assert!(!files.is_empty());
    files
}

/// The objects that the chart renders under one of the files of `charts/`.
pub fn render(values: &str, version: &str) -> Vec<Value> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("charts/{values}.yaml"));
    let output = template(&path, version);
    assert!(
        output.status.success(),
        "{values}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    parse(&String::from_utf8(output.stdout).unwrap()).unwrap()
}

/// Everything rendered under every file and every version, each with what it was rendered from.
pub fn everything() -> Vec<(String, Value)> {
    let mut all = Vec::new();
    for file in files("charts") {
        let values = file.file_stem().unwrap().to_str().unwrap();
        for version in VERSIONS {
            let objects = render(values, version);
            all.extend(
                objects
                    .into_iter()
                    .map(|object| (format!("{values}, {version}: {}", title(&object)), object)),
            );
        }
    }
    all
}

pub fn title(object: &Value) -> String {
    format!("{} {}", object["kind"], object["metadata"]["name"])
}

pub fn of_kind<'a>(objects: &'a [Value], kind: &str, name: &str) -> &'a Value {
    let found = objects
        .iter()
        .find(|object| object["kind"] == kind && object["metadata"]["name"] == name);
    found.unwrap_or_else(|| panic!("there is no {kind} {name}"))
}

/// Those that make pods.
pub fn pods(objects: &[Value]) -> impl Iterator<Item = &Value> {
    objects
        .iter()
        .filter(|object| object["spec"]["template"]["spec"].is_object())
}
