//! One version of the client: installed, unpacked with its tests, and named on the page.

use std::fs;

use strongroom_conformance::suite::TOOL;
use strongroom_harness::{
    tools::{Recipe, find},
    workspace,
};

#[test]
fn the_tests_are_those_of_the_version_that_is_installed_and_named() {
    let tool = find(TOOL).unwrap();
    let Recipe::Locked(locked) = tool.recipe else {
        panic!("{TOOL} has no lock files");
    };
    assert_eq!(locked.files.len(), 2);
    let package = format!("azure-keyvault-secrets=={} ", tool.version);
    for (name, text) in locked.files {
        assert!(text.lines().any(|line| line.starts_with(&package)), "{name}");
    }
    let page = fs::read_to_string(workspace::root().join("docs/conformance.md")).unwrap();
    let named = format!("`azure-keyvault-secrets` {},", tool.version);
    assert!(page.contains(&named), "{named}");
}
