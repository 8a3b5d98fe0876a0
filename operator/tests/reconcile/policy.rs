//! What a pass over a Vault says of its policies.

use std::sync::Arc;

use http::Method;
use serde_json::{Value, json};
use strongroom_operator::{
    controllers,
    policy::report_orphans,
    vault::{enforce, reconcile},
};
use strongroom_testing::{ApiServer, api_server::Write, kstatus};

use crate::{
    context::{condition, leader, status, take_writes, wait},
    neighbours::Neighbours,
};

const PATH: &str = "/apis/strongroom.dev/v1alpha1/namespaces/team-a/accesspolicies/shop-reads";

fn policy() -> Value {
    json!({
        "apiVersion": "strongroom.dev/v1alpha1", "kind": "AccessPolicy",
        "metadata": {"name": "shop-reads", "namespace": "team-a", "uid": "u-3", "generation": 1},
        "spec": {"vaultRef": {"name": "prod"}, "effect": "Allow", "objects": ["*"],
            "subjects": [{"serviceAccount": {"namespace": "shop", "name": "api"}}],
            "permissions": {"secrets": ["get"]}},
    })
}

/// What a new leader writes about policies in one pass over their vault.
async fn pass(server: &ApiServer) -> Vec<Write> {
    let vault = json!({
        "apiVersion": "strongroom.dev/v1alpha1", "kind": "Vault",
        "metadata": {"name": "prod", "namespace": "team-a", "uid": "u-1", "generation": 1}, "spec": {},
    });
    server.put(
        "/apis/strongroom.dev/v1alpha1/namespaces/team-a/vaults/prod",
        vault.clone(),
    );
    let context = leader(server).await;
    let vault = Arc::new(serde_json::from_value(vault).unwrap());
    enforce(Arc::clone(&vault), Arc::clone(&context)).await.unwrap();
    Box::pin(reconcile(vault, context)).await.unwrap();
    let mut writes = take_writes(server);
    writes.retain(|write| {
        write.path.contains("/accesspolicies/") || write.body["regarding"]["kind"] == "AccessPolicy"
    });
    writes
}

#[tokio::test]
async fn a_policy_that_no_vault_confirmed_says_so_once_and_claims_nothing() {
    let server = ApiServer::default();
    server.put(PATH, policy());
    let writes = pass(&server).await;
    assert_eq!(
        writes[0].line(),
        "PATCH accesspolicies/shop-reads/status strongroom-operator-status"
    );
    assert_eq!(
        (writes.len(), &writes[1].body["reason"]),
        (2, &json!("NotConfirmed"))
    );
    assert_eq!(writes[1].body["type"], "Normal", "every policy begins so");
    let status = status(&writes);
    assert_eq!(condition(&status, "Ready").0, "NotConfirmed");
    assert_eq!(status["enforcedGeneration"], Value::Null);
    let summary = json!({"subjects": "shop/api", "objects": "*", "permissions": "get"});
    assert_eq!(status["summary"], summary);
    assert_eq!(pass(&server).await, []);
}

#[tokio::test]
async fn a_policy_that_cannot_be_read_says_so_by_its_status_and_an_event() {
    let server = ApiServer::default();
    let mut later = policy();
    later["spec"]["subjects"] = json!("everyone");
    server.put(PATH, later);
    let writes = pass(&server).await;
    assert_eq!(
        (writes.len(), &writes[1].body["reason"]),
        (2, &json!("PolicyUnreadable"))
    );
    assert_eq!(writes[1].body["type"], "Warning");
    assert_eq!(status(&writes)["summary"], Value::Null);
    assert_eq!(condition(&status(&writes), "Stalled").0, "PolicyUnreadable");
}

#[tokio::test]
async fn a_status_that_is_refused_holds_up_nothing_else() {
    let server = ApiServer::default();
    server.put(PATH, policy());
    server.refuse(Method::PATCH, "/accesspolicies/", 500, "not now");
    assert_eq!(pass(&server).await, [], "no event of what is not written");
    assert!(take_writes(&server).is_empty());
}

#[tokio::test]
async fn while_the_vault_is_absent_a_subject_stays_bound_to_the_namespace_it_was_written_for() {
    let server = ApiServer::default();
    let mut policy = policy();
    let bound = json!([{"serviceAccount": {"namespace": "shop", "name": "api"},
        "namespaceUID": "uid-of-then", "state": "Resolved"}]);
    policy["status"] = json!({"observedGeneration": 1, "subjects": bound, "conditions": []});
    server.put(PATH, policy);
    let context = leader(&server).await;
    let report = tokio::spawn(report_orphans(context));
    let is_written = || !server.written().is_empty();
    for _ in 0..100 {
        if is_written() {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    report.abort();
    let status = status(&take_writes(&server));
    assert_eq!(condition(&status, "Ready").0, "VaultNotFound");
    assert_eq!(status["subjects"], bound);
}

/// Else an app that is to bring the account, and waits for the policy, waits for ever.
#[tokio::test(flavor = "multi_thread")]
async fn a_policy_that_waits_for_its_account_is_enforced_for_the_others_and_ready() {
    let neighbours = Neighbours::start().await;
    let (server, context) = (&neighbours.server, Arc::clone(&neighbours.context));
    let running = tokio::spawn(async move { controllers::run(&context).await });
    let mut policy = policy();
    policy["metadata"]["generation"] = json!(2);
    policy["spec"]["subjects"] = json!([
        {"serviceAccount": {"namespace": "shop", "name": "api"}},
        {"serviceAccount": {"namespace": "shop", "name": "to-come"}},
    ]);
    server.put(PATH, policy);
    let ready = || {
        let status = server.get(PATH).unwrap()["status"].clone();
        status.is_object().then(|| condition(&status, "Ready").0)
    };
    wait("the policy waits for its account", || {
        ready().as_deref() == Some("AwaitingSubjects")
    })
    .await;
    let object = server.get(PATH).unwrap();
    assert_eq!(kstatus::of(&object), "Current", "{object}");
    let status = &object["status"];
    assert_eq!(condition(status, "Enforced").0, "Enforced", "{status}");
    let (reason, message) = condition(status, "SubjectsResolved");
    assert_eq!(reason, "SubjectNotFound");
    assert!(message.contains("shop/to-come"), "{message}");
    assert!(neighbours.honest_generation().is_some());
    server.put(
        "/api/v1/namespaces/shop/serviceaccounts/to-come",
        json!({"metadata": {"name": "to-come", "namespace": "shop", "uid": "uid-to-come"}}),
    );
    wait("the account is there", || ready().as_deref() == Some("Enforced")).await;
    running.abort();
}
