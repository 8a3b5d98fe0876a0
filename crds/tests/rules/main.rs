//! Every rule of the schemas, on objects kept as data, so that the same files are tried on a real API server too.
//!
//! ```text
//!   refused/NAME.yaml            an object that must be refused; the first line holds a part of the answer
//!   accepted/NAME.yaml           an object that must be accepted
//!   refused-updates/NAME.yaml    two objects: the first is accepted, the change to the second is refused
//!   accepted-updates/NAME.yaml   two objects, both accepted
//! ```
//! All of it with field validation off (`--validate=ignore`), so that a misspelled field is dropped and what is left
//! has to be refused.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failed step is a failed test"
)]

mod argocd;
mod freshness;

use std::{fs, path::PathBuf};

use serde_json::Value;
use strongroom_admission::{self as admission, AdmissionError};

/// One file: its name, the answer it expects, its objects.
struct Example {
    name: String,
    answer: Option<String>,
    objects: Vec<Value>,
}

fn examples(directory: &str) -> Vec<Example> {
    let directory = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("tests")
        .join(directory);
    let mut paths: Vec<_> = fs::read_dir(directory)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    paths.sort();
    assert!(!paths.is_empty());
    paths.into_iter().map(|path| example(&path)).collect()
}

fn example(path: &std::path::Path) -> Example {
    let text = fs::read_to_string(path).unwrap();
    let answer = text
        .lines()
        .next()
        .and_then(|line| line.strip_prefix("# refused: "))
        .map(str::to_owned);
    let objects = text
        .split("---\n")
        .map(|document| serde_saphyr::from_str(document).unwrap())
        .collect();
    Example {
        name: path.file_stem().unwrap().to_string_lossy().into_owned(),
        answer,
        objects,
    }
}

/// Asserts that the answer is the expected one.
fn expect_refusal(example: &Example, result: Result<Value, AdmissionError>) {
    let answer = example.answer.as_deref().expect("the first line says the answer");
    let refused = result.expect_err(&example.name).to_string();
    assert!(refused.contains(answer), "{}: {refused}", example.name);
}

#[test]
fn what_breaks_a_rule_is_refused_with_its_sentence() {
    for example in examples("refused") {
        expect_refusal(&example, admission::create(&example.objects[0]));
    }
}

#[test]
fn what_keeps_the_rules_is_accepted() {
    for example in examples("accepted") {
        admission::create(&example.objects[0]).expect(&example.name);
    }
}

#[test]
fn what_cannot_be_undone_cannot_be_changed() {
    for example in examples("refused-updates") {
        let old = admission::create(&example.objects[0]).expect(&example.name);
        expect_refusal(&example, admission::update(&example.objects[1], &old));
    }
}

#[test]
fn what_can_be_changed_is_changed() {
    for example in examples("accepted-updates") {
        let old = admission::create(&example.objects[0]).expect(&example.name);
        admission::update(&example.objects[1], &old).expect(&example.name);
    }
}

/// A Vault that was made again has the default where its store has another retention: its owner puts that right.
#[test]
fn the_retention_can_become_the_one_that_the_vault_keeps_and_no_other() {
    let vault = |days: i32| {
        serde_json::json!({
            "apiVersion": "strongroom.dev/v1alpha1", "kind": "Vault", "metadata": {"name": "v"},
            "spec": {"softDelete": {"retentionDays": days}},
        })
    };
    let keeps = |mut vault: Value| {
        vault["status"] = serde_json::json!({"softDelete": {"retentionDays": 30, "purgeProtection": false}});
        vault
    };
    let old = keeps(admission::create(&vault(90)).unwrap());
    admission::update(&keeps(vault(30)), &old).unwrap();
    for (new, old) in [
        (keeps(vault(7)), &old),
        (vault(30), &admission::create(&vault(90)).unwrap()),
    ] {
        let refused = admission::update(&new, old).unwrap_err().to_string();
        assert!(refused.contains("retentionDays cannot change"), "{refused}");
    }
}

/// Every sentence in the schemas, status included, is the answer to some refused object.
#[test]
fn every_rule_has_an_object_that_breaks_it() {
    let answers: Vec<_> = ["refused", "refused-updates"]
        .into_iter()
        .flat_map(examples)
        .filter_map(|e| e.answer)
        .collect();
    // With one type of storage and one of seal there is nothing yet that they could change to.
    let unreachable = ["storage.type cannot change", "seal.type cannot change"];
    for message in admission::messages() {
        let reached = answers.iter().any(|answer| message.contains(answer.as_str()));
        assert!(
            reached || unreachable.iter().any(|start| message.starts_with(start)),
            "{message}"
        );
        assert!(message.ends_with('.'), "not a sentence: {message}");
    }
}

#[test]
fn irreversible_fields_are_written_out() {
    let vault = serde_json::json!({
        "apiVersion": "strongroom.dev/v1alpha1", "kind": "Vault", "metadata": {"name": "v"}, "spec": {}
    });
    let stored = admission::create(&vault).unwrap();
    assert_eq!(
        stored["spec"],
        serde_json::json!({
            "storage": {"type": "Embedded", "embedded": {"size": "1Gi"}},
            "seal": {"type": "KubernetesSecret"},
            "softDelete": {"retentionDays": 90, "purgeProtection": false}
        })
    );
    let read: strongroom_crds::VaultSpec = serde_json::from_value(stored["spec"].clone()).unwrap();
    assert_eq!(read, strongroom_crds::VaultSpec::default());
}

#[test]
fn accepted_objects_are_read_and_written_back_unchanged() {
    for example in examples("accepted") {
        let stored = admission::create(&example.objects[0]).unwrap();
        let spec = stored["spec"].clone();
        let written = match stored["kind"].as_str() {
            Some("Vault") => round_trip::<strongroom_crds::Vault>(stored),
            Some("AccessPolicy") => round_trip::<strongroom_crds::AccessPolicy>(stored),
            _ => round_trip::<strongroom_crds::SecretRef>(stored),
        };
        assert_eq!(
            quantities_as_text(written["spec"].clone()),
            quantities_as_text(spec),
            "{}",
            example.name
        );
    }
}

fn round_trip<T: serde::de::DeserializeOwned + serde::Serialize>(object: Value) -> Value {
    serde_json::to_value(serde_json::from_value::<T>(object).unwrap()).unwrap()
}

/// A quantity written as a number is read as the same text.
fn quantities_as_text(mut spec: Value) -> Value {
    if let Some(cpu) = spec.pointer_mut("/podTemplate/resources/requests/cpu") {
        *cpu = Value::String(cpu.as_str().map_or_else(|| cpu.to_string(), str::to_owned));
    }
    spec
}
