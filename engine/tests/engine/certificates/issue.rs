//! An operation from its begin to its end, and imports.

use strongroom_core::Timestamp;
use strongroom_engine::{
    ObjectError,
    certificate::{
        CertificateRequest,
        object::{OperationId, OperationState},
    },
    object::error::OperationError,
};

use super::{Vault, tags, whole};
use crate::{
    certificate::{begin, complete},
    fixture::name,
};

#[test]
fn a_certificate_its_key_and_its_secret_are_there_once_it_is_issued() {
    let mut vault = Vault::new();
    let operation = vault.begin("web").unwrap();
    let begun = vault.get("web").unwrap();
    assert!(!begun.attributes.enabled && begun.fields.thumbprint.is_none());
    let life = vault.life();
    let shown = |time: Option<Timestamp>| time.map(Timestamp::unix);
    assert_eq!(shown(begun.attributes.not_before), Some(life.0));
    assert_eq!(shown(begun.attributes.expires), Some(life.1));
    let (found, progress) = begun.object.in_progress().unwrap();
    assert_eq!((found.id, found.version), (operation, begun.version));
    assert_eq!(
        progress.issue_at,
        Some(Timestamp::from_unix(vault.0.now.unix() + 2))
    );
    assert!(vault.key("web").is_err() && vault.secret("web").is_err());
    whole::check(&vault, &["web"]);

    let issued = vault.complete("web", operation, "der").unwrap();
    assert_eq!(issued.version, begun.version);
    assert_eq!(issued.content.unwrap().0.as_ref(), b"der");
    assert!(issued.attributes.enabled);
    let found = vault.get("web").unwrap();
    assert_eq!(found.content.unwrap().0.as_ref(), b"der");
    assert_eq!(found.object.operation.unwrap().state, OperationState::Completed);
    assert_eq!(
        vault.secret("web").unwrap().content.unwrap().expose(),
        "chain of der"
    );
    let secret = vault.secret("web").unwrap();
    assert_eq!(
        secret.fields.content_type.as_deref(),
        Some("application/x-pem-file")
    );
    assert!(vault.key("web").unwrap().fields.is_part);
    whole::check(&vault, &["web"]);
    assert_eq!(
        vault
            .0
            .scrub(strongroom_engine::kinds::EVERY_KIND)
            .unwrap()
            .versions,
        3
    );
}

#[test]
fn a_later_operation_leaves_the_version_before_as_it_is_until_it_ends() {
    let mut vault = Vault::new();
    let first = vault.issue("web", "one");
    let operation = vault.begin("web").unwrap();
    assert_eq!(vault.get("web").unwrap().version, first);
    whole::check(&vault, &["web"]);
    let second = vault.complete("web", operation, "two").unwrap().version;
    assert_ne!(first, second);
    let secret = vault.secret("web").unwrap();
    assert_eq!(secret.fields.part.unwrap().previous, Some(first));
    let older = vault.0.get("web", Some(first)).unwrap();
    assert_eq!(older.content.unwrap().expose(), "chain of one");
    whole::check(&vault, &["web"]);
}

#[test]
fn an_operation_that_ends_without_a_certificate_leaves_none_and_cannot_be_completed() {
    let mut vault = Vault::new();
    let operation = vault.begin("web").unwrap();
    vault.fail("web", operation).unwrap();
    assert!(matches!(vault.state("web"), Some(OperationState::Failed { .. })));
    let ended = Err(ObjectError::Operation(OperationError::Ended));
    assert_eq!(vault.complete("web", operation, "late"), ended);
    assert_eq!(vault.end("web", operation), ended);
    assert_eq!(vault.cancel("web"), ended);
    whole::check(&vault, &["web"]);

    vault.issue("other", "one");
    let operation = vault.begin("other").unwrap();
    vault.end("other", operation).unwrap();
    assert_eq!(vault.state("other"), Some(OperationState::Cancelled));
    assert_eq!(vault.complete("other", operation, "late"), ended);
    whole::check(&vault, &["other"]);
}

#[test]
fn an_operation_is_ended_by_its_number_alone() {
    let mut vault = Vault::new();
    let first = vault.begin("web").unwrap();
    vault.end("web", first).unwrap();
    vault.begin("web").unwrap();
    let missing = Err(ObjectError::Operation(OperationError::NotFound(name("web"))));
    for wrong in [first, OperationId([0; 16])] {
        assert_eq!(vault.complete("web", wrong, "late"), missing);
        assert_eq!(vault.end("web", wrong), missing);
    }
    assert!(vault.get("web").unwrap().object.in_progress().is_some());
    let missing = ObjectError::Operation(OperationError::NotFound(name("none")));
    assert_eq!(vault.cancel("none").unwrap_err(), missing);
    assert_eq!(vault.forget("none").unwrap_err(), missing);
    assert!(matches!(
        vault.end("none", first),
        Err(ObjectError::NotFound { .. })
    ));
}

#[test]
fn a_cancellation_is_noted_and_due_at_once_and_does_not_hold_a_certificate_up_that_comes_all_the_same() {
    let mut vault = Vault::new();
    let operation = vault.begin("web").unwrap();
    let cancelled = vault.cancel("web").unwrap();
    let (found, progress) = cancelled.object.in_progress().unwrap();
    assert!(found.cancellation_requested);
    assert_eq!(progress.issue_at, Some(vault.0.now));
    vault.cancel("web").unwrap();
    vault.complete("web", operation, "der").unwrap();
    whole::check(&vault, &["web"]);
}

