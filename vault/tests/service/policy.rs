//! The bundle in force: fenced, kept, and closed when it should be.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
    time::Duration,
};

use strongroom_audit::{Entry, Event, Place, PolicyName, Verdict};
use strongroom_core::{Effect, Generation, Permission};
use strongroom_engine::store::{
    Batch, CommitError, Gen, Limits, MemoryStore, Purpose, Snapshot, Store, StoreError,
};
use strongroom_testing::vault::{Files, bundle, put, set};
use strongroom_vault::{
    policy::{AcceptError, Closed, ConfirmError, NotAccepted, NotAudited, Policy, PutError, Unfit},
    service::Service,
};

use crate::fixture::{allow, in_force, rule};

fn get(service: &Service, subject: &str, object: &str) -> Result<Verdict, Closed> {
    service.policy.decide(
        &subject.parse().unwrap(),
        Permission::SecretGet,
        &object.parse().unwrap(),
    )
}

fn allowed() -> Verdict {
    Verdict::Allow(PolicyName::new("allow"))
}

#[test]
fn without_a_bundle_nothing_is_decided() {
    let service = Files::in_memory().service();
    assert_eq!(get(&service, "u", "db"), Err(Closed::NoBundle));
    assert_eq!(
        service
            .policy
            .decide_any(&"u".parse().unwrap(), Permission::SecretList),
        Err(Closed::NoBundle)
    );
    assert_eq!(service.policy.bundle().unwrap(), None);
}

/// A store that takes nothing while it is full.
#[derive(Default)]
struct Full {
    store: MemoryStore,
    is_full: AtomicBool,
}

impl Store for Full {
    fn snapshot(&self) -> Result<Arc<dyn Snapshot>, StoreError> {
        self.store.snapshot()
    }

    fn commit(&self, expect: Gen, batch: &Batch, purpose: Purpose) -> Result<Gen, CommitError> {
        if self.is_full.load(SeqCst) {
            return Err(CommitError::Full);
        }
        self.store.commit(expect, batch, purpose)
    }

    fn limits(&self) -> Limits {
        self.store.limits()
    }
}

/// What a bundle takes away is gone though neither disk nor audit log takes the bundle; what it gives waits for both.
#[test]
fn a_revocation_is_in_force_at_once_whatever_disk_and_audit_log_say() {
    let store = Arc::new(Full::default());
    let service = Files::on(Arc::clone(&store) as Arc<dyn Store>).service();
    put(&service, (1, 1), vec![allow(&["u", "v"])]).unwrap();
    let bytes = bundle(&service.objects, (1, 2), vec![allow(&["v", "w"])]);
    let unaudited = service.policy.put(&bytes, |_| Err(NotAudited));
    assert!(matches!(unaudited, Err(PutError::Audit(_))), "{unaudited:?}");
    let holds = |subject: &str| get(&service, subject, "db") == Ok(allowed());
    assert_eq!(["u", "v", "w"].map(holds), [false, true, false]);

    store.is_full.store(true, SeqCst);
    let unwritten = put(&service, (1, 3), vec![allow(&["w"])]);
    assert!(matches!(unwritten, Err(PutError::Persist(_))), "{unwritten:?}");
    assert_eq!(["u", "v", "w"].map(holds), [false, false, false]);
    assert_eq!(in_force(&service).generation, Generation { epoch: 1, n: 1 });

    store.is_full.store(false, SeqCst);
    put(&service, (1, 3), vec![allow(&["w"])]).unwrap();
    assert_eq!(["u", "v", "w"].map(holds), [false, false, true]);
    assert_eq!(in_force(&service).generation, Generation { epoch: 1, n: 3 });
}

#[test]
fn a_bundle_that_is_refused_takes_nothing_away() {
    let service = Files::in_memory().service();
    put(&service, (4, 1), vec![allow(&["u"])]).unwrap();
    assert!(put(&service, (3, 9), vec![]).is_err());
    assert!(service.policy.put(b"{}", |_| Ok(())).is_err());
    assert_eq!(get(&service, "u", "db"), Ok(allowed()));
}

