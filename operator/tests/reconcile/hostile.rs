//! A vault that lies about itself harms itself alone: its pass ends well, and the vault beside it gets its policy.

use http::Method;
use serde_json::json;
use strongroom_core::Generation;
use strongroom_operator::vault::EnforceError;
use strongroom_testing::hostile_vault::admin::Reply;
use strongroom_wire::admin::path;

use crate::{
    context::{condition, hold_lease},
    neighbours::Neighbours,
};

/// The leader's second bundle reaches the honest vault, whatever went before.
async fn assert_honest_is_served(neighbours: &mut Neighbours) {
    neighbours.pass_honest().await;
    let first = neighbours.honest_generation().unwrap();
    neighbours.change_leader().await;
    neighbours.pass_evil().await;
    neighbours.pass_honest().await;
    let second = neighbours.honest_generation().unwrap();
    assert!(second > first, "{second} is no later than {first}");
    assert_eq!(second.n, 1, "one bundle");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_vault_that_refuses_every_bundle_as_stale_is_in_conflict_and_ends_no_operator() {
    let mut neighbours = Neighbours::start().await;
    let stale = Reply::refusal(409, "StaleGeneration", "no");
    neighbours.evil.reply(Method::PUT, path::BUNDLE, stale);
    let status = neighbours.pass_evil().await;
    assert_eq!(condition(&status, "Ready").0, "PolicyConflict", "{status}");
    assert_honest_is_served(&mut neighbours).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_vault_that_claims_a_later_bundle_is_taken_over_a_few_times_and_then_stalled() {
    let mut neighbours = Neighbours::start().await;
    let admin = neighbours.evil.clone();
    admin.claim(|status| {
        let later = status["policy"]["generation"]["epoch"].as_u64().unwrap_or(6) + 1;
        status["policy"] = json!({"generation": {"epoch": later, "n": 1}, "hash": "0".repeat(64)});
    });
    let mut status = neighbours.pass_evil().await;
    for _ in 0..12 {
        status = neighbours.pass_evil().await;
    }
    let puts = admin.asked(&Method::PUT, path::BUNDLE);
    assert!(puts <= 5, "{puts} take-overs");
    assert_eq!(condition(&status, "Ready").0, "PolicyConflict", "{status}");
    assert_honest_is_served(&mut neighbours).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_vault_that_confirms_a_later_bundle_is_in_conflict_and_ends_no_operator() {
    let mut neighbours = Neighbours::start().await;
    neighbours.pass_evil().await;
    let claimed = json!({"generation": {"epoch": 99, "n": 1}, "hash": "0".repeat(64)});
    let confirmed = Reply::Json(http::StatusCode::OK, claimed);
    neighbours.evil.reply(Method::POST, path::CONFIRM, confirmed);
    tokio::time::sleep(std::time::Duration::from_secs(9)).await;
    let status = neighbours.pass_evil().await;
    assert_eq!(condition(&status, "Ready").0, "PolicyConflict", "{status}");
    assert_honest_is_served(&mut neighbours).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_vault_at_the_end_of_all_generations_is_in_conflict_and_gets_no_bundle() {
    let mut neighbours = Neighbours::start().await;
    let admin = neighbours.evil.clone();
    let at = |epoch: u64| json!({"generation": {"epoch": epoch, "n": epoch}, "hash": "0".repeat(64)});
    let last = at(Generation::MOST);
    admin.claim(move |status| status["policy"] = last.clone());
    let status = neighbours.pass_evil().await;
    assert_eq!(condition(&status, "Ready").0, "PolicyConflict", "{status}");
    let beyond = at(u64::MAX);
    admin.claim(move |status| status["policy"] = beyond.clone());
    let status = neighbours.pass_evil().await;
    assert_eq!(condition(&status, "Ready").0, "NotAnswering", "{status}");
    assert_eq!(admin.asked(&Method::PUT, path::BUNDLE), 0);
    assert_honest_is_served(&mut neighbours).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_vault_that_behaves_again_is_served_again() {
    let neighbours = Neighbours::start().await;
    neighbours.pass_evil().await;
    let admin = neighbours.evil.clone();
    for _ in 0..5 {
        let later = json!({"generation": {"epoch": 70, "n": 1}, "hash": "0".repeat(64)});
        admin.claim(move |status| status["policy"] = later.clone());
        neighbours.pass_evil().await;
    }
    admin.claim_nothing();
    let status = neighbours.pass_evil().await;
    assert_ne!(condition(&status, "Ready").0, "PolicyConflict", "{status}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replica_that_lost_the_lease_takes_no_vault_over_whatever_the_vault_claims() {
    let neighbours = Neighbours::start().await;
    hold_lease(&neighbours.server, "operator-1");
    for (namespace, vault) in [("team-a", "prod"), ("team-b", "evil")] {
        let result = neighbours.try_pass(namespace, vault).await;
        assert!(matches!(result, Err(EnforceError::Lease(_))), "{result:?}");
    }
    assert_eq!(neighbours.evil.asked(&Method::PUT, path::BUNDLE), 0);
    assert_eq!(neighbours.honest_generation(), None);
}
