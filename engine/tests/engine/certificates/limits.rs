//! What a version may be, and that one that may not be changes none of the three; and what happened, as events.

use strongroom_core::ObjectKind;
use strongroom_engine::{
    BadParameter, CertificateBundle, KeyMaterial, ObjectError, Occurrence, SecretValue,
    certificate::{CertificateRequest, DER_BYTES},
    kinds::EVERY_KIND,
};

use super::{Vault, whole};
use crate::{
    certificate::{begin, complete, import, own},
    fixture::{name, object},
    running::Running,
};

/// Else it would never end.
#[test]
fn what_could_not_be_completed_is_not_begun() {
    let mut vault = Vault::new();
    vault.issue("old", "one");
    for text in ["new", "old"] {
        let mut many = begin(&name(text), "key", vault.life());
        many.tags = (0..16).map(|n| (n.to_string(), String::new())).collect();
        let refused = vault.ask(CertificateRequest::Begin(Box::new(many))).unwrap_err();
        let too_many = matches!(
            refused,
            ObjectError::BadParameter(BadParameter::TooManyTags { .. })
        );
        assert!(too_many, "{refused}");
        let (from, until) = vault.life();
        let backwards = begin(&name(text), "key", (until, from));
        let refused = vault
            .ask(CertificateRequest::Begin(Box::new(backwards)))
            .unwrap_err();
        assert_eq!(refused, BadParameter::ExpiresBeforeStart.into());
    }
}

#[test]
fn a_version_that_breaks_a_rule_changes_none_of_the_three() {
    let mut vault = Vault::new();
    vault.import("web", "one").unwrap();
    let before = vault.get("web").unwrap();
    let long = "x".repeat(26 * 1024);
    let mut refused = Vec::new();
    for text in ["web", "new"] {
        let mut secret = import(&name(text), "two", vault.life());
        secret.issued.secret = SecretValue::new(long.clone());
        let mut der = import(&name(text), "two", vault.life());
        der.issued.der = vec![0; DER_BYTES + 1].into();
        let mut key = import(&name(text), "two", vault.life());
        key.material = KeyMaterial::new(vec![0; 1 << 20].into());
        for import in [secret, der, key] {
            refused.push(
                vault
                    .ask(CertificateRequest::Import(Box::new(import)))
                    .unwrap_err(),
            );
        }
    }
    let is_too_large = |error| matches!(error, ObjectError::BadParameter(BadParameter::ValueTooLarge(_)));
    assert!(refused.into_iter().all(is_too_large));
    assert_eq!(vault.get("web").unwrap(), before);
    whole::check(&vault, &["web", "new"]);
}

#[test]
fn a_vault_without_room_does_nothing_half() {
    let mut vault = Vault::new();
    vault.issue("web", "one");
    let operation = vault.begin("web").unwrap();
    let before = vault.get("web").unwrap();
    vault.0.rules.limits.object_bytes = vault.0.state().unwrap().bytes + 40;
    let full = |result: Result<_, ObjectError>| {
        let error = Result::<CertificateBundle, _>::unwrap_err(result);
        assert!(matches!(error, ObjectError::VaultFull { .. }), "{error}");
    };
    full(vault.complete("web", operation, &"long".repeat(500)));
    full(vault.import("new", "der"));
    let begin = begin(&name("new"), "key", vault.life());
    full(vault.ask(CertificateRequest::Begin(Box::new(begin))));
    assert_eq!(vault.get("web").unwrap(), before);
    whole::check(&vault, &["web", "new"]);
    // What takes out of use is always possible.
    vault.cancel("web").unwrap();
    vault.end("web", operation).unwrap();
    vault.forget("web").unwrap();
    vault.delete("web").unwrap();
    whole::check(&vault, &["web"]);
}

#[test]
fn each_of_the_three_has_an_event_when_a_version_is_issued_and_none_before() {
    let running = Running::in_memory(EVERY_KIND);
    let seen = |running: &Running| {
        let page = running.vault.events(None, 100).unwrap().unwrap();
        let events = page.events.into_iter();
        events
            .map(|event| (event.event_type.kind, event.event_type.occurrence, event.version))
            .collect::<Vec<_>>()
    };
    let now = running.now.unix();
    let life = (now, now + 1_000_000);
    let ask = |request| object(running.write_of(own(request)).unwrap());
    let begun = ask(CertificateRequest::Begin(Box::new(begin(
        &name("web"),
        "key",
        life,
    ))));
    assert_eq!(seen(&running), []);
    let operation = begun.object.operation.unwrap();
    let complete = complete(&name("web"), operation.id, "der", life);
    ask(CertificateRequest::Complete(Box::new(complete)));
    let of = |kind| (kind, Occurrence::NewVersionCreated, operation.version);
    assert_eq!(
        seen(&running),
        [ObjectKind::Certificates, ObjectKind::Keys, ObjectKind::Secrets].map(of)
    );
}
