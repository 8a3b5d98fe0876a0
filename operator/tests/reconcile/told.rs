//! Word of a changed SecretRef: every vault that may have volumes of it is told, and told again until it has heard.

use std::{sync::Arc, time::Duration};

use kube::runtime::controller::Action;
use serde_json::{Value, json};
use strongroom_crds::SecretRef;
use strongroom_operator::{
    context::Context,
    secret_ref::{part, reconcile, survey},
    target::Target,
};

use crate::{
    api_server::ApiServer,
    context::{leader_of, status},
    fleet::{self, Fleet, Vault},
};

const PATH: &str = "/apis/strongroom.dev/v1alpha1/namespaces/shop/secretrefs/db";

/// A leader over the vaults `a` and `b`, both of which account `api` may read.
struct Team {
    server: ApiServer,
    context: Arc<Context>,
    a: Vault,
    b: Vault,
}

impl Team {
    async fn start() -> Self {
        let server = ApiServer::default();
        server.put(
            "/api/v1/namespaces/shop/serviceaccounts/api",
            json!({"metadata": {"name": "api", "namespace": "shop", "uid": "uid-api"}}),
        );
        for name in ["a", "b"] {
            fleet::declare(&server, name);
        }
        Self::lead(server).await
    }

    async fn lead(server: ApiServer) -> Self {
        let fleet = Fleet::default();
        let context = leader_of(&server, &fleet).await;
        let a = fleet.start(&context, "a").await;
        let b = fleet.start(&context, "b").await;
        Self {
            server,
            context,
            a,
            b,
        }
    }

    /// Puts generation `generation` of the SecretRef, which names this vault.
    fn put(&self, generation: i64, vault: &str, seen: &Value) -> Value {
        let object = json!({
            "apiVersion": "strongroom.dev/v1alpha1", "kind": "SecretRef",
            "metadata": {"name": "db", "namespace": "shop", "uid": "u-1", "generation": generation},
            "spec": {
                "vaultRef": {"name": vault, "namespace": "team-a"}, "serviceAccountName": "api",
                "files": [{"path": "password", "secret": {"name": "db"}}],
            },
            "status": seen,
        });
        self.server.put(PATH, object.clone());
        object
    }

    /// A pass over that; its status, and when the next pass is due.
    async fn pass(&self, generation: i64, vault: &str, seen: &Value) -> (Value, Action) {
        let object = self.put(generation, vault, seen);
        let parsed: SecretRef = serde_json::from_value(object).unwrap();
        let action = reconcile(Arc::new(parsed), Arc::clone(&self.context))
            .await
            .unwrap();
        let writes = self.server.writes();
        let status = if writes.is_empty() {
            seen.clone()
        } else {
            status(&writes)
        };
        (status, action)
    }

    /// Looks at what a vault has of volumes, as its own pass does.
    async fn survey(&self, name: &str) {
        let found = self
            .context
            .stores
            .vaults
            .find(|vault| vault.metadata.name.as_deref() == Some(name));
        let vault = found.unwrap();
        let target = Target::parse(&vault).unwrap();
        let member = self.context.fleet.member(target.uid);
        survey(&self.context, &target, &mut *member.lock().await).await;
    }

    fn told(&self) -> [Vec<String>; 2] {
        [self.a.told(), self.b.told()]
    }
}

fn is_soon(action: &Action) -> bool {
    let text = format!("{action:?}");
    let (_, from) = text.split_once("Some(").unwrap();
    let (seconds, _) = from.split_once("s)").unwrap();
    seconds.parse::<f64>().unwrap() < 6.0
}

#[tokio::test]
async fn a_vault_that_was_not_reached_is_told_at_a_later_pass_and_then_no_more() {
    let team = Team::start().await;
    team.a.refuses(true);
    let (seen, action) = team.pass(1, "a", &Value::Null).await;
    assert!(is_soon(&action), "{action:?}");
    assert_eq!(seen["announcedGeneration"], Value::Null);
    assert_eq!(team.told(), [vec![], Vec::<String>::new()]);
    team.a.refuses(false);
    let (seen, action) = team.pass(1, "a", &seen).await;
    assert!(!is_soon(&action), "{action:?}");
    assert_eq!(seen["announcedGeneration"], 1);
    assert_eq!(team.told(), [vec!["db".to_owned()], vec![]]);
    team.pass(1, "a", &seen).await;
    assert_eq!(team.told(), [vec![], Vec::<String>::new()]);
}

#[tokio::test]
async fn a_secret_ref_that_moves_is_told_to_the_vault_it_left_and_to_the_new_one() {
    let team = Team::start().await;
    let (seen, _) = team.pass(1, "a", &Value::Null).await;
    team.told();
    team.a.refuses(true);
    let (seen, action) = team.pass(2, "b", &seen).await;
    assert!(is_soon(&action), "{action:?}");
    assert_eq!(team.told(), [vec![], vec!["db".to_owned()]]);
    team.a.refuses(false);
    let (seen, action) = team.pass(2, "b", &seen).await;
    assert!(!is_soon(&action), "{action:?}");
    assert_eq!(team.told(), [vec!["db".to_owned()], vec![]]);
    team.pass(2, "b", &seen).await;
    assert_eq!(team.told(), [vec![], Vec::<String>::new()]);
}

#[tokio::test]
async fn a_deleted_secret_ref_is_told_until_its_vault_has_heard() {
    let team = Team::start().await;
    team.pass(1, "a", &Value::Null).await;
    team.told();
    // What the watch listed first does not hold it: to this leader it is gone.
    team.a.refuses(true);
    part(&team.context).await;
    team.a.refuses(false);
    assert_eq!(team.told(), [vec![], Vec::<String>::new()]);
    part(&team.context).await;
    part(&team.context).await;
    assert_eq!(team.told(), [vec!["db".to_owned()], vec![]]);
}

#[tokio::test]
async fn a_new_leader_tells_whom_the_one_before_left_behind_and_nobody_else() {
    let team = Team::start().await;
    let (seen, _) = team.pass(2, "b", &Value::Null).await;
    team.put(2, "b", &seen);
    let team = Team::lead(team.server.clone()).await;
    team.pass(2, "b", &seen).await;
    assert_eq!(team.told(), [vec![], Vec::<String>::new()]);
    // It had moved from `a` while nobody led, and pods of `a` still show it.
    team.a.holds(&["db"]);
    team.survey("a").await;
    team.pass(2, "b", &seen).await;
    assert_eq!(team.told(), [vec!["db".to_owned()], vec![]]);
    team.survey("a").await;
    team.pass(2, "b", &seen).await;
    assert_eq!(team.told(), [vec![], Vec::<String>::new()]);
}

#[tokio::test]
async fn volumes_of_a_secret_ref_that_nobody_remembers_are_told_that_it_is_gone() {
    let team = Team::start().await;
    team.b.holds(&["db"]);
    team.survey("b").await;
    part(&team.context).await;
    team.survey("b").await;
    part(&team.context).await;
    assert_eq!(team.told(), [vec![], vec!["db".to_owned()]]);
}

#[tokio::test]
async fn a_vault_that_does_not_answer_holds_nobody_up_for_long() {
    let team = Team::start().await;
    let (seen, _) = team.pass(1, "a", &Value::Null).await;
    team.told();
    team.a.hangs();
    let began = std::time::Instant::now();
    team.pass(2, "b", &seen).await;
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
    assert_eq!(team.told(), [vec![], vec!["db".to_owned()]]);
}
