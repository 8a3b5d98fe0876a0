//! Policy is brought, confirmed and reported whatever else about its vault fails: the controllers run as in a leader.

use std::{sync::Arc, time::Duration};

use http::Method;
use serde_json::{Value, json};
use strongroom_operator::{context::Context, controllers};
use strongroom_testing::ApiServer;
use tokio::{task::JoinHandle, time::Instant};

use crate::{
    context::{condition, leader_of},
    fleet::{self, Fleet, Vault},
};

/// How soon a policy that is taken away must bite.
const BITES: Duration = Duration::from_secs(2);
const POLICY: &str = "/apis/strongroom.dev/v1alpha1/namespaces/team-a/accesspolicies/shop-reads";
const VAULT: &str = "/apis/strongroom.dev/v1alpha1/namespaces/team-a/vaults/a";

fn policy() -> Value {
    json!({
        "apiVersion": "strongroom.dev/v1alpha1", "kind": "AccessPolicy",
        "metadata": {"name": "shop-reads", "namespace": "team-a", "uid": "u-3", "generation": 1},
        "spec": {"vaultRef": {"name": "a"}, "effect": "Allow", "objects": ["*"],
            "subjects": [{"serviceAccount": {"namespace": "shop", "name": "api"}}],
            "permissions": {"secrets": ["get"]}},
    })
}

/// A leader whose controllers run until it is dropped.
struct Leader {
    server: ApiServer,
    vault: Vault,
    running: JoinHandle<()>,
}

impl Drop for Leader {
    fn drop(&mut self) {
        self.running.abort();
    }
}

fn run(context: Arc<Context>) -> JoinHandle<()> {
    tokio::spawn(async move { controllers::run(&context).await })
}

impl Leader {
    /// A new leader over vault `a`, whose policy `shop-reads` lets account `api` of `shop` read, on a server as `server`
    /// leaves it.
    async fn start(server: &ApiServer) -> Self {
        fleet::declare_app(server);
        fleet::declare(server, "a");
        server.put(POLICY, policy());
        let fleet = Fleet::default();
        let context = leader_of(server, &fleet).await;
        let vault = fleet.start(&context, "a").await;
        let running = run(Arc::clone(&context));
        Self {
            server: server.clone(),
            vault,
            running,
        }
    }

    /// The reason of `Ready`, as the object at a path says.
    fn reason(&self, path: &str) -> String {
        let object = self.server.get(path).unwrap();
        if object["status"].is_null() {
            return String::new();
        }
        condition(&object["status"], "Ready").0
    }

    /// The policy is brought and reported although the Vault is not ready for `reason`, and gone when it is taken away.
    async fn narrows_while(&self, reason: &str) {
        self.is_enforced().await;
        self.wait("the vault's trouble is reported", || self.reason(VAULT) == reason)
            .await;
        let generation = self.vault.generation().to_string();
        self.wait("the policy is reported on the Vault", || {
            self.server.get(VAULT).unwrap()["status"]["policy"]["generation"] == generation.as_str()
        })
        .await;
        assert!(self.vault.confirmations() > 0, "{reason}");
        self.narrows().await;
    }

    /// The policy is brought and reported.
    async fn is_enforced(&self) {
        self.wait("the policy is reported", || self.reason(POLICY) == "Enforced")
            .await;
    }

    /// The policy is taken away, and soon gone at the vault.
    async fn narrows(&self) {
        self.server.remove(POLICY);
        let removed = Instant::now();
        self.wait("the policy is gone", || self.vault.policies().is_empty())
            .await;
        assert!(removed.elapsed() < BITES, "{:?}", removed.elapsed());
    }

    async fn wait(&self, what: &str, is_so: impl Fn() -> bool) {
        let end = Instant::now() + Duration::from_secs(20);
        while !is_so() {
            assert!(
                Instant::now() < end,
                "{what}: vault {}, policy {:?}, in force {:?}",
                self.server.get(VAULT).unwrap(),
                self.server.get(POLICY),
                self.vault.policies(),
            );
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

#[tokio::test]
async fn while_an_admission_rule_refuses_an_object() {
    let server = ApiServer::default();
    server.refuse(
        Method::PATCH,
        "/networkpolicies/",
        403,
        "admission webhook: frozen",
    );
    Leader::start(&server).await.narrows_while("ObjectRefused").await;
}

#[tokio::test]
async fn while_a_name_is_taken() {
    let server = ApiServer::default();
    server.put(
        "/api/v1/namespaces/team-a/services/a",
        json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "a", "namespace": "team-a"}}),
    );
    Leader::start(&server).await.narrows_while("NameTaken").await;
}

#[tokio::test]
async fn while_the_operator_has_no_right_in_the_namespace() {
    let server = ApiServer::default();
    for (method, part) in [
        (Method::GET, "/api/v1/namespaces/team-a/"),
        (Method::GET, "/apis/apps/v1/namespaces/team-a/"),
        (Method::GET, "/apis/networking.k8s.io/v1/namespaces/team-a/"),
    ] {
        server.refuse(method, part, 403, "forbidden");
    }
    server.take_right("team-a", "secrets.");
    Leader::start(&server)
        .await
        .narrows_while("NamespaceNotEnabled")
        .await;
}

#[tokio::test]
async fn while_the_api_server_refuses_the_claim() {
    let server = ApiServer::default();
    let labels = json!({"strongroom.dev/vault": "a", "strongroom.dev/vault-uid": "uid-a"});
    for (path, kind, name) in [
        (
            "persistentvolumeclaims/data-a-0",
            "PersistentVolumeClaim",
            "data-a-0",
        ),
        ("secrets/a-seal", "Secret", "a-seal"),
    ] {
        server.put(
            &format!("/api/v1/namespaces/team-a/{path}"),
            json!({"apiVersion": "v1", "kind": kind,
                "metadata": {"name": name, "namespace": "team-a", "labels": labels}}),
        );
    }
    server.refuse(
        Method::PATCH,
        "/persistentvolumeclaims/",
        422,
        "no storage of that class",
    );
    Leader::start(&server).await.narrows_while("ObjectRefused").await;
}

#[tokio::test]
async fn while_the_api_server_fails_at_an_object() {
    let server = ApiServer::default();
    server.refuse(Method::PATCH, "/statefulsets/", 500, "not now");
    let leader = Leader::start(&server).await;
    leader.is_enforced().await;
    leader.narrows().await;
}

#[tokio::test]
async fn while_the_vaults_spec_is_of_a_later_release() {
    let server = ApiServer::default();
    let leader = Leader::start(&server).await;
    leader.is_enforced().await;
    let mut later = server.get(VAULT).unwrap();
    later["spec"]["deletionPolicy"] = json!("Perhaps");
    server.put(VAULT, later);
    leader.narrows_while("SpecUnreadable").await;
}

#[tokio::test]
async fn while_passes_over_the_namespaces_vaults_wait_for_the_api_server() {
    let server = ApiServer::default();
    server.leave_unanswered(Method::GET, "/statefulsets/");
    // More than a namespace has places for.
    for name in ["b", "c", "d", "e", "f"] {
        fleet::declare(&server, name);
    }
    let leader = Leader::start(&server).await;
    leader
        .wait("the vault is taken over", || leader.vault.generation().epoch > 1)
        .await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    leader.narrows().await;
}
