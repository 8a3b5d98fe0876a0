use strongroom_core::Permission;

use crate::tests::world::World;

#[tokio::test]
async fn a_key_is_made_rotated_deleted_recovered_and_restored() {
    let world = World::start().await;
    let made = world
        .run("key create signer --type ec --ops sign,verify --tag team=a")
        .await;
    assert!(made.starts_with("key/signer created, version "), "{made}");
    let shown = world.json("key show signer").await;
    assert_eq!(shown["key"]["key_ops"], serde_json::json!(["sign", "verify"]));
    assert_eq!(shown["tags"]["team"], "a");
    let rotated = world.run("key rotate signer").await;
    assert!(rotated.starts_with("key/signer rotated, version "), "{rotated}");
    let versions = world.run("key versions signer -o name").await;
    assert_eq!(versions.lines().count(), 2, "{versions}");
    assert!(
        versions.lines().all(|line| line.starts_with("key/signer/")),
        "{versions}"
    );
    let list = world.run("key list").await;
    assert!(
        list.starts_with("NAME     ENABLED   EXPIRES   UPDATED\nsigner   true      <none>"),
        "{list}"
    );

    let deleted = world.run("key delete signer").await;
    assert!(
        deleted.starts_with("key/signer deleted, recoverable until 20"),
        "{deleted}"
    );
    assert_eq!(world.run("key list --deleted -o name").await, "key/signer\n");
    world.run("key recover signer").await;

    let backup = world.path("backup");
    world.run(&format!("key backup signer --to-file {backup}")).await;
    world.run("key delete signer").await;
    assert_eq!(world.run("key purge signer --yes").await, "key/signer purged\n");
    let restored = world.run(&format!("key restore --from-file {backup}")).await;
    assert!(restored.starts_with("key/signer restored"), "{restored}");
    assert_eq!(world.run("key versions signer -o name").await, versions);
}

#[tokio::test]
async fn a_version_has_the_dates_and_the_state_that_it_is_given_and_an_update_changes_what_it_names() {
    let world = World::start().await;
    world
        .run("key create k --type oct --size 128 --not-before 2020-01-01 --expires 2030-01-01 --disabled --tag a=b")
        .await;
    let made = world.json("key show k").await;
    let attributes = &made["attributes"];
    assert_eq!(attributes["enabled"], false);
    assert_eq!(
        (&attributes["nbf"], &attributes["exp"]),
        (&1_577_836_800.into(), &1_893_456_000.into())
    );
    let updated = world.run("key update k --enabled --ops encrypt,decrypt").await;
    assert!(updated.starts_with("key/k updated, version "), "{updated}");
    let now = world.json("key show k").await;
    assert_eq!(now["attributes"]["enabled"], true);
    assert_eq!(now["attributes"]["exp"], attributes["exp"]);
    assert_eq!(now["tags"], made["tags"]);
    assert_eq!(now["key"]["key_ops"], serde_json::json!(["encrypt", "decrypt"]));
}

#[tokio::test]
async fn a_rotation_policy_is_shown_changed_by_flags_and_replaced_by_a_file() {
    let world = World::start().await;
    world.run("key create k --type ec").await;
    let row = |text: String| text.lines().nth(1).unwrap().to_owned();
    assert_eq!(
        row(world.run("key policy k").await),
        "<none>    P30D before expiry   <none>"
    );
    let set = world.run("key policy k --rotate-after P90D --expiry P180D").await;
    assert_eq!(
        row(set),
        "P90D after creation   P30D before expiry   P180D after creation"
    );
    let set = world.run("key policy k --notify-before P15D").await;
    assert_eq!(
        row(set),
        "P90D after creation   P15D before expiry   P180D after creation"
    );
    let kept = world.file("policy", world.run("key policy k -o json").await.as_bytes());
    let set = world.run("key policy k --no-rotate --no-expiry").await;
    assert_eq!(row(set), "<none>    P15D before expiry   <none>");
    let set = world.run(&format!("key policy k -f {kept}")).await;
    assert_eq!(
        row(set),
        "P90D after creation   P15D before expiry   P180D after creation"
    );
    assert_eq!(
        world.json("key policy k").await["lifetimeActions"][0]["action"]["type"],
        "Rotate"
    );
    let refused = world
        .refusal("key policy k --rotate-after tomorrow")
        .await
        .to_string();
    assert!(refused.contains("BadParameter"), "{refused}");
}

#[tokio::test]
async fn a_refusal_names_the_permission_that_is_missing() {
    let world = World::start().await;
    let data = world.file("data", b"data");
    let policy = world.file("policy", b"{}");
    let oct = world.file("oct", &[7; 16]);
    let rsa = "--algorithm RSA-OAEP-256";
    for (line, permission) in [
        ("key create k --type EC".to_owned(), Permission::KeyCreate),
        (format!("key import k --type oct -f {oct}"), Permission::KeyImport),
        ("key show k".to_owned(), Permission::KeyGet),
        ("key update k --disabled".to_owned(), Permission::KeyUpdate),
        ("key rotate k".to_owned(), Permission::KeyRotate),
        ("key policy k".to_owned(), Permission::KeyGetRotationPolicy),
        (
            "key policy k --no-rotate".to_owned(),
            Permission::KeyGetRotationPolicy,
        ),
        (
            format!("key policy k -f {policy}"),
            Permission::KeySetRotationPolicy,
        ),
        (
            format!("key sign k --algorithm ES256 -f {data}"),
            Permission::KeySign,
        ),
        (
            format!("key verify k --algorithm ES256 -f {data} --signature AQ"),
            Permission::KeyVerify,
        ),
        (format!("key encrypt k {rsa} -f {data}"), Permission::KeyEncrypt),
        (format!("key decrypt k {rsa} -f {data}"), Permission::KeyDecrypt),
        (format!("key wrap k {rsa} -f {data}"), Permission::KeyWrapKey),
        (format!("key unwrap k {rsa} -f {data}"), Permission::KeyUnwrapKey),
        ("key versions k".to_owned(), Permission::KeyList),
        ("key delete k".to_owned(), Permission::KeyDelete),
        ("key recover k".to_owned(), Permission::KeyRecover),
        ("key purge k --yes".to_owned(), Permission::KeyPurge),
        ("key backup k".to_owned(), Permission::KeyBackup),
        (format!("key restore -f {data}"), Permission::KeyRestore),
    ] {
        world.asks_policy_for(&line, permission).await;
    }
}
