//! The documents that commands print.

use crate::{schema::tests::is_valid, tests::world::World};

#[tokio::test]
async fn lists_are_documents_as_the_schema_describes_them() {
    let world = World::start().await;
    let value = world.file("value", b"x");
    world.run(&format!("secret set db -f {value}")).await;
    world.run("key create signer --type EC").await;
    for (line, kind) in [
        ("secret list", "SecretList"),
        ("secret versions db", "SecretVersionList"),
        ("secret list --deleted", "DeletedSecretList"),
        ("key list", "KeyList"),
        ("cert list", "CertificateList"),
    ] {
        let document = world.json(line).await;
        assert_eq!(document["kind"], kind, "{line}");
        assert!(is_valid("ObjectList", &document), "{line}: {document}");
    }
    assert_eq!(
        world.json("secret list").await["items"][0]["attributes"]["enabled"],
        true
    );
}
