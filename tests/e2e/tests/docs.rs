//! The documentation says what the code says.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a failed step is a failed test"
)]

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

/// Where reasons of conditions and events are decided.
const REPORTING: [&str; 4] = [
    "operator/src/vault",
    "operator/src/policy",
    "operator/src/secret_ref",
    "csi-provider/src/follow",
];

/// Words in CamelCase there that are no reasons: kinds, values of fields, actions of events, fixtures.
const OTHERS: [&str; 29] = [
    "Allow",
    "Always",
    "Anchor",
    "Any",
    "Compile",
    "ConfigMap",
    "Default",
    "Delete",
    "Deny",
    "Deleted",
    "Disabled",
    "Forbidden",
    "IfNotPresent",
    "NetworkPolicy",
    "NotFound",
    "Parallel",
    "Perhaps",
    "ReadWriteOnce",
    "Reconcile",
    "Recover",
    "Resolve",
    "RollingUpdate",
    "RuntimeDefault",
    "Secret",
    "SecretRef",
    "ServiceAccount",
    "StaleGeneration",
    "StatefulSet",
    "Vault",
];

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn sources(path: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(path).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// The string literals of a source that are one word in CamelCase.
fn words(source: &str) -> BTreeSet<String> {
    let is_word = |text: &&str| {
        text.starts_with(|first: char| first.is_ascii_uppercase())
            && text.len() > 2
            && text.chars().all(|letter| letter.is_ascii_alphanumeric())
            && text.chars().any(|letter| letter.is_ascii_lowercase())
    };
    source.split('"').filter(is_word).map(str::to_owned).collect()
}

#[test]
fn every_reason_that_the_code_gives_is_explained() {
    let page = fs::read_to_string(repository().join("docs/conditions.md")).unwrap();
    let mut files = Vec::new();
    for directory in REPORTING {
        sources(&repository().join(directory), &mut files);
    }
    let mut missing = BTreeSet::new();
    for file in files
        .iter()
        .filter(|file| !file.components().any(|part| part.as_os_str() == "desired"))
    {
        let source = fs::read_to_string(file).unwrap();
        let shipped = source.split("#[cfg(test)]\nmod tests {").next().unwrap();
        for word in words(shipped) {
            let plain = ["True", "False", "Unknown", "Ready", "Stalled"].contains(&word.as_str());
            if !plain && !OTHERS.contains(&word.as_str()) && !page.contains(&format!("`{word}`")) {
                missing.insert(format!("{word} in {}", file.display()));
            }
        }
    }
    assert!(
        missing.is_empty(),
        "docs/conditions.md does not explain {missing:#?}"
    );
}

#[test]
fn every_reason_that_is_explained_is_one_that_the_code_gives() {
    let page = fs::read_to_string(repository().join("docs/conditions.md")).unwrap();
    let mut files = Vec::new();
    for directory in REPORTING {
        sources(&repository().join(directory), &mut files);
    }
    let code: String = files
        .iter()
        .map(|file| fs::read_to_string(file).unwrap())
        .collect();
    for row in page.lines().filter(|line| line.starts_with("| `")) {
        let word = row.split('`').nth(1).unwrap();
        assert!(
            code.contains(&format!("\"{word}\"")),
            "no code gives the reason {word}"
        );
    }
}

#[test]
fn links_between_pages_lead_somewhere() {
    let mut pages = vec![repository().join("README.md")];
    for directory in ["docs", "docs/reference"] {
        let entries = fs::read_dir(repository().join(directory))
            .unwrap()
            .map(|entry| entry.unwrap().path());
        pages.extend(entries.filter(|path| path.extension().is_some_and(|extension| extension == "md")));
    }
    for page in pages {
        let text = fs::read_to_string(&page).unwrap();
        let targets = text.split("](").skip(1).filter_map(|rest| rest.split(')').next());
        for target in targets.filter(|target| !target.contains("://") && !target.starts_with('#')) {
            let path = page.parent().unwrap().join(target.split('#').next().unwrap());
            assert!(
                path.exists(),
                "{} links to {target}, which is not there",
                page.display()
            );
        }
    }
}

#[test]
fn every_test_that_the_security_page_names_is_there() {
    let page = fs::read_to_string(repository().join("docs/security.md")).unwrap();
    let is_test = |word: &&str| word.contains("/tests/") && !word.contains(' ');
    let named: BTreeSet<&str> = page.split('`').filter(is_test).collect();
    assert!(named.len() > 10, "{named:?}");
    for path in named {
        assert!(repository().join(path).exists(), "{path}");
    }
}
