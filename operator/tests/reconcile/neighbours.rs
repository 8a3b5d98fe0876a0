//! One operator over two neighbours: the real vault `team-a/prod`, and `team-b/evil`, which answers what a test says. More
//! vaults of `team-b` may answer the same.

use std::{collections::BTreeMap, net::SocketAddr, path::Path, sync::Arc};

use kube::runtime::controller::Action;
use serde_json::{Value, json};
use strongroom_client::{Route, Trust};
use strongroom_core::{Generation, ObjectName, Permission, VaultRef};
use strongroom_crds::{SecretRef, Vault};
use strongroom_operator::{
    context::Context,
    fleet::Credentials,
    policy::time_to_next,
    secret_ref,
    vault::{self, EnforceError},
};
use strongroom_testing::{
    ApiServer, TlsServer,
    hostile_vault::admin::Admin,
    vault::{Files, OPERATOR},
};
use strongroom_vault::{serve::Running, service::Service};

use crate::{
    context::{leader_by, take_writes},
    fleet::declare_app,
};

const GROUP: &str = "/apis/strongroom.dev/v1alpha1/namespaces";

/// The cluster, its two vaults, and the operator that leads now.
pub struct Neighbours {
    pub server: ApiServer,
    pub context: Arc<Context>,
    /// What the hostile vault answers; where there are several, the first.
    pub evil: Admin,
    /// What each hostile vault answers.
    pub crowd: Vec<Admin>,
    files: Files,
    /// Runs, but while its volume is in other hands.
    honest: Option<Running>,
    /// The listeners of the hostile vaults, by name.
    hostile: BTreeMap<String, TlsServer>,
}

impl Neighbours {
    /// Both are declared, with one policy each that lets account `shop/api` read everything.
    pub async fn start() -> Self {
        Self::start_among(&["evil".to_owned()]).await
    }

    /// The same with hostile vaults of these names.
    pub async fn start_among(hostile: &[String]) -> Self {
        Self::start_around(Files::in_memory(), hostile).await
    }

    /// The same with an honest vault that has a volume.
    pub async fn start_on_disk() -> Self {
        Self::start_around(Files::on_disk().await, &["evil".to_owned()]).await
    }

    async fn start_around(files: Files, hostile: &[String]) -> Self {
        let server = ApiServer::default();
        declare_app(&server);
        let hostile = hostile.iter().map(String::as_str);
        let names: Vec<_> = hostile.collect();
        let evils = names.iter().map(|name| ("team-b", *name));
        for (namespace, name) in evils.chain([("team-a", "prod")]) {
            server.put(
                &format!("{GROUP}/{namespace}/vaults/{name}"),
                json!({"apiVersion": "strongroom.dev/v1alpha1", "kind": "Vault", "spec": {},
                    "metadata": {"name": name, "namespace": namespace, "uid": format!("uid-{name}"), "generation": 1}}),
            );
            let policy = if ["prod", "evil"].contains(&name) {
                "shop-reads"
            } else {
                name
            };
            put_policy(&server, namespace, name, policy);
        }
        let honest = files.run();
        let (mut hostile, mut crowd) = (BTreeMap::new(), Vec::new());
        for (n, name) in names.into_iter().enumerate() {
            let evil = Admin::default();
            if n > 0 {
                evil.claim(move |status| {
                    status["vaultId"] = json!(format!("{n:08}-0000-4000-8000-000000000001"));
                });
            }
            let host = format!("{name}.team-b.svc");
            let listener = TlsServer::start(&files.serving, &host, evil.router()).await;
            hostile.insert(name.to_owned(), listener);
            crowd.push(evil);
        }
        let context = lead(&server, &files, &honest, &hostile).await;
        Self {
            server,
            context,
            evil: crowd[0].clone(),
            crowd,
            files,
            honest: Some(honest),
            hostile,
        }
    }

    /// Another leader takes over, which knows what is in the cluster now.
    pub async fn change_leader(&mut self) {
        let honest = self.honest.as_ref().unwrap();
        self.context = Box::pin(lead(&self.server, &self.files, honest, &self.hostile)).await;
    }

    /// Ends the honest vault.
    pub async fn stop_honest(&mut self) {
        self.honest.take().unwrap().stop().await;
    }

    /// Does something to the volume of the honest vault between two of its lives. The next leader finds it.
    pub async fn restart_honest(&mut self, between: impl FnOnce(&Path)) {
        self.stop_honest().await;
        between(&self.files.path("data"));
        self.honest = Some(self.files.run());
        self.change_leader().await;
    }

    /// The parts of the honest vault.
    pub fn honest_service(&self) -> &Service {
        self.honest.as_ref().unwrap().service()
    }

    /// A pass over the hostile vault; the status that the operator writes, or wrote last.
    pub async fn pass_evil(&self) -> Value {
        self.pass("team-b", "evil").await
    }

    /// A pass over the honest vault; the same.
    pub async fn pass_honest(&self) -> Value {
        self.pass("team-a", "prod").await
    }

    async fn pass(&self, namespace: &str, name: &str) -> Value {
        let action = self.try_pass(namespace, name).await;
        assert_ne!(action.unwrap(), Action::await_change(), "the pass is repeated");
        take_writes(&self.server);
        self.status(namespace, name)
    }

    /// The status of a Vault.
    pub fn status(&self, namespace: &str, name: &str) -> Value {
        let path = format!("{GROUP}/{namespace}/vaults/{name}");
        self.server.get(&path).unwrap()["status"].clone()
    }

