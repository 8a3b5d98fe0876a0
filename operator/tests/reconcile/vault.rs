//! One pass over a Vault. The vault itself never answers here: there is none.

use std::sync::Arc;

use http::Method;
use serde_json::{Value, json};
use strongroom_crds::Vault;
use strongroom_operator::{
    context::Context,
    vault::{ReconcileError, reconcile, retry},
};
use strongroom_testing::ApiServer;

use crate::context::{condition, leader, lines, status, take_writes};

const PATH: &str = "/apis/strongroom.dev/v1alpha1/namespaces/team-a/vaults/prod";
const STATUS: &str = "PATCH vaults/prod/status strongroom-operator-status";
const EVENT: &str = "POST namespaces/team-a/events -";

fn vault() -> Value {
    json!({
        "apiVersion": "strongroom.dev/v1alpha1", "kind": "Vault",
        "metadata": {"name": "prod", "namespace": "team-a", "uid": "u-1", "generation": 1}, "spec": {},
    })
}

fn parsed(vault: &Value) -> Arc<Vault> {
    Arc::new(serde_json::from_value(vault.clone()).unwrap())
}

async fn started() -> (ApiServer, Arc<Context>) {
    let server = ApiServer::default();
    server.put(PATH, vault());
    let context = leader(&server).await;
    (server, context)
}

#[tokio::test]
async fn a_new_vault_is_applied_by_the_operators_own_manager_and_the_second_pass_writes_nothing() {
    let (server, context) = started().await;
    reconcile(parsed(&vault()), Arc::clone(&context)).await.unwrap();
    let writes = take_writes(&server);
    let expected = [
        // Made, and never applied over one that is there.
        "POST namespaces/team-a/secrets strongroom-operator",
        "POST namespaces/team-a/persistentvolumeclaims strongroom-operator",
        "PATCH team-a/serviceaccounts/prod-vault strongroom-operator",
        "PATCH team-a/secrets/prod-tls strongroom-operator",
        "PATCH team-a/configmaps/prod-trust strongroom-operator",
        "PATCH team-a/services/prod strongroom-operator",
        "PATCH team-a/services/prod-internal strongroom-operator",
        "PATCH team-a/networkpolicies/prod-vault strongroom-operator",
        "PATCH team-a/statefulsets/prod strongroom-operator",
        "PATCH team-a/configmaps/strongroom-trust-bundle strongroom-operator",
        STATUS,
        EVENT,
    ];
    assert_eq!(lines(&writes), expected);
    let status = status(&writes);
    assert_eq!(condition(&status, "Ready").0, "Starting");
    assert_eq!(condition(&status, "Reconciling").0, "Starting");
    let mut seen = vault();
    seen["status"] = status;
    reconcile(parsed(&seen), context).await.unwrap();
    assert_eq!(lines(&take_writes(&server)), Vec::<String>::new());
}

#[tokio::test]
async fn an_object_of_another_owner_is_left_alone_with_all_the_others() {
    let (server, context) = started().await;
    server.put(
        "/api/v1/namespaces/team-a/services/prod",
        json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "prod", "namespace": "team-a"}}),
    );
    reconcile(parsed(&vault()), context).await.unwrap();
    let writes = take_writes(&server);
    assert_eq!(lines(&writes), [STATUS, EVENT]);
    let (reason, message) = condition(&status(&writes), "Stalled");
    assert!(
        reason == "NameTaken" && message.contains("Service prod"),
        "{reason}: {message}"
    );
}

#[tokio::test]
async fn a_config_map_of_the_trust_bundles_name_that_someone_else_made_is_left_alone() {
    let (server, context) = started().await;
    let path = "/api/v1/namespaces/team-a/configmaps/strongroom-trust-bundle";
    let foreign = json!({"apiVersion": "v1", "kind": "ConfigMap", "data": {"ca.crt": "mine"},
        "metadata": {"name": "strongroom-trust-bundle", "namespace": "team-a"}});
    server.put(path, foreign.clone());
    reconcile(parsed(&vault()), context).await.unwrap();
    assert_eq!(server.get(path), Some(foreign));
    let writes = take_writes(&server);
    assert!(
        lines(&writes).contains(&"PATCH team-a/statefulsets/prod strongroom-operator".to_owned()),
        "the vault itself needs no bundle there"
    );
    let (reason, message) = condition(&status(&writes), "Stalled");
    assert!(
        reason == "NameTaken" && message.contains("ConfigMap strongroom-trust-bundle"),
        "{reason}: {message}"
    );
}

