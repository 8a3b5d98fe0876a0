//! Certificates as this program writes them, byte for byte: a build that writes or reads them otherwise breaks every store
//! and every backup that there is. The files stay, so that each later program reads what this one wrote.

use std::sync::Arc;

use strongroom_core::Timestamp;
use strongroom_engine::{
    BackupBlob, Certificate, CertificateBundle, Changes, CryptoKey, Initialise, ReadRequest, Secret,
    VaultOptions,
    certificate::{
        CertificateRequest,
        object::{Lifetime, OperationState, Trigger},
        request::Update,
    },
    crypt::{cipher::KeyBytes, sealed},
    format::key,
    kinds::EVERY_KIND,
    object::{answer::Bundle, request::WriteRequest, tasks::Tasks},
    store::{Gen, MemoryStore},
};
use strongroom_testing::Directory;

use super::{Vault, tags, update};
use crate::{
    certificate::{begin, complete, import, own},
    fixture::{DAY, name},
    running::{Running, options},
    tampering::{line, records},
    upgrade::{self, older_keyring},
};

/// The store.
const STORE: &str = include_str!("../golden/certificates-7.txt");

/// How often it was changed.
const GENERATION: Gen = Gen(21);

/// A backup of one of its certificates, with its key and its secret.
const BACKUP: &str = include_str!("../golden/backup-5.txt");

/// A sealed record of the server's, and its name.
const SEALED: &str = "certificates/contacts";
const CONTACTS: &[u8] = br#"{"contacts":[{"email":"ada@contoso.example"}]}"#;

/// A vault with certificates that have been everything that one can be, and the backup of one.
fn written() -> (Vault, BackupBlob) {
    let mut vault = Vault::new();
    vault.issue("Web", "one");
    vault.update(disabled("web")).unwrap();
    vault.issue("web", "two");
    let backup = vault.backup_of::<Certificate>("web").unwrap();
    begin_next(&mut vault);
    import_with_everything(&mut vault);
    let failed = vault.begin("failed").unwrap();
    vault.fail("failed", failed).unwrap();
    let cancelled = vault.begin("cancelled").unwrap();
    vault.cancel("cancelled").unwrap();
    vault.end("cancelled", cancelled).unwrap();
    vault.begin("cancelling").unwrap();
    vault.cancel("cancelling").unwrap();
    vault.issue("forgotten", "six");
    vault.forget("forgotten").unwrap();
    vault.import("gone", "seven").unwrap();
    vault.delete("gone").unwrap();
    put_contacts(&mut vault);
    (vault, backup)
}

fn disabled(text: &str) -> Update {
    Update {
        enabled: Some(false),
        tags: Some(tags("first")),
        ..update(text)
    }
}

/// An operation of another's, with all that one may note.
fn begin_next(vault: &mut Vault) {
    let mut next = begin(&name("web"), "next", vault.life());
    next.policy.lifetime = Lifetime {
        renew: Some(Trigger::DaysBefore(30)),
        notify: Some(Trigger::Percentage(75)),
    };
    next.issuer = "Contoso".into();
    next.issue_after = None;
    next.preserve_order = Some(true);
    next.enabled = false;
    next.tags = tags("next");
    vault.ask(CertificateRequest::Begin(Box::new(next))).unwrap();
}

fn import_with_everything(vault: &mut Vault) {
    let mut import = import(&name("imported"), "three", vault.life());
    import.policy.lifetime = Lifetime {
        renew: None,
        notify: Some(Trigger::DaysBefore(7)),
    };
    import.preserve_order = Some(false);
    import.enabled = false;
    import.tags = tags("imported");
    vault.ask(CertificateRequest::Import(Box::new(import))).unwrap();
}

/// As a vault that runs puts it.
fn put_contacts(vault: &mut Vault) {
    let keyring = &vault.0.keyring;
    let record = sealed::seal(keyring, SEALED, &KeyBytes::new([5; 32]), CONTACTS).unwrap();
    let place = key::sealed(SEALED);
    let mut changes = Changes::default();
    changes.batch.put(place.clone(), keyring.prove(&place, &record));
    vault.0.commit(changes);
}

#[test]
fn the_records_that_are_written_of_certificates_are_the_golden_ones() {
    let (vault, _) = written();
    let shown: String = records(&vault.0).iter().map(line).collect();
    assert_eq!(shown, STORE);
}

#[test]
fn the_backup_that_is_made_of_a_certificate_is_the_golden_one() {
    let (_, backup) = written();
    assert_eq!(hex::encode(backup.as_bytes()), BACKUP.trim_end());
}

/// A running vault over the golden store.
fn opened() -> Running {
    let directory = Directory::new();
    older_keyring(directory.path());
    let options = VaultOptions {
        kinds: EVERY_KIND,
        ..options(directory.path(), Initialise::Refused)
    };
    let store = MemoryStore::holding(GENERATION, upgrade::records(STORE));
    Running::start_with(directory, Arc::new(store), options).unwrap()
}

