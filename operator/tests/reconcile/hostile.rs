//! A vault that lies about itself harms itself alone: its pass ends well, and the vault beside it gets its policy.

use http::Method;
use serde_json::json;
use strongroom_core::Generation;
use strongroom_operator::vault::EnforceError;
use strongroom_testing::hostile_vault::admin::Reply;
use strongroom_wire::admin::path;

use crate::{
    context::{condition, hold_lease},
    neighbours::{Neighbours, put_unreadable},
};

/// The leader's second bundle reaches the honest vault, whatever went before.
async fn assert_honest_is_served(neighbours: &mut Neighbours) {
    Box::pin(neighbours.pass_honest()).await;
    let first = neighbours.honest_generation().unwrap();
    neighbours.change_leader().await;
    Box::pin(neighbours.pass_evil()).await;
    Box::pin(neighbours.pass_honest()).await;
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

#[tokio::test(flavor = "multi_thread")]
async fn a_vault_that_claims_anothers_id_is_refused_and_the_other_keeps_its_anchor() {
    let mut neighbours = Neighbours::start().await;
    neighbours.pass_honest().await;
    neighbours.pass_honest().await;
    neighbours.pass_evil().await;
    neighbours.empty_evil();
    let stolen = neighbours.honest_id();
    neighbours.evil.claim(move |status| {
        status["vaultId"] = json!(stolen);
        status["anchor"]["generation"] = json!(1_u64 << 60);
    });
    let before = neighbours.evil.asked(&Method::PUT, path::BUNDLE);
    for leader in 0..2 {
        let status = neighbours.pass_evil().await;
        assert_eq!(
            condition(&status, "Stalled").0,
            "VaultIdTaken",
            "{leader}: {status}"
        );
        assert_ne!(status["vaultID"], json!(neighbours.honest_id()), "{leader}");
        let status = neighbours.pass_honest().await;
        assert_eq!(condition(&status, "RollbackDetected").0, "", "{leader}: {status}");
        neighbours.change_leader().await;
    }
    assert_eq!(neighbours.evil.asked(&Method::PUT, path::BUNDLE), before);
    assert_honest_is_served(&mut neighbours).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_vault_that_changes_its_id_is_refused_unless_its_seal_key_has_opened_no_other() {
    let mut neighbours = Neighbours::start().await;
    neighbours.pass_evil().await;
    // Now there is a seal Secret that can remember the vault.
    neighbours.pass_evil().await;
    let other = "e0000000-0000-4000-8000-000000000002";
    neighbours
        .evil
        .claim(move |status| status["vaultId"] = json!(other));
    for _ in 0..2 {
        let status = neighbours.pass_evil().await;
        assert_eq!(condition(&status, "Stalled").0, "VaultIdChanged", "{status}");
        neighbours.change_leader().await;
    }
    // Its owner deleted volume and seal key, for an empty vault.
    neighbours.empty_evil();
    let status = neighbours.pass_evil().await;
    assert_eq!(condition(&status, "Stalled").0, "", "{status}");
    assert_eq!(status["vaultID"], json!(other));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_earlier_builds_anchor_is_taken_over_by_the_vault_that_had_its_id_and_by_no_other() {
    let mut neighbours = Neighbours::start().await;
    let id = neighbours.honest_id();
    let release = "/api/v1/namespaces/strongroom-system/configmaps";
    let earlier = format!("{release}/strongroom-anchor-{id}");
    let anchor = json!({"generation": 1_u64 << 40, "digest": "00", "auditSequence": 0, "auditHash": ""});
    neighbours.server.put(
        &earlier,
        json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": format!("strongroom-anchor-{id}")},
            "data": {"anchor": anchor.to_string()}}),
    );
    neighbours.set_vault_id("team-a", "prod", &id).await;
    let stolen = id.clone();
    neighbours
        .evil
        .claim(move |status| status["vaultId"] = json!(stolen));
    let status = neighbours.pass_evil().await;
    assert_eq!(condition(&status, "Stalled").0, "VaultIdTaken", "{status}");
    let earlier_data =
        |neighbours: &Neighbours| neighbours.server.get(&earlier).unwrap().get("data").cloned();
    assert!(earlier_data(&neighbours).is_some());
    neighbours.try_pass("team-a", "prod").await.unwrap();
    assert_eq!(earlier_data(&neighbours), None);
    let kept = neighbours
        .server
        .get(&format!("{release}/strongroom-anchor-team-a.prod"))
        .unwrap();
    let text = kept["data"]["anchor"].as_str().unwrap();
    let kept: serde_json::Value = serde_json::from_str(text).unwrap();
    for part in ["generation", "digest", "auditSequence", "auditHash"] {
        assert_eq!(kept[part], anchor[part]);
    }
    assert_eq!(kept["isChained"], json!(false));
    let status = neighbours.status("team-a", "prod");
    assert_eq!(
        condition(&status, "RollbackDetected").0,
        "RollbackDetected",
        "{status}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_id_that_is_none_reaches_no_object_of_the_cluster() {
    let neighbours = Neighbours::start().await;
    for id in [
        "../secrets/ca",
        "",
        "E0000000",
        "e0000000-0000-4000-8000-00000000000g",
    ] {
        neighbours.evil.claim(move |status| status["vaultId"] = json!(id));
        let status = neighbours.pass_evil().await;
        assert_eq!(condition(&status, "Ready").0, "NotAnswering", "{id}: {status}");
        assert_eq!(status["vaultID"], serde_json::Value::Null, "{id}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_bundle_of_a_vault_is_not_asked_for_and_the_largest_answers_are_not_read() {
    let mut neighbours = Neighbours::start().await;
    neighbours.pass_evil().await;
    let entry = |n: u32| {
        format!(
            r#"{{"namespace":"shop","name":"made-up-{n}","total":1,"current":1,"outdated":0,"failing":0}},"#
        )
    };
    let entries: String = (0..300_000).map(entry).collect();
    let volumes = format!(r#"{{"refs":[{}]}}"#, entries.trim_end_matches(','));
    let subjects = vec!["uid-api"; 200_000];
    let bundle = json!({"format": 1, "vault_id": "x", "generation": {"epoch": 9, "n": 1}, "features": [],
        "policies": [{"name": "p", "effect": "Allow", "subjects": subjects, "objects": ["*"], "permissions": ["secrets/get"]}]});
    let evil = &neighbours.evil;
    evil.reply(Method::GET, path::VOLUMES, Reply::Bytes(volumes.into()));
    evil.reply(
        Method::GET,
        path::BUNDLE,
        Reply::Json(http::StatusCode::OK, bundle),
    );
    for word in [path::CONFIRM, path::RESOLVE, path::REF_CHANGED, path::ROLLBACK] {
        evil.reply(Method::POST, word, Reply::Bytes(vec![b' '; 32 << 20].into()));
    }
    // What is measured is the greatest size from here on.
    std::fs::write("/proc/self/clear_refs", "5").unwrap();
    let before = resident();
    for _ in 0..3 {
        neighbours.change_leader().await;
        neighbours.pass_evil().await;
    }
    let grown = resident().saturating_sub(before);
    println!("the operator's process grew by {grown} KiB under the largest answers");
    // Other tests of this process take their part of it.
    assert!(grown < 64 << 10, "{grown} KiB");
    assert_eq!(neighbours.evil.asked(&Method::GET, path::BUNDLE), 0);
    assert!(neighbours.evil.asked(&Method::GET, path::VOLUMES) > 0);
    let followers = format!("{:?}", neighbours.context.followers.lock());
    assert_eq!(followers.matches("made-up").count(), 0);
    assert_honest_is_served(&mut neighbours).await;
}

/// The greatest resident size of this process since that was begun to be measured, in KiB.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))
        .unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn of_the_names_that_a_vault_makes_up_a_few_are_followed() {
    let neighbours = Neighbours::start().await;
    let one = |n: u32| json!({"namespace": "shop", "name": format!("made-up-{n}"), "total": 1, "current": 1, "outdated": 0, "failing": 0});
    let refs: Vec<_> = (0..1500).map(one).collect();
    let volumes = Reply::Json(http::StatusCode::OK, json!({ "refs": refs }));
    neighbours.evil.reply(Method::GET, path::VOLUMES, volumes);
    neighbours.pass_evil().await;
    let followers = format!("{:?}", neighbours.context.followers.lock());
    let kept = followers.matches("made-up").count();
    // Once as followed, and three times in the count.
    assert!(0 < kept && kept <= 64 * 4, "{kept}");
}

#[tokio::test(flavor = "multi_thread")]
async fn while_a_policy_cannot_be_read_a_new_leader_keeps_what_the_vault_proves_to_have_taken() {
    let mut neighbours = Neighbours::start().await;
    neighbours.pass_honest().await;
    let first = neighbours.honest_generation().unwrap();
    put_unreadable(&neighbours.server, "team-a", "prod");
    neighbours.change_leader().await;
    neighbours.pass_honest().await;
    assert!(neighbours.honest_generation().unwrap() > first, "the grant stays");
}

#[tokio::test(flavor = "multi_thread")]
async fn while_a_policy_cannot_be_read_a_vault_makes_the_operator_believe_no_grant() {
    let mut neighbours = Neighbours::start().await;
    neighbours.pass_evil().await;
    put_unreadable(&neighbours.server, "team-b", "evil");
    let forged = json!({"format": 1, "vault_id": "e0000000-0000-4000-8000-000000000001",
        "generation": {"epoch": 1, "n": 1}, "features": [],
        "policies": [{"name": "shop-reads", "effect": "Allow", "subjects": ["uid-mallory", "uid-api"],
            "objects": ["*"], "permissions": ["secrets/get"]},
            {"name": "unreadable", "effect": "Allow", "subjects": ["uid-mallory"],
            "objects": ["*"], "permissions": ["secrets/get"]}]});
    neighbours.evil.reply(
        Method::GET,
        path::BUNDLE,
        Reply::Json(http::StatusCode::OK, forged),
    );
    neighbours.change_leader().await;
    neighbours.pass_evil().await;
    let put = neighbours.evil.bodies(&Method::PUT, path::BUNDLE).pop().unwrap();
    let put = String::from_utf8(put.to_vec()).unwrap();
    assert!(!put.contains("uid-mallory"), "{put}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_words_of_a_vault_are_not_shown_in_other_namespaces() {
    let neighbours = Neighbours::start().await;
    neighbours.pass_evil().await;
    let phishing = "log in at evil.example to renew";
    for reply in [
        Reply::refusal(503, phishing, phishing),
        Reply::Bytes(format!(r#"{{"objects": [{{"state": "{phishing}"}}]}}"#).into()),
    ] {
        neighbours.evil.reply(Method::POST, path::RESOLVE, reply);
        let status = neighbours.pass_secret_ref("team-b", "evil").await;
        let (reason, message) = condition(&status, "Ready");
        assert_eq!(reason, "VaultNotReady");
        assert!(!message.contains("evil.example"), "{message}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_vault_says_of_deleted_objects_is_bounded_and_stalls_itself_alone() {
    let mut neighbours = Neighbours::start().await;
    let claims = |days: i64, is_protected: bool| {
        move |status: &mut serde_json::Value| {
            status["softDelete"] = json!({"retentionDays": days, "purgeProtection": is_protected});
        }
    };
    neighbours.evil.claim(claims(7, true));
    let status = neighbours.pass_evil().await;
    assert_eq!(condition(&status, "Stalled").0, "SoftDeleteDiffers", "{status}");
    assert_eq!(
        status["softDelete"],
        json!({"retentionDays": 7, "purgeProtection": true})
    );
    for days in [0, 6, 91, 255, 256, -7] {
        neighbours.evil.claim(claims(days, false));
        let status = neighbours.pass_evil().await;
        assert_eq!(condition(&status, "Ready").0, "NotAnswering", "{days}: {status}");
        assert_eq!(status["softDelete"]["retentionDays"], 7, "{days}: {status}");
    }
    assert_honest_is_served(&mut neighbours).await;
}
