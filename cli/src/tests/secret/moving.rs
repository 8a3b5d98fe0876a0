//! Secrets that move in, and from name to name.

use super::CANARY;
use crate::tests::world::World;

#[tokio::test]
async fn a_copy_has_the_value_the_labels_and_the_dates_and_shows_no_value() {
    let world = World::start().await;
    let version = world
        .set(
            "db",
            CANARY,
            " --tag team=a --content-type text/plain --expires 2030-01-01",
        )
        .await;
    assert_eq!(
        world.run("secret copy db other --dry-run").await,
        format!("secret/db, version {version}, would be copied to secret/other\n")
    );
    assert_eq!(world.run("secret list -o name").await, "secret/db\n");
    let copied = world.run("secret copy db other").await;
    assert!(
        copied.starts_with(&format!(
            "secret/db, version {version}, copied to secret/other, version "
        )),
        "{copied}"
    );
    assert!(!copied.contains(CANARY));
    assert_eq!(world.run("secret get other").await, CANARY);
    let shown = world.json("secret show other").await;
    assert_eq!(
        (&shown["tags"]["team"], &shown["attributes"]["exp"]),
        (&"a".into(), &1_893_456_000.into())
    );
    assert_eq!(world.json("secret copy db other").await["kind"], "SecretCopy");
}

#[tokio::test]
async fn a_secret_is_not_copied_to_itself() {
    let world = World::start().await;
    let before = world.set("db", CANARY, "").await;
    for line in [
        "secret copy db db",
        "secret copy db DB",
        "secret copy team-a/prod:db db",
    ] {
        assert!(world.refused(line).await.contains("the same secret"), "{line}");
    }
    assert_eq!(world.json("secret show db").await["version"], before.as_str());
    assert!(
        world
            .refused("secret copy nothing other")
            .await
            .contains("SecretNotFound")
    );
}

#[tokio::test]
async fn lines_become_secrets_and_each_is_named() {
    let world = World::start().await;
    let file = world.file(
        "lines",
        format!("# all\nDB_PASSWORD='{CANARY}'\nexport API_KEY=b\n").as_bytes(),
    );
    let printed = world
        .run(&format!("secret set --from-env-file {file} --tag team=a"))
        .await;
    let lines: Vec<_> = printed.lines().collect();
    assert!(
        lines[0].starts_with("secret/db-password set, version "),
        "{printed}"
    );
    assert!(lines[1].starts_with("secret/api-key set, version "), "{printed}");
    assert!(!printed.contains(CANARY), "{printed}");
    assert_eq!(world.run("secret get db-password").await, CANARY);
    assert_eq!(world.json("secret show api-key").await["tags"]["team"], "a");
}

#[tokio::test]
async fn a_list_is_imported_or_only_named() {
    let world = World::start().await;
    let list = format!(
        "- {{name: a, value: {CANARY}, tags: {{team: a}}}}\n- {{name: b, valueFrom: {{generate: 32}}}}\n"
    );
    let file = world.file("list.yaml", list.as_bytes());
    let dry = world.run(&format!("secret import {file} --dry-run")).await;
    assert_eq!(dry, "secret/a would be set\nsecret/b would be set\n");
    assert_eq!(world.run("secret list -o name").await, "");
    let document = world.json(&format!("secret import {file}")).await;
    assert_eq!(
        (&document["kind"], &document["items"][1]["name"]),
        (&"SecretList".into(), &"b".into())
    );
    assert!(!document.to_string().contains(CANARY));
    assert_eq!(world.run("secret get a").await, CANARY);
}

#[tokio::test]
async fn a_file_with_a_fault_sets_nothing_and_its_values_are_not_repeated() {
    let world = World::start().await;
    let long = "x".repeat(25 * 1024 + 1);
    for (name, text, said) in [
        (
            "lines",
            format!("A={CANARY}\n{CANARY}\n"),
            "line 2: it is not NAME=VALUE",
        ),
        (
            "lines",
            format!("A_B={CANARY}\na-b={CANARY}\n"),
            "two of the secrets are called a-b",
        ),
        (
            "lines",
            format!("A={CANARY}\nB={long}\n"),
            "the value of b is longer than 25 KiB",
        ),
        (
            "list.yaml",
            format!("- {{name: a, value: {CANARY}"),
            "cannot be read",
        ),
        ("empty", String::new(), "holds no secret"),
    ] {
        let file = world.file(name, text.as_bytes());
        let refused = world.refused(&format!("secret import {file}")).await;
        assert!(refused.contains(said), "{refused}");
    }
    let list = world.file("list.yaml", b"[]");
    let refused = world.refused(&format!("secret set --from-env-file {list}")).await;
    assert!(refused.contains("give it to `secret import`"), "{refused}");
    assert_eq!(world.run("secret list -o name").await, "");
}

#[tokio::test]
async fn where_one_of_many_fails_the_error_says_which_are_set() {
    let world = World::start().await;
    world.set("b", "old", "").await;
    world.run("secret delete b").await;
    let file = world.file("lines", format!("A=1\nB={CANARY}\nC=3\nD=4\n").as_bytes());
    let refused = world.refused(&format!("secret import {file}")).await;
    assert!(
        refused.starts_with("secret b was not set: the vault answered Conflict"),
        "{refused}"
    );
    assert!(
        refused.ends_with("Set before it: a. Not tried: c, d."),
        "{refused}"
    );
    assert_eq!(world.run("secret list -o name").await, "secret/a\n");
}
