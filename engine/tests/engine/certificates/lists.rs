//! Lists: what is not issued is shown to who asks for it, and what is part of a certificate is not among the deleted.

use strongroom_core::{ObjectState, Version};
use strongroom_engine::{
    Certificate, CryptoKey, PageRequest, ReadRequest, Secret,
    object::{resolve::resolve, tasks::Tasks},
};

use super::{Vault, whole};
use crate::fixture::name;

fn listed<K: Tasks>(vault: &Vault, is_deleted: bool, incomplete: bool) -> Vec<String> {
    let found = vault.0.all_of::<K>(|page| {
        let page = PageRequest { incomplete, ..page };
        if is_deleted {
            ReadRequest::ListDeleted { page }
        } else {
            ReadRequest::List { page }
        }
    });
    found.unwrap().iter().map(|item| item.name.to_string()).collect()
}

#[test]
fn certificates_that_are_not_issued_are_listed_only_where_they_are_asked_for() {
    let mut vault = Vault::new();
    for text in ["a", "c", "e"] {
        vault.issue(text, "der");
    }
    for text in ["b", "d", "f"] {
        vault.begin(text).unwrap();
    }
    assert_eq!(listed::<Certificate>(&vault, false, false), ["a", "c", "e"]);
    assert_eq!(
        listed::<Certificate>(&vault, false, true),
        ["a", "b", "c", "d", "e", "f"]
    );
    for text in ["a", "b", "c", "d"] {
        vault.delete(text).unwrap();
    }
    assert_eq!(listed::<Certificate>(&vault, false, false), ["e"]);
    assert_eq!(listed::<Certificate>(&vault, true, false), ["a", "c"]);
    assert_eq!(listed::<Certificate>(&vault, true, true), ["a", "b", "c", "d"]);
}

#[test]
fn parts_are_listed_while_they_are_live_and_not_when_they_are_deleted() {
    let mut vault = Vault::new();
    vault.issue("a", "der");
    vault.0.set("b", "plain");
    vault.0.set_of::<CryptoKey>("b", "plain");
    assert_eq!(listed::<CryptoKey>(&vault, false, false), ["a", "b"]);
    assert_eq!(listed::<Secret>(&vault, false, false), ["a", "b"]);
    vault.delete("a").unwrap();
    vault.0.delete("b").unwrap();
    for incomplete in [false, true] {
        assert_eq!(
            listed::<CryptoKey>(&vault, true, incomplete),
            Vec::<String>::new()
        );
        assert_eq!(listed::<Secret>(&vault, true, incomplete), ["b"]);
    }
    let found: strongroom_engine::SecretBundle = vault
        .0
        .read(&ReadRequest::GetDeleted { name: name("a") })
        .map(crate::fixture::object)
        .unwrap();
    assert!(found.fields.part.is_some(), "who asks by name finds it");
}

#[test]
fn versions_are_listed_without_the_one_that_is_not_issued() {
    let mut vault = Vault::new();
    let versions = |vault: &Vault| -> Vec<Version> {
        let found = vault.0.all_of::<Certificate>(|page| ReadRequest::ListVersions {
            name: name("web"),
            page,
        });
        found.unwrap().iter().map(|item| item.version).collect()
    };
    let operation = vault.begin("web").unwrap();
    assert_eq!(versions(&vault), []);
    let mut expected = vec![vault.complete("web", operation, "0").unwrap().version];
    for number in 1..6 {
        let operation = vault.begin("web").unwrap();
        assert_eq!(versions(&vault), expected);
        expected.push(
            vault
                .complete("web", operation, &number.to_string())
                .unwrap()
                .version,
        );
        expected.sort();
        assert_eq!(versions(&vault), expected);
    }
    whole::check(&vault, &["web"]);
}

#[test]
fn a_subscription_finds_a_certificate_once_it_is_issued_and_also_while_it_is_disabled() {
    let mut vault = Vault::new();
    let resolved = |vault: &Vault, version: Option<Version>| {
        let snapshot = vault.0.store.snapshot().unwrap();
        let view = vault.0.view(&*snapshot);
        resolve::<Certificate>(view, &name("web"), version.as_ref(), vault.0.now).unwrap()
    };
    assert_eq!(resolved(&vault, None), ObjectState::NotFound);
    let operation = vault.begin("web").unwrap();
    let pending = vault.get("web").unwrap().version;
    assert_eq!(resolved(&vault, None), ObjectState::NotFound);
    assert_eq!(resolved(&vault, Some(pending)), ObjectState::NotFound);
    vault.complete("web", operation, "der").unwrap();
    assert_eq!(resolved(&vault, None), ObjectState::Available(pending));
    let mut disable = super::update("web");
    disable.enabled = Some(false);
    vault.update(disable).unwrap();
    assert_eq!(resolved(&vault, Some(pending)), ObjectState::Available(pending));
    vault.delete("web").unwrap();
    assert_eq!(resolved(&vault, None), ObjectState::Deleted);
}