#[test]
fn an_old_leaders_bundle_is_refused_and_what_is_in_force_stays() {
    let service = Files::in_memory().service();
    put(&service, (4, 7), vec![allow(&["u"])]).unwrap();
    put(
        &service,
        (5, 1),
        vec![allow(&["u"]), rule("deny", Effect::Deny, &["u"], "db")],
    )
    .unwrap();
    let before = in_force(&service);
    // The leader of epoch 4 wakes up and has counted on.
    for place in [(4, 8), (4, 999), (5, 0)] {
        let refused = put(&service, place, vec![allow(&["u"])]);
        assert!(
            matches!(refused, Err(PutError::Unfit(Unfit::StaleGeneration { .. }))),
            "{refused:?}"
        );
    }
    assert_eq!(in_force(&service), before);
    assert_eq!(
        get(&service, "u", "db"),
        Ok(Verdict::Deny(PolicyName::new("deny")))
    );
}

#[test]
fn the_same_generation_is_a_confirmation_only_with_the_same_bytes() {
    let service = Files::in_memory().service();
    assert!(put(&service, (1, 1), vec![allow(&["u"])]).unwrap().is_new);
    assert!(!put(&service, (1, 1), vec![allow(&["u"])]).unwrap().is_new);
    assert!(matches!(
        put(&service, (1, 1), vec![allow(&["u", "w"])]),
        Err(PutError::Unfit(Unfit::StaleGeneration { .. }))
    ));
    assert_eq!(get(&service, "w", "db"), Ok(Verdict::NoPolicy));
}

