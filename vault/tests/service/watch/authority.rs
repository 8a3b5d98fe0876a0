//! On whose authority a subscription lives, and when it ends.

use strongroom_core::{Effect, ObjectState};
use strongroom_testing::{
    SigningKey,
    signing_key::uid,
    vault::{Files, put, set},
};
use strongroom_vault::watch::Limits;
use strongroom_wire::watch::{RefName, client_message::Message, revoked::Reason};
use tonic::Code;

use super::Watched;
use crate::{
    fixture::{API, Account, allow, in_force, rule},
    node::{Node, at, state, subscription},
};

const STRANGER: Account = Account {
    name: "shop/web",
    pod: "pod-1",
};

#[tokio::test]
async fn an_account_that_may_get_nothing_receives_the_same_refusal_whatever_exists() {
    let watched = Watched::new();
    set(&watched.service, "db", "1");
    let token = watched.token_of(STRANGER, 600);
    let mut node = Node::connect(&watched.watch).await;
    node.subscribe("v", &token, &["db"]).await;
    let (reason, exists) = node.revoked().await;
    assert_eq!(reason, Reason::Forbidden);
    node.subscribe("v", &token, &["never"]).await;
    assert_eq!(node.revoked().await.1, exists);
    assert_eq!(watched.watch.subscriptions(), 0);
    assert_eq!(watched.fixture.audited("VolumeSubscribe").len(), 2);
}

#[tokio::test]
async fn an_object_that_policy_refuses_is_forbidden_beside_one_that_it_allows() {
    let watched = Watched::new();
    let subject = uid("shop/api");
    put(
        &watched.service,
        (1, 2),
        vec![rule("some", Effect::Allow, &[&subject], "db-*")],
    )
    .unwrap();
    let version = set(&watched.service, "db-a", "1");
    set(&watched.service, "key", "hunter2");
    let mut node = Node::connect(&watched.watch).await;
    node.subscribe("v", &watched.token(), &["db-a", "key"]).await;
    assert_eq!(
        node.subscribed().await.1,
        [at("db-a", version), state("key", ObjectState::Forbidden)]
    );
    node.fetch("v", &["key"]).await;
    let refused = &node.contents().await.contents[0];
    assert_eq!(
        (refused.state.clone().unwrap(), refused.value.len()),
        (state("key", ObjectState::Forbidden), 0)
    );
    set(&watched.service, "key", "hunter3");
    assert!(node.is_quiet().await);
}

#[tokio::test]
async fn a_new_deny_ends_the_subscription_at_once_and_nothing_can_be_fetched() {
    let watched = Watched::new();
    set(&watched.service, "db", "hunter2");
    let mut node = watched.subscribed(&["db"]).await;
    let subject = uid("shop/api");
    let deny = rule("deny", Effect::Deny, &[&subject], "db");
    put(&watched.service, (1, 2), vec![allow(&[&subject]), deny]).unwrap();
    // Asked before the client knows, answered after the policy changed.
    node.fetch("v", &["db"]).await;
    assert_eq!(node.revoked().await.0, Reason::Forbidden);
    node.renew("v", &watched.token()).await;
    assert!(node.is_quiet().await);
    assert!(watched.fixture.audited("SecretGet").is_empty());
    assert_eq!(watched.watch.subscriptions(), 0);
}

#[tokio::test]
async fn a_deny_of_one_object_is_announced_and_so_is_its_removal() {
    let watched = Watched::new();
    let version = set(&watched.service, "db", "1");
    set(&watched.service, "api", "1");
    let mut node = watched.subscribed(&["db", "api"]).await;
    let subject = uid("shop/api");
    let deny = rule("deny", Effect::Deny, &[&subject], "db");
    put(&watched.service, (1, 2), vec![allow(&[&subject]), deny]).unwrap();
    assert_eq!(node.changed().await.1, [state("db", ObjectState::Forbidden)]);
    node.fetch("v", &["db"]).await;
    assert!(node.contents().await.contents[0].value.is_empty());
    put(&watched.service, (1, 3), vec![allow(&[&subject])]).unwrap();
    assert_eq!(node.changed().await.1, [at("db", version)]);
}

#[tokio::test]
async fn what_the_subscription_does_not_hold_cannot_be_fetched_through_it() {
    let watched = Watched::new();
    set(&watched.service, "db", "1");
    set(&watched.service, "other", "hunter2");
    let mut node = watched.subscribed(&["db"]).await;
    node.fetch("v", &["other"]).await;
    let contents = node.contents().await.contents;
    assert_eq!(
        contents[0].state.clone().unwrap(),
        state("other", ObjectState::Forbidden)
    );
    assert!(contents[0].value.is_empty());
    assert_eq!(watched.fixture.audited("SecretGet")[0]["decision"], "NotAsked");
}

#[tokio::test]
async fn what_is_refused_on_a_stream_is_recorded_with_the_words_of_rest() {
    let watched = Watched::new();
    let subject = uid("shop/api");
    put(
        &watched.service,
        (1, 2),
        vec![rule("some", Effect::Allow, &[&subject], "db-*")],
    )
    .unwrap();
    set(&watched.service, "db-a", "1");
    let mut node = Node::connect(&watched.watch).await;
    node.subscribe("s", &watched.token_of(STRANGER, 600), &["db-a"])
        .await;
    node.revoked().await;
    node.subscribe("v", &watched.token(), &["db-a", "db-missing", "key"])
        .await;
    node.subscribed().await;
    node.fetch("v", &["db-a", "db-missing", "key", "foreign"]).await;
    node.contents().await;
    let summary = |record: &serde_json::Value| {
        let text = |member: &str| record[member].as_str().unwrap().to_owned();
        let id = record["properties"]["id"].as_str().unwrap();
        let object = id.split('/').nth(4).unwrap_or_default().to_owned();
        (object, text("resultDescription"), text("decision"))
    };
    let of = |operation| {
        let records = watched.fixture.audited(operation);
        records.iter().map(summary).collect::<Vec<_>>()
    };
    let row = |object: &str, word: &str, decision: &str| (object.into(), word.into(), decision.into());
    assert_eq!(
        of("VolumeSubscribe"),
        [row("", "ForbiddenByPolicy", "NoPolicy"), row("", "", "Allow")]
    );
    assert_eq!(
        of("SecretGet"),
        [
            row("db-a", "", "Allow"),
            row("db-missing", "SecretNotFound", "Allow"),
            row("key", "ForbiddenByPolicy", "NoPolicy"),
            row("foreign", "Forbidden", "NotAsked"),
        ]
    );
}

