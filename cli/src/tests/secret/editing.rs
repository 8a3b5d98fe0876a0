//! A value in an editor, which is a script here.

use std::path::Path;

use super::CANARY;
use crate::{
    Failure,
    output::ObjectOutput,
    printed::Printed,
    secret::EditRequest,
    tests::world::{ADMIN, World},
};

/// Edits secret `db` by this command of a shell, which finds the file in `$1`.
async fn edit(world: &World, script: &str) -> Result<String, Failure> {
    let file = world.file("editor", format!("#!/bin/sh\n{script}\n").as_bytes());
    let request = EditRequest::with("db".parse().unwrap(), format!("sh {file}"), ObjectOutput::Text)?;
    match request.perform(&world.session(ADMIN)).await? {
        Printed::Text(text) | Printed::Done(text) => Ok(text),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_changed_value_is_a_new_version_with_the_old_labels_and_no_file_stays() {
    let world = World::start().await;
    let before = world
        .set("db", CANARY, " --tag team=a --content-type text/plain")
        .await;
    world.advance(1);
    let (seen, place) = (world.path("seen"), world.path("place"));
    let script =
        format!("cp \"$1\" {seen}; echo \"$1\" > {place}; stat -c %a \"$1\" >> {place}; echo new > \"$1\"");
    let printed = edit(&world, &script).await.unwrap();
    assert!(printed.starts_with("secret/db edited, version "), "{printed}");
    assert_eq!(std::fs::read_to_string(seen).unwrap(), CANARY);
    let place = std::fs::read_to_string(place).unwrap();
    let (file, mode) = place.trim_end().split_once('\n').unwrap();
    assert!(mode == "600" && !Path::new(file).exists(), "{place}");
    assert!(!Path::new(file).parent().unwrap().exists(), "{place}");
    // The old value had no newline at its end, and so the new one has none.
    assert_eq!(world.run("secret get db").await, "new");
    let shown = world.json("secret show db").await;
    assert_ne!(shown["version"], before.as_str());
    assert_eq!(
        (&shown["tags"]["team"], &shown["contentType"]),
        (&"a".into(), &"text/plain".into())
    );
}

#[tokio::test]
async fn a_value_that_stays_as_it_is_makes_no_version() {
    let world = World::start().await;
    world.set("db", CANARY, "").await;
    for script in ["true", "echo >> \"$1\""] {
        assert_eq!(edit(&world, script).await.unwrap(), "secret/db unchanged\n");
    }
    assert_eq!(
        world.json("secret versions db").await["items"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
}

#[tokio::test]
async fn an_editor_that_fails_and_a_file_that_is_emptied_set_nothing() {
    let world = World::start().await;
    world.set("db", CANARY, "").await;
    for (script, said) in [
        (
            "echo x > \"$1\"; exit 1",
            "ended with exit status: 1: nothing was set",
        ),
        (": > \"$1\"", "nothing is left of the value"),
        ("rm \"$1\"", "the file to edit cannot be used"),
        (
            "head -c 30000 /dev/zero | tr '\\0' x > \"$1\"",
            "longer than 25 KiB",
        ),
        ("printf '\\377' > \"$1\"", "not UTF-8"),
    ] {
        let refused = edit(&world, script).await.unwrap_err();
        assert!(refused.to_string().contains(said), "{refused}");
        assert!(!format!("{refused} {refused:?}").contains(CANARY), "{refused}");
    }
    assert_eq!(world.run("secret get db").await, CANARY);
}

#[tokio::test]
async fn what_somebody_else_set_meanwhile_is_not_undone() {
    let world = World::start().await;
    world.set("db", CANARY, "").await;
    let (begun, go) = (world.path("begun"), world.path("go"));
    let script = format!("touch {begun}; while [ ! -e {go} ]; do sleep 0.02; done; echo mine > \"$1\"");
    let editing = edit(&world, &script);
    let setting = async {
        while !Path::new(&begun).exists() {
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
        world.set("db", "theirs", "").await;
        std::fs::write(&go, "").unwrap();
    };
    let (edited, ()) = tokio::join!(editing, setting);
    let refused = edited.unwrap_err().to_string();
    assert!(refused.contains("got a new version meanwhile"), "{refused}");
    assert_eq!(world.run("secret get db").await, "theirs");
}
