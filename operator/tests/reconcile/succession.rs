//! How an authority hands over to its successor, and what follows it.

use std::sync::Arc;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde_json::{Value, json};
use strongroom_crds::Vault;
use strongroom_operator::{
    installation::Upkeep,
    pki::{Advance, Authority, AuthoritySubject, PUBLISHED_BEFORE_USE},
    vault::reconcile,
};
use strongroom_testing::ApiServer;
use time::OffsetDateTime;

use crate::context::{leader, lines, take_writes};

const PATH: &str = "/api/v1/namespaces/strongroom-system/secrets/strongroom-admin-ca";

fn vault() -> Arc<Vault> {
    let vault = json!({
        "apiVersion": "strongroom.dev/v1alpha1", "kind": "Vault",
        "metadata": {"name": "prod", "namespace": "team-a", "uid": "u-1", "generation": 1}, "spec": {},
    });
    Arc::new(serde_json::from_value(vault).unwrap())
}

/// Stores beside the admin authority that signs, as a restore of the Secret does, a successor that was published since `since`.
fn publish_successor(server: &ApiServer, since: OffsetDateTime) -> String {
    let successor = Authority::generate(&AuthoritySubject::Admin, OffsetDateTime::now_utc()).unwrap();
    let mut secret = server.get(PATH).unwrap();
    for (key, text) in [
        ("next.crt", successor.certificate()),
        ("next.key", &successor.key_pem()),
        ("next-since", &since.unix_timestamp().to_string()),
    ] {
        secret["data"][key] = json!(BASE64_STANDARD.encode(text));
    }
    server.put(PATH, secret);
    successor.certificate().to_owned()
}

fn stored(server: &ApiServer, key: &str) -> Option<String> {
    let secret = server.get(PATH).unwrap();
    let text = secret["data"].get(key).and_then(Value::as_str)?;
    Some(String::from_utf8(BASE64_STANDARD.decode(text).unwrap()).unwrap())
}

#[tokio::test]
async fn a_successor_that_another_stored_takes_over_once_and_its_predecessor_stays_trusted() {
    let server = ApiServer::default();
    let context = leader(&server).await;
    let mut upkeep = Upkeep::of(&context);
    upkeep.look(&context).await;
    let old = stored(&server, "tls.crt").unwrap();
    let new = publish_successor(&server, OffsetDateTime::now_utc() - PUBLISHED_BEFORE_USE);
    for _ in 0..2 {
        upkeep.look(&context).await;
        assert_eq!(stored(&server, "tls.crt").as_ref(), Some(&new));
        assert_eq!(stored(&server, "previous.crt").as_ref(), Some(&old));
        assert_eq!(stored(&server, "next.crt"), None);
    }
}

#[tokio::test]
async fn the_operators_credentials_follow_each_step_of_an_authority_at_the_next_look() {
    let server = ApiServer::default();
    let context = leader(&server).await;
    let mut upkeep = Upkeep::of(&context);
    upkeep.look(&context).await;
    let now = OffsetDateTime::now_utc();
    for (step, since) in [("published", now), ("signs", now - PUBLISHED_BEFORE_USE)] {
        let before = context.credentials.serial();
        publish_successor(&server, since);
        upkeep.look(&context).await;
        assert_eq!(context.credentials.serial(), before + 1, "{step}");
        upkeep.look(&context).await;
        assert_eq!(
            context.credentials.serial(),
            before + 1,
            "{step}: nothing has changed since"
        );
    }
}

#[tokio::test]
async fn a_vault_gets_a_certificate_of_the_new_authority_and_the_new_bundle_at_the_next_look() {
    let server = ApiServer::default();
    server.put(
        "/apis/strongroom.dev/v1alpha1/namespaces/team-a/vaults/prod",
        serde_json::to_value(&*vault()).unwrap(),
    );
    let context = leader(&server).await;
    reconcile(vault(), Arc::clone(&context)).await.unwrap();
    take_writes(&server);
    let now = OffsetDateTime::now_utc();
    let subject = AuthoritySubject::Serving {
        cluster_domain: "cluster.local".into(),
    };
    let successor = Authority::generate(&subject, now).unwrap();
    context.authorities.write().serving.next = Some((successor, now));
    reconcile(vault(), Arc::clone(&context)).await.unwrap();
    let bundle = context.authorities.read().serving.bundle();
    let trusted = |server: &ApiServer| {
        let map = server
            .get("/api/v1/namespaces/team-a/configmaps/prod-trust")
            .unwrap();
        map["data"]["ca.crt"].as_str().unwrap().to_owned()
    };
    assert_eq!(trusted(&server), bundle, "the successor is published");

    let hand_over = now + PUBLISHED_BEFORE_USE;
    let advanced = context
        .authorities
        .write()
        .serving
        .advance(&subject, hand_over)
        .unwrap();
    assert_eq!(advanced, Advance::Changed);
    reconcile(vault(), Arc::clone(&context)).await.unwrap();
    let tls = server.get("/api/v1/namespaces/team-a/secrets/prod-tls").unwrap();
    let certificate = tls["stringData"]["tls.crt"].as_str().unwrap();
    assert!(context.authorities.read().serving.current.issued(certificate));
    take_writes(&server);
    reconcile(vault(), context).await.unwrap();
    let written = lines(&take_writes(&server));
    assert!(
        !written.iter().any(|line| line.contains("prod-t")),
        "nothing has changed since: {written:?}"
    );
}
