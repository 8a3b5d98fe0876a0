//! What production refuses, a laptop refuses with the same sentence: the examples of the rules of our kinds, as files of a deployment.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a failed step is a failed test"
)]

use std::{
    fs,
    path::{Path, PathBuf},
};

use strongroom_dev::manifests::{ManifestError, Manifests};

fn examples(directory: &str) -> Vec<PathBuf> {
    let rules = Path::new(env!("CARGO_MANIFEST_DIR")).join("../crds/tests");
    let entries = fs::read_dir(rules.join(directory)).unwrap();
    let mut paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    assert!(!paths.is_empty());
    paths
}

#[test]
fn what_an_api_server_refuses_is_refused_with_its_sentence() {
    let mut misspelled = 0;
    for path in examples("refused") {
        let text = fs::read_to_string(&path).unwrap();
        let answer = text
            .lines()
            .next()
            .and_then(|line| line.strip_prefix("# refused: "));
        let answer = answer.expect("the first line says the answer");
        let refused = Manifests::read(std::slice::from_ref(&path)).unwrap_err();
        assert!(matches!(refused, ManifestError::Object { .. }), "{refused}");
        let said = refused.to_string();
        // kubectl, whose usual validation is strict, does not get as far as the rule where a field is misspelled.
        if said.contains("unknown field \"") {
            misspelled += 1;
        } else {
            assert!(said.contains(answer), "{}: {said}", path.display());
        }
    }
    assert!((1..20).contains(&misspelled), "{misspelled}");
}

#[test]
fn what_an_api_server_takes_is_taken_unless_a_field_is_misspelled() {
    for path in examples("accepted") {
        match Manifests::read(std::slice::from_ref(&path)) {
            // It is read alone: a policy and a reference have their vault elsewhere.
            Ok(_) | Err(ManifestError::NoVault | ManifestError::Unknown { .. }) => {}
            Err(error) => {
                let said = error.to_string();
                assert!(
                    path.to_string_lossy().contains("misspelled") && said.contains("unknown field"),
                    "{said}"
                );
            }
        }
    }
}

#[test]
fn an_object_of_another_version_or_without_a_name_is_told_so() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("f.yaml");
    for (text, said) in [
        (
            "{apiVersion: strongroom.dev/v2, kind: Vault, metadata: {name: prod}}",
            "there is no version strongroom.dev/v2 of it",
        ),
        (
            "{apiVersion: strongroom.dev/v1alpha1, kind: Vault, spec: {}}",
            "metadata.name: Required value",
        ),
    ] {
        fs::write(&path, text).unwrap();
        let refused = Manifests::read(std::slice::from_ref(&path))
            .unwrap_err()
            .to_string();
        assert!(refused.contains(said), "{refused}");
    }
}

#[test]
fn a_default_of_the_schema_is_there_without_an_api_server() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("f.yaml");
    let text = "{apiVersion: strongroom.dev/v1alpha1, kind: Vault, metadata: {name: prod, namespace: a}, spec: {softDelete: {}}}";
    fs::write(&path, text).unwrap();
    let manifests = Manifests::read(&[path]).unwrap();
    let (_, spec) = manifests.vaults.first().unwrap();
    assert_eq!(spec.soft_delete.retention_days, 90);
}
