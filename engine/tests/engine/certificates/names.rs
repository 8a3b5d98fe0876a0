//! One name for three: what has it keeps it, and what is part of a certificate takes no request of its own.

use strongroom_engine::{
    AttributesPatch, BoundedBackup, Certificate, CryptoKey, ObjectError, ReadRequest, Secret,
    certificate::{CertificateRequest, request::Update},
    every_name,
    object::request::WriteRequest,
};

use super::{Vault, tags, update, whole};
use crate::{
    certificate::begin,
    fixture::{Bench, name, set_of},
    sample::Sample,
};

fn is_taken<K: Sample, T: std::fmt::Debug>(result: Result<T, ObjectError>) {
    let refused = result.unwrap_err();
    let is_kinds = matches!(&refused, ObjectError::NameOfAnother { kind, .. } if *kind == K::KIND);
    assert!(is_kinds, "{refused:?}");
}

#[test]
fn a_certificate_is_refused_under_the_name_of_a_key_or_a_secret_until_that_is_past_its_retention() {
    fn try_it<K: Sample>() {
        let mut vault = Vault(Bench::with_soft_delete(7, false));
        vault.0.set_of::<K>("web", "plain");
        is_taken::<K, _>(vault.begin("web"));
        is_taken::<K, _>(vault.import("WEB", "der"));
        vault
            .0
            .write_of(&WriteRequest::<K>::Delete { name: name("web") })
            .unwrap();
        vault.0.pass_days(6);
        is_taken::<K, _>(vault.begin("web"));
        is_taken::<K, _>(vault.import("web", "der"));
        vault.0.pass_days(1);
        vault.import("web", "der").unwrap();
        whole::check(&vault, &["web"]);
        vault.0.scrub(strongroom_engine::kinds::EVERY_KIND).unwrap();
    }
    try_it::<CryptoKey>();
    try_it::<Secret>();
}

#[test]
fn a_deleted_certificate_keeps_its_name_until_it_is_past_its_retention() {
    let mut vault = Vault(Bench::with_soft_delete(7, false));
    vault.issue("web", "one");
    vault.begin("begun").unwrap();
    for text in ["web", "begun"] {
        vault.delete(text).unwrap();
        let begun = vault.begin(text).map(drop);
        let imported = vault.import(text, "der").map(drop);
        for refused in [begun, imported] {
            let refused = refused.unwrap_err();
            let kind = strongroom_core::ObjectKind::Certificates;
            let is_blocked =
                matches!(refused, ObjectError::DeletedButRecoverable { kind: of, .. } if of == kind);
            assert!(is_blocked, "{refused:?}");
        }
    }
    let blocked = |result: Result<_, ObjectError>| {
        let refused = Result::<(), _>::unwrap_err(result);
        assert!(
            matches!(refused, ObjectError::DeletedButRecoverable { .. }),
            "{refused:?}"
        );
    };
    blocked(vault.0.write_of(&set_of::<CryptoKey>("web", "plain")).map(drop));
    blocked(vault.0.write_of(&set_of::<Secret>("web", "plain")).map(drop));
    vault.0.pass_days(7);
    for text in ["web", "begun"] {
        vault.begin(text).unwrap();
    }
    whole::check(&vault, &["web", "begun"]);
}

fn is_managed<K: Sample, T: std::fmt::Debug>(result: Result<T, ObjectError>, asked: &str) {
    let refused = result.unwrap_err();
    let fits = matches!(&refused, ObjectError::Managed { kind, operation, .. }
        if *kind == K::KIND && *operation == asked);
    assert!(fits, "{asked}: {refused:?}");
}

/// Asks a live part for everything that is asked of plain objects.
fn refuse_live<K: Sample>(vault: &mut Vault) {
    let before = [
        vault.get("web").map(|found| found.version),
        vault.0.get_of::<K>("web", None).map(|f| f.version),
    ];
    is_managed::<K, _>(vault.0.write_of(&set_of::<K>("web", "plain")), "set");
    let replace = WriteRequest::<K>::Replace {
        name: name("web"),
        seen: vault.0.seen_of::<K>("web"),
        content: K::content("plain"),
        fields: K::fields("plain", false),
        expires: None,
    };
    is_managed::<K, _>(vault.0.write_of(&replace), "set");
    let update = |version| WriteRequest::<K>::Update {
        name: name("web"),
        version,
        fields: K::Patch::default(),
        attributes: AttributesPatch {
            enabled: Some(false),
            ..AttributesPatch::default()
        },
        tags: Some(tags("plain")),
    };
    let version = vault.get("web").unwrap().version;
    is_managed::<K, _>(vault.0.write_of(&update(None)), "update");
    is_managed::<K, _>(vault.0.write_of(&update(Some(version))), "update");
    if let Some(amendment) = K::amendment(1) {
        let amend = WriteRequest::<K>::Amend {
            name: name("web"),
            amendment,
        };
        is_managed::<K, _>(vault.0.write_of(&amend), "update");
    }
    is_managed::<K, _>(
        vault.0.write_of(&WriteRequest::<K>::Delete { name: name("web") }),
        "delete",
    );
    let backup = ReadRequest::Backup { name: name("web") };
    is_managed::<K, _>(vault.0.read_of::<K>(&backup, &every_name), "backup");
    let after = [
        vault.get("web").map(|found| found.version),
        vault.0.get_of::<K>("web", None).map(|f| f.version),
    ];
    assert_eq!(before, after);
}

