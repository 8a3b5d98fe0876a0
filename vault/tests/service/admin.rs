//! The admin API: who may call it, what it answers, what it records.

use reqwest::Method;
use serde_json::{Value, json};
use strongroom_core::{Bundle, Effect, Generation, ObjectState};
use strongroom_testing::{
    Authority,
    authority::Usage,
    hostile_paths::{self, Holder},
    signing_key::uid,
    vault::{bundle, delete, enable, put, set},
};
use strongroom_vault::{admin::MAX_BUNDLE, policy::Closed};
use strongroom_wire::{
    admin::{Anchor, BundleId, Compare, Compared, Confirm, Resolved, Status, Volumes, path},
    watch::server_message::Message,
};

use crate::{
    fixture::{API, allow, rule},
    node::Node,
    operator::{AdminPort, OPERATOR, Refused, identity},
};

fn refused<T>(status: u16, code: &str) -> Result<T, Refused> {
    Err(Refused {
        status,
        code: code.to_owned(),
    })
}

#[tokio::test]
async fn only_this_installations_operator_completes_a_handshake() {
    let port = AdminPort::start();
    let other = "spiffe://strongroom.dev/0f0f0f0f-0000-4000-8000-000000000002/operator";
    let (admin, serving) = (&port.fixture.admin, &port.fixture.serving);
    let client = [Usage::ClientAuth];
    for (who, shown) in [
        ("nobody", None),
        (
            "another vault, by its serving certificate",
            Some(serving.issue(&["dev.team-a.svc"], &[], &[Usage::ServerAuth])),
        ),
        (
            "the serving CA in the operator's name",
            Some(serving.issue(&[], &[OPERATOR], &client)),
        ),
        (
            "another admin CA",
            Some(Authority::new("admin").issue(&[], &[OPERATOR], &client)),
        ),
        (
            "a server's certificate of the admin CA",
            Some(admin.issue(&[], &[OPERATOR], &[Usage::ServerAuth])),
        ),
        (
            "a certificate without a usage",
            Some(admin.issue(&[], &[OPERATOR], &[])),
        ),
        (
            "another installation's operator",
            Some(admin.issue(&[], &[other], &client)),
        ),
        (
            "a certificate with two URIs",
            Some(admin.issue(&[], &[OPERATOR, other], &client)),
        ),
        (
            "a host of the operator's name",
            Some(admin.issue(&["operator.strongroom.dev"], &[], &client)),
        ),
    ] {
        assert_eq!(
            port.ask_as(shown.map(|signed| signed.both()).as_deref()).await,
            None,
            "{who}"
        );
    }
    assert_eq!(port.ask_as(Some(&identity(admin))).await, Some(200));
}

#[tokio::test]
async fn a_certificate_whose_path_breaks_a_rule_completes_no_handshake() {
    let port = AdminPort::start();
    let admin = &port.fixture.admin;
    let holder = Holder {
        hosts: &[],
        uris: &[OPERATOR],
        usage: &Usage::ClientAuth,
    };
    // Constraints of DNS names say nothing of a URI; and no client shows a certificate that it does not understand.
    let elsewhere = [
        "its authority may sign for other names only",
        "its authority may not sign for this name",
        "a critical extension is not known",
    ];
    let paths = hostile_paths::broken(admin, holder).into_iter();
    for (rule, signed) in paths.filter(|(rule, _)| !elsewhere.contains(rule)) {
        assert_eq!(port.ask_as(Some(&signed.both())).await, None, "{rule}");
    }
    let good = hostile_paths::good(admin, holder);
    assert_eq!(port.ask_as(Some(&good.both())).await, Some(200));
}

#[tokio::test]
async fn a_connection_does_not_outlive_its_certificate() {
    let port = AdminPort::start();
    port.get::<Status>(path::STATUS).await.unwrap();
    port.fixture.clock.advance(100 * 365 * 86_400);
    assert_eq!(
        port.get::<Status>(path::STATUS).await,
        refused(403, "CertificateExpired")
    );
}

