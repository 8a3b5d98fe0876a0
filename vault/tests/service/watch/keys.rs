//! Keys: whose public part a stream shows, and which of their changes it announces.

use serde_json::{Value, json};
use strongroom_core::{Effect, ObjectState, Timestamp, Version};
use strongroom_engine::{
    AttributesPatch, Change, KeyPatch, KeyWriteRequest,
    crypto_key::{
        period::Period,
        rotation::{RotationRules, Trigger},
    },
};
use strongroom_keys::{Curve, KeyType, OctSize};
use strongroom_testing::{
    signing_key::uid,
    vault::{delete_key, enable_key, put, recover_key, rotate_key, rule, set, set_key, write},
};
use strongroom_vault::rotation::{Looked, rotate_due};
use strongroom_wire::watch::{Content, ObjectName, Subscribe, client_message::Message, revoked::Reason};

use super::Watched;
use crate::node::{Node, at, current, key_at, key_state, state, subscription};

const EC: KeyType = KeyType::Ec(Curve::P256);

/// A vault whose policy gives the API account these permissions on everything.
fn permitting(permissions: &[&str]) -> Watched {
    let watched = Watched::new();
    let subject = uid("shop/api");
    let policy = rule("keys", Effect::Allow, &[&subject], &["*"], permissions);
    put(&watched.service, (1, 2), vec![policy]).unwrap();
    watched
}

/// A subscription `v` to the current versions of these secrets and keys.
fn to_both(watched: &Watched, secrets: &[&str], keys: &[&str]) -> Subscribe {
    Subscribe {
        keys: current(keys),
        ..subscription("v", &watched.token(), secrets)
    }
}

async fn subscribed(watched: &Watched, secrets: &[&str], keys: &[&str]) -> Node {
    let mut node = Node::connect(&watched.watch).await;
    node.ask(Message::Subscribe(to_both(watched, secrets, keys)))
        .await;
    node.subscribed().await;
    node
}

fn json_of(content: &Content) -> Value {
    serde_json::from_slice(&content.value).unwrap()
}

fn kid(name: &str, version: Version) -> Value {
    json!(format!("https://prod.team-a.svc/keys/{name}/{version}"))
}

#[tokio::test]
async fn a_rotated_key_is_announced_and_its_new_public_part_is_sent_and_audited_as_a_read() {
    let watched = permitting(&["keys/get"]);
    let first = set_key(&watched.service, "Tokens", EC);
    let mut node = Node::connect(&watched.watch).await;
    node.ask(Message::Subscribe(to_both(&watched, &[], &["tokens"])))
        .await;
    assert_eq!(node.subscribed().await.1, [key_at("tokens", first)]);
    node.fetch_both("v", &[], &["tokens"]).await;
    let before = json_of(&node.contents().await.contents[0]);
    let second = rotate_key(&watched.service, "tokens").await;
    assert_eq!(
        node.changed().await,
        ("v".to_owned(), vec![key_at("tokens", second)])
    );
    node.fetch_both("v", &[], &["TOKENS"]).await;
    let contents = node.contents().await.contents;
    assert_eq!(contents.len(), 1);
    assert_eq!(contents[0].state, Some(key_at("tokens", second)));
    let after = json_of(&contents[0]);
    let mut members: Vec<_> = after.as_object().unwrap().keys().map(String::as_str).collect();
    members.sort_unstable();
    assert_eq!(members, ["crv", "key_ops", "kid", "kty", "x", "y"]);
    assert_eq!(
        (&after["kty"], &after["crv"], &after["key_ops"]),
        (&json!("EC"), &json!("P-256"), &json!(["sign", "verify"]))
    );
    assert_eq!(
        (&before["kid"], &after["kid"]),
        (&kid("Tokens", first), &kid("Tokens", second))
    );
    assert_ne!(before["x"], after["x"]);
    let records = watched.fixture.audited("KeyGet");
    let read: Vec<_> = records
        .iter()
        .map(|record| record["properties"]["id"].as_str().unwrap().to_owned())
        .collect();
    let id = |version| format!("https://prod.team-a.svc/keys/tokens/{version}");
    assert_eq!(read, [id(first), id(second)]);
    assert!(watched.fixture.audited("SecretGet").is_empty());
}