#[tokio::test]
async fn a_subscription_ends_with_its_token() {
    let watched = Watched::new();
    set(&watched.service, "db", "1");
    let mut node = watched.subscribed(&["db"]).await;
    node.subscribe("w", &watched.token_of(API, 1200), &["db"]).await;
    node.subscribed().await;
    watched.fixture.clock.advance(600);
    let (reason, revoked) = node.revoked().await;
    assert_eq!((reason, revoked.id.as_str()), (Reason::TokenExpired, "v"));
    let version = set(&watched.service, "db", "2");
    assert_eq!(node.changed().await, ("w".to_owned(), vec![at("db", version)]));
    watched.fixture.clock.advance(600);
    assert_eq!(node.revoked().await.1.id, "w");
}

#[tokio::test]
async fn renewing_carries_a_subscription_over_its_tokens_end() {
    let watched = Watched::new();
    let version = set(&watched.service, "db", "1");
    let mut node = watched.subscribed(&["db"]).await;
    watched.fixture.clock.advance(590);
    node.renew("v", &watched.token()).await;
    assert_eq!(node.subscribed().await, ("v".to_owned(), vec![at("db", version)]));
    watched.fixture.clock.advance(590);
    assert!(node.is_quiet().await);
    watched.fixture.clock.advance(10);
    assert_eq!(node.revoked().await.0, Reason::TokenExpired);
    assert_eq!(watched.fixture.audited("VolumeRenew").len(), 1);
}

#[tokio::test]
async fn nobody_else_can_renew_a_subscription() {
    for account in [STRANGER, Account { pod: "pod-2", ..API }] {
        let watched = Watched::new();
        put(
            &watched.service,
            (1, 2),
            vec![allow(&[&uid("shop/api"), &uid("shop/web")])],
        )
        .unwrap();
        let mut node = watched.subscribed(&["db"]).await;
        node.renew("v", &watched.token_of(account, 600)).await;
        assert_eq!(node.revoked().await.0, Reason::TokenRefused, "{account:?}");
        assert_eq!(watched.watch.subscriptions(), 0);
    }
}

#[tokio::test]
async fn a_secret_ref_of_another_namespace_is_refused() {
    let watched = Watched::new();
    let mut node = Node::connect(&watched.watch).await;
    let mut foreign = subscription("v", &watched.token(), &["db"]);
    foreign.r#ref = Some(RefName {
        namespace: "bank".to_owned(),
        name: "db".to_owned(),
    });
    node.ask(Message::Subscribe(foreign)).await;
    assert_eq!(node.revoked().await.0, Reason::Invalid);
    assert!(watched.watch.volumes().refs.is_empty());
}

#[tokio::test]
async fn bad_tokens_are_refused_and_counted_but_not_repeated() {
    let watched = Watched::new();
    let good = watched.token();
    let now = watched.service.clock.now();
    let mut node = Node::connect(&watched.watch).await;
    for (token, reason) in [
        (String::new(), Reason::TokenRefused),
        ("CANARY".to_owned(), Reason::TokenRefused),
        (format!("{good}x"), Reason::TokenRefused),
        (
            API.token(&SigningKey::new("replica-1"), now, 600),
            Reason::TokenRefused,
        ),
        (
            API.token(&watched.fixture.signer, now - 700, 600),
            Reason::TokenExpired,
        ),
    ] {
        node.subscribe("v", &token, &["db"]).await;
        let (refused, revoked) = node.revoked().await;
        assert_eq!(refused, reason, "{revoked:?}");
        assert!(!revoked.message.contains("CANARY"));
    }
    assert!(watched.fixture.audited("VolumeSubscribe").is_empty());
    assert_eq!(
        watched.service.refusals.take(watched.service.clock.time()).len(),
        1
    );
}

#[tokio::test]
async fn a_vault_whose_policy_went_stale_ends_its_streams() {
    let fixture = Files::in_memory().with(&["--policy-max-staleness", "300"]);
    let watched = Watched::with(fixture, Limits::default());
    let mut node = watched.subscribed(&["db"]).await;
    watched.fixture.clock.advance(200);
    watched
        .service
        .policy
        .confirm(&in_force(&watched.service))
        .unwrap();
    watched.fixture.clock.advance(200);
    assert!(node.is_quiet().await);
    watched.fixture.clock.advance(100);
    assert_eq!(node.end().await, Code::Unavailable);
}

#[tokio::test]
async fn a_rolled_back_vault_ends_every_stream() {
    let watched = Watched::new();
    let mut node = watched.subscribed(&["db"]).await;
    watched.service.policy.detect_rollback(9).unwrap();
    assert_eq!(node.end().await, Code::Unavailable);
    let mut node = Node::connect(&watched.watch).await;
    node.subscribe("v", &watched.token(), &["db"]).await;
    assert_eq!(node.end().await, Code::Unavailable);
}