#[tokio::test]
async fn a_changed_admin_ca_counts_from_the_next_connection_on() {
    let port = AdminPort::start();
    let (old, new) = (identity(&port.fixture.admin), Authority::new("admin"));
    let file = port.fixture.directory.path().join("admin-ca.crt");
    std::fs::write(&file, "nonsense").unwrap();
    assert!(port.authority.reload().is_err());
    assert_eq!(port.ask_as(Some(&old)).await, Some(200));
    std::fs::write(&file, port.fixture.admin.pem() + &new.pem()).unwrap();
    assert!(port.authority.reload().unwrap());
    assert_eq!(
        (
            port.ask_as(Some(&old)).await,
            port.ask_as(Some(&identity(&new))).await
        ),
        (Some(200), Some(200))
    );
    std::fs::write(&file, new.pem()).unwrap();
    assert!(port.authority.reload().unwrap());
    assert_eq!(
        (
            port.ask_as(Some(&old)).await,
            port.ask_as(Some(&identity(&new))).await
        ),
        (None, Some(200))
    );
}

async fn ask(port: &AdminPort, kept: Option<Anchor>) -> Compared {
    port.post(path::COMPARE, &Compare { kept }).await.unwrap()
}

async fn anchor(port: &AdminPort) -> Anchor {
    port.service.audit.sync().unwrap();
    port.get::<Status>(path::STATUS).await.unwrap().anchor
}

fn is_closed(port: &AdminPort) -> Option<Closed> {
    port.service.policy.in_force().err()
}

#[tokio::test]
async fn a_vault_proves_that_it_follows_what_is_kept_of_it() {
    let port = AdminPort::start();
    put(&port.service, (1, 1), vec![allow(&["u"])]).unwrap();
    let kept = anchor(&port).await;
    set(&port.service, "db", "2");
    let known = ask(&port, Some(kept.clone())).await;
    assert_eq!(known.digest, Some(kept.digest));
    assert_eq!(known.audit_hash, Some(kept.audit_hash));
    assert_eq!(is_closed(&port), None);
}

#[tokio::test]
async fn a_vault_that_does_not_follow_what_is_kept_answers_no_data_before_it_says_so() {
    for (what, generations, digest) in [("a state it never had", 100, "00"), ("another state", 0, "00")] {
        let port = AdminPort::start();
        put(&port.service, (1, 1), vec![allow(&["u"])]).unwrap();
        let present = anchor(&port).await;
        let kept = Anchor {
            generation: present.generation + generations,
            digest: digest.to_owned(),
            ..present
        };
        let answer = ask(&port, Some(kept)).await;
        assert_ne!(answer.digest.as_deref(), Some(digest), "{what}");
        assert_eq!(is_closed(&port), Some(Closed::RolledBack), "{what}");
        assert_eq!(port.fixture.audited("RollbackDetected").len(), 1, "{what}");
    }
}

#[tokio::test]
async fn an_anchor_that_was_replaced_and_one_of_the_first_release_prove_nothing_against_a_vault() {
    let port = AdminPort::start();
    put(&port.service, (1, 1), vec![allow(&["u"])]).unwrap();
    let earlier = anchor(&port).await;
    set(&port.service, "db", "2");
    let later = anchor(&port).await;
    ask(&port, Some(later.clone())).await;
    let answer = ask(&port, Some(earlier)).await;
    assert!(answer.is_superseded && answer.digest.is_none());
    let unchained = Anchor {
        generation: later.generation + 100,
        is_chained: false,
        ..later
    };
    ask(&port, Some(unchained)).await;
    assert_eq!(is_closed(&port), None);
}