#[test]
fn what_is_not_understood_or_not_meant_for_this_vault_changes_nothing() {
    let service = Files::in_memory().service();
    put(&service, (1, 1), vec![allow(&["u"])]).unwrap();
    let before = in_force(&service);
    let good = bundle(&service.objects, (1, 2), vec![allow(&["w"])]);
    let changed = |from: &str, to: &str| {
        let text = String::from_utf8(good.clone()).unwrap();
        assert!(text.contains(from), "{text}");
        text.replace(from, to).into_bytes()
    };
    for bytes in [
        changed(r#""features":[]"#, r#""features":["conditions"]"#),
        changed("secrets/get", "secrets/peek"),
        changed(r#""Allow""#, r#""Audit""#),
        changed(r#""format":1"#, r#""format":2"#),
        changed(r#""policies":"#, r#""unless":1,"policies":"#),
        changed(
            &service.objects.vault_id().to_string(),
            "6f9c2c1e-0000-4000-8000-000000000000",
        ),
        b"{".to_vec(),
        vec![b'['; 100_000],
        Vec::new(),
    ] {
        let refused = service.policy.put(&bytes, |_| panic!("nothing to audit"));
        assert!(matches!(refused, Err(PutError::Unfit(_))), "{refused:?}");
    }
    assert_eq!(in_force(&service), before);
    assert_eq!(get(&service, "u", "db"), Ok(allowed()));
}

#[test]
fn a_bundle_that_cannot_be_audited_is_not_taken() {
    let service = Files::in_memory().service();
    let bytes = bundle(&service.objects, (1, 1), vec![allow(&["u"])]);
    assert!(matches!(
        service.policy.put(&bytes, |_| Err(NotAudited)),
        Err(PutError::Audit(NotAudited))
    ));
    assert_eq!(get(&service, "u", "db"), Err(Closed::NoBundle));
}

#[test]
fn a_restarted_vault_enforces_the_last_bundle_and_keeps_its_fence() {
    let fixture = Files::in_memory();
    let service = fixture.service();
    let bytes = bundle(&service.objects, (4, 7), vec![allow(&["u"])]);
    service.policy.put(&bytes, |_| Ok(())).unwrap();
    let before = in_force(&service);
    drop(service);

    let service = fixture.service();
    assert_eq!(in_force(&service), before);
    assert_eq!(service.policy.bundle().unwrap().unwrap(), bytes);
    assert_eq!(get(&service, "u", "db"), Ok(allowed()));
    assert!(put(&service, (4, 6), vec![]).is_err());
}

#[test]
fn a_stored_bundle_of_another_release_closes_the_vault_but_keeps_its_fence() {
    let fixture = Files::in_memory();
    let service = fixture.service();
    put(&service, (4, 7), vec![allow(&["u"])]).unwrap();
    let newer = br#"{"format":9}"#;
    let hash = strongroom_audit::Hash::of(newer).to_string();
    let line = serde_json::json!({"format": 1, "record":
        {"policy": {"generation": {"epoch": 9, "n": 9}, "hash": hash}, "at": 0}});
    let record = [line.to_string().as_bytes(), b"\n", newer].concat();
    service.objects.meta_put("policy/bundle", Some(record)).unwrap();
    drop(service);

    let service = fixture.service();
    assert_eq!(get(&service, "u", "db"), Err(Closed::NoBundle));
    assert_eq!(service.policy.bundle_id(), None);
    assert_eq!(service.policy.fence(), Some(Generation { epoch: 9, n: 9 }));
    assert!(put(&service, (9, 8), vec![allow(&["u"])]).is_err());
    put(&service, (9, 10), vec![allow(&["u"])]).unwrap();
    assert_eq!(get(&service, "u", "db"), Ok(allowed()));
}

#[test]
fn a_stored_record_of_a_later_format_closes_the_vault_but_keeps_its_fence() {
    let fixture = Files::in_memory();
    let service = fixture.service();
    put(&service, (4, 7), vec![allow(&["u"])]).unwrap();
    let record = br#"{"format":2,"record":{"policy":{"generation":{"epoch":9,"n":9}},"more":1}}"#;
    service
        .objects
        .meta_put("policy/bundle", Some(record.to_vec()))
        .unwrap();
    drop(service);

    let service = fixture.service();
    assert_eq!(get(&service, "u", "db"), Err(Closed::NoBundle));
    assert_eq!(service.policy.fence(), Some(Generation { epoch: 9, n: 9 }));
    assert!(put(&service, (9, 9), vec![allow(&["u"])]).is_err());
    put(&service, (10, 1), vec![allow(&["u"])]).unwrap();
    drop(service);
    assert_eq!(get(&fixture.service(), "u", "db"), Ok(allowed()));
}

#[test]
fn a_damaged_record_refuses_the_start() {
    let fixture = Files::in_memory();
    let service = fixture.service();
    put(&service, (1, 1), vec![allow(&["u"])]).unwrap();
    let mut record = service.objects.meta_get("policy/bundle").unwrap().unwrap();
    let last = record.len() - 1;
    record[last] ^= 1;
    service.objects.meta_put("policy/bundle", Some(record)).unwrap();
    assert!(Policy::open(service.objects.clone(), "prod-0", None, fixture.clock.clone()).is_err());
}

#[test]
fn an_unconfirmed_bundle_closes_the_vault_until_it_is_confirmed() {
    let fixture = Files::in_memory().with(&["--policy-max-staleness", "3600"]);
    let service = fixture.service();
    put(&service, (1, 1), vec![allow(&["u"])]).unwrap();
    fixture.clock.advance(3500);
    assert_eq!(get(&service, "u", "db"), Ok(allowed()));
    service.policy.confirm(&in_force(&service)).unwrap();
    fixture.clock.advance(3500);
    assert_eq!(get(&service, "u", "db"), Ok(allowed()));
    fixture.clock.advance(200);
    assert_eq!(get(&service, "u", "db"), Err(Closed::Stale));
    service.policy.confirm(&in_force(&service)).unwrap();
    assert_eq!(get(&service, "u", "db"), Ok(allowed()));
}

#[test]
fn restarting_does_not_make_a_stale_bundle_fresh() {
    let fixture = Files::in_memory().with(&["--policy-max-staleness", "3600"]);
    let service = fixture.service();
    put(&service, (1, 1), vec![allow(&["u"])]).unwrap();
    for _ in 0..6 {
        fixture.clock.advance(1000);
        service.policy.confirm(&in_force(&service)).unwrap();
    }
    drop(service);
    let service = fixture.service();
    assert_eq!(get(&service, "u", "db"), Ok(allowed()));
    fixture.clock.advance(3601);
    drop(service);
    assert_eq!(get(&fixture.service(), "u", "db"), Err(Closed::Stale));
}

#[test]
fn without_a_staleness_the_last_bundle_is_enforced_for_ever() {
    let fixture = Files::in_memory();
    let service = fixture.service();
    put(&service, (1, 1), vec![allow(&["u"])]).unwrap();
    fixture.clock.advance(10 * 365 * 86_400);
    assert_eq!(get(&service, "u", "db"), Ok(allowed()));
    assert_eq!(service.policy.closes_at(), None);
    assert!(service.policy.staleness() >= 10 * 365 * 86_400);
}

#[test]
fn only_what_is_in_force_can_be_confirmed() {
    let service = Files::in_memory().service();
    put(&service, (1, 1), vec![allow(&["u"])]).unwrap();
    let old = in_force(&service);
    put(&service, (1, 2), vec![]).unwrap();
    assert!(matches!(
        service.policy.confirm(&old),
        Err(ConfirmError::NotInForce { .. })
    ));
}

#[test]
fn a_rollback_closes_the_vault_over_restarts_until_exactly_that_generation_is_accepted() {
    let fixture = Files::in_memory();
    let service = fixture.service();
    put(&service, (1, 1), vec![allow(&["u"])]).unwrap();
    service.policy.detect_rollback(99).unwrap();
    assert_eq!(get(&service, "u", "db"), Err(Closed::RolledBack));
    drop(service);

    let service = fixture.service();
    assert_eq!(get(&service, "u", "db"), Err(Closed::RolledBack));
    let present = service.objects.anchor().generation.0;
    for wrong in [0, present - 1, present + 1, 99] {
        let refused = service
            .policy
            .accept_rollback(wrong, || panic!("nothing to audit"));
        assert!(
            matches!(
                refused,
                Err(AcceptError::NotAccepted(NotAccepted::OtherGeneration { .. }))
            ),
            "{refused:?}"
        );
    }
    assert!(matches!(
        service.policy.accept_rollback(present, || Err(NotAudited)),
        Err(AcceptError::Audit(NotAudited))
    ));
    assert_eq!(get(&service, "u", "db"), Err(Closed::RolledBack));
    service.policy.accept_rollback(present, || Ok(())).unwrap();
    assert_eq!(get(&service, "u", "db"), Ok(allowed()));
    let again = service.objects.anchor().generation.0;
    assert!(matches!(
        service.policy.accept_rollback(again, || Ok(())),
        Err(AcceptError::NotAccepted(NotAccepted::NotDetected))
    ));
    drop(service);
    assert_eq!(get(&fixture.service(), "u", "db"), Ok(allowed()));
}

#[test]
fn a_rollback_reported_again_is_no_commit() {
    let service = Files::in_memory().service();
    assert!(service.policy.detect_rollback(99).unwrap());
    let generation = service.objects.anchor().generation;
    assert!(!service.policy.detect_rollback(99).unwrap());
    assert_eq!(service.objects.anchor().generation, generation);
    assert!(service.policy.detect_rollback(100).unwrap());
}

#[test]
fn a_store_older_than_the_audit_log_is_noticed_without_the_operator() {
    let fixture = Files::in_memory();
    let service = fixture.service();
    put(&service, (1, 1), vec![allow(&["u"])]).unwrap();
    set(&service, "db", "1");
    assert_eq!(service.policy.compare_with_log(&service.audit).unwrap(), None);
    let later = Place {
        generation: service.objects.anchor().generation.0 + 5,
        index: 0,
    };
    let record = Entry::event(fixture.clock.time(), &Event::VaultStop);
    service.audit.drain(later, &record).unwrap();
    assert_eq!(
        service.policy.compare_with_log(&service.audit).unwrap(),
        Some(later.generation)
    );
    assert_eq!(get(&service, "u", "db"), Err(Closed::RolledBack));
}

#[tokio::test]
async fn every_change_of_what_policy_decides_wakes_its_watchers() {
    let fixture = Files::in_memory().with(&["--policy-max-staleness", "60"]);
    let service = fixture.service();
    let mut changes = service.policy.changes();
    let woken = async |changes: &mut strongroom_vault::policy::Changes| {
        tokio::time::timeout(Duration::from_millis(200), changes.changed())
            .await
            .is_ok()
    };
    put(&service, (1, 1), vec![allow(&["u"])]).unwrap();
    assert!(woken(&mut changes).await);
    service.policy.confirm(&in_force(&service)).unwrap();
    assert!(!woken(&mut changes).await);
    fixture.clock.advance(61);
    service.policy.confirm(&in_force(&service)).unwrap();
    assert!(woken(&mut changes).await);
    service.policy.detect_rollback(9).unwrap();
    assert!(woken(&mut changes).await);
}