fn open<K: Tasks>(running: &Running, text: &str) -> Bundle<K> {
    let bundle = running
        .vault
        .open(&name(text), None, |_| None, |_, bundle| bundle);
    bundle.unwrap()
}

fn certificate(running: &Running, text: &str) -> CertificateBundle {
    open::<Certificate>(running, text)
}

/// What the certificate, its key and its secret hold.
fn contents(running: &Running, text: &str) -> [String; 3] {
    let der = certificate(running, text).content.unwrap().0;
    let private = open::<CryptoKey>(running, text).content.unwrap();
    let secret = open::<Secret>(running, text).content.unwrap();
    [&der[..], private.expose(), secret.expose().as_bytes()]
        .map(|bytes| String::from_utf8(bytes.to_vec()).unwrap())
}

fn three_of(text: &str, private: &str) -> [String; 3] {
    [
        text.to_owned(),
        format!("private {private}"),
        format!("chain of {text}"),
    ]
}

#[test]
fn what_this_program_wrote_of_certificates_is_read() {
    let running = opened();
    running.vault.scrub().unwrap();
    assert_eq!(contents(&running, "web"), three_of("two", "key"));
    assert_eq!(contents(&running, "imported"), three_of("three", "three"));
    assert_eq!(contents(&running, "forgotten"), three_of("six", "key"));
    let imported = certificate(&running, "imported");
    assert!(!imported.attributes.enabled);
    assert_eq!(imported.tags, tags("imported"));
    assert_eq!(imported.fields.preserve_order, Some(false));
    assert_eq!(
        imported.object.policy.unwrap().lifetime.notify,
        Some(Trigger::DaysBefore(7))
    );
    let state = |text| {
        certificate(&running, text)
            .object
            .operation
            .map(|operation| operation.state)
    };
    assert!(matches!(state("failed"), Some(OperationState::Failed { code, .. }) if &*code == "Refused"));
    assert_eq!(state("cancelled"), Some(OperationState::Cancelled));
    assert_eq!(state("forgotten"), None);
    assert!(
        certificate(&running, "cancelling")
            .object
            .operation
            .unwrap()
            .cancellation_requested
    );
    let contacts = running.vault.sealed_get(SEALED).unwrap().unwrap();
    assert_eq!(contacts.as_slice(), CONTACTS);
}

#[test]
fn an_operation_that_this_program_wrote_goes_on() {
    let running = opened();
    let web = certificate(&running, "web");
    assert_eq!(web.name.spelling(), "Web");
    let (operation, progress) = web.object.in_progress().unwrap();
    assert_eq!(
        (&*operation.issuer, operation.preserve_order),
        ("Contoso", Some(true))
    );
    assert_eq!((progress.issue_at, progress.enabled), (None, false));
    let now = running.now.unix();
    let request = complete(&name("web"), operation.id, "eight", (now, now + 90 * DAY));
    let request = own(CertificateRequest::Complete(Box::new(request)));
    running.write_of(request).unwrap();
    assert_eq!(contents(&running, "web"), three_of("eight", "next"));
    let next = certificate(&running, "web");
    assert_eq!((next.tags, next.attributes.enabled), (tags("next"), false));
    let renewed = next.object.policy.unwrap().lifetime.renew;
    assert_eq!(renewed, Some(Trigger::DaysBefore(30)));
    running.vault.scrub().unwrap();
}

#[test]
fn what_this_program_deleted_comes_back_whole() {
    let running = opened();
    let recover = WriteRequest::<Certificate>::Recover { name: name("gone") };
    running.write_of(recover).unwrap();
    assert_eq!(contents(&running, "gone"), three_of("seven", "seven"));
    running.vault.scrub().unwrap();
}

#[test]
fn a_backup_of_a_certificate_that_this_program_made_is_restored() {
    let mut vault = Vault::new();
    vault.0.now = Timestamp::from_unix(1_900_000_000);
    let blob = BackupBlob::new(hex::decode(BACKUP.trim_end()).unwrap());
    let restored = vault.restore_of::<Certificate>(&blob).unwrap();
    assert_eq!(restored.name.spelling(), "Web");
    assert_eq!(&restored.content.unwrap().0[..], b"two");
    assert_eq!(vault.key("web").unwrap().version, restored.version);
    let secret = vault.secret("web").unwrap();
    assert_eq!(secret.content.unwrap().expose(), "chain of two");
    let versions = vault.0.all_of::<Certificate>(|page| ReadRequest::ListVersions {
        name: name("web"),
        page,
    });
    let versions = versions.unwrap();
    assert_eq!(versions.len(), 2);
    let first = versions
        .iter()
        .find(|version| version.version != restored.version)
        .unwrap();
    assert_eq!((&first.tags, first.attributes.enabled), (&tags("first"), false));
    vault.0.scrub(EVERY_KIND).unwrap();
}
