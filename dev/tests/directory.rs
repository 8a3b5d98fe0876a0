//! The directory that keeps the objects, and what is recorded in it.

#![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]

use std::{fs, path::Path};

use strongroom_core::VaultRef;
use strongroom_crds::vault::VaultSpec;
use strongroom_dev::{
    laptop::{DevError, Laptop, Plan},
    place::Place,
    reach::Reach,
    store::DirectoryError,
    vault::Data,
};
use strongroom_vault::serve::{LAPTOP_MARK, STORE};
use tempfile::TempDir;

async fn start(place: &Path) -> Result<Laptop, DevError> {
    let vault = VaultRef::new("team-a".parse().unwrap(), "prod".parse().unwrap());
    Laptop::start(Plan {
        place: Place::open(Some(&place.join("dev"))).unwrap(),
        data: Data::Directory(place.join("data")),
        port: None,
        vaults: vec![(vault, VaultSpec::default())],
        policies: None,
        accounts: Vec::new(),
        by_secret: None,
        reach: Reach::default(),
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_of_a_laptop_is_marked_so_that_no_vault_of_a_cluster_opens_it() {
    let place = TempDir::new().unwrap();
    start(place.path()).await.unwrap().stop().await;
    let vault = place.path().join("data/team-a/prod");
    assert!(vault.join(STORE).exists() && vault.join(LAPTOP_MARK).exists());
    start(place.path()).await.unwrap().stop().await;
    // One without the mark is a vault's of a cluster.
    fs::remove_file(vault.join(LAPTOP_MARK)).unwrap();
    let before = fs::read(vault.join(STORE)).unwrap();
    let refused = start(place.path()).await.unwrap_err();
    assert!(refused.to_string().contains("did not make"), "{refused}");
    assert_eq!(fs::read(vault.join(STORE)).unwrap(), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_start_on_the_same_directory_is_refused_and_harms_nobody() {
    let place = TempDir::new().unwrap();
    let first = start(place.path()).await.unwrap();
    let refused = start(place.path()).await.unwrap_err();
    assert!(
        matches!(refused, DevError::Directory(DirectoryError::InUse { .. })),
        "{refused}"
    );
    first.stop().await;
    start(place.path()).await.unwrap().stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_policy_that_comes_into_force_is_recorded_as_the_operators_is() {
    let place = TempDir::new().unwrap();
    start(place.path()).await.unwrap().stop().await;
    let audit = place.path().join("data/team-a/prod/audit");
    let mut recorded = String::new();
    for entry in fs::read_dir(&audit).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            recorded += &String::from_utf8_lossy(&fs::read(path).unwrap());
        }
    }
    assert!(recorded.contains("PolicyBundlePut"), "{recorded}");
}