#[tokio::test]
async fn a_key_that_rotates_by_itself_is_announced() {
    let watched = permitting(&["keys/get"]);
    let first = set_key(&watched.service, "tokens", EC);
    let mut node = subscribed(&watched, &[], &["tokens"]).await;
    // The version ends within the time before its end at which it is to be rotated: that has come.
    let ends = watched.service.timekeeper.now().unix() + 1000;
    let attributes = AttributesPatch {
        expires: Change::Set(Timestamp::from_unix(ends)),
        ..AttributesPatch::default()
    };
    let name = || "tokens".parse().unwrap();
    let update = KeyWriteRequest::Update {
        name: name(),
        version: None,
        fields: KeyPatch::default(),
        attributes,
        tags: None,
    };
    write(&watched.service, update);
    let amendment = RotationRules {
        rotate: Some(Trigger::BeforeExpiry(Period::of_days(30))),
        ..RotationRules::default()
    };
    let amend = KeyWriteRequest::Amend {
        name: name(),
        amendment,
    };
    write(&watched.service, amend);
    assert!(node.is_quiet().await, "neither is a new version");
    let looked = rotate_due(&watched.service).await;
    assert_eq!(
        looked,
        Looked {
            done: 1,
            ..Looked::default()
        }
    );
    let (_, objects) = node.changed().await;
    let version = objects[0].version.parse().unwrap();
    assert_eq!(objects, [key_at("tokens", version)]);
    assert_ne!(version, first);
}

#[tokio::test]
async fn a_pinned_version_of_a_key_does_not_follow() {
    let watched = permitting(&["keys/get"]);
    let first = set_key(&watched.service, "tokens", EC);
    let mut pinned = to_both(&watched, &[], &["tokens"]);
    pinned.keys.push(ObjectName {
        name: "tokens".to_owned(),
        version: first.to_string(),
    });
    let mut node = Node::connect(&watched.watch).await;
    node.ask(Message::Subscribe(pinned)).await;
    assert_eq!(
        node.subscribed().await.1,
        [key_at("tokens", first), key_at("tokens", first)]
    );
    let second = rotate_key(&watched.service, "tokens").await;
    assert_eq!(node.changed().await.1, [key_at("tokens", second)]);
    node.fetch_both("v", &[], &["tokens"]).await;
    let contents = node.contents().await.contents;
    let kids: Vec<_> = contents
        .iter()
        .map(|content| json_of(content)["kid"].clone())
        .collect();
    assert_eq!(kids, [kid("tokens", second), kid("tokens", first)]);
}

/// As a GET of the key: what is public is not disabled.
#[tokio::test]
async fn a_key_is_lost_by_its_deletion_and_not_by_being_disabled() {
    let watched = permitting(&["keys/get"]);
    let version = set_key(&watched.service, "tokens", EC);
    let mut node = subscribed(&watched, &[], &["tokens"]).await;
    enable_key(&watched.service, "tokens", false);
    assert!(node.is_quiet().await);
    node.fetch_both("v", &[], &["tokens"]).await;
    assert_eq!(
        node.contents().await.contents[0].state,
        Some(key_at("tokens", version))
    );
    delete_key(&watched.service, "tokens");
    assert_eq!(
        node.changed().await.1,
        [key_state("tokens", ObjectState::Deleted)]
    );
    node.fetch_both("v", &[], &["tokens"]).await;
    let deleted = &node.contents().await.contents[0];
    assert_eq!(
        (deleted.state.clone(), deleted.value.len()),
        (Some(key_state("tokens", ObjectState::Deleted)), 0)
    );
    recover_key(&watched.service, "tokens");
    assert_eq!(node.changed().await.1, [key_at("tokens", version)]);
}

/// Secrets and keys have names of their own.
#[tokio::test]
async fn what_changes_of_a_key_is_no_news_of_the_secret_of_that_name_and_the_reverse() {
    let watched = permitting(&["get", "keys/get"]);
    let secret = set(&watched.service, "db", "hunter2");
    let key = set_key(&watched.service, "db", EC);
    let mut node = Node::connect(&watched.watch).await;
    node.ask(Message::Subscribe(to_both(&watched, &["db"], &["db"])))
        .await;
    assert_eq!(node.subscribed().await.1, [at("db", secret), key_at("db", key)]);
    let key = rotate_key(&watched.service, "db").await;
    assert_eq!(node.changed().await.1, [key_at("db", key)]);
    let secret = set(&watched.service, "db", "hunter3");
    assert_eq!(node.changed().await.1, [at("db", secret)]);
    node.fetch("v", &["db"]).await;
    let contents = node.contents().await.contents;
    assert_eq!(
        (contents.len(), contents[0].value.as_slice()),
        (1, &b"hunter3"[..])
    );
    node.fetch_both("v", &["db"], &["db"]).await;
    let contents = node.contents().await.contents;
    let states: Vec<_> = contents
        .iter()
        .filter_map(|content| content.state.clone())
        .collect();
    assert_eq!(states, [at("db", secret), key_at("db", key)]);
    assert_eq!(json_of(&contents[1])["kid"], kid("db", key));
}