    /// Lets the status of a Vault name this id before another leader takes over.
    pub async fn set_vault_id(&mut self, namespace: &str, name: &str, id: &str) {
        let path = format!("{GROUP}/{namespace}/vaults/{name}");
        let mut object = self.server.get(&path).unwrap();
        object["status"] = json!({"vaultID": id, "conditions": []});
        self.server.put(&path, object);
        self.change_leader().await;
    }

    /// Asks a vault and brings it its policy, which may fail, and reports on it.
    pub async fn try_pass(&self, namespace: &str, name: &str) -> Result<Action, EnforceError> {
        let path = format!("{GROUP}/{namespace}/vaults/{name}");
        let object: Vault = serde_json::from_value(self.server.get(&path).unwrap()).unwrap();
        let (object, context) = (Arc::new(object), &self.context);
        let member = context.fleet.member(object.metadata.uid.as_deref().unwrap());
        tokio::time::sleep(time_to_next(&member).unwrap_or_default()).await;
        let enforced = Box::pin(vault::enforce(Arc::clone(&object), Arc::clone(context))).await;
        Box::pin(vault::reconcile(object, Arc::clone(context)))
            .await
            .unwrap();
        enforced
    }

    /// A pass over a SecretRef of account `shop/api` that names a vault; its status.
    pub async fn pass_secret_ref(&self, namespace: &str, vault: &str) -> Value {
        let path = format!("{GROUP}/shop/secretrefs/db");
        let object = json!({
            "apiVersion": "strongroom.dev/v1alpha1", "kind": "SecretRef",
            "metadata": {"name": "db", "namespace": "shop", "uid": "uid-db", "generation": 1},
            "spec": {
                "vaultRef": {"name": vault, "namespace": namespace}, "serviceAccountName": "api",
                "files": [{"path": "password", "secret": {"name": "db"}}],
            },
        });
        self.server.put(&path, object.clone());
        let object: SecretRef = serde_json::from_value(object).unwrap();
        secret_ref::reconcile(Arc::new(object), Arc::clone(&self.context))
            .await
            .unwrap();
        take_writes(&self.server);
        self.server.get(&path).unwrap()["status"].clone()
    }

    /// The owner of the hostile vault deletes volume and seal key.
    pub fn empty_evil(&self) {
        for object in ["secrets/evil-seal", "persistentvolumeclaims/data-evil-0"] {
            self.server.remove(&format!("/api/v1/namespaces/team-b/{object}"));
        }
    }

    /// The id of the honest vault.
    pub fn honest_id(&self) -> String {
        self.honest_service().objects.vault_id().to_string()
    }

    /// The generation that the honest vault enforces, if it lets `shop/api` read.
    pub fn honest_generation(&self) -> Option<Generation> {
        let policy = &self.honest_service().policy;
        let index = policy.in_force().ok()?;
        let object: ObjectName = "db".parse().unwrap();
        let account = "uid-api".parse().unwrap();
        index
            .decide(&account, Permission::SecretGet, &object)
            .is_allowed()
            .then(|| index.generation())
    }
}

/// Declares a policy that lets account `shop/api` read everything.
pub fn put_policy(server: &ApiServer, namespace: &str, vault: &str, name: &str) {
    server.put(
        &format!("{GROUP}/{namespace}/accesspolicies/{name}"),
        json!({
            "apiVersion": "strongroom.dev/v1alpha1", "kind": "AccessPolicy",
            "metadata": {"name": name, "namespace": namespace, "uid": format!("uid-{name}"), "generation": 1},
            "spec": {"vaultRef": {"name": vault}, "effect": "Allow", "objects": ["*"],
                "subjects": [{"serviceAccount": {"namespace": "shop", "name": "api"}}],
                "permissions": {"secrets": ["get"]}},
        }),
    );
}

/// Declares a policy with a field that this release does not know.
pub fn put_unreadable(server: &ApiServer, namespace: &str, vault: &str) {
    server.put(
        &format!("{GROUP}/{namespace}/accesspolicies/unreadable"),
        json!({
            "apiVersion": "strongroom.dev/v1alpha1", "kind": "AccessPolicy",
            "metadata": {"name": "unreadable", "namespace": namespace, "uid": "uid-unreadable", "generation": 1},
            "spec": {"vaultRef": {"name": vault}, "effect": "Perhaps", "objects": ["*"],
                "subjects": [{"serviceAccount": {"namespace": "shop", "name": "api"}}],
                "permissions": {"secrets": ["get"]}},
        }),
    );
}

async fn lead(
    server: &ApiServer,
    files: &Files,
    honest: &Running,
    hostile: &BTreeMap<String, TlsServer>,
) -> Arc<Context> {
    let shown = files.admin.client(OPERATOR);
    let trust = Trust::mutual_from_pem(
        files.serving.pem().as_bytes(),
        shown.certificate.as_bytes(),
        shown.key.as_bytes(),
    );
    let honest = honest.addresses().admin;
    let hostile = hostile
        .iter()
        .map(|(name, listener)| (name.clone(), listener.address()));
    let hostile: BTreeMap<String, SocketAddr> = hostile.collect();
    let route = move |vault: &VaultRef| Route::Socket(*hostile.get(vault.name.as_str()).unwrap_or(&honest));
    leader_by(server, |_, _| {
        Credentials::routed(trust.unwrap(), Box::new(route))
    })
    .await
}