#[tokio::test]
async fn a_vault_that_waits_for_its_comparison_answers_data_once_that_is_well_and_not_otherwise() {
    let port = AdminPort::start();
    put(&port.service, (1, 1), vec![allow(&["u"])]).unwrap();
    let kept = anchor(&port).await;
    let policy = &port.service.policy;
    for well in [Some(kept.clone()), None] {
        policy.await_comparison();
        assert_eq!(is_closed(&port), Some(Closed::NotCompared));
        ask(&port, well).await;
        assert_eq!(is_closed(&port), None);
    }
    policy.await_comparison();
    let foreign = Anchor {
        digest: "00".to_owned(),
        ..kept
    };
    ask(&port, Some(foreign)).await;
    assert_eq!(is_closed(&port), Some(Closed::RolledBack));
}

#[tokio::test]
async fn the_status_is_what_the_operator_anchors() {
    let port = AdminPort::start();
    set(&port.service, "db", "1");
    port.service.audit.sync().unwrap();
    let status: Status = port.get(path::STATUS).await.unwrap();
    assert_eq!(
        status.vault_id.to_string(),
        port.service.objects.vault_id().to_string()
    );
    assert_eq!(
        status.anchor.generation,
        port.service.objects.anchor().generation.0
    );
    assert_eq!(status.anchor.digest.len(), 64);
    assert_eq!(status.anchor.audit_sequence, port.service.audit.head().sequence);
    assert_eq!(
        (status.seal.kind.as_str(), status.seal.key_id.as_str()),
        ("KubernetesSecret", "seal-1")
    );
    assert!(status.seal.unsealed && status.policy.is_none() && status.rollback.is_none());
    assert_eq!(status.fence, None);
    assert_eq!((status.storage_problem, status.audit_problem), (None, None));
}

#[tokio::test]
async fn a_clock_that_jumped_is_a_problem_until_the_operator_says_the_same_time() {
    let port = AdminPort::start();
    let bytes = bundle(&port.service.objects, (1, 1), vec![allow(&["u"])]);
    let policy: BundleId = port.send(Method::PUT, path::BUNDLE, bytes).await.unwrap();
    port.fixture.clock.advance(3 * 86_400);
    let problem = async || port.get::<Status>(path::STATUS).await.unwrap().clock_problem;
    let now = u64::try_from(port.fixture.clock.now()).unwrap();
    for (time, is_problem) in [(None, true), (Some(now - 2 * 86_400), true), (Some(now), false)] {
        assert!(problem().await.is_some());
        let confirm = Confirm {
            policy: policy.clone(),
            time,
        };
        assert_eq!(
            port.post::<BundleId>(path::CONFIRM, &confirm).await.as_ref(),
            Ok(&policy)
        );
        assert_eq!(problem().await.is_some(), is_problem, "{time:?}");
    }
}

#[tokio::test]
async fn a_bundle_is_taken_confirmed_and_given_back_byte_for_byte() {
    let port = AdminPort::start();
    assert_eq!(port.get::<Bundle>(path::BUNDLE).await, refused(404, "NoBundle"));
    let bytes = bundle(&port.service.objects, (1, 1), vec![allow(&["u"])]);
    let taken: BundleId = port.send(Method::PUT, path::BUNDLE, bytes.clone()).await.unwrap();
    assert_eq!(taken.generation, Generation { epoch: 1, n: 1 });
    assert_eq!(taken.hash, strongroom_audit::Hash::of(&bytes).to_string());
    assert_eq!(
        port.send::<BundleId>(Method::PUT, path::BUNDLE, bytes.clone())
            .await
            .as_ref(),
        Ok(&taken)
    );
    assert_eq!(
        port.post::<BundleId>(path::CONFIRM, &taken).await.as_ref(),
        Ok(&taken)
    );
    assert_eq!(
        port.get::<Bundle>(path::BUNDLE).await.unwrap(),
        serde_json::from_slice(&bytes).unwrap()
    );
    assert_eq!(
        port.get::<Status>(path::STATUS).await.unwrap().policy,
        Some(taken.clone())
    );
    let other = BundleId {
        hash: "0".repeat(64),
        ..taken
    };
    assert_eq!(
        port.post::<BundleId>(path::CONFIRM, &other).await,
        refused(409, "NotInForce")
    );
    let audited = port.fixture.audited("PolicyBundlePut");
    assert_eq!(audited.len(), 1);
    assert_eq!(audited[0]["actor"], "operator");
}

