//! One pass over a SecretRef, as far as no vault is asked.

use std::sync::Arc;

use http::Method;
use serde_json::{Value, json};
use strongroom_crds::SecretRef;
use strongroom_operator::{
    context::Context,
    secret_ref::{reconcile, retry},
};
use strongroom_testing::ApiServer;

use crate::context::{condition, leader, lines, status, take_writes};

const STATUS: &str = "PATCH secretrefs/db/status strongroom-operator-status";
const EVENT: &str = "POST namespaces/shop/events -";

fn secret_ref(vault_namespace: &str, files: &Value) -> Value {
    json!({
        "apiVersion": "strongroom.dev/v1alpha1", "kind": "SecretRef",
        "metadata": {"name": "db", "namespace": "shop", "uid": "u-1", "generation": 1},
        "spec": {"vaultRef": {"name": "prod", "namespace": vault_namespace}, "serviceAccountName": "api", "files": files},
    })
}

fn password() -> Value {
    json!([{"path": "password", "secret": {"name": "db"}}])
}

fn parsed(secret_ref: &Value) -> Arc<SecretRef> {
    Arc::new(serde_json::from_value(secret_ref.clone()).unwrap())
}

fn with_account(server: &ApiServer) {
    server.put(
        "/api/v1/namespaces/shop/serviceaccounts/api",
        json!({"metadata": {"name": "api", "namespace": "shop", "uid": "uid-api"}}),
    );
}

fn with_vault(server: &ApiServer) {
    server.put(
        "/apis/strongroom.dev/v1alpha1/namespaces/team-a/vaults/prod",
        json!({"apiVersion": "strongroom.dev/v1alpha1", "kind": "Vault",
            "metadata": {"name": "prod", "namespace": "team-a", "uid": "u-2"}, "spec": {}}),
    );
}

/// The reason of `Ready` after a pass, which writes it once with one event, and then writes nothing.
async fn ready(server: &ApiServer, context: &Arc<Context>, object: &Value) -> String {
    server.put(
        "/apis/strongroom.dev/v1alpha1/namespaces/shop/secretrefs/db",
        object.clone(),
    );
    reconcile(parsed(object), Arc::clone(context)).await.unwrap();
    let writes = take_writes(server);
    assert_eq!(lines(&writes), [STATUS, EVENT]);
    let mut seen = object.clone();
    seen["status"] = status(&writes);
    reconcile(parsed(&seen), Arc::clone(context)).await.unwrap();
    assert_eq!(lines(&take_writes(server)), Vec::<String>::new());
    condition(&seen["status"], "Ready").0
}

#[tokio::test]
async fn what_is_missing_is_reported_once_and_a_foreign_vault_is_no_different_from_a_forbidden_one() {
    let server = ApiServer::default();
    let context = leader(&server).await;
    let foreign = secret_ref("team-a", &password());
    assert_eq!(ready(&server, &context, &foreign).await, "ServiceAccountNotFound");
    with_account(&server);
    let context = leader(&server).await;
    assert_eq!(ready(&server, &context, &foreign).await, "NotPermitted");
    let own = secret_ref("shop", &password());
    assert_eq!(ready(&server, &context, &own).await, "VaultNotFound");
}

#[tokio::test]
async fn a_vault_without_policy_for_the_account_is_not_even_asked() {
    let server = ApiServer::default();
    with_account(&server);
    with_vault(&server);
    let context = leader(&server).await;
    let refused = secret_ref("team-a", &password());
    assert_eq!(ready(&server, &context, &refused).await, "NotPermitted");
}

#[tokio::test]
async fn a_leader_that_does_not_know_the_policy_yet_takes_no_permission_back() {
    let server = ApiServer::default();
    with_account(&server);
    with_vault(&server);
    let mut seen = secret_ref("team-a", &password());
    for (generation, reason) in [(1, "VaultNotReady"), (0, "NotPermitted")] {
        let context = leader(&server).await;
        let time = "2026-01-01T00:00:00Z";
        seen["status"] = json!({"observedGeneration": generation, "conditions": [
            {"type": "Authorized", "status": "True", "reason": "Permitted", "message": "",
                "lastTransitionTime": time},
        ]});
        assert_eq!(ready(&server, &context, &seen).await, reason);
    }
}

#[tokio::test]
async fn a_spec_of_a_later_release_stalls_and_the_trust_bundle_needs_no_vault() {
    let server = ApiServer::default();
    let context = leader(&server).await;
    let later = secret_ref("team-a", &json!([{"path": "password"}]));
    assert_eq!(ready(&server, &context, &later).await, "SpecUnreadable");
    let bundle = secret_ref("team-a", &json!([{"path": "ca.crt", "trustBundle": {}}]));
    assert_eq!(ready(&server, &context, &bundle).await, "Available");
}

