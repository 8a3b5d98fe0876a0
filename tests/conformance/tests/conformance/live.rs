//! The suite against a vault at one version.

use std::fs;

use strongroom_conformance::{
    site::Site,
    suite::{Outcome, Package, Suite},
    tables,
};
use strongroom_harness::{page, workspace};
use strongroom_testing::vault::{ALL, CERTIFICATES, KEYS};

#[tokio::test(flavor = "multi_thread")]
async fn the_sdks_own_tests_of_secrets_pass_at_its_newest_version_and_the_page_says_so() {
    pass(Package::Secrets).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_sdks_own_tests_of_keys_pass_at_its_newest_version_and_the_page_says_so() {
    pass(Package::Keys).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_sdks_own_tests_of_certificates_pass_at_its_newest_version_and_the_page_says_so() {
    pass(Package::Certificates).await;
}

async fn pass(package: Package) {
    let suite = Suite::installed(package).unwrap();
    let versions = suite.versions().unwrap();
    let vault = Site::start(&[ALL, KEYS, CERTIFICATES].concat()).await.unwrap();
    let run = suite.run(&vault, &versions[0], "").await.unwrap();
    for failure in run.failures() {
        println!("{}\n{}", failure.name, failure.said);
    }
    assert_eq!(run.failures().count(), 0);
    let page = page::get(&workspace::root().join("docs/conformance.md"), package.marker()).unwrap();
    assert!(page.contains(&tables::row(&run)), "{}\n{page}", tables::row(&run));
    for version in versions {
        assert!(
            page.contains(&format!("\n| {version} | ")),
            "the page has no row of {version}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_test_that_passes_and_asks_nothing_counts_as_failed() {
    let suite = Suite::installed(Package::Secrets).unwrap();
    let version = suite.versions().unwrap().remove(0);
    let vault = Site::start(ALL).await.unwrap();
    let more = vault.directory().join("more");
    fs::create_dir(&more).unwrap();
    fs::write(more.join("test_silence.py"), SILENT).unwrap();
    let run = suite
        .and(&more)
        .run(&vault, &version, "silent or test_parse_secret_id_with_version")
        .await;
    let run = run.unwrap();
    let ended = run.tests.iter().map(|test| (test.name.as_str(), test.outcome));
    assert_eq!(
        ended.collect::<Vec<_>>(),
        [
            (
                "test_parse_id.py::TestParseId::test_parse_secret_id_with_version",
                Outcome::Passed
            ),
            ("test_silence.py::test_silent", Outcome::Failed),
        ]
    );
    fs::remove_dir_all(run.audit_log.unwrap()).unwrap();
}

/// A test that asks nothing.
const SILENT: &str = r#"
import pytest
from azure.keyvault.secrets._shared.client_base import DEFAULT_VERSION

@pytest.mark.parametrize("api_version", [DEFAULT_VERSION])
def test_silent(api_version):
    pass
"#;

#[tokio::test(flavor = "multi_thread")]
async fn a_vault_that_does_not_purge_fails_the_tests_that_purge_and_no_other() {
    let suite = Suite::installed(Package::Secrets).unwrap();
    let version = suite.versions().unwrap().remove(0);
    let all_but_purge = ALL.iter().copied().filter(|permission| *permission != "purge");
    let vault = Site::start(&all_but_purge.collect::<Vec<_>>()).await.unwrap();
    let run = suite
        .run(&vault, &version, "test_backup_restore or test_list_versions")
        .await
        .unwrap();
    let ended = run.tests.iter().map(|test| {
        let function = test.name.rsplit("::").next().unwrap();
        (function, test.outcome)
    });
    // Asynchronous, then synchronous.
    let expected = [
        ("test_backup_restore", Outcome::Failed),
        ("test_list_versions", Outcome::Passed),
    ];
    assert_eq!(ended.collect::<Vec<_>>(), [expected, expected].concat());
    // The vault is gone, and the log says what it refused.
    drop(vault);
    let kept = run.audit_log.unwrap();
    let files = fs::read_dir(&kept).unwrap().map(|file| file.unwrap().path());
    let log: String = files.map(|file| fs::read_to_string(file).unwrap()).collect();
    let is_refusal = |line: &str| line.contains("\"SecretPurge\"") && line.contains("\"httpStatusCode\":403");
    assert!(log.lines().any(is_refusal), "{}", kept.display());
    fs::remove_dir_all(&kept).unwrap();
}