#[tokio::test]
async fn what_is_the_vaults_own_is_kept_up_to_date_while_something_else_is_in_the_way() {
    let (server, context) = started().await;
    reconcile(parsed(&vault()), Arc::clone(&context)).await.unwrap();
    take_writes(&server);
    server.put(
        "/api/v1/namespaces/team-a/services/prod",
        json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "prod", "namespace": "team-a"}}),
    );
    server.remove("/apis/networking.k8s.io/v1/namespaces/team-a/networkpolicies/prod-vault");
    let mut edited = vault();
    edited["metadata"]["generation"] = json!(2);
    reconcile(parsed(&edited), context).await.unwrap();
    let written = lines(&take_writes(&server));
    let is_written = |what: &str| written.iter().any(|line| line.contains(what));
    for own in [
        "secrets/prod-tls",
        "configmaps/prod-trust",
        "services/prod-internal",
        "secrets/prod-seal",
    ] {
        assert!(is_written(own), "{own}: {written:?}");
    }
    for not in ["services/prod ", "networkpolicies", "statefulsets"] {
        assert!(!is_written(not), "{not}: {written:?}");
    }
}

/// The claim of an earlier vault, an autoscaler's work, an administrator's.
#[tokio::test]
async fn a_claim_that_asks_for_more_than_the_spec_is_left_so_and_one_that_asks_for_less_is_raised() {
    const CLAIM: &str = "/api/v1/namespaces/team-a/persistentvolumeclaims/data-prod-0";
    for (asks, then) in [("5Gi", "5Gi"), ("512Mi", "1Gi")] {
        let (server, context) = started().await;
        reconcile(parsed(&vault()), Arc::clone(&context)).await.unwrap();
        let mut claim = server.get(CLAIM).unwrap();
        claim["spec"]["resources"]["requests"]["storage"] = json!(asks);
        claim["status"] = json!({"capacity": {"storage": asks}});
        server.put(CLAIM, claim);
        take_writes(&server);
        let mut edited = vault();
        edited["metadata"]["generation"] = json!(2);
        reconcile(parsed(&edited), context).await.unwrap();
        let claim = server.get(CLAIM).unwrap();
        assert_eq!(claim["spec"]["resources"]["requests"]["storage"], then);
        assert_eq!(status(&take_writes(&server))["volumeSize"], asks);
    }
}

/// Recover without `storage`: the spec says 1Gi, and the volume of the vault of before is larger.
#[tokio::test]
async fn a_larger_volume_of_an_earlier_vault_is_adopted_as_it_is() {
    const CLAIM: &str = "/api/v1/namespaces/team-a/persistentvolumeclaims/data-prod-0";
    let (server, context) = started().await;
    let mut earlier = vault();
    earlier["metadata"]["uid"] = json!("u-0");
    earlier["spec"] = json!({"storage": {"type": "Embedded", "embedded": {"size": "5Gi"}}});
    reconcile(parsed(&earlier), Arc::clone(&context)).await.unwrap();
    for owned in [
        "v1/namespaces/team-a/serviceaccounts/prod-vault",
        "v1/namespaces/team-a/secrets/prod-tls",
        "v1/namespaces/team-a/configmaps/prod-trust",
        "v1/namespaces/team-a/services/prod",
        "v1/namespaces/team-a/services/prod-internal",
    ] {
        server.remove(&format!("/api/{owned}"));
    }
    server.remove("/apis/networking.k8s.io/v1/namespaces/team-a/networkpolicies/prod-vault");
    server.remove("/apis/apps/v1/namespaces/team-a/statefulsets/prod");
    take_writes(&server);
    let mut recovered = vault();
    recovered["spec"] = json!({"createMode": "Recover"});
    reconcile(parsed(&recovered), context).await.unwrap();
    let claim = server.get(CLAIM).unwrap();
    assert_eq!(claim["spec"]["resources"]["requests"]["storage"], "5Gi");
    assert_eq!(claim["metadata"]["labels"]["strongroom.dev/vault-uid"], "u-1");
    assert!(
        server
            .get("/apis/apps/v1/namespaces/team-a/statefulsets/prod")
            .is_some()
    );
}

#[tokio::test]
async fn a_paused_vault_has_no_pod_keeps_every_object_and_is_paused_when_the_last_pod_is_gone() {
    const SET: &str = "/apis/apps/v1/namespaces/team-a/statefulsets/prod";
    let (server, context) = started().await;
    reconcile(parsed(&vault()), Arc::clone(&context)).await.unwrap();
    assert_eq!(server.get(SET).unwrap()["spec"]["replicas"], 1);
    take_writes(&server);
    let mut paused = vault();
    paused["metadata"]["generation"] = json!(2);
    paused["spec"] = json!({"paused": true});
    let count = |observed: i64, replicas: i64| {
        let mut set = server.get(SET).unwrap();
        set["metadata"]["generation"] = json!(2);
        set["status"] = json!({"observedGeneration": observed, "replicas": replicas});
        server.put(SET, set);
    };
    reconcile(parsed(&paused), Arc::clone(&context)).await.unwrap();
    let writes = take_writes(&server);
    assert_eq!(server.get(SET).unwrap()["spec"]["replicas"], 0);
    assert_eq!(condition(&status(&writes), "Reconciling").0, "Pausing");
    for kept in [
        "persistentvolumeclaims/data-prod-0",
        "secrets/prod-seal",
        "services/prod",
    ] {
        assert!(
            server.get(&format!("/api/v1/namespaces/team-a/{kept}")).is_some(),
            "{kept}"
        );
    }
    // What the set counted before it saw the edit, and while the pod ends.
    for (observed, replicas, reason) in [(1, 0, "Pausing"), (2, 1, "Pausing"), (2, 0, "Paused")] {
        count(observed, replicas);
        reconcile(parsed(&paused), Arc::clone(&context)).await.unwrap();
        let status = status(&take_writes(&server));
        assert_eq!(condition(&status, "Ready").0, reason, "{observed} {replicas}");
        assert_eq!(condition(&status, "Paused").0 == "Paused", reason == "Paused");
    }
}