#[test]
fn an_operation_that_is_forgotten_is_answered_once_and_its_certificate_can_be_begun_again() {
    let mut vault = Vault::new();
    let operation = vault.begin("web").unwrap();
    let forgotten = vault.forget("web").unwrap();
    assert_eq!(forgotten.object.operation.unwrap().id, operation);
    let missing = Err(ObjectError::Operation(OperationError::NotFound(name("web"))));
    assert_eq!(vault.forget("web"), missing);
    assert_eq!(vault.complete("web", operation, "late"), missing);
    assert_eq!(vault.state("web"), None);
    vault.issue("web", "der");
    vault.forget("web").unwrap();
    whole::check(&vault, &["web"]);
}

#[test]
fn nothing_else_is_begun_or_imported_while_an_operation_is_in_progress() {
    let mut vault = Vault::new();
    let refused = ObjectError::Operation(OperationError::InProgress);
    for text in ["first", "later"] {
        if text == "later" {
            vault.issue(text, "one");
        }
        vault.begin(text).unwrap();
        assert_eq!(vault.begin(text).unwrap_err(), refused);
        assert_eq!(vault.import(text, "der").unwrap_err(), refused);
    }
}

/// What was begun and never issued has nothing that a new operation would go on from.
#[test]
fn a_first_operation_that_takes_the_place_of_another_has_its_own_version_tags_and_life() {
    let mut vault = Vault::new();
    vault.0.rules.limits.versions = 1;
    let ask = |text: &str, life| {
        let mut begin = begin(&name("web"), "key", life);
        begin.tags = tags(text);
        CertificateRequest::Begin(Box::new(begin))
    };
    let life = vault.life();
    let first = vault.ask(ask("first", life)).unwrap();
    let operation = first.object.in_progress().unwrap().0.id;
    vault.fail("web", operation).unwrap();
    let second = vault.ask(ask("second", (life.0, life.1 + 7))).unwrap();
    let (operation, _) = second.object.in_progress().unwrap();
    assert_eq!(
        (second.version, &second.tags),
        (operation.version, &tags("second"))
    );
    assert_eq!(second.attributes.expires, Some(Timestamp::from_unix(life.1 + 7)));
    let issued = vault.complete("web", operation.id, "der").unwrap();
    assert_eq!((issued.version, issued.tags), (second.version, tags("second")));
    whole::check(&vault, &["web"]);
    let refused = vault.begin("web").unwrap_err();
    assert!(
        matches!(refused, ObjectError::TooManyVersions { .. }),
        "{refused}"
    );
}

#[test]
fn tags_are_those_of_the_begin_unless_the_end_says_others() {
    let mut vault = Vault::new();
    vault.issue("web", "one");
    let begun = |vault: &mut Vault| {
        let mut request = begin(&name("web"), "key", vault.life());
        (request.tags, request.enabled) = (tags("begun"), false);
        let before = vault.get("web").unwrap().tags;
        let begun = vault.ask(CertificateRequest::Begin(Box::new(request))).unwrap();
        assert_eq!(begun.tags, before, "those of the version before");
        begun.object.operation.unwrap().id
    };
    let operation = begun(&mut vault);
    let issued = vault.complete("web", operation, "two").unwrap();
    assert_eq!((issued.tags, issued.attributes.enabled), (tags("begun"), false));
    whole::check(&vault, &["web"]);
    let operation = begun(&mut vault);
    let mut merged = complete(&name("web"), operation, "three", vault.life());
    (merged.tags, merged.enabled) = (Some(tags("merged")), Some(true));
    let issued = vault.ask(CertificateRequest::Complete(Box::new(merged))).unwrap();
    assert_eq!((issued.tags, issued.attributes.enabled), (tags("merged"), true));
    whole::check(&vault, &["web"]);
}

#[test]
fn an_import_makes_a_first_version_and_later_ones_and_takes_the_place_of_what_was_not_issued() {
    let mut vault = Vault::new();
    let first = vault.import("web", "one").unwrap();
    assert_eq!(first.object.operation, None);
    whole::check(&vault, &["web"]);
    let second = vault.import("web", "two").unwrap();
    assert_eq!(
        vault.secret("web").unwrap().fields.part.unwrap().previous,
        Some(first.version)
    );
    assert_eq!(vault.get("web").unwrap().version, second.version);
    whole::check(&vault, &["web"]);

    let operation = vault.begin("begun").unwrap();
    vault.fail("begun", operation).unwrap();
    let imported = vault.import("begun", "one").unwrap();
    assert_eq!(imported.object.operation, None);
    assert_eq!(vault.secret("begun").unwrap().fields.part.unwrap().previous, None);
    whole::check(&vault, &["begun"]);
    assert_eq!(
        vault
            .0
            .scrub(strongroom_engine::kinds::EVERY_KIND)
            .unwrap()
            .versions,
        9
    );
}

#[test]
fn the_three_are_spelled_as_the_certificate_was_first() {
    let mut vault = Vault::new();
    vault.begin("Web").unwrap();
    let operation = vault.get("web").unwrap().object.operation.unwrap().id;
    vault.complete("web", operation, "one").unwrap();
    for spelling in [vault.key("web").unwrap().name, vault.secret("web").unwrap().name] {
        assert_eq!(spelling.spelling(), "Web");
    }
    vault.import("WEB", "two").unwrap();
    whole::check(&vault, &["web"]);
}