#[tokio::test]
async fn a_permission_on_secrets_shows_no_key_of_that_name_and_the_reverse() {
    for (permission, is_key) in [("get", false), ("keys/get", true)] {
        let watched = permitting(&[permission]);
        let secret = set(&watched.service, "db", "hunter2");
        let key = set_key(&watched.service, "db", EC);
        let mut node = Node::connect(&watched.watch).await;
        let forbidden = if is_key {
            to_both(&watched, &["db"], &[])
        } else {
            to_both(&watched, &[], &["db"])
        };
        node.ask(Message::Subscribe(forbidden)).await;
        assert_eq!(node.revoked().await.0, Reason::Forbidden, "{permission}");
        node.ask(Message::Subscribe(to_both(&watched, &["db"], &["db"])))
            .await;
        let states = if is_key {
            [state("db", ObjectState::Forbidden), key_at("db", key)]
        } else {
            [at("db", secret), key_state("db", ObjectState::Forbidden)]
        };
        assert_eq!(node.subscribed().await.1, states, "{permission}");
        node.fetch_both("v", &["db"], &["db"]).await;
        let contents = node.contents().await.contents;
        let lengths: Vec<_> = contents.iter().map(|content| content.value.is_empty()).collect();
        assert_eq!(lengths, [is_key, !is_key], "{permission}");
        let refused = if is_key { "SecretGet" } else { "KeyGet" };
        let records = watched.fixture.audited(refused);
        assert_eq!(records.len(), 1, "{permission}");
        assert_eq!(
            records[0]["resultDescription"], "ForbiddenByPolicy",
            "{permission}"
        );
    }
}

#[tokio::test]
async fn a_permission_that_is_taken_from_a_key_is_announced_of_the_key_alone() {
    let watched = permitting(&["get", "keys/get"]);
    let secret = set(&watched.service, "db", "hunter2");
    set_key(&watched.service, "db", EC);
    let mut node = subscribed(&watched, &["db"], &["db"]).await;
    let subject = uid("shop/api");
    let policy = rule("secrets", Effect::Allow, &[&subject], &["*"], &["get"]);
    put(&watched.service, (1, 3), vec![policy]).unwrap();
    assert_eq!(node.changed().await.1, [key_state("db", ObjectState::Forbidden)]);
    node.fetch("v", &["db"]).await;
    assert_eq!(node.contents().await.contents[0].state, Some(at("db", secret)));
}

#[tokio::test]
async fn a_key_cannot_be_fetched_through_a_subscription_to_the_secret_of_that_name() {
    let watched = permitting(&["get", "keys/get"]);
    set(&watched.service, "db", "hunter2");
    set_key(&watched.service, "db", EC);
    let mut node = subscribed(&watched, &["db"], &[]).await;
    node.fetch_both("v", &[], &["db"]).await;
    let contents = node.contents().await.contents;
    assert_eq!(contents[0].state, Some(key_state("db", ObjectState::Forbidden)));
    assert!(contents[0].value.is_empty());
    assert_eq!(watched.fixture.audited("KeyGet")[0]["decision"], "NotAsked");
}

/// The node driver refuses it: this is all that there is to say of it.
#[tokio::test]
async fn of_a_symmetric_key_nothing_but_its_type_and_uses_is_sent() {
    let watched = permitting(&["keys/get"]);
    let version = set_key(&watched.service, "hidden", KeyType::Oct(OctSize::Bits256));
    let mut node = subscribed(&watched, &[], &["hidden"]).await;
    node.fetch_both("v", &[], &["hidden"]).await;
    let sent = json_of(&node.contents().await.contents[0]);
    let expected = json!({
        "kid": kid("hidden", version), "kty": "oct",
        "key_ops": ["encrypt", "decrypt", "wrapKey", "unwrapKey"],
    });
    assert_eq!(sent, expected);
}

#[tokio::test]
async fn secrets_and_keys_of_a_subscription_are_counted_together() {
    let watched = permitting(&["get", "keys/get"]);
    let many: Vec<String> = (0..33).map(|index| format!("o{index}")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    let mut node = Node::connect(&watched.watch).await;
    node.ask(Message::Subscribe(to_both(&watched, &many, &many[..32])))
        .await;
    assert_eq!(node.revoked().await.0, Reason::Limit);
    node.ask(Message::Subscribe(to_both(&watched, &many[..32], &many[..32])))
        .await;
    assert_eq!(node.subscribed().await.1.len(), 64);
    node.fetch_both("v", &many[..32], &many).await;
    assert_eq!(node.revoked().await.0, Reason::Limit);
}