#[tokio::test]
async fn a_status_that_cannot_be_written_is_tried_again_unless_the_secret_ref_is_gone() {
    for (code, is_gone) in [(404, true), (409, true), (403, false), (500, false)] {
        let server = ApiServer::default();
        let context = leader(&server).await;
        server.refuse(Method::PATCH, "/secretrefs/db/status", code, "no");
        let object = parsed(&secret_ref("team-a", &password()));
        let result = reconcile(Arc::clone(&object), Arc::clone(&context)).await;
        assert_eq!(result.is_ok(), is_gone, "{code}");
        if let Err(error) = result {
            assert_ne!(
                retry(&object, &error, &context),
                kube::runtime::controller::Action::await_change()
            );
        }
        assert_eq!(
            take_writes(&server),
            [],
            "{code}: no event of what is not written"
        );
    }
}

/// To others it looks as a vault that does not exist.
#[tokio::test]
async fn that_a_vault_is_paused_is_said_where_the_account_may_read_and_nowhere_else() {
    for (may_read, reason) in [(true, "VaultNotReady"), (false, "NotPermitted")] {
        let server = ApiServer::default();
        with_account(&server);
        server.put(
            "/apis/strongroom.dev/v1alpha1/namespaces/team-a/vaults/prod",
            json!({"apiVersion": "strongroom.dev/v1alpha1", "kind": "Vault",
                "metadata": {"name": "prod", "namespace": "team-a", "uid": "u-2"}, "spec": {"paused": true}}),
        );
        let context = leader(&server).await;
        let mut object = secret_ref("team-a", &password());
        if may_read {
            object["status"] = json!({"observedGeneration": 1, "conditions": [{
                "type": "Authorized", "status": "True", "reason": "Permitted", "message": "It may.",
                "observedGeneration": 1, "lastTransitionTime": "2026-01-01T00:00:00Z",
            }]});
        }
        server.put(
            "/apis/strongroom.dev/v1alpha1/namespaces/shop/secretrefs/db",
            object.clone(),
        );
        reconcile(parsed(&object), Arc::clone(&context)).await.unwrap();
        let (found, message) = condition(&status(&take_writes(&server)), "Ready");
        assert_eq!(found, reason, "{message}");
        assert_eq!(message.contains("it is paused"), may_read, "{message}");
    }
}

/// A policy of vault `prod` on accounts of the app's namespace, named for its effect and its kind of object.
fn policy(effect: &str, account: &str, objects: &str, permissions: &Value) -> Value {
    let kind = permissions.as_object().unwrap().keys().next().unwrap();
    let name = format!("{}-{kind}", effect.to_lowercase());
    json!({
        "apiVersion": "strongroom.dev/v1alpha1", "kind": "AccessPolicy",
        "metadata": {"name": name, "namespace": "team-a", "uid": name, "generation": 1},
        "spec": {"vaultRef": {"name": "prod"}, "effect": effect, "objects": [objects],
            "subjects": [{"serviceAccount": {"namespace": "shop", "name": account}}],
            "permissions": permissions},
    })
}

/// The reason of `Ready`, and the type of its event, beside a vault that starts and has these policies.
async fn while_the_vault_starts(policies: &[Value], files: &Value) -> (String, Value) {
    let server = ApiServer::default();
    with_account(&server);
    let conditions = json!([{"type": "Ready", "status": "False", "reason": "Starting", "message": "",
        "lastTransitionTime": "2026-01-01T00:00:00Z"}]);
    server.put(
        "/apis/strongroom.dev/v1alpha1/namespaces/team-a/vaults/prod",
        json!({"apiVersion": "strongroom.dev/v1alpha1", "kind": "Vault", "spec": {},
            "metadata": {"name": "prod", "namespace": "team-a", "uid": "u-2"},
            "status": {"conditions": conditions}}),
    );
    for policy in policies {
        let name = policy["metadata"]["name"].as_str().unwrap();
        server.put(
            &format!("/apis/strongroom.dev/v1alpha1/namespaces/team-a/accesspolicies/{name}"),
            policy.clone(),
        );
    }
    let context = leader(&server).await;
    let object = secret_ref("team-a", files);
    server.put(
        "/apis/strongroom.dev/v1alpha1/namespaces/shop/secretrefs/db",
        object.clone(),
    );
    reconcile(parsed(&object), context).await.unwrap();
    let writes = take_writes(&server);
    let type_ = writes.last().unwrap().body["type"].clone();
    (condition(&status(&writes), "Ready").0, type_)
}

