//! An earlier value, again.

use super::CANARY;
use crate::tests::world::World;

#[tokio::test]
async fn an_earlier_value_becomes_the_newest_version_with_its_labels() {
    let world = World::start().await;
    let first = world
        .set(
            "db",
            CANARY,
            " --tag team=a --content-type text/plain --expires 2020-01-01",
        )
        .await;
    let second = world.set("db", "second", " --tag team=b").await;
    world.advance(1);
    let printed = world.run("secret rollback db").await;
    assert!(
        printed.starts_with(&format!("secret/db rolled back to version {first}: version ")),
        "{printed}"
    );
    assert!(
        printed.contains(&second) && !printed.contains(CANARY),
        "{printed}"
    );
    assert_eq!(world.run("secret get db").await, CANARY);
    let shown = world.json("secret show db").await;
    assert_eq!(
        (&shown["tags"]["team"], &shown["contentType"]),
        (&"a".into(), &"text/plain".into())
    );
    assert!(shown["attributes"].get("exp").is_none(), "{shown}");
    assert_eq!(
        world.json("secret versions db").await["items"]
            .as_array()
            .unwrap()
            .len(),
        3
    );
}

#[tokio::test]
async fn a_version_may_be_named_and_a_document_has_all_three() {
    let world = World::start().await;
    let first = world.set("db", "1", "").await;
    world.set("db", "2", "").await;
    let third = world.set("db", "3", "").await;
    world.advance(1);
    let document = world.json(&format!("secret rollback db --to {first}")).await;
    assert_eq!(document["kind"], "SecretRollback");
    assert_eq!(document["rolledBackTo"], first.as_str());
    assert_eq!(document["replaced"], third.as_str());
    assert_eq!(world.json("secret show db").await["version"], document["version"]);
    assert_eq!(world.run("secret get db").await, "1");
}

#[tokio::test]
async fn where_there_is_nothing_to_go_back_to_nothing_is_set() {
    let world = World::start().await;
    let only = world.set("db", CANARY, "").await;
    for (line, said) in [
        ("secret rollback db".to_owned(), "secret db has one version"),
        (
            format!("secret rollback db --to {only}"),
            "is the current one already",
        ),
        (
            format!("secret rollback db --to {}", "0".repeat(32)),
            "has no version 00000000",
        ),
        ("secret rollback nothing".to_owned(), "there is no secret nothing"),
    ] {
        let refused = world.refused(&line).await;
        assert!(refused.contains(said), "{line}: {refused}");
    }
    assert_eq!(
        world.json("secret versions db").await["items"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
}
