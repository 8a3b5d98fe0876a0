//! Delete, recover, purge and the end of the retention: of all three, or of none.

use strongroom_core::Timestamp;
use strongroom_engine::{
    Certificate, CryptoKey, ObjectError, Secret, SoftDelete,
    certificate::CertificateRequest,
    kinds::EVERY_KIND,
    object::{answer::Answer, request::WriteRequest, tasks::Tasks},
};

use super::{Vault, whole};
use crate::{
    certificate::{begin, import, own},
    fixture::{Bench, DAY, name, object, set_of, set_request},
    running::Running,
    sample::Sample,
};

fn gone<T>(result: &Result<T, ObjectError>) -> bool {
    matches!(
        result,
        Err(ObjectError::NotFound { .. } | ObjectError::DeletedNotFound { .. })
    )
}

#[test]
fn the_three_are_deleted_recovered_and_purged_together() {
    let mut vault = Vault::new();
    vault.issue("web", "one");
    let last = vault.issue("web", "two");
    for _ in 0..2 {
        let deleted = vault.delete("web").unwrap();
        assert!(deleted.deleted.is_some());
        assert!(gone(&vault.get("web")) && gone(&vault.key("web")) && gone(&vault.secret("web")));
        whole::check(&vault, &["web"]);
        vault.0.pass_days(3);
        assert_eq!(vault.recover("web").unwrap().version, last);
        assert!(vault.get("web").is_ok() && vault.key("web").is_ok() && vault.secret("web").is_ok());
        whole::check(&vault, &["web"]);
    }
    vault.delete("web").unwrap();
    vault.purge("web").unwrap();
    whole::check(&vault, &["web"]);
    assert_eq!(vault.0.scrub(EVERY_KIND).unwrap().heads, 0);
    assert!(gone(&vault.recover("web")) && gone(&vault.purge("web")));
    // Their names are free again.
    vault.0.set("web", "plain");
    vault.0.set_of::<CryptoKey>("web", "plain");
}

#[test]
fn an_operation_in_progress_goes_on_after_a_recovery() {
    let mut vault = Vault::new();
    let first = vault.begin("new").unwrap();
    vault.issue("old", "one");
    let later = vault.begin("old").unwrap();
    for (text, operation) in [("new", first), ("old", later)] {
        vault.delete(text).unwrap();
        assert!(gone(&vault.complete(text, operation, "late")));
        assert!(matches!(
            vault.begin(text),
            Err(ObjectError::DeletedButRecoverable { .. })
        ));
        whole::check(&vault, &[text]);
        vault.recover(text).unwrap();
        vault.complete(text, operation, "der").unwrap();
        whole::check(&vault, &[text]);
    }
}

#[test]
fn purge_protection_holds_for_the_three() {
    let mut vault = Vault(Bench::with_soft_delete(7, true));
    vault.issue("web", "one");
    vault.delete("web").unwrap();
    assert!(matches!(
        vault.purge("web"),
        Err(ObjectError::PurgeProtected { .. })
    ));
    whole::check(&vault, &["web"]);
    vault.recover("web").unwrap();
    whole::check(&vault, &["web"]);
}

#[test]
fn a_name_whose_retention_is_over_is_free_for_any_of_the_three() {
    let takes: [fn(&mut Vault); 4] = [
        |vault| {
            vault.begin("web").unwrap();
        },
        |vault| {
            vault.import("web", "new").unwrap();
        },
        |vault| {
            vault.0.set_of::<CryptoKey>("web", "plain");
        },
        |vault| {
            vault.0.set("web", "plain");
        },
    ];
    for take in takes {
        let mut vault = Vault(Bench::with_soft_delete(7, false));
        vault.issue("web", "one");
        vault.delete("web").unwrap();
        vault.0.pass_days(7);
        take(&mut vault);
        whole::check(&vault, &["web"]);
        vault.0.scrub(EVERY_KIND).unwrap();
        assert!(gone(&vault.recover("web")));
    }
}

/// Who gave the name away had a clock that ran ahead.
#[test]
fn a_certificate_does_not_come_back_over_a_key_or_a_secret_that_took_its_name() {
    fn try_it<K: Sample>(is_deleted: bool) {
        let mut vault = Vault(Bench::with_soft_delete(7, false));
        vault.issue("web", "one");
        vault.delete("web").unwrap();
        vault.0.pass_days(7);
        vault.0.set_of::<K>("web", "plain");
        if is_deleted {
            vault
                .0
                .write_of(&WriteRequest::<K>::Delete { name: name("web") })
                .unwrap();
        }
        vault.0.now = Timestamp::from_unix(vault.0.now.unix() - DAY);
        let refused = vault.recover("web").unwrap_err();
        assert!(
            matches!(refused, ObjectError::NameOfAnother { .. }),
            "{refused:?}"
        );
        vault.purge("web").unwrap();
        let plain = vault.0.get_of::<K>("web", None);
        assert_eq!(plain.is_ok(), !is_deleted);
        vault.0.scrub(EVERY_KIND).unwrap();
    }
    for is_deleted in [false, true] {
        try_it::<CryptoKey>(is_deleted);
        try_it::<Secret>(is_deleted);
    }
}