#[tokio::test]
async fn that_a_vault_starts_is_said_without_a_warning_where_policy_will_let_the_account_read_all() {
    let read = json!({"secrets": ["get"]});
    let policy = |effect, account, objects| policy(effect, account, objects, &read);
    for (policies, reason) in [
        (vec![policy("Allow", "api", "db*")], "VaultStarting"),
        (vec![], "NotPermitted"),
        (vec![policy("Allow", "other", "*")], "NotPermitted"),
        (vec![policy("Allow", "api", "cache")], "NotPermitted"),
        (
            vec![policy("Allow", "api", "*"), policy("Deny", "api", "db")],
            "NotPermitted",
        ),
        // It may be a Deny.
        (
            vec![policy("Allow", "api", "*"), policy("Perhaps", "api", "*")],
            "NotPermitted",
        ),
    ] {
        let (found, type_) = while_the_vault_starts(&policies, &password()).await;
        assert_eq!(found, reason, "{policies:?}");
        let expected = if reason == "VaultStarting" {
            "Normal"
        } else {
            "Warning"
        };
        assert_eq!(type_, expected, "{policies:?}");
    }
}

/// A secret and a key may have one name.
#[tokio::test]
async fn a_key_needs_the_permission_on_keys_and_a_secret_that_on_secrets() {
    let secret = json!({"path": "password", "secret": {"name": "db"}});
    let key = json!({"path": "db.pem", "key": {"name": "db"}});
    let on = |kind: &str| policy("Allow", "api", "*", &json!({kind: ["get"]}));
    for (files, policies, reason) in [
        (json!([key]), vec![on("keys")], "VaultStarting"),
        (json!([key]), vec![on("secrets")], "NotPermitted"),
        (json!([secret]), vec![on("keys")], "NotPermitted"),
        (json!([secret, key]), vec![on("secrets")], "NotPermitted"),
        (json!([secret, key]), vec![on("keys")], "NotPermitted"),
        (
            json!([secret, key]),
            vec![on("secrets"), on("keys")],
            "VaultStarting",
        ),
    ] {
        let (found, _) = while_the_vault_starts(&policies, &files).await;
        assert_eq!(found, reason, "{files} with {policies:?}");
    }
}

#[tokio::test]
async fn a_store_needs_its_certificate_and_its_password_to_be_readable() {
    let password = json!({"secret": "store-password"});
    let certificate = json!({"name": "shop-tls", "part": "Bundle", "format": "JKS", "password": password});
    let files = json!([{"path": "key.jks", "certificate": certificate}]);
    let read = json!({"secrets": ["get"]});
    let on = |objects| policy("Allow", "api", objects, &read);
    for (policies, reason) in [
        (vec![on("*")], "VaultStarting"),
        (vec![on("shop-tls")], "NotPermitted"),
        (vec![on("store-password")], "NotPermitted"),
        (
            vec![on("*"), policy("Deny", "api", "store-password", &read)],
            "NotPermitted",
        ),
    ] {
        let (found, _) = while_the_vault_starts(&policies, &files).await;
        assert_eq!(found, reason, "{policies:?}");
    }
    let open =
        json!([{"path": "key.jks", "certificate": {"name": "shop-tls", "part": "Bundle", "format": "JKS"}}]);
    let (found, _) = while_the_vault_starts(&[on("*")], &open).await;
    assert_eq!(found, "SpecUnreadable", "a store without a password");
}

/// The vault runs on, whatever its spec says to a later operator.
#[tokio::test]
async fn a_vault_whose_spec_cannot_be_read_is_asked_all_the_same() {
    let server = ApiServer::default();
    with_account(&server);
    server.put(
        "/apis/strongroom.dev/v1alpha1/namespaces/team-a/vaults/prod",
        json!({"apiVersion": "strongroom.dev/v1alpha1", "kind": "Vault",
            "metadata": {"name": "prod", "namespace": "team-a", "uid": "u-2"},
            "spec": {"createMode": "Sideways"}}),
    );
    let context = leader(&server).await;
    let mut object = secret_ref("team-a", &password());
    object["status"] = json!({"observedGeneration": 1, "conditions": [{
        "type": "Authorized", "status": "True", "reason": "Permitted", "message": "It may.",
        "observedGeneration": 1, "lastTransitionTime": "2026-01-01T00:00:00Z",
    }]});
    assert_eq!(ready(&server, &context, &object).await, "VaultNotReady");
}
