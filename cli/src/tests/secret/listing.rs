//! What is listed of secrets, and of versions.

use crate::tests::world::World;

#[tokio::test]
async fn a_list_is_a_document_of_its_kind_in_every_kind() {
    let world = World::start().await;
    world.set("db", "x", "").await;
    world.run("key create signer --type EC").await;
    for (line, kind, name) in [
        ("secret list", "SecretList", "db"),
        ("secret versions db", "SecretVersionList", "db"),
        ("key list", "KeyList", "signer"),
        ("key versions signer", "KeyVersionList", "signer"),
        ("cert list", "CertificateList", ""),
    ] {
        let list = world.json(line).await;
        assert_eq!(list["apiVersion"], "cli.strongroom.dev/v1", "{line}");
        assert_eq!(list["kind"], kind, "{line}");
        if name.is_empty() {
            assert_eq!(list["items"], serde_json::json!([]), "{line}");
        } else {
            assert_eq!(list["items"][0]["name"], name, "{line}");
        }
    }
    world.run("secret delete db").await;
    assert_eq!(
        world.json("secret list --deleted").await["kind"],
        "DeletedSecretList"
    );
}

#[tokio::test]
async fn a_list_shows_what_the_flags_choose() {
    let world = World::start().await;
    world.set("db-1", "x", " --expires 10d --tag team=a").await;
    world
        .set("db-2", "x", " --expires 90d --tag team=b --tag tier=1")
        .await;
    world.set("other", "x", " --content-type text/plain").await;
    for (flags, names) in [
        ("", "db-1 db-2 other"),
        (" --prefix DB-", "db-1 db-2"),
        (" --expiring 30d", "db-1"),
        (" --expiring 100d --prefix db-2", "db-2"),
        (" -l team", "db-1 db-2"),
        (" -l team=b -l tier", "db-2"),
        (" --tag team=c", ""),
    ] {
        let listed = world.run(&format!("secret list{flags} -o name")).await;
        let listed: Vec<_> = listed
            .lines()
            .map(|line| line.trim_start_matches("secret/"))
            .collect();
        assert_eq!(listed.join(" "), names, "{flags}");
    }
    world.run("secret delete db-2").await;
    assert_eq!(
        world.run("secret list --deleted -l team=b -o name").await,
        "secret/db-2\n"
    );
    assert_eq!(world.run("secret list --deleted -l team=a -o name").await, "");
}

#[tokio::test]
async fn a_wide_list_says_the_current_version_of_each() {
    let world = World::start().await;
    world.set("db", "1", "").await;
    let version = world
        .set("db", "2", " --tag team=a --content-type text/plain")
        .await;
    let narrow = world.run("secret list").await;
    assert!(
        narrow.starts_with("NAME   ENABLED   EXPIRES   UPDATED\n"),
        "{narrow}"
    );
    let wide = world.run("secret list -o wide").await;
    let row: Vec<_> = wide.lines().nth(1).unwrap().split_whitespace().collect();
    assert_eq!(row[..2], ["db", version.as_str()], "{wide}");
    assert_eq!(row[5..], ["text/plain", "team=a"], "{wide}");
}

#[tokio::test]
async fn of_versions_the_newest_comes_first_and_the_current_one_is_marked() {
    let world = World::start().await;
    let first = world.set("db", "1", "").await;
    let second = world.set("db", "2", "").await;
    assert_eq!(
        world.run("secret versions db -o name").await,
        format!("secret/db/{second}\nsecret/db/{first}\n")
    );
    let table = world.run("secret versions db").await;
    let lines: Vec<_> = table.lines().collect();
    assert!(lines[1].starts_with(&format!("{second}   *")), "{table}");
    assert!(lines[2].starts_with(&first) && !lines[2].contains('*'), "{table}");
    let document = world.json("secret versions db").await;
    let current: Vec<_> = document["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| item["current"].as_bool().unwrap())
        .collect();
    assert_eq!(current, [true, false]);
    assert_eq!(world.run("secret versions nothing").await, "");
}

#[tokio::test]
async fn names_are_written_out_and_nothing_else() {
    let world = World::start().await;
    world.set("db-1", super::CANARY, "").await;
    world.set("other", "x", "").await;
    assert_eq!(world.run("secret export --names").await, "db-1\nother\n");
    assert_eq!(world.run("secret export --names --prefix O").await, "other\n");
    let document = world.json("secret export --names").await;
    assert_eq!(document["kind"], "SecretNameList");
    assert_eq!(document["items"], serde_json::json!(["db-1", "other"]));
}
