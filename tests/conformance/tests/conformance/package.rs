//! One version of each client: installed, unpacked with its tests, and named on the page.

use std::fs;

use strongroom_conformance::suite::{Package, TOOL};
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
    let page = fs::read_to_string(workspace::root().join("docs/conformance.md")).unwrap();
    for package in Package::ALL {
        let name = format!("azure-keyvault-{}", package.word());
        let line = format!("{name}=={} ", package.version());
        for (file, text) in locked.files {
            assert!(text.lines().any(|found| found.starts_with(&line)), "{file}");
        }
        let named = format!("`{name}` {}", package.version());
        assert!(page.contains(&named), "{named}");
    }
}