#[tokio::test]
async fn a_refused_bundle_says_why_changes_nothing_and_is_recorded() {
    let port = AdminPort::start();
    put(&port.service, (5, 1), vec![allow(&["u"])]).unwrap();
    let objects = &port.service.objects;
    let text = |place| String::from_utf8(bundle(objects, place, vec![])).unwrap();
    let other = text((6, 1)).replace(
        &objects.vault_id().to_string(),
        "6f9c2c1e-0000-4000-8000-000000000000",
    );
    let newer = text((6, 1)).replace(r#""features":[]"#, r#""features":["conditions"]"#);
    for (bytes, status, code) in [
        (text((4, 9)), 409, "StaleGeneration"),
        (text((5, 1)), 409, "StaleGeneration"),
        (other, 409, "OtherVault"),
        (newer, 422, "NotUnderstood"),
        ("{".to_owned(), 422, "NotUnderstood"),
        ("[".repeat(10_000), 422, "NotUnderstood"),
    ] {
        let answer = port.send::<BundleId>(Method::PUT, path::BUNDLE, bytes).await;
        assert_eq!(answer, refused(status, code));
    }
    let generation = port.service.policy.bundle_id().unwrap().generation;
    assert_eq!(generation, Generation { epoch: 5, n: 1 });
    assert_eq!(port.fixture.audited("PolicyBundleRefused").len(), 6);
}

#[tokio::test]
async fn resolving_decides_before_it_looks() {
    let port = AdminPort::start();
    let ask = |objects: Value| json!({"subject": "u", "objects": objects});
    let db = ask(json!([{"kind": "secrets", "name": "db", "version": null}]));
    assert_eq!(
        port.post::<Resolved>(path::RESOLVE, &db).await,
        refused(503, "NoBundle")
    );
    put(
        &port.service,
        (1, 1),
        vec![rule("some", Effect::Allow, &["u"], "db-*")],
    )
    .unwrap();
    let version = set(&port.service, "db-a", "1");
    for name in ["db-off", "db-gone", "key"] {
        set(&port.service, name, "1");
    }
    enable(&port.service, "db-off", false);
    delete(&port.service, "db-gone");
    let names = ["DB-a", "db-off", "db-gone", "db-never", "key", "never"];
    let objects: Vec<_> = names
        .iter()
        .map(|name| json!({"kind": "secrets", "name": name, "version": null}))
        .collect();
    let resolved: Resolved = port.post(path::RESOLVE, &ask(json!(objects))).await.unwrap();
    assert_eq!(
        resolved.objects,
        [
            ObjectState::Available(version),
            ObjectState::Disabled,
            ObjectState::Deleted,
            ObjectState::NotFound,
            ObjectState::Forbidden,
            ObjectState::Forbidden,
        ]
    );
    let many = vec![json!({"kind": "secrets", "name": "db-a", "version": null}); 257];
    assert_eq!(
        port.post::<Resolved>(path::RESOLVE, &ask(json!(many))).await,
        refused(400, "TooManyObjects")
    );
    let bad = ask(json!([{"kind": "secrets", "name": "../db", "version": null}]));
    assert_eq!(
        port.post::<Resolved>(path::RESOLVE, &bad).await,
        refused(400, "Unreadable")
    );
}

#[tokio::test]
async fn a_changed_secret_ref_reaches_the_node_and_its_volumes_are_counted() {
    let port = AdminPort::start();
    put(&port.service, (1, 1), vec![allow(&[&uid(API.name)])]).unwrap();
    let mut node = Node::connect(&port.watch).await;
    node.subscribe(
        "v",
        &API.token(&port.fixture.signer, port.service.clock.now(), 600),
        &["db"],
    )
    .await;
    node.subscribed().await;
    let volumes: Volumes = port.get(path::VOLUMES).await.unwrap();
    assert_eq!(
        (
            volumes.refs.len(),
            volumes.refs[0].total,
            volumes.refs[0].outdated
        ),
        (1, 1, 1)
    );
    port.report(path::REF_CHANGED, &json!({"namespace": "shop", "name": "db"}))
        .await
        .unwrap();
    assert!(matches!(node.next_message().await, Ok(Message::RefChanged(_))));
}

#[tokio::test]
async fn a_rollback_is_accepted_once_by_its_generation_and_recorded() {
    let port = AdminPort::start();
    put(&port.service, (1, 1), vec![allow(&["u"])]).unwrap();
    for _ in 0..2 {
        port.report(path::ROLLBACK, &json!({"action": "detected", "anchored": 99}))
            .await
            .unwrap();
    }
    let status: Status = port.get(path::STATUS).await.unwrap();
    assert_eq!(
        serde_json::to_value(status.rollback).unwrap(),
        json!({"action": "detected", "anchored": 99})
    );
    let ask = json!({"subject": "u", "objects": []});
    assert_eq!(
        port.post::<Resolved>(path::RESOLVE, &ask).await,
        refused(503, "RolledBack")
    );
    let accept = |generation: u64| json!({"action": "accept", "generation": generation});
    assert_eq!(
        port.report(path::ROLLBACK, &accept(99)).await,
        refused(409, "OtherGeneration")
    );
    port.report(path::ROLLBACK, &accept(status.anchor.generation))
        .await
        .unwrap();
    assert_eq!(port.get::<Status>(path::STATUS).await.unwrap().rollback, None);
    assert_eq!(
        port.report(path::ROLLBACK, &accept(status.anchor.generation))
            .await,
        refused(409, "NotDetected")
    );
    for operation in ["RollbackDetected", "RollbackAccepted"] {
        assert_eq!(port.fixture.audited(operation).len(), 1, "{operation}");
    }
}

#[tokio::test]
async fn bodies_are_bounded_and_the_largest_bundle_fits_the_store() {
    let port = AdminPort::start();
    let mut bytes = bundle(&port.service.objects, (1, 1), vec![allow(&["u"])]);
    bytes.resize(MAX_BUNDLE, b' ');
    port.send::<BundleId>(Method::PUT, path::BUNDLE, bytes.clone())
        .await
        .unwrap();
    bytes.push(b' ');
    let over = port
        .operator
        .put(format!("https://prod.team-a.svc{}", path::BUNDLE))
        .body(bytes)
        .send()
        .await;
    // Refused before it is read, so the client may find the connection closed before the answer.
    assert!(over.map_or(true, |answer| answer.status() == 413));
    let long = " ".repeat(64 * 1024 + 1);
    assert_eq!(
        port.send::<Value>(Method::POST, path::CONFIRM, long).await,
        refused(413, "TooLarge")
    );
}

#[tokio::test]
async fn other_paths_and_methods_are_refused() {
    let port = AdminPort::start();
    assert_eq!(port.get::<Value>("/v1/secrets").await, refused(404, "NoSuchPath"));
    assert_eq!(
        port.send::<Value>(Method::DELETE, path::BUNDLE, "").await,
        refused(405, "NoSuchMethod")
    );
    assert_eq!(
        port.send::<Value>(Method::POST, path::CONFIRM, "{}").await,
        refused(400, "Unreadable")
    );
    let deep = "[".repeat(10_000);
    assert_eq!(
        port.send::<Value>(Method::POST, path::RESOLVE, deep).await,
        refused(400, "Unreadable")
    );
}
