//! A clock that is set wrong: it brings no purge, and holds none up.

use std::time::Duration;

use reqwest::{Method, StatusCode};
use strongroom_testing::vault::Vault;
use strongroom_vault::service::Service;

const DAY: i64 = 24 * 60 * 60;

/// Has the vault carry out what is due, as it does every few seconds, and waits until that is done.
async fn sweep(service: &Service) {
    let service = service.clone();
    let sweep = move || {
        service.objects.sweep(service.timekeeper.now()).unwrap();
        service.objects.meta_put("after-sweep", None).unwrap();
    };
    tokio::task::spawn_blocking(sweep).await.unwrap();
}

/// A vault whose secret `a` was deleted, and stays recoverable for a week.
async fn deleted() -> Vault {
    let vault = Vault::start_with(&["--retention-days", "7"]).await;
    vault.set("a", "v").await;
    let deleted = vault.admin(Method::DELETE, "/secrets/a", None).await;
    assert_eq!(deleted.status, StatusCode::OK);
    vault
}

/// Moves the clock by so many seconds, and waits until the vault knows the keys of the identity service again.
async fn advance(vault: &Vault, seconds: i64) {
    vault.files.clock.advance(seconds);
    while vault.get("/secrets").await.status == StatusCode::UNAUTHORIZED {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

async fn is_kept(vault: &Vault) -> bool {
    sweep(vault.running.service()).await;
    let name = "/deletedsecrets/a";
    let list = vault.get("/deletedsecrets").await;
    let is_listed = list.body["value"].as_array().unwrap().len() == 1;
    let is_shown = vault.get(name).await.status == StatusCode::OK;
    let is_in_the_way = vault.set("a", "other").await.status == StatusCode::CONFLICT;
    assert_eq!((is_listed, is_shown), (is_in_the_way, is_in_the_way));
    is_shown
}

/// Whether the operator, whose clock is `off` from the vault's, has confirmed the vault's.
fn confirm(vault: &Vault, off: i64) -> bool {
    let time = u64::try_from(vault.files.clock.now() + off).unwrap();
    let service = vault.running.service();
    service
        .timekeeper
        .confirm(strongroom_core::Timestamp::from_unix(time))
}

#[tokio::test]
async fn a_clock_that_jumps_ahead_purges_nothing_until_the_operator_has_the_same_time() {
    let vault = deleted().await;
    advance(&vault, 8 * DAY).await;
    assert!(is_kept(&vault).await);
    assert!(!confirm(&vault, -8 * DAY), "the operator has another time");
    assert!(is_kept(&vault).await);
    let recovered = vault.admin(Method::POST, "/deletedsecrets/a/recover", None).await;
    assert_eq!(recovered.status, StatusCode::OK);
    vault.admin(Method::DELETE, "/secrets/a", None).await;

    assert!(confirm(&vault, 0));
    assert!(
        is_kept(&vault).await,
        "a week has not passed since it was deleted"
    );
    advance(&vault, 8 * DAY).await;
    assert!(confirm(&vault, 0));
    assert!(!is_kept(&vault).await);
    assert_eq!(
        vault.files.audited("ScheduledPurge").len(),
        1,
        "the vault recorded it"
    );
}

#[tokio::test]
async fn a_vault_that_starts_with_a_clock_far_ahead_purges_nothing_either() {
    let vault = deleted().await;
    let Vault { running, files, .. } = vault;
    assert!(running.stop().await);
    files.clock.advance(8 * DAY);
    let vault = Vault::open(files).await;
    assert!(vault.running.service().timekeeper.problem().is_some());
    assert!(is_kept(&vault).await);
    assert!(confirm(&vault, 0));
    assert!(!is_kept(&vault).await);
}

#[tokio::test]
async fn a_clock_that_was_set_back_makes_nothing_deleted_meanwhile_end_early() {
    let vault = Vault::start_with(&["--retention-days", "7"]).await;
    vault.set("a", "v").await;
    advance(&vault, -30 * DAY).await;
    let deleted = vault.admin(Method::DELETE, "/secrets/a", None).await;
    assert_eq!(deleted.status, StatusCode::OK);
    advance(&vault, 30 * DAY).await;
    assert!(is_kept(&vault).await, "it is due in a week from now");
    advance(&vault, 8 * DAY).await;
    assert!(confirm(&vault, 0));
    // Set back again: what was purged stays so, what is due is purged all the same.
    advance(&vault, -3 * 365 * DAY).await;
    assert!(!is_kept(&vault).await);
}