#[test]
fn what_was_never_issued_is_not_recovered_where_its_name_was_taken() {
    fn try_it<K: Sample>() {
        let mut vault = Vault::new();
        let operation = vault.begin("web").unwrap();
        vault.delete("web").unwrap();
        vault.0.set_of::<K>("web", "plain");
        for _ in 0..2 {
            let refused = vault.recover("web").unwrap_err();
            assert!(matches!(refused, ObjectError::NameOfAnother { kind, .. } if kind == K::KIND));
            vault
                .0
                .write_of(&WriteRequest::<K>::Delete { name: name("web") })
                .ok();
        }
        vault
            .0
            .write_of(&WriteRequest::<K>::Purge { name: name("web") })
            .unwrap();
        vault.recover("web").unwrap();
        vault.complete("web", operation, "der").unwrap();
        whole::check(&vault, &["web"]);
    }
    try_it::<CryptoKey>();
    try_it::<Secret>();
}

fn ask(running: &Running, request: CertificateRequest) {
    running.write_of(own(request)).unwrap();
}

fn delete<K: Tasks>(running: &Running, text: &str) {
    running
        .write_of(WriteRequest::<K>::Delete { name: name(text) })
        .unwrap();
}

#[test]
fn the_end_of_the_retention_purges_the_three_at_once() {
    let mut running = Running::keeping(EVERY_KIND, SoftDelete::new(7, true).unwrap());
    let now = running.now.unix();
    let life = (now, now + 90 * DAY);
    for number in 0..40 {
        let text = format!("web-{number}");
        ask(
            &running,
            CertificateRequest::Import(Box::new(import(&name(&text), "der", life))),
        );
        delete::<Certificate>(&running, &text);
    }
    ask(
        &running,
        CertificateRequest::Begin(Box::new(begin(&name("begun"), "key", life))),
    );
    delete::<Certificate>(&running, "begun");
    running.write_of(set_of::<CryptoKey>("plain", "kept")).unwrap();
    running.write(set_request("plain", "kept")).unwrap();
    delete::<Secret>(&running, "plain");
    running.now = Timestamp::from_unix(now + 7 * DAY);
    let mut swept = 0;
    while running.vault.objects() > 1 {
        running.sweep();
        swept += 1;
        assert!(swept < 20, "{} are left", running.vault.objects());
        running.vault.scrub().unwrap();
    }
    let lines = running.audited();
    let purged = |kind: &str| {
        let of = |line: &&String| line.contains("ScheduledPurge") && line.contains(kind);
        lines.iter().filter(of).count()
    };
    assert_eq!(purged("\"certificates\""), 41);
    assert_eq!(
        (purged("\"keys\""), purged("\"secrets\"")),
        (0, 1),
        "parts go with their certificates"
    );
    assert!(running.vault.scrub().is_ok());
}

#[test]
fn a_restart_keeps_certificates_whole() {
    let running = Running::keeping(EVERY_KIND, SoftDelete::default());
    let now = running.now.unix();
    let life = (now, now + 90 * DAY);
    ask(
        &running,
        CertificateRequest::Import(Box::new(import(&name("web"), "der", life))),
    );
    ask(
        &running,
        CertificateRequest::Begin(Box::new(begin(&name("web"), "key", life))),
    );
    let (directory, store) = running.stop();
    drop(store);
    let store = crate::running::redb(directory.path());
    let options = strongroom_engine::VaultOptions {
        kinds: EVERY_KIND,
        ..crate::running::options(directory.path(), strongroom_engine::Initialise::Refused)
    };
    let running = Running::start_with(directory, store, options).unwrap();
    assert_eq!(running.vault.scrub().unwrap().heads, 3);
    let request = strongroom_engine::ReadRequest::Get {
        name: name("web"),
        version: None,
    };
    let found: Answer<Certificate> = running
        .vault
        .read(&request, running.now, &strongroom_engine::every_name)
        .unwrap();
    assert!(object(found).object.in_progress().is_some());
}
