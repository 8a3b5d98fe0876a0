use serde_json::json;

use super::OWN;
use crate::{Failure, Program, failure::CertFailure, tests::world::World};

#[tokio::test]
async fn a_certificate_is_waited_for_where_its_own_key_signs_it_and_renewed_with_its_labels() {
    let world = World::start().await;
    let made = world
        .run(&format!("cert create shop-tls {OWN} --tag team=a --validity 3"))
        .await;
    assert!(
        made.starts_with("certificate/shop-tls created, version "),
        "{made}"
    );
    let shown = world.run("cert show shop-tls").await;
    for line in [
        "Issued:      true\n",
        "Subject:     CN=shop\n",
        "Names:       shop.example\n",
        "Issuer:      CN=shop\n",
        "Tags:        team=a\n",
    ] {
        assert!(shown.contains(line), "{line}: {shown}");
    }
    let policy = world.run("cert policy show shop-tls").await;
    assert!(policy.contains("Valid for:       3 months\n"), "{policy}");
    assert!(policy.contains("Key:             EC, P-256\n"), "{policy}");

    let renewed = world.run("cert renew shop-tls").await;
    assert!(
        renewed.starts_with("certificate/shop-tls renewed, version "),
        "{renewed}"
    );
    let versions = world.run("cert versions shop-tls -o name").await;
    assert_eq!(versions.lines().count(), 2, "{versions}");
    assert_eq!(
        world.json("cert show shop-tls").await["tags"],
        json!({"team": "a"})
    );
}

#[tokio::test]
async fn a_certificate_that_nobody_waits_for_is_looked_at_and_waited_for_later() {
    let world = World::start().await;
    assert_eq!(
        world.run(&format!("cert create a {OWN} --no-wait")).await,
        "certificate/a requested, issuer Self\n"
    );
    assert_eq!(
        world.refusal("cert show a -o pem").await.to_string(),
        "certificate a is not issued yet"
    );
    let pending = world.run("cert pending show a").await;
    assert!(
        pending.contains("Status:               inProgress\n"),
        "{pending}"
    );
    let ended = world.run("cert pending wait a").await;
    assert!(ended.contains("Status:               completed\n"), "{ended}");
    let text = world.run("cert show a -o pem").await;
    assert!(text.starts_with("-----BEGIN CERTIFICATE-----\n"), "{text}");
}

#[tokio::test]
async fn what_does_not_come_in_time_ends_the_wait_and_not_the_operation() {
    let world = World::start().await;
    let line = format!("cert create a {OWN} --issuer Unknown --wait --timeout 1");
    let refused = world.refusal(&line).await;
    assert!(
        matches!(refused, Failure::Cert(CertFailure::InTime { .. })),
        "{refused}"
    );
    assert_eq!(
        refused.hint(Program::Command).unwrap(),
        "To go on waiting: strongroom cert pending wait a --vault team-a/prod --service-account team-a/admin"
    );
    assert_eq!(world.json("cert pending show a").await["status"], "inProgress");
    let deleted = world.run("cert pending delete a -o name").await;
    assert_eq!(deleted, "certificate/a\n");
    let gone = world.refusal("cert pending show a").await.to_string();
    assert!(gone.contains("PendingCertificateNotFound"), "{gone}");
}

#[tokio::test]
async fn an_operation_that_is_cancelled_says_so_to_who_waits() {
    let world = World::start().await;
    world.run(&format!("cert create a {OWN} --no-wait")).await;
    let cancelled = world.json("cert pending cancel a").await;
    assert_eq!(cancelled["cancellation_requested"], true);
    assert_eq!(
        world.refusal("cert pending wait a").await.to_string(),
        "certificate a was not issued, its operation is cancelled"
    );
}

#[tokio::test]
async fn a_policy_that_no_vault_takes_is_refused_here_with_the_vaults_sentence() {
    let world = World::start().await;
    let misspelled = world.file("misspelled", br#"{"x509_props": {"subjects": "CN=a"}}"#);
    let nothing = world.file("nothing", b"{}");
    let broken = world.file("broken", b"{]");
    for (line, sentence) in [
        (
            "cert create a".to_owned(),
            "which name? Give --subject, --dns, --ip, --email or --uri, or a policy with -f",
        ),
        (
            "cert create a --subject shop".to_owned(),
            "Property policy.x509_props has invalid value. Invalid X.500 distinguished name",
        ),
        (
            "cert create a --subject CN=a --size 1024".to_owned(),
            "Unsupported key size (1024). Supported sizes are [2048, 3072, 4096]",
        ),
        (
            format!("cert create a -f {nothing}"),
            "The member policy.x509_props must have a subject or, in sans, an alternative name.",
        ),
        (
            format!("cert create a -f {misspelled}"),
            "no certificate policy has a member x509_props.subjects",
        ),
        (
            format!("cert policy set a -f {broken}"),
            "the file is no certificate policy as -o json prints it: line 1, column 2",
        ),
        (
            "cert show a -o jwk".to_owned(),
            "the command prints no jwk: give -o json, yaml, jsonpath=PATH, pem or name, or nothing",
        ),
        (
            "cert policy show a -o name".to_owned(),
            "the command prints no name: give -o json, yaml or jsonpath=PATH, or nothing",
        ),
    ] {
        assert_eq!(world.refusal(&line).await.to_string(), sentence, "{line}");
    }
}

#[tokio::test]
async fn a_policy_is_taken_from_a_file_and_changed_by_a_part_of_one() {
    let world = World::start().await;
    world.certificate("a", "").await;
    let policy = world.run("cert policy show a -o json").await;
    let policy = world.file("policy", policy.as_bytes());
    world.run(&format!("cert create b -f {policy}")).await;
    let part = world.file("part", br#"{"x509_props": {"validity_months": 6}}"#);
    let changed = world.run(&format!("cert policy set b -f {part}")).await;
    assert!(changed.contains("Valid for:       6 months\n"), "{changed}");
    assert!(changed.contains("Subject:         CN=shop\n"), "{changed}");
}
