//! Rotation policies over HTTPS, and what comes of them as time passes.

use futures::future::join_all;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use strongroom_testing::vault::{Answer, Vault};
use strongroom_vault::rotation::{Rotation, Work, rotate_due};

pub const DAY: i64 = 24 * 60 * 60;

/// Makes a key of this body.
pub async fn create(vault: &Vault, name: &str, body: Value) -> Answer {
    let path = format!("/keys/{name}/create");
    let made = vault.admin(Method::POST, &path, Some(body)).await;
    assert_eq!(made.status, StatusCode::OK, "{made:?}");
    made
}

/// Puts a rotation policy.
pub async fn put(vault: &Vault, name: &str, policy: Value) -> Answer {
    let path = format!("/keys/{name}/rotationpolicy");
    vault.admin(Method::PUT, &path, Some(policy)).await
}

/// An action of a rotation policy.
pub fn action(kind: &str, trigger: &str, period: &str) -> Value {
    json!({"trigger": {trigger: period}, "action": {"type": kind}})
}

async fn versions(vault: &Vault, name: &str) -> usize {
    let listed = vault.get(&format!("/keys/{name}/versions")).await;
    listed.body["value"].as_array().unwrap().len()
}

/// Moves the clock, has the operator agree, and waits until the vault knows the keys of the identity service again.
pub async fn advance(vault: &Vault, seconds: i64) {
    vault.files.clock.advance(seconds);
    let time = u64::try_from(vault.files.clock.now()).unwrap();
    let service = vault.running.service();
    service
        .timekeeper
        .confirm(strongroom_core::Timestamp::from_unix(time));
    while vault.get("/keys").await.status == StatusCode::UNAUTHORIZED {
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
}

/// Has everything done that is due, by several at once.
pub async fn work_off(vault: &Vault) {
    let service = vault.running.service().clone();
    for looked in join_all((0..4).map(|_| rotate_due(&service))).await {
        assert_eq!(looked.failed, 0);
    }
    let sweep = move || {
        service.objects.sweep(service.timekeeper.now()).unwrap();
        service.objects.meta_put("after-sweep", None).unwrap();
    };
    tokio::task::spawn_blocking(sweep).await.unwrap();
}

#[tokio::test]
async fn a_key_without_a_policy_shows_the_usual_one_and_a_put_replaces_all_of_it() {
    let vault = Vault::start().await;
    create(&vault, "K", json!({"kty": "EC"})).await;
    let usual = vault.get("/keys/k/rotationpolicy").await;
    let notify = |period: &str| action("Notify", "timeBeforeExpiry", period);
    assert_eq!(
        usual.body,
        json!({"lifetimeActions": [notify("P30D")], "attributes": null})
    );

    let rotate = action("rotate", "timeAfterCreate", "P2M");
    let body = json!({"lifetimeActions": [notify("P60D"), rotate], "attributes": {"expiryTime": "P90D"}});
    let first = put(&vault, "k", body).await;
    assert_eq!(first.status, StatusCode::OK, "{first:?}");
    let shown = [action("Rotate", "timeAfterCreate", "P2M"), notify("P60D")];
    assert_eq!(first.body["lifetimeActions"], json!(shown));
    assert_eq!(first.body["attributes"]["expiryTime"], "P90D");
    let id = first.body["id"].as_str().unwrap();
    assert!(id.ends_with("/keys/K/rotationpolicy"), "{id}");
    assert_eq!(vault.get("/keys/k/rotationPolicy").await.body, first.body);

    vault.files.clock.advance(10);
    let second = put(&vault, "k", json!({"lifetimeActions": [], "attributes": {}})).await;
    assert_eq!(second.body["lifetimeActions"], json!([notify("P30D")]));
    let (before, after) = (&first.body["attributes"], &second.body["attributes"]);
    assert!(after.get("expiryTime").is_none());
    assert_eq!(before["created"], after["created"]);
    assert_ne!(before["updated"], after["updated"]);
    for missing in [
        vault.get("/keys/missing/rotationpolicy").await,
        put(&vault, "missing", json!({})).await,
    ] {
        assert_eq!(
            (missing.status, missing.code()),
            (StatusCode::NOT_FOUND, "KeyNotFound")
        );
    }
}

#[tokio::test]
async fn a_policy_that_no_key_can_have_is_refused_and_changes_nothing() {
    let vault = Vault::start().await;
    create(&vault, "k", json!({"kty": "EC"})).await;
    let before = vault.get("/keys/k/rotationpolicy").await;
    let rotate =
        |trigger: &str, period: &str| json!({"lifetimeActions": [action("Rotate", trigger, period)]});
    let of_life = |life: &str| json!({"attributes": {"expiryTime": life}});
    let actions = "The member lifetimeActions must be a list of at most one Rotate and one Notify";
    for (body, sentence) in [
        (of_life("P27D"), "expiryTime must be at least 28 days."),
        (
            of_life("90 days"),
            "The member attributes.expiryTime must be a period",
        ),
        (
            rotate("timeAfterCreate", "P6D"),
            "A key can be rotated 7 days after its creation at the earliest.",
        ),
        (
            rotate("timeBeforeExpiry", "P6D"),
            "A key must be rotated at least 7 days before its expiry.",
        ),
        (rotate("timeAfterCreate", "PT1H"), actions),
        (rotate("sometime", "P7D"), actions),
        (
            json!({"lifetimeActions": [action("Explode", "timeBeforeExpiry", "P30D")]}),
            actions,
        ),
        (
            json!({"lifetimeActions": [action("Notify", "timeAfterCreate", "P30D")]}),
            actions,
        ),
        (
            json!({"lifetimeActions": [
                action("Rotate", "timeBeforeExpiry", "P30D"), action("Rotate", "timeAfterCreate", "P30D"),
            ]}),
            actions,
        ),
    ] {
        let refused = put(&vault, "k", body.clone()).await;
        assert_eq!(
            (refused.status, refused.code()),
            (StatusCode::BAD_REQUEST, "BadParameter"),
            "{body}"
        );
        assert!(refused.message().starts_with(sentence), "{body}: {refused:?}");
    }
    assert_eq!(vault.get("/keys/k/rotationpolicy").await.body, before.body);
}

#[tokio::test]
async fn a_key_rotates_when_its_time_comes_once_and_catches_up_once_after_a_long_sleep() {
    let vault = Vault::start().await;
    let made = create(&vault, "k", json!({"kty": "EC", "tags": {"a": "b"}})).await;
    let body = json!({
        "lifetimeActions": [action("Rotate", "timeAfterCreate", "P10D")], "attributes": {"expiryTime": "P90D"},
    });
    put(&vault, "k", body).await;
    advance(&vault, 10 * DAY - 60).await;
    work_off(&vault).await;
    assert_eq!(versions(&vault, "k").await, 1, "its time has not come");
    advance(&vault, 120).await;
    work_off(&vault).await;
    work_off(&vault).await;
    assert_eq!(versions(&vault, "k").await, 2);
    let rotated = vault.get("/keys/k").await;
    assert_ne!(rotated.body["key"]["x"], made.body["key"]["x"]);
    assert_eq!(rotated.body["tags"], json!({"a": "b"}));
    let lives = |key: &Answer| {
        let attributes = &key.body["attributes"];
        attributes["exp"].as_i64().unwrap() - attributes["created"].as_i64().unwrap()
    };
    assert_eq!(lives(&rotated), 90 * DAY);

    // Nobody was there for a month: one rotation makes up for all that were missed.
    let Vault { running, files, .. } = vault;
    assert!(running.stop().await);
    files.clock.advance(35 * DAY);
    let vault = Vault::open(files).await;
    advance(&vault, 0).await;
    work_off(&vault).await;
    work_off(&vault).await;
    assert_eq!(versions(&vault, "k").await, 3);
    let rotations = vault.files.audited("KeyRotateIfDue");
    let made = rotations
        .iter()
        .filter(|line| !line["properties"]["version"].is_null())
        .count();
    assert_eq!(made, 2, "{rotations:?}");
}

#[tokio::test]
async fn a_key_that_cannot_be_stored_is_due_still_and_rotates_once_there_is_room() {
    let vault = Vault::start_with(&["--versions-per-object", "2"]).await;
    create(&vault, "k", json!({"kty": "oct"})).await;
    create(&vault, "k", json!({"kty": "oct"})).await;
    let policy = json!({"lifetimeActions": [action("Rotate", "timeAfterCreate", "P7D")]});
    put(&vault, "k", policy).await;
    advance(&vault, 8 * DAY).await;
    let looked = rotate_due(vault.running.service()).await;
    assert_eq!((looked.done, looked.failed), (0, 1));
    let Vault { running, files, .. } = vault;
    assert!(running.stop().await);
    let files = std::sync::Arc::into_inner(files).unwrap();
    let vault = Vault::open(std::sync::Arc::new(
        files.with_no_more().with(&["--versions-per-object", "3"]),
    ))
    .await;
    advance(&vault, 0).await;
    work_off(&vault).await;
    assert_eq!(versions(&vault, "k").await, 3);
}

#[tokio::test]
async fn a_deleted_key_does_not_rotate_and_does_once_it_is_recovered() {
    let vault = Vault::start().await;
    create(&vault, "k", json!({"kty": "oct"})).await;
    put(
        &vault,
        "k",
        json!({"lifetimeActions": [action("Rotate", "timeAfterCreate", "P7D")]}),
    )
    .await;
    vault.admin(Method::DELETE, "/keys/k", None).await;
    advance(&vault, 8 * DAY).await;
    work_off(&vault).await;
    vault.admin(Method::POST, "/deletedkeys/k/recover", None).await;
    assert_eq!(versions(&vault, "k").await, 1);
    work_off(&vault).await;
    assert_eq!(versions(&vault, "k").await, 2);
}

#[tokio::test]
async fn a_policy_comes_back_with_its_key_from_a_backup() {
    let vault = Vault::start().await;
    create(&vault, "k", json!({"kty": "oct"})).await;
    put(
        &vault,
        "k",
        json!({"lifetimeActions": [action("Rotate", "timeAfterCreate", "P7D")]}),
    )
    .await;
    let policy = vault.get("/keys/k/rotationpolicy").await;
    let backup = vault.admin(Method::POST, "/keys/k/backup", None).await;
    vault.admin(Method::DELETE, "/keys/k", None).await;
    vault.admin(Method::DELETE, "/deletedkeys/k", None).await;
    vault
        .admin(Method::POST, "/keys/restore", Some(backup.body))
        .await;
    assert_eq!(vault.get("/keys/k/rotationpolicy").await.body, policy.body);
    advance(&vault, 8 * DAY).await;
    work_off(&vault).await;
    assert_eq!(versions(&vault, "k").await, 2);
}

#[tokio::test]
async fn the_end_of_a_version_is_announced_before_it_comes_and_when_it_comes_once_each() {
    let vault = Vault::start().await;
    let end = vault.files.clock.now() + 40 * DAY;
    create(&vault, "k", json!({"kty": "EC", "attributes": {"exp": end}})).await;
    for (days, near, ended) in [(9, 0, 0), (2, 1, 0), (1, 1, 0), (29, 1, 1), (1, 1, 1)] {
        advance(&vault, days * DAY).await;
        work_off(&vault).await;
        let announced = (
            vault.files.audited("NearExpiry").len(),
            vault.files.audited("Expired").len(),
        );
        assert_eq!(announced, (near, ended), "after {days} more days");
    }
}

/// Sends a rotation by `rotate`, and while its key is being made an update that leaves the key one use.
async fn update_meanwhile<T>(vault: &Vault, rotate: impl Future<Output = T>) -> T {
    let update = async {
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        let body = json!({"key_ops": ["sign"], "tags": {"a": "c"}});
        vault.admin(Method::PATCH, "/keys/k", Some(body)).await
    };
    let (rotated, updated) = tokio::join!(rotate, update);
    assert_eq!(updated.status, StatusCode::OK, "{updated:?}");
    rotated
}

/// Whichever was first, the update counts for the current version.
async fn has_one_use(vault: &Vault) {
    let key = vault.get("/keys/k").await;
    assert_eq!(
        (&key.body["key"]["key_ops"], &key.body["tags"]),
        (&json!(["sign"]), &json!({"a": "c"}))
    );
    assert_eq!(versions(vault, "k").await, 2);
}

#[tokio::test]
async fn an_update_while_a_request_rotates_a_key_is_not_lost() {
    let vault = Vault::start().await;
    create(&vault, "k", json!({"kty": "RSA", "key_size": 3072})).await;
    let rotated = update_meanwhile(&vault, vault.admin(Method::POST, "/keys/k/rotate", None)).await;
    assert_eq!(rotated.status, StatusCode::OK, "{rotated:?}");
    has_one_use(&vault).await;
}

#[tokio::test]
async fn an_update_while_a_key_rotates_by_itself_is_not_lost() {
    let vault = Vault::start().await;
    create(&vault, "k", json!({"kty": "RSA", "key_size": 3072})).await;
    let policy = json!({"lifetimeActions": [action("Rotate", "timeAfterCreate", "P7D")]});
    put(&vault, "k", policy).await;
    advance(&vault, 8 * DAY).await;
    let looked = update_meanwhile(&vault, rotate_due(vault.running.service())).await;
    assert_eq!(looked.failed, 0);
    work_off(&vault).await;
    has_one_use(&vault).await;
}

#[tokio::test]
async fn keys_that_cannot_be_rotated_do_not_stand_in_the_way_of_one_that_can() {
    let vault = Vault::start_with(&["--versions-per-object", "2"]).await;
    let policy = json!({"lifetimeActions": [action("Rotate", "timeAfterCreate", "P7D")]});
    for number in 0..40 {
        let name = format!("full-{number:02}");
        create(&vault, &name, json!({"kty": "oct"})).await;
        create(&vault, &name, json!({"kty": "oct"})).await;
        put(&vault, &name, policy.clone()).await;
    }
    vault.files.clock.advance(1);
    create(&vault, "good", json!({"kty": "oct"})).await;
    put(&vault, "good", policy).await;
    advance(&vault, 8 * DAY).await;
    let (mut rotation, mut looked) = (Rotation::of(Work::Successions), Vec::new());
    for _ in 0..3 {
        looked.push(rotation.look(vault.running.service()).await);
    }
    assert_eq!(versions(&vault, "good").await, 2, "{looked:?}");
    let failed = looked.iter().map(|looked| looked.failed).sum::<usize>();
    assert_eq!(failed, 40, "each was tried once: {looked:?}");
}

#[tokio::test]
async fn a_key_that_was_rotated_before_its_turn_is_not_rotated_again() {
    let vault = Vault::start().await;
    let policy = json!({"lifetimeActions": [action("Rotate", "timeAfterCreate", "P7D")]});
    create(&vault, "first", json!({"kty": "RSA", "key_size": 3072})).await;
    put(&vault, "first", policy.clone()).await;
    vault.files.clock.advance(1);
    create(&vault, "second", json!({"kty": "oct"})).await;
    put(&vault, "second", policy).await;
    advance(&vault, 8 * DAY).await;
    let rotate = async {
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        vault.admin(Method::POST, "/keys/second/rotate", None).await
    };
    let (looked, rotated) = tokio::join!(rotate_due(vault.running.service()), rotate);
    assert_eq!((looked.failed, rotated.status), (0, StatusCode::OK));
    assert_eq!(versions(&vault, "second").await, 2);
}

#[tokio::test]
async fn requests_that_rotate_one_key_at_once_make_a_version_each() {
    let vault = Vault::start().await;
    create(&vault, "k", json!({"kty": "EC"})).await;
    let rotate = || vault.admin(Method::POST, "/keys/k/rotate", None);
    for _ in 0..8 {
        // Who is late was overtaken by one of the two others, at most once by each.
        for rotated in join_all((0..3).map(|_| rotate())).await {
            assert_eq!(rotated.status, StatusCode::OK, "{rotated:?}");
        }
    }
    assert_eq!(versions(&vault, "k").await, 25);
}
