use serde_json::json;

use super::OWN;
use crate::tests::world::World;

#[tokio::test]
async fn an_issuer_is_set_by_a_flag_or_a_file_shown_listed_and_deleted() {
    let world = World::start().await;
    assert_eq!(
        world.run("cert issuer set test --provider Test").await,
        "issuer/test set\n"
    );
    let issuer = world.run("cert issuer show test -o json").await;
    let file = world.file("issuer", issuer.as_bytes());
    world.run(&format!("cert issuer set other -f {file}")).await;
    assert_eq!(
        world.run("cert issuer list").await,
        "NAME    PROVIDER\nother   Test\ntest    Test\n"
    );
    assert_eq!(
        world.run("cert issuer show test").await,
        "Name:      test\nProvider:  Test\nAccount:   <none>\nEnabled:   true\n"
    );
    let made = world.run(&format!("cert create a {OWN} --issuer test")).await;
    assert_eq!(made, "certificate/a requested, issuer test\n");
    assert_eq!(
        world.run("cert issuer delete other -o name").await,
        "issuer/other\n"
    );
    assert_eq!(world.run("cert issuer list -o name").await, "issuer/test\n");
}

#[tokio::test]
async fn an_issuer_is_refused_with_a_misspelled_member_or_with_a_password() {
    let world = World::start().await;
    for (bytes, sentence) in [
        (
            &br#"{"provider": "Test", "org": {}}"#[..],
            "no issuer has a member org",
        ),
        (
            br#"{"provider": "Test", "credentials": {"pwd": "p4ss"}}"#,
            "a vault keeps no password of an issuer: leave credentials.pwd out",
        ),
        (
            b"7",
            "the file is no issuer as -o json prints it: line 1, column 1",
        ),
    ] {
        let file = world.file("issuer", bytes);
        let refused = world.refusal(&format!("cert issuer set a -f {file}")).await;
        assert_eq!(refused.to_string(), sentence);
    }
}

#[tokio::test]
async fn contacts_are_set_by_their_addresses_or_a_file_and_deleted() {
    let world = World::start().await;
    assert_eq!(
        world.run("cert contacts set a@b.example c@d.example").await,
        "2 contacts set\n"
    );
    assert_eq!(
        world.run("cert contacts show").await,
        "EMAIL         NAME     PHONE\na@b.example   <none>   <none>\nc@d.example   <none>   <none>\n"
    );
    let file = json!({"contacts": [{"email": "e@f.example", "name": "E"}]}).to_string();
    let file = world.file("contacts", file.as_bytes());
    world.run(&format!("cert contacts set -f {file}")).await;
    let shown = world.json("cert contacts show").await;
    assert_eq!(shown["contacts"], json!([{"email": "e@f.example", "name": "E"}]));
    assert_eq!(world.run("cert contacts delete").await, "1 contacts deleted\n");
    let misspelled = world.file("misspelled", br#"{"contacts": [{"mail": "a@b.example"}]}"#);
    assert_eq!(
        world
            .refusal(&format!("cert contacts set -f {misspelled}"))
            .await
            .to_string(),
        "no list of contacts has a member contacts.mail"
    );
}
