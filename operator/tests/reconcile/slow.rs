//! Vaults that answer as slowly as they can delay nobody else: the controllers run as in a leader.

use std::{sync::Arc, time::Duration};

use http::Method;
use serde_json::{Value, json};
use strongroom_operator::controllers;
use strongroom_testing::{
    ApiServer,
    hostile_vault::admin::{Admin, Reply},
};
use strongroom_wire::admin::path;
use tokio::time::Instant;

use crate::{context::wait, neighbours::Neighbours};

/// More than there are slots.
const CROWD: usize = 40;
/// Just in time for one request.
const LATE: Duration = Duration::from_millis(9900);
/// How soon a policy that is taken away must bite.
const BITES: Duration = Duration::from_secs(2);
const GROUP: &str = "/apis/strongroom.dev/v1alpha1/namespaces";

fn names(count: usize) -> Vec<String> {
    (0..count).map(|n| format!("slow-{n}")).collect()
}

/// Lets a vault answer each question as late as it can.
fn slow_down(vault: &Admin) {
    for (method, path) in [
        (Method::GET, path::STATUS),
        (Method::POST, path::CONFIRM),
        (Method::GET, path::VOLUMES),
        (Method::POST, path::RESOLVE),
    ] {
        vault.reply(method, path, Reply::Late(LATE));
    }
}

/// Edits objects of `team-b` for ever: these vaults, and the SecretRefs that name them.
async fn touch(server: ApiServer, names: Vec<String>) {
    let reference = |vault: &str, edit: usize| {
        json!({
            "apiVersion": "strongroom.dev/v1alpha1", "kind": "SecretRef",
            "metadata": {"name": vault, "namespace": "shop", "uid": vault, "generation": edit},
            "spec": {
                "vaultRef": {"name": vault, "namespace": "team-b"}, "serviceAccountName": "api",
                "files": [{"path": "password", "secret": {"name": "db"}}],
            },
        })
    };
    for edit in 1.. {
        for name in &names {
            let path = format!("{GROUP}/team-b/vaults/{name}");
            let mut vault = server.get(&path).unwrap();
            vault["metadata"]["generation"] = json!(edit);
            server.put(&path, vault);
            server.put(&format!("{GROUP}/shop/secretrefs/{name}"), reference(name, edit));
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crowd_of_slow_vaults_and_their_secret_refs_delay_no_revocation_of_another_namespace() {
    let neighbours = Neighbours::start_among(&names(CROWD)).await;
    let context = Arc::clone(&neighbours.context);
    let running = tokio::spawn(async move { controllers::run(&context).await });
    wait("the honest vault enforces", || {
        neighbours.honest_generation().is_some()
    })
    .await;
    let (crowd, server) = (&neighbours.crowd, &neighbours.server);
    let asked =
        |method: &Method, path: &str| crowd.iter().filter(|vault| vault.asked(method, path) > 0).count();
    wait("all others do", || asked(&Method::PUT, path::BUNDLE) == CROWD).await;
    crowd.iter().for_each(slow_down);
    let touching = tokio::spawn(touch(server.clone(), names(CROWD)));
    wait("the slow are asked", || asked(&Method::POST, path::RESOLVE) > 3).await;
    tokio::time::sleep(Duration::from_secs(1)).await;

    let policy = format!("{GROUP}/team-a/accesspolicies/shop-reads");
    let object: Value = server.get(&policy).unwrap();
    let mut worst = Duration::ZERO;
    for _ in 0..3 {
        server.remove(&policy);
        let removed = Instant::now();
        wait("the revocation is in force", || {
            neighbours.honest_generation().is_none()
        })
        .await;
        worst = worst.max(removed.elapsed());
        server.put(&policy, object.clone());
        wait("the grant is in force", || {
            neighbours.honest_generation().is_some()
        })
        .await;
    }
    println!("a revocation beside {CROWD} slow vaults was in force after at most {worst:?}");
    assert!(worst < BITES, "{worst:?}");
    touching.abort();
    running.abort();
}

#[tokio::test(flavor = "multi_thread")]
async fn vaults_that_are_known_to_be_slow_delay_no_revocation_of_another_in_their_namespace() {
    let mut names = names(9);
    names.push("prompt".to_owned());
    let neighbours = Neighbours::start_among(&names).await;
    names.pop();
    let context = Arc::clone(&neighbours.context);
    let running = tokio::spawn(async move { controllers::run(&context).await });
    let brought = |vault: &Admin| vault.asked(&Method::PUT, path::BUNDLE);
    wait("all enforce", || {
        neighbours.crowd.iter().all(|vault| brought(vault) > 0)
    })
    .await;
    let (prompt, slow) = neighbours.crowd.split_last().unwrap();
    slow.iter().for_each(slow_down);
    let touching = tokio::spawn(touch(neighbours.server.clone(), names.clone()));
    let is_slow = |name: &String| {
        let member = neighbours.context.fleet.member(&format!("uid-{name}"));
        member.slowness.lock().is_slow()
    };
    wait("the slow are known", || names.iter().all(is_slow)).await;

    let (server, policy) = (
        &neighbours.server,
        format!("{GROUP}/team-b/accesspolicies/prompt"),
    );
    let object: Value = server.get(&policy).unwrap();
    for _ in 0..3 {
        let before = brought(prompt);
        server.remove(&policy);
        let removed = Instant::now();
        wait("the revocation is brought", || brought(prompt) > before).await;
        assert!(removed.elapsed() < BITES, "{:?}", removed.elapsed());
        let before = brought(prompt);
        server.put(&policy, object.clone());
        wait("the grant is brought", || brought(prompt) > before).await;
    }
    touching.abort();
    running.abort();
}
