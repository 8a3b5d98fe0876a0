//! What the vault does by itself: how soon, and what waits for what.

use std::time::{Duration, Instant};

use serde_json::json;
use strongroom_testing::vault::Vault;
use strongroom_vault::rotation::{Rotation, Work};
use tokio::time::sleep;

use crate::{
    certificates::{begin, own},
    key_rotation::{DAY, action, advance, create, put},
};

/// Longer than the work, and shorter than the time between two looks at the schedule.
const SOON: Duration = Duration::from_secs(4);

async fn has_two_versions(vault: &Vault, name: &str) -> bool {
    let listed = vault.get(&format!("/keys/{name}/versions")).await;
    listed.body["value"].as_array().unwrap().len() == 2
}

/// Waits until a key has its second version.
async fn rotated(vault: &Vault, name: &str, longest: Duration) {
    let begun = Instant::now();
    while !has_two_versions(vault, name).await {
        assert!(
            begun.elapsed() < longest,
            "{name} is not rotated after {longest:?}"
        );
        sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn more_is_due_than_one_look_does_and_one_of_it_fails_and_the_rest_does_not_wait_for_the_clock() {
    let vault = Vault::start_with(&["--versions-per-object", "2"]).await;
    let policy = json!({"lifetimeActions": [action("Rotate", "timeAfterCreate", "P7D")]});
    create(&vault, "full", json!({"kty": "oct"})).await;
    create(&vault, "full", json!({"kty": "oct"})).await;
    put(&vault, "full", policy.clone()).await;
    for number in 0..40 {
        vault.files.clock.advance(1);
        let name = format!("good-{number}");
        create(&vault, &name, json!({"kty": "oct"})).await;
        put(&vault, &name, policy.clone()).await;
    }
    advance(&vault, 8 * DAY).await;
    // By the vault's own look, and none of this test's.
    rotated(&vault, "good-0", Duration::from_secs(30)).await;
    rotated(&vault, "good-39", SOON).await;
}

#[tokio::test]
async fn an_operation_ends_while_keys_are_being_made() {
    let vault = Vault::start().await;
    let policy = json!({"lifetimeActions": [action("Rotate", "timeAfterCreate", "P7D")]});
    for name in ["k-0", "k-1"] {
        create(&vault, name, json!({"kty": "RSA", "key_size": 3072})).await;
        put(&vault, name, policy.clone()).await;
    }
    begin(&vault, "a", own("CN=a")).await;
    advance(&vault, 8 * DAY).await;
    let service = vault.running.service();
    let ending = async {
        Rotation::of(Work::Endings).look(service).await;
        vault.get("/certificates/a/pending").await
    };
    let pending = tokio::select! {
        looked = async { Rotation::of(Work::Successions).look(service).await } => {
            panic!("two keys of RSA took less than one certificate: {looked:?}")
        }
        pending = ending => pending,
    };
    assert_eq!(pending.body["status"], "completed", "{pending:?}");
}