/// Asks a deleted part for everything that is asked of deleted plain objects.
fn refuse_deleted<K: Sample>(vault: &mut Vault) {
    is_managed::<K, _>(
        vault
            .0
            .write_of(&WriteRequest::<K>::Recover { name: name("web") }),
        "recover",
    );
    is_managed::<K, _>(
        vault.0.write_of(&WriteRequest::<K>::Purge { name: name("web") }),
        "purge",
    );
}

#[test]
fn a_part_of_a_certificate_takes_no_request_of_its_own() {
    let mut vault = Vault::new();
    vault.issue("web", "one");
    refuse_live::<CryptoKey>(&mut vault);
    refuse_live::<Secret>(&mut vault);
    whole::check(&vault, &["web"]);
    vault.delete("web").unwrap();
    refuse_deleted::<CryptoKey>(&mut vault);
    refuse_deleted::<Secret>(&mut vault);
    whole::check(&vault, &["web"]);
}

#[test]
fn a_backup_with_a_bound_of_a_part_is_refused_too() {
    let running = crate::running::Running::in_memory(strongroom_engine::kinds::EVERY_KIND);
    let now = running.now.unix();
    let import = crate::certificate::import(&name("web"), "der", (now, now + 9));
    let request = CertificateRequest::Import(Box::new(import));
    running.write_of(crate::certificate::own(request)).unwrap();
    let made = |result| matches!(result, Ok(BoundedBackup::Made(_)));
    assert!(made(
        running
            .vault
            .backup_within::<Certificate>(&name("web"), usize::MAX)
    ));
    is_managed::<CryptoKey, _>(
        running.vault.backup_within::<CryptoKey>(&name("web"), usize::MAX),
        "backup",
    );
    is_managed::<Secret, _>(
        running.vault.backup_within::<Secret>(&name("web"), usize::MAX),
        "backup",
    );
}

#[test]
fn a_name_whose_certificate_is_not_issued_yet_is_no_other_keys_or_secrets() {
    fn try_it<K: Sample>() {
        let mut vault = Vault::new();
        vault.0.set_of::<K>("web", "plain");
        let blob = vault.backup_of::<K>("web").unwrap();
        vault
            .0
            .write_of(&WriteRequest::<K>::Delete { name: name("web") })
            .unwrap();
        vault
            .0
            .write_of(&WriteRequest::<K>::Purge { name: name("web") })
            .unwrap();
        let operation = vault.begin("web").unwrap();
        is_managed::<K, _>(vault.0.write_of(&set_of::<K>("web", "plain")), "set");
        is_managed::<K, _>(vault.restore_of::<K>(&blob), "restore");
        whole::check(&vault, &["web"]);
        vault.complete("web", operation, "der").unwrap();
        is_managed::<K, _>(vault.restore_of::<K>(&blob), "restore");
        whole::check(&vault, &["web"]);
    }
    try_it::<CryptoKey>();
    try_it::<Secret>();
}

#[test]
fn a_refused_request_changes_none_of_the_three() {
    let mut vault = Vault::new();
    vault.issue("web", "one");
    let before = [
        vault.get("web").unwrap().attributes,
        vault.key("web").unwrap().attributes,
    ];
    let wrong = Update {
        enabled: Some(false),
        tags: Some((0..16).map(|n| (n.to_string(), String::new())).collect()),
        ..update("web")
    };
    assert!(vault.update(wrong).is_err());
    let mut renewed = begin(&name("web"), "key", vault.life());
    renewed.renews = Some(strongroom_engine::format::id::Sequence(7));
    assert!(vault.ask(CertificateRequest::Begin(Box::new(renewed))).is_err());
    assert_eq!(
        before,
        [
            vault.get("web").unwrap().attributes,
            vault.key("web").unwrap().attributes
        ]
    );
    whole::check(&vault, &["web"]);
}
