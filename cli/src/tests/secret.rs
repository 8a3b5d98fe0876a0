//! Every command on secrets against a vault in this process.

use strongroom_core::Permission;

use crate::{Failure, tests::world::World};

#[tokio::test]
async fn a_secret_is_set_read_changed_deleted_recovered_and_restored() {
    let world = World::start().await;
    let value = world.file("value", b"first\n");
    let set = world
        .run(&format!(
            "secret set db -f {value} --trim-newline --tag team=a --expires 2030-01-01"
        ))
        .await;
    assert!(set.starts_with("secret/db set, version "), "{set}");
    assert_eq!(world.run("secret get db").await, "first");
    let about = world.json("secret get db").await;
    assert_eq!(about["tags"]["team"], "a");
    assert_eq!(about["attributes"]["exp"], 1_893_456_000);
    assert!(about.get("value").is_none(), "{about}");

    world.run("secret update db --disabled").await;
    let refused = world.refusal("secret get db").await.to_string();
    assert!(refused.contains("SecretDisabled"), "{refused}");
    world
        .run("secret update db --enabled --content-type text/plain")
        .await;
    assert_eq!(world.json("secret get db").await["contentType"], "text/plain");
    world.file("value", b"second");
    world.run(&format!("secret set db -f {value}")).await;
    assert_eq!(
        world.json("secret versions db").await["items"]
            .as_array()
            .unwrap()
            .len(),
        2
    );
    assert_eq!(world.run("secret list -o name").await, "secret/db\n");

    let deleted = world.run("secret delete db").await;
    assert!(
        deleted.starts_with("secret/db deleted, recoverable until 20"),
        "{deleted}"
    );
    assert_eq!(world.run("secret list").await, "");
    let list = world.run("secret list --deleted").await;
    let rows: Vec<Vec<_>> = list
        .lines()
        .map(|line| line.split_whitespace().collect())
        .collect();
    assert_eq!(rows[0], ["NAME", "DELETED", "RECOVERABLE-UNTIL"]);
    // How long ago that was, the clock says.
    assert_eq!((rows[1][0], rows[1].len()), ("db", 3));
    assert!(rows[1][2].starts_with("20"), "{list}");
    let recovered = world.run("secret recover db").await;
    assert!(recovered.starts_with("secret/db recovered"), "{recovered}");

    let backup = world.path("backup");
    assert_eq!(
        world.run(&format!("secret backup db --to-file {backup}")).await,
        format!("secret/db backed up to {backup}\n")
    );
    assert_eq!(
        world.bytes("secret backup db").await.len(),
        std::fs::read(&backup).unwrap().len()
    );
    world.run("secret delete db -o name").await;
    assert_eq!(world.run("secret purge db").await, "secret/db purged\n");
    let restored = world.run(&format!("secret restore -f {backup}")).await;
    assert!(restored.starts_with("secret/db restored"), "{restored}");
    assert_eq!(world.run("secret get db").await, "second");
}

#[tokio::test]
async fn a_refusal_names_the_permission_that_is_missing_and_leaves_no_file_behind() {
    let world = World::start().await;
    let (value, backup) = (world.file("value", b"x"), world.path("backup"));
    for (line, permission) in [
        (format!("secret set db -f {value}"), Permission::SecretSet),
        ("secret get db".to_owned(), Permission::SecretGet),
        ("secret update db --disabled".to_owned(), Permission::SecretSet),
        ("secret versions db".to_owned(), Permission::SecretList),
        ("secret delete db".to_owned(), Permission::SecretDelete),
        ("secret recover db".to_owned(), Permission::SecretRecover),
        ("secret purge db".to_owned(), Permission::SecretPurge),
        (format!("secret backup db -f {backup}"), Permission::SecretBackup),
        (format!("secret restore -f {value}"), Permission::SecretRestore),
    ] {
        world.asks_policy_for(&line, permission).await;
    }
    assert!(!std::path::Path::new(&backup).exists());
}

#[tokio::test]
async fn a_form_of_output_that_a_command_does_not_have_is_refused_with_those_that_it_has() {
    let world = World::start().await;
    for (line, sentence) in [
        (
            "secret list -o pem",
            "the command prints no pem: give -o json or name, or nothing",
        ),
        (
            "secret get db -o jwk",
            "the command prints no jwk: give -o json or name, or nothing",
        ),
        (
            "secret backup db -o json",
            "the command prints no json: leave out -o",
        ),
    ] {
        let refused = world.refusal(line).await;
        assert_eq!(refused.to_string(), sentence, "{line}");
        assert!(matches!(refused, Failure::Output(_) | Failure::NoOutput(_)));
    }
}
