//! Updates: attributes and tags reach the key and the secret of the version; the policy is changed by who has read it.

use strongroom_core::Version;
use strongroom_engine::{
    ObjectError,
    certificate::{CertificateRequest, object::OperationState, request::Update},
};

use super::{Vault, tags, update, whole};
use crate::{
    certificate::{begin, policy},
    fixture::{DAY, name},
};

#[test]
fn attributes_and_tags_of_a_version_are_those_of_its_key_and_its_secret() {
    let mut vault = Vault::new();
    let first = vault.issue("web", "one");
    let second = vault.issue("web", "two");
    vault.0.pass_days(1);
    let updated = vault
        .update(Update {
            version: Some(first),
            enabled: Some(false),
            tags: Some(tags("old")),
            ..update("web")
        })
        .unwrap();
    assert_eq!((updated.version, updated.attributes.enabled), (first, false));
    assert_eq!(updated.content.unwrap().0.as_ref(), b"one");
    assert_eq!(updated.attributes.updated, vault.0.now);
    whole::check(&vault, &["web"]);
    assert!(matches!(
        vault.0.get("web", Some(first)),
        Err(ObjectError::Disabled { .. })
    ));
    assert_eq!(vault.key("web").unwrap().version, second);
    assert!(vault.secret("web").unwrap().attributes.enabled);

    let disable = Update {
        enabled: Some(false),
        ..update("web")
    };
    assert_eq!(vault.update(disable).unwrap().version, second);
    whole::check(&vault, &["web"]);
    assert!(!vault.key("web").unwrap().attributes.enabled);
    assert!(
        !vault.get("web").unwrap().attributes.enabled,
        "a disabled certificate is shown"
    );
    assert!(matches!(vault.secret("web"), Err(ObjectError::Disabled { .. })));
}

#[test]
fn a_policy_takes_the_place_of_the_one_that_was_read_and_of_no_other() {
    let mut vault = Vault::new();
    vault.issue("web", "one");
    let created = vault.0.now;
    vault.0.pass_days(1);
    let put = |seen: &str, new: &str| Update {
        policy: Some((seen.as_bytes().into(), policy(new))),
        ..update("web")
    };
    vault.update(put("policy", "second")).unwrap();
    let found = vault.get("web").unwrap().object.policy.unwrap();
    assert_eq!(
        (&*found.json, found.created, found.updated),
        (&b"second"[..], created, vault.0.now)
    );
    let late = vault.update(put("policy", "third"));
    assert!(matches!(late, Err(ObjectError::Superseded { .. })), "{late:?}");
    assert_eq!(&*vault.get("web").unwrap().object.policy.unwrap().json, b"second");
    whole::check(&vault, &["web"]);
}

#[test]
fn what_is_said_of_a_version_that_is_not_issued_counts_from_its_issue_on() {
    let mut vault = Vault::new();
    let operation = vault.begin("web").unwrap();
    let said = vault
        .update(Update {
            enabled: Some(false),
            tags: Some(tags("said")),
            ..update("web")
        })
        .unwrap();
    assert_eq!((said.attributes.enabled, &said.tags), (false, &tags("said")));
    whole::check(&vault, &["web"]);
    let issued = vault.complete("web", operation, "der").unwrap();
    assert_eq!((issued.attributes.enabled, issued.tags), (false, tags("said")));
    whole::check(&vault, &["web"]);
    let enable = Update {
        enabled: Some(true),
        ..update("web")
    };
    vault.update(enable).unwrap();
    assert!(vault.secret("web").is_ok());
    whole::check(&vault, &["web"]);
}

#[test]
fn an_operation_in_progress_stays_as_it_is_when_the_version_before_it_is_updated() {
    let mut vault = Vault::new();
    vault.issue("web", "one");
    let operation = vault.begin("web").unwrap();
    let change = Update {
        enabled: Some(false),
        tags: Some(tags("old")),
        policy: Some((b"policy".as_slice().into(), policy("next"))),
        ..update("web")
    };
    vault.update(change).unwrap();
    assert!(
        matches!(vault.state("web"), Some(OperationState::InProgress(progress))
        if progress.enabled && progress.tags.is_empty() && &*progress.policy == b"policy")
    );
    let issued = vault.complete("web", operation, "two").unwrap();
    assert!(issued.attributes.enabled && issued.tags.is_empty());
    assert_eq!(&*vault.get("web").unwrap().object.policy.unwrap().json, b"next");
    whole::check(&vault, &["web"]);
}

#[test]
fn a_version_that_is_not_there_is_not_updated() {
    let mut vault = Vault::new();
    vault.issue("web", "one");
    let unknown = Update {
        version: Some(Version::from_bytes([7; 16])),
        enabled: Some(false),
        ..update("web")
    };
    assert!(matches!(vault.update(unknown), Err(ObjectError::NotFound { .. })));
    assert!(matches!(
        vault.update(update("none")),
        Err(ObjectError::NotFound { .. })
    ));
    vault.delete("web").unwrap();
    assert!(matches!(
        vault.update(update("web")),
        Err(ObjectError::NotFound { .. })
    ));
}

/// Begins the renewal of the version that has this record now, at once or after `between`.
fn renew(vault: &mut Vault, between: impl FnOnce(&mut Vault)) -> Result<(), ObjectError> {
    let seen = vault.0.seen_of::<strongroom_engine::Certificate>("web").record;
    between(vault);
    let mut begin = begin(&name("web"), "key", vault.life());
    begin.renews = Some(seen);
    vault.ask(CertificateRequest::Begin(Box::new(begin))).map(drop)
}

#[test]
fn a_renewal_begins_only_while_the_version_is_what_was_read() {
    let changes: [fn(&mut Vault); 5] = [
        |vault| {
            let change = Update {
                enabled: Some(false),
                ..update("web")
            };
            vault.update(change).unwrap();
        },
        |vault| {
            vault.import("web", "other").unwrap();
        },
        |vault| {
            vault.delete("web").unwrap();
        },
        |vault| {
            vault.issue("web", "other");
        },
        |vault| {
            vault.delete("web").unwrap();
            vault.purge("web").unwrap();
            let operation = vault.begin("web").unwrap();
            vault.fail("web", operation).unwrap();
        },
    ];
    for (number, change) in changes.into_iter().enumerate() {
        let mut vault = Vault::new();
        vault.issue("web", "one");
        let refused = renew(&mut vault, change);
        assert!(
            matches!(refused, Err(ObjectError::Superseded { .. })),
            "{number}: {refused:?}"
        );
        whole::check(&vault, &["web"]);
    }
    let mut vault = Vault::new();
    vault.issue("web", "one");
    renew(&mut vault, |_| {}).unwrap();
    assert!(renew(&mut vault, |_| {}).is_err(), "it is begun");
}

#[test]
fn a_renewal_leaves_the_policy_that_was_put_meanwhile() {
    let mut vault = Vault::new();
    vault.issue("web", "one");
    let put = vault.0.now;
    renew(&mut vault, |vault| {
        vault.0.now = strongroom_core::Timestamp::from_unix(vault.0.now.unix() + DAY);
        let change = Update {
            policy: Some((b"policy".as_slice().into(), policy("next"))),
            ..update("web")
        };
        vault.update(change).unwrap();
    })
    .unwrap();
    let found = vault.get("web").unwrap().object.policy.unwrap();
    assert_eq!((&*found.json, found.created), (&b"next"[..], put));
    assert_eq!(found.updated, vault.0.now);
}
