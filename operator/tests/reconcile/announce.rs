//! A changed SecretRef is announced to every vault that may have volumes of it, until each has taken the announcement.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use kube::runtime::controller::Action;
use serde_json::{Value, json};
use strongroom_core::{SecretRefName, VaultRef};
use strongroom_crds::SecretRef;
use strongroom_operator::{
    context::Context,
    secret_ref::{announce_removals_until_ended, announce_removed, count_volumes, reconcile},
    target::Target,
    vault,
};
use strongroom_testing::ApiServer;

use crate::{
    context::{leader_of, status, take_writes},
    fleet::{self, Fleet, Push, Vault},
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
        let writes = take_writes(&self.server);
        let status = if writes.is_empty() {
            seen.clone()
        } else {
            status(&writes)
        };
        (status, action)
    }

    /// Removes the SecretRef, until this leader knows of that.
    async fn take_away(&self) {
        self.server.remove(PATH);
        let name = SecretRefName {
            namespace: "shop".parse().unwrap(),
            name: "db".parse().unwrap(),
        };
        while self.context.stores.secret_ref(&name).is_some() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// Counts the volumes of a vault, as a pass over it does.
    async fn count(&self, name: &str) {
        let reference = VaultRef::new("team-a".parse().unwrap(), name.parse().unwrap());
        let vault = self.context.stores.vault(&reference).unwrap();
        let target = Target::parse(&vault).unwrap();
        let member = self.context.fleet.member(target.uid);
        let client = member.client(&target, &self.context.credentials);
        count_volumes(&self.context, &reference, &client).await;
    }

    fn announced(&self) -> [Vec<String>; 2] {
        [self.a.announced(), self.b.announced()]
    }
}

fn is_soon(action: &Action) -> bool {
    let text = format!("{action:?}");
    let (_, from) = text.split_once("Some(").unwrap();
    let (seconds, _) = from.split_once("s)").unwrap();
    seconds.parse::<f64>().unwrap() < 6.0
}

#[tokio::test]
async fn a_vault_that_was_not_reached_gets_the_announcement_at_a_later_pass_and_then_no_more() {
    let team = Team::start().await;
    team.a.refuses(true);
    let (seen, action) = team.pass(1, "a", &Value::Null).await;
    assert!(is_soon(&action), "{action:?}");
    assert_eq!(seen["announcedGeneration"], Value::Null);
    assert_eq!(team.announced(), [vec![], Vec::<String>::new()]);
    team.a.refuses(false);
    let (seen, action) = team.pass(1, "a", &seen).await;
    assert!(!is_soon(&action), "{action:?}");
    assert_eq!(seen["announcedGeneration"], 1);
    assert_eq!(team.announced(), [vec!["db".to_owned()], vec![]]);
    team.pass(1, "a", &seen).await;
    assert_eq!(team.announced(), [vec![], Vec::<String>::new()]);
}

#[tokio::test]
async fn a_secret_ref_that_moves_is_announced_to_the_vault_it_left_and_to_the_new_one() {
    let team = Team::start().await;
    let (seen, _) = team.pass(1, "a", &Value::Null).await;
    team.announced();
    team.a.refuses(true);
    let (seen, action) = team.pass(2, "b", &seen).await;
    assert!(is_soon(&action), "{action:?}");
    assert_eq!(team.announced(), [vec![], vec!["db".to_owned()]]);
    team.a.refuses(false);
    let (seen, action) = team.pass(2, "b", &seen).await;
    assert!(!is_soon(&action), "{action:?}");
    assert_eq!(team.announced(), [vec!["db".to_owned()], vec![]]);
    team.pass(2, "b", &seen).await;
    assert_eq!(team.announced(), [vec![], Vec::<String>::new()]);
}

#[tokio::test]
async fn a_deleted_secret_ref_is_announced_until_its_vault_takes_the_announcement() {
    let team = Team::start().await;
    team.pass(1, "a", &Value::Null).await;
    team.announced();
    team.take_away().await;
    team.a.refuses(true);
    announce_removed(&team.context).await;
    team.a.refuses(false);
    assert_eq!(team.announced(), [vec![], Vec::<String>::new()]);
    announce_removed(&team.context).await;
    announce_removed(&team.context).await;
    assert_eq!(team.announced(), [vec!["db".to_owned()], vec![]]);
}

