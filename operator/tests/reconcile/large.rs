//! A foreign namespace with more accounts than a vault can hold keeps no policy from changing: the controllers run as in a
//! leader, beside a real vault.

use std::sync::Arc;

use serde_json::{Value, json};
use strongroom_operator::controllers;
use strongroom_testing::ApiServer;

use crate::{
    context::{condition, wait},
    neighbours::Neighbours,
};

const POLICIES: &str = "/apis/strongroom.dev/v1alpha1/namespaces/team-a/accesspolicies";

/// A policy about all accounts of `crowd` and 128 objects.
fn policy(name: &str, effect: &str) -> Value {
    let objects: Vec<_> = (0..128).map(|n| format!("object-{n}-*")).collect();
    json!({
        "apiVersion": "strongroom.dev/v1alpha1", "kind": "AccessPolicy",
        "metadata": {"name": name, "namespace": "team-a", "uid": name, "generation": 1},
        "spec": {"vaultRef": {"name": "prod"}, "effect": effect, "objects": objects,
            "subjects": [{"allServiceAccounts": {"namespace": "crowd"}}], "permissions": {"secrets": ["get"]}},
    })
}

fn reason(server: &ApiServer, name: &str) -> String {
    let object = server.get(&format!("{POLICIES}/{name}")).unwrap();
    let status = &object["status"];
    if status.is_null() {
        return String::new();
    }
    condition(status, "Ready").0
}

#[tokio::test(flavor = "multi_thread")]
async fn more_accounts_than_a_vault_holds_keep_no_right_from_being_taken_away() {
    let neighbours = Neighbours::start().await;
    let (server, context) = (&neighbours.server, Arc::clone(&neighbours.context));
    let running = tokio::spawn(async move { controllers::run(&context).await });
    wait("the policy is in force", || {
        neighbours.honest_generation().is_some()
    })
    .await;
    server.put(
        "/api/v1/namespaces/crowd",
        json!({"metadata": {"name": "crowd", "uid": "uid-crowd"}}),
    );
    for (name, effect) in [("all-may", "Allow"), ("none-may", "Deny")] {
        server.put(&format!("{POLICIES}/{name}"), policy(name, effect));
    }
    for n in 0..3000 {
        server.put(
            &format!("/api/v1/namespaces/crowd/serviceaccounts/account-{n}"),
            json!({"metadata": {"name": format!("account-{n}"), "namespace": "crowd", "uid": format!("uid-{n}")}}),
        );
    }
    wait("the policy that is too large says so", || {
        reason(server, "all-may") == "PolicyTooLarge"
    })
    .await;
    wait("the others are in force", || {
        [reason(server, "none-may"), reason(server, "shop-reads")] == ["Enforced", "Enforced"]
    })
    .await;
    assert!(neighbours.honest_generation().is_some());
    server.remove(&format!("{POLICIES}/shop-reads"));
    wait("the right is taken away", || {
        neighbours.honest_generation().is_none()
    })
    .await;
    running.abort();
}
