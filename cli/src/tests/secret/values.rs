//! Values that go in, and come out.

use strongroom_core::Permission;

use super::CANARY;
use crate::{Failure, failure::SecretFailure, tests::world::World};

#[tokio::test]
async fn a_value_is_taken_as_it_is_and_one_newline_is_left_out_when_asked_for() {
    let world = World::start().await;
    world.set("db", "a\n\n", "").await;
    assert_eq!(world.run("secret get db").await, "a\n\n");
    world.set("db", "a\n\n", " --trim-newline").await;
    assert_eq!(world.run("secret get db").await, "a\n");
    world.run("secret set db --from-literal literal").await;
    assert_eq!(world.run("secret get db").await, "literal");
}

#[tokio::test]
async fn a_generated_value_is_set_and_not_printed() {
    let world = World::start().await;
    let printed = world.run("secret set db --generate").await;
    let value = world.run("secret get db").await;
    assert_eq!(value.len(), 32);
    assert!(!printed.contains(&value));
    world.run("secret set db --generate=16:hex").await;
    let value = world.run("secret get db").await;
    assert!(
        value.len() == 32 && value.bytes().all(|byte| byte.is_ascii_hexdigit()),
        "{value}"
    );
}

#[tokio::test]
async fn a_new_version_has_the_state_the_dates_and_the_labels_that_it_is_given() {
    let world = World::start().await;
    let version = world
        .set(
            "db",
            CANARY,
            " --disabled --not-before 2020-01-01 --expires 2030-01-01 --tag a=b --content-type text/plain",
        )
        .await;
    let shown = world.json("secret show db").await;
    assert_eq!(shown["apiVersion"], "cli.strongroom.dev/v1");
    assert_eq!((&shown["kind"], &shown["name"]), (&"Secret".into(), &"db".into()));
    assert_eq!(shown["version"], version.as_str());
    assert_eq!(shown["attributes"]["enabled"], false);
    assert_eq!(shown["attributes"]["nbf"], 1_577_836_800);
    assert_eq!(shown["tags"]["a"], "b");
    let text = world.run("secret show db").await;
    for row in [
        "Enabled:       false",
        "Content type:  text/plain",
        "Tags:          a=b",
    ] {
        assert!(text.contains(row), "{text}");
    }
    assert!(
        text.contains("Recovery:") && text.contains("Recoverable"),
        "{text}"
    );
    assert!(!format!("{text}{shown}").contains(CANARY));
}

#[tokio::test]
async fn a_version_is_set_only_on_top_of_the_one_that_the_caller_knows() {
    let world = World::start().await;
    let first = world.set("db", "1", "").await;
    let second = world.set("db", "2", &format!(" --if-version {first}")).await;
    world.advance(1);
    let line = format!("secret set db --from-literal {CANARY} --if-version {first}");
    let refused = world.refused(&line).await;
    assert_eq!(
        refused,
        format!("the current version of secret db is {second}, and not {first}: nothing was set")
    );
    assert_eq!(world.run("secret get db").await, "2");
    let line = line.replace("set db", "set other");
    assert!(world.refused(&line).await.contains("there is no secret other"));
}

#[tokio::test]
async fn of_two_versions_of_one_second_the_current_one_is_asked_for() {
    let world = World::start().await;
    let value = world.file("value", b"x");
    let (mut last, mut tied) = (String::new(), false);
    // Two writes are in one second soon enough.
    for _ in 0..20 {
        let printed = world.run(&format!("secret set db -f {value}")).await;
        last = printed.trim_end().rsplit(' ').next().unwrap().to_owned();
        let versions = world.json("secret versions db").await;
        tied |= versions["items"][0].get("current").is_none();
        if tied {
            break;
        }
    }
    assert!(tied);
    let refused = world.refused("secret show db").await;
    assert!(refused.contains("give --version"), "{refused}");
    let set = world
        .run(&format!("secret set db -f {value} --if-version {last}"))
        .await;
    assert!(set.starts_with("secret/db set"), "{set}");
}

#[tokio::test]
async fn the_previous_version_is_the_one_before_the_current_one() {
    let world = World::start().await;
    world.set("db", "1", "").await;
    let refused = world.refused("secret get db --previous").await;
    assert_eq!(refused, "secret db has one version: there is none before it");
    let second = world.set("db", "2", "").await;
    world.set("db", "3", "").await;
    assert_eq!(world.run("secret get db --previous").await, "2");
    assert_eq!(world.run(&format!("secret get db --version {second}")).await, "2");
    assert!(
        world
            .refused("secret get nothing --previous")
            .await
            .contains("there is no secret nothing")
    );
}

#[tokio::test]
async fn a_document_holds_the_value_only_when_that_is_asked_for() {
    let world = World::start().await;
    let version = world.set("db-password", CANARY, "").await;
    let about = world.run("secret get db-password -o json").await;
    assert!(!about.contains(CANARY), "{about}");
    let shown = world.json("secret get db-password --show-value").await;
    assert_eq!(shown["value"], CANARY);
    assert_eq!(
        (&shown["kind"], &shown["version"]),
        (&"Secret".into(), &version.as_str().into())
    );
    let outcome = world.outcome("secret get db-password --show-value -o json").await;
    assert!(!format!("{outcome:?}").contains(CANARY));
    for line in [
        "secret get db-password --show-value",
        "secret get db-password --show-value -o env",
    ] {
        let refused = world.refusal(line).await;
        assert!(
            matches!(refused, Failure::Secret(SecretFailure::ShowValue)),
            "{refused}"
        );
    }
    assert_eq!(
        world.run("secret get db-password -o env").await,
        format!("DB_PASSWORD='{CANARY}'\n")
    );
}

#[tokio::test]
async fn a_shown_secret_is_not_read() {
    let world = World::start().await;
    world.set("db", CANARY, "").await;
    world.allow_only(&["list"]).await;
    assert!(
        world
            .run("secret show db")
            .await
            .starts_with("Name:          db\n")
    );
    let refused = world.refusal("secret get db").await;
    assert!(
        refused
            .hint(crate::Program::Command)
            .unwrap()
            .contains(&Permission::SecretGet.to_string())
    );
}