#[tokio::test]
async fn a_new_leader_announces_to_vaults_that_the_one_before_left_behind_and_to_no_others() {
    let team = Team::start().await;
    let (seen, _) = team.pass(2, "b", &Value::Null).await;
    team.put(2, "b", &seen);
    let team = Team::lead(team.server.clone()).await;
    team.pass(2, "b", &seen).await;
    assert_eq!(team.announced(), [vec![], Vec::<String>::new()]);
    // It had moved from `a` while no replica led, and pods of `a` still show it.
    team.a.holds(&["db"]);
    team.count("a").await;
    team.pass(2, "b", &seen).await;
    assert_eq!(team.announced(), [vec!["db".to_owned()], vec![]]);
    team.count("a").await;
    team.pass(2, "b", &seen).await;
    assert_eq!(team.announced(), [vec![], Vec::<String>::new()]);
}

#[tokio::test]
async fn the_removal_of_a_secret_ref_that_no_table_holds_is_announced_to_its_volumes() {
    let team = Team::start().await;
    team.b.holds(&["db"]);
    team.count("b").await;
    announce_removed(&team.context).await;
    team.count("b").await;
    announce_removed(&team.context).await;
    assert_eq!(team.announced(), [vec![], vec!["db".to_owned()]]);
}

#[tokio::test]
async fn a_vault_that_does_not_answer_delays_no_other_for_long() {
    let team = Team::start().await;
    let (seen, _) = team.pass(1, "a", &Value::Null).await;
    team.announced();
    team.a.hangs();
    let began = Instant::now();
    team.pass(2, "b", &seen).await;
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
    assert_eq!(team.announced(), [vec![], vec!["db".to_owned()]]);
}

#[tokio::test]
async fn an_announcement_does_not_wait_for_a_pass_over_the_same_vault() {
    let team = Team::start().await;
    team.a.pushes_are(Push::Hangs);
    let reference = VaultRef::new("team-a".parse().unwrap(), "a".parse().unwrap());
    let object = team.context.stores.vault(&reference).unwrap();
    let pass = tokio::spawn(vault::enforce(object, Arc::clone(&team.context)));
    team.a.wait_for_push().await;
    let began = Instant::now();
    let (_, action) = team.pass(1, "a", &Value::Null).await;
    assert!(began.elapsed() < Duration::from_secs(1), "{:?}", began.elapsed());
    assert!(!is_soon(&action), "{action:?}");
    assert_eq!(team.announced(), [vec!["db".to_owned()], vec![]]);
    assert!(!pass.is_finished());
    pass.abort();
}

/// Vault `a` has volumes of ten SecretRefs that were removed, and takes each announcement just in time. Vault `b` has one.
async fn with_a_slow_vault() -> Team {
    let team = Team::start().await;
    team.a.is_late(Duration::from_millis(1500));
    team.a.holds(&["c", "d", "e", "f", "g", "h", "i", "j", "k", "l"]);
    team.b.holds(&["w"]);
    team.count("a").await;
    team.count("b").await;
    team
}

/// Vault `b` is told soon.
async fn is_told(team: &Team, began: Instant) {
    let announced = loop {
        let announced = team.b.announced();
        assert!(began.elapsed() < Duration::from_secs(3), "nothing was announced");
        if !announced.is_empty() {
            break announced;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    };
    assert_eq!(announced, ["w"]);
}

#[tokio::test]
async fn the_removals_of_a_slow_vault_delay_those_of_no_other_and_end() {
    let team = with_a_slow_vault().await;
    let began = Instant::now();
    let context = Arc::clone(&team.context);
    let lanes = tokio::spawn(async move { announce_removed(&context).await });
    is_told(&team, began).await;
    // However many wait in the other lane.
    lanes.await.unwrap();
    assert!(began.elapsed() < Duration::from_secs(12), "{:?}", began.elapsed());
    let told = team.a.announced().len();
    assert!((2..10).contains(&told), "{told}");
}

#[tokio::test]
async fn while_a_leader_announces_removals_to_a_slow_vault_it_announces_those_to_others() {
    let team = with_a_slow_vault().await;
    let began = Instant::now();
    let leading = tokio::spawn(announce_removals_until_ended(Arc::clone(&team.context)));
    is_told(&team, began).await;
    leading.abort();
}
