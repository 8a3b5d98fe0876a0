use strongroom_core::Permission;

use super::OWN;
use crate::tests::world::World;

#[tokio::test]
async fn a_certificate_is_listed_deleted_recovered_purged_and_restored() {
    let world = World::start().await;
    world.certificate("a", "").await;
    let list = world.run("cert list").await;
    assert!(list.starts_with("NAME   ENABLED   EXPIRES"), "{list}");
    assert_eq!(world.run("cert list -o name").await, "certificate/a\n");
    let versions = world.run("cert versions a -o name").await;
    let backup = world.path("backup");
    assert_eq!(
        world.run(&format!("cert backup a -f {backup}")).await,
        format!("certificate/a backed up to {backup}\n")
    );
    let deleted = world.run("cert delete a").await;
    assert!(
        deleted.starts_with("certificate/a deleted, recoverable until 20"),
        "{deleted}"
    );
    assert_eq!(world.run("cert list --deleted -o name").await, "certificate/a\n");
    let recovered = world.run("cert recover a").await;
    assert!(recovered.starts_with("certificate/a recovered"), "{recovered}");
    world.run("cert delete a").await;
    assert_eq!(world.run("cert purge a --yes").await, "certificate/a purged\n");
    let restored = world.run(&format!("cert restore -f {backup}")).await;
    assert!(restored.starts_with("certificate/a restored"), "{restored}");
    assert_eq!(world.run("cert versions a -o name").await, versions);
}

#[tokio::test]
async fn a_certificate_of_which_nothing_is_issued_yet_is_listed_to_who_asks_for_such_ones() {
    let world = World::start().await;
    world.certificate("a", "").await;
    world
        .run("cert create b --subject CN=b --curve P-256 --issuer Unknown")
        .await;
    assert_eq!(world.run("cert list -o name").await, "certificate/a\n");
    assert_eq!(
        world.run("cert list --include-pending -o name").await,
        "certificate/a\ncertificate/b\n"
    );
    world.run("cert delete b").await;
    assert_eq!(
        world.run("cert list --include-pending -o name").await,
        "certificate/a\n"
    );
}

#[tokio::test]
async fn a_name_that_there_is_not_is_said_not_to_be_there() {
    let world = World::start().await;
    for line in [
        "cert show a",
        "cert policy show a",
        "cert renew a",
        "cert revoke a",
        "cert revoke a --version 0123456789abcdef0123456789abcdef",
        "cert update a --disabled",
        "cert delete a",
        "cert recover a",
        "cert purge a --yes",
        "cert backup a",
        "cert pending show a",
        "cert pending cancel a",
        "cert pending delete a",
        "cert download a",
        "cert issuer show a",
        "cert issuer delete a",
        "cert contacts show",
        "cert contacts delete",
    ] {
        let refused = world.refusal(line).await.to_string();
        assert!(refused.contains("NotFound"), "{line}: {refused}");
    }
}

#[tokio::test]
async fn a_refusal_names_the_permission_that_is_missing_and_leaves_no_file_behind() {
    let world = World::start().await;
    world.certificate("own", "").await;
    let pfx = world.path("own.pfx");
    world
        .run(&format!("cert download own --with-private-key -f {pfx}"))
        .await;
    let cert = world.file("cert", world.run("cert show own -o pem").await.as_bytes());
    let (part, new) = (world.file("part", b"{}"), world.path("new"));
    for (line, permission) in [
        (format!("create a {OWN}"), Permission::CertificateCreate),
        (format!("import a -f {pfx}"), Permission::CertificateImport),
        ("show a".to_owned(), Permission::CertificateGet),
        ("update a --disabled".to_owned(), Permission::CertificateUpdate),
        ("policy show a".to_owned(), Permission::CertificateGet),
        (format!("policy set a -f {part}"), Permission::CertificateUpdate),
        ("pending show a".to_owned(), Permission::CertificateGet),
        ("pending wait a".to_owned(), Permission::CertificateGet),
        ("pending cancel a".to_owned(), Permission::CertificateUpdate),
        ("pending delete a".to_owned(), Permission::CertificateUpdate),
        (format!("merge a -f {cert}"), Permission::CertificateCreate),
        ("renew a".to_owned(), Permission::CertificateGet),
        ("revoke a".to_owned(), Permission::CertificateGet),
        (
            "revoke a --version 0123456789abcdef0123456789abcdef".to_owned(),
            Permission::CertificateRevoke,
        ),
        (format!("download a -f {new}"), Permission::SecretGet),
        ("issuer list".to_owned(), Permission::CertificateListIssuers),
        ("issuer show a".to_owned(), Permission::CertificateGetIssuers),
        (
            "issuer set a --provider Test".to_owned(),
            Permission::CertificateSetIssuers,
        ),
        ("issuer delete a".to_owned(), Permission::CertificateDeleteIssuers),
        ("contacts show".to_owned(), Permission::CertificateManageContacts),
        (
            "contacts set a@b.example".to_owned(),
            Permission::CertificateManageContacts,
        ),
        (
            "contacts delete".to_owned(),
            Permission::CertificateManageContacts,
        ),
        ("versions a".to_owned(), Permission::CertificateList),
        ("delete a".to_owned(), Permission::CertificateDelete),
        ("recover a".to_owned(), Permission::CertificateRecover),
        ("purge a --yes".to_owned(), Permission::CertificatePurge),
        ("backup a".to_owned(), Permission::CertificateBackup),
        (format!("restore -f {cert}"), Permission::CertificateRestore),
    ] {
        world.asks_policy_for(&format!("cert {line}"), permission).await;
    }
    assert!(!std::path::Path::new(&new).exists());
}