#[tokio::test]
async fn a_namespace_without_rights_is_reported_with_the_command_that_grants_them() {
    let (server, context) = started().await;
    server.refuse(
        Method::GET,
        "/namespaces/team-a/secrets/",
        403,
        "in the words of any release",
    );
    server.take_right("team-a", "secrets.");
    reconcile(parsed(&vault()), context).await.unwrap();
    let writes = take_writes(&server);
    assert_eq!(lines(&writes), [STATUS, EVENT]);
    let (reason, message) = condition(&status(&writes), "Stalled");
    assert!(
        reason == "NamespaceNotEnabled" && message.contains("kubectl create rolebinding"),
        "{reason}: {message}"
    );
}

#[tokio::test]
async fn a_missing_right_is_known_by_the_api_servers_review_and_not_by_its_words() {
    let words = r#"User "system:serviceaccount:strongroom-system:strongroom-operator" cannot get resource"#;
    for (resource, reason) in [
        ("statefulsets.apps", "NamespaceNotEnabled"),
        ("jobs.batch", "ObjectRefused"),
    ] {
        let (server, context) = started().await;
        server.refuse(Method::PATCH, "/statefulsets/prod", 403, words);
        server.take_right("team-a", resource);
        reconcile(parsed(&vault()), context).await.unwrap();
        assert_eq!(condition(&status(&take_writes(&server)), "Ready").0, reason);
    }
}

#[tokio::test]
async fn a_cluster_that_does_not_say_what_the_operator_may_do_is_quoted_or_asked_again() {
    for (code, is_quoted) in [(403, true), (500, false)] {
        let (server, context) = started().await;
        server.refuse(
            Method::PATCH,
            "/statefulsets/prod",
            403,
            "exceeded quota: compute",
        );
        server.refuse(Method::POST, "/selfsubjectaccessreviews", code, "no");
        let result = reconcile(parsed(&vault()), context).await;
        assert_eq!(result.is_ok(), is_quoted, "{code}: {result:?}");
        if is_quoted {
            let (reason, message) = condition(&status(&take_writes(&server)), "Reconciling");
            assert!(
                reason == "ObjectRefused" && message.contains("exceeded quota"),
                "{message}"
            );
        }
    }
}

#[tokio::test]
async fn an_object_that_a_quota_refuses_is_named_with_the_servers_sentence() {
    let (server, context) = started().await;
    server.refuse(
        Method::PATCH,
        "/statefulsets/prod",
        403,
        "exceeded quota: compute",
    );
    reconcile(parsed(&vault()), context).await.unwrap();
    let (reason, message) = condition(&status(&take_writes(&server)), "Reconciling");
    assert_eq!(reason, "ObjectRefused");
    assert!(
        message.contains("StatefulSet prod") && message.contains("exceeded quota: compute"),
        "{message}"
    );
}

#[tokio::test]
async fn a_conflict_and_a_broken_api_server_are_tried_again_and_not_reported() {
    for code in [409, 429, 500, 503] {
        let (server, context) = started().await;
        server.refuse(Method::PATCH, "/networkpolicies/prod", code, "not now");
        let vault = parsed(&vault());
        let error = reconcile(Arc::clone(&vault), Arc::clone(&context))
            .await
            .unwrap_err();
        assert!(matches!(error, ReconcileError::Apply(_)), "{code}: {error:?}");
        assert_ne!(
            retry(&vault, &error, &context),
            kube::runtime::controller::Action::await_change()
        );
        assert!(
            !lines(&take_writes(&server)).contains(&STATUS.to_owned()),
            "{code}"
        );
    }
}

#[tokio::test]
async fn a_status_that_cannot_be_written_is_tried_again_unless_the_vault_is_gone() {
    for (code, is_gone) in [(404, true), (409, true), (403, false), (500, false)] {
        let (server, context) = started().await;
        server.refuse(Method::PATCH, "/vaults/prod/status", code, "no");
        let result = reconcile(parsed(&vault()), context).await;
        assert_eq!(result.is_ok(), is_gone, "{code}");
        assert!(
            !lines(&take_writes(&server)).contains(&EVENT.to_owned()),
            "{code}: nothing changed"
        );
    }
}

#[tokio::test]
async fn a_vault_on_its_way_out_is_not_touched() {
    let (server, context) = started().await;
    let mut vault = vault();
    vault["metadata"]["deletionTimestamp"] = json!("2026-01-01T00:00:00Z");
    reconcile(parsed(&vault), context).await.unwrap();
    assert_eq!(take_writes(&server), []);
}
