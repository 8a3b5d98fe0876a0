//! Backups hold all three, and come back as all three or not at all, whatever somebody puts together.

use strongroom_engine::{
    BackupBlob, BadParameter, BoundedBackup, Certificate, CryptoKey, MalformedBackup, ObjectError, Secret,
    certificate::{
        CertificateRequest,
        object::{CertificateObject, Trigger},
    },
    crypt::cipher::{self, Form},
    format::{
        codec::{Decoder, Encoder},
        encoded::Encoded as _,
    },
    kinds::EVERY_KIND,
    object::request::WriteRequest,
};

use super::{Vault, tags, update, whole};
use crate::{
    certificate::{import, own},
    fixture::{name, set_of},
    running::Running,
};

/// The backup key of the vaults that these tests make, and its number.
const BACKUP_KEY: [u8; 32] = [1 ^ 0x55; 32];
const NUMBER: u32 = 1;
/// How many bytes a blob has before its format.
const MAGIC: [u8; 4] = *b"SRbk";

/// A blob that was opened with the backup key, which nobody but the vault has.
#[derive(Clone)]
struct Opened {
    format: u16,
    kind: u8,
    name: String,
    body: Vec<u8>,
}

impl Opened {
    fn open(vault: &Vault, blob: &BackupBlob) -> Self {
        let (mut decoder, format, _) = Decoder::record_up_to(blob.as_bytes(), MAGIC, 5).unwrap();
        assert_eq!(decoder.u32().unwrap(), NUMBER);
        let kind = decoder.u8().unwrap();
        let name = decoder.text().unwrap().to_owned();
        let mut opened = Self {
            format,
            kind,
            name,
            body: Vec::new(),
        };
        let context = opened.context(vault);
        let sealed = decoder.bytes().unwrap();
        let body = cipher::open(Form::Numbered, &BACKUP_KEY, context.as_bytes(), sealed).unwrap();
        opened.body = body.to_vec();
        opened
    }

    fn context(&self, vault: &Vault) -> Encoder {
        let mut context = Encoder::record_of_format(MAGIC, self.format, vault.0.keyring.vault());
        context.u32(NUMBER).u8(self.kind).text(&self.name);
        context
    }

    fn seal(&self, vault: &Vault) -> BackupBlob {
        let mut blob = self.context(vault);
        let sealed = cipher::seal_deterministic(Form::Numbered, &BACKUP_KEY, blob.as_bytes(), &self.body);
        blob.bytes(&sealed.unwrap());
        BackupBlob::new(blob.into_bytes())
    }

    /// The backups of the parts.
    fn linked(&self) -> Vec<BackupBlob> {
        let mut decoder = Decoder::new(&self.body);
        for _ in 0..decoder.u32().unwrap() {
            decoder.array::<16>().unwrap();
            decoder.bytes().unwrap();
        }
        CertificateObject::take(&mut decoder).unwrap();
        let count = decoder.u8().unwrap();
        let linked = (0..count)
            .map(|_| BackupBlob::new(decoder.bytes().unwrap()))
            .collect();
        decoder.finish().unwrap();
        linked
    }

    /// The same with other backups of parts.
    fn with(&self, linked: &[&BackupBlob]) -> Self {
        let before: usize = self.linked().iter().map(|blob| blob.as_bytes().len() + 4).sum();
        let mut body = Encoder::with_capacity(self.body.len());
        body.encoded(&self.body[..self.body.len() - before - 1]);
        body.u8(u8::try_from(linked.len()).unwrap());
        for blob in linked {
            body.bytes(blob.as_bytes());
        }
        Self {
            body: body.into_bytes(),
            ..self.clone()
        }
    }
}

fn purge(vault: &mut Vault, text: &str) {
    vault.delete(text).unwrap();
    vault.purge(text).unwrap();
}

#[test]
fn a_backup_brings_the_three_back_with_every_version_and_the_policy_and_without_an_operation() {
    let mut vault = Vault::new();
    vault.begin("Web").unwrap();
    let first = vault.get("web").unwrap().object.operation.unwrap().id;
    let first = vault.complete("web", first, "one").unwrap().version;
    vault.issue("web", "two");
    let mut change = update("web");
    (change.version, change.enabled, change.tags) = (Some(first), Some(false), Some(tags("old")));
    vault.update(change).unwrap();
    let operation = vault.begin("web").unwrap();
    let before = vault.get("web").unwrap();
    let secret = vault.secret("web").unwrap();
    let blob = vault.backup_of::<Certificate>("web").unwrap();
    purge(&mut vault, "web");
    vault.0.pass_days(1);
    let restored = vault.restore_of::<Certificate>(&blob).unwrap();
    assert_eq!(restored.object.operation, None);
    assert_eq!(restored.object.policy, before.object.policy);
    let after = vault.get("web").unwrap();
    assert_eq!(after.name.spelling(), "Web");
    assert_eq!(
        (after.version, after.attributes, after.content),
        (before.version, before.attributes, before.content)
    );
    assert_eq!(vault.secret("web").unwrap(), secret);
    whole::check(&vault, &["web"]);
    assert!(vault.complete("web", operation, "late").is_err());
    vault.issue("web", "three");
    whole::check(&vault, &["web"]);
    assert_eq!(vault.0.scrub(EVERY_KIND).unwrap().versions, 9);
}

#[test]
fn what_is_not_issued_has_no_backup() {
    let mut vault = Vault::new();
    vault.begin("web").unwrap();
    let refused = vault.backup_of::<Certificate>("web");
    assert!(
        matches!(refused, Err(ObjectError::NotFound { .. })),
        "{refused:?}"
    );
}

#[test]
fn a_backup_from_before_a_renewal_brings_back_what_there_was_then() {
    let mut vault = Vault::new();
    let first = vault.issue("web", "one");
    let blob = vault.backup_of::<Certificate>("web").unwrap();
    vault.issue("web", "two");
    purge(&mut vault, "web");
    assert_eq!(vault.restore_of::<Certificate>(&blob).unwrap().version, first);
    whole::check(&vault, &["web"]);
}

#[test]
fn blobs_of_different_certificates_or_times_do_not_come_back_together() {
    let mut vault = Vault::new();
    vault.issue("a", "one");
    vault.issue("b", "one");
    let opened = |vault: &Vault, text| Opened::open(vault, &vault.backup_of::<Certificate>(text).unwrap());
    let (older, other) = (opened(&vault, "a"), opened(&vault, "b"));
    vault.issue("a", "two");
    let newer = opened(&vault, "a");
    assert_eq!((newer.format, newer.linked().len()), (5, 2));
    purge(&mut vault, "a");
    vault.0.set_of::<CryptoKey>("a", "plain");
    let plain = vault.backup_of::<CryptoKey>("a").unwrap();
    for request in [
        WriteRequest::<CryptoKey>::Delete { name: name("a") },
        WriteRequest::<CryptoKey>::Purge { name: name("a") },
    ] {
        vault.0.write_of(&request).unwrap();
    }
    let [key, secret] = newer.linked().try_into().unwrap();
    let [old_key, old_secret] = older.linked().try_into().unwrap();
    let [other_key, other_secret] = other.linked().try_into().unwrap();
    for (number, linked) in [
        &[&other_key, &secret][..],
        &[&key, &other_secret],
        &[&other_key, &other_secret],
        &[&old_key, &secret],
        &[&key, &old_secret],
        &[&old_key, &old_secret],
        &[&plain, &secret],
        &[&secret, &key],
        &[&key],
        &[],
        &[&key, &secret, &key],
    ]
    .into_iter()
    .enumerate()
    {
        let mixed = newer.with(linked).seal(&vault);
        let refused = vault.restore_of::<Certificate>(&mixed).unwrap_err();
        assert_eq!(refused, MalformedBackup::Corrupt.into(), "{number}");
        whole::check(&vault, &["a", "b"]);
    }
    let without_parts = Opened {
        format: 4,
        body: newer.body[..newer.body.len() - 9 - key.as_bytes().len() - secret.as_bytes().len()].to_vec(),
        ..newer.clone()
    };
    let refused = vault
        .restore_of::<Certificate>(&without_parts.seal(&vault))
        .unwrap_err();
    assert_eq!(refused, MalformedBackup::Corrupt.into());
    vault
        .restore_of::<Certificate>(&newer.with(&[&key, &secret]).seal(&vault))
        .unwrap();
    whole::check(&vault, &["a", "b"]);
}

#[test]
fn a_part_that_was_cut_out_of_a_backup_does_not_come_back_alone() {
    let mut vault = Vault::new();
    vault.issue("web", "one");
    let blob = vault.backup_of::<Certificate>("web").unwrap();
    let [key, secret] = Opened::open(&vault, &blob).linked().try_into().unwrap();
    purge(&mut vault, "web");
    for refused in [
        vault.restore_of::<CryptoKey>(&key).unwrap_err(),
        vault.restore_of::<Secret>(&secret).unwrap_err(),
    ] {
        assert!(matches!(refused, ObjectError::Managed { .. }), "{refused:?}");
    }
    for refused in [
        vault.restore_of::<CryptoKey>(&blob).unwrap_err(),
        vault.restore_of::<Certificate>(&key).unwrap_err(),
    ] {
        assert_eq!(refused, MalformedBackup::Corrupt.into());
    }
    assert_eq!(vault.0.scrub(EVERY_KIND).unwrap().heads, 0);
}

#[test]
fn a_backup_is_restored_only_where_all_three_names_are_free() {
    let mut vault = Vault::new();
    vault.issue("web", "one");
    let blob = vault.backup_of::<Certificate>("web").unwrap();
    let in_use = |vault: &mut Vault| match vault.restore_of::<Certificate>(&blob) {
        Err(ObjectError::NameInUse { .. }) => true,
        Err(ObjectError::DeletedButRecoverable { .. }) => false,
        other => panic!("{other:?}"),
    };
    assert!(in_use(&mut vault));
    vault.delete("web").unwrap();
    assert!(!in_use(&mut vault));
    vault.purge("web").unwrap();
    vault.0.set("web", "plain");
    assert!(in_use(&mut vault));
    vault.0.delete("web").unwrap();
    assert!(!in_use(&mut vault));
    assert!(
        vault.get("web").is_err() && vault.key("web").is_err(),
        "nothing half"
    );
    vault
        .0
        .write(&strongroom_engine::WriteRequest::Purge { name: name("web") })
        .unwrap();
    vault.0.write_of(&set_of::<CryptoKey>("web", "plain")).unwrap();
    assert!(in_use(&mut vault));
    assert!(
        vault.get("web").is_err() && vault.secret("web").is_err(),
        "nothing half"
    );
    vault.0.scrub(EVERY_KIND).unwrap();
}

#[test]
fn a_backup_is_made_with_the_room_that_it_says_it_needs_and_within_the_largest_blob() {
    let running = Running::in_memory(EVERY_KIND);
    let now = running.now.unix();
    for number in 0..9 {
        let import = import(&name("web"), &"der".repeat(100 * number + 1), (now, now + 9));
        running
            .write_of(own(CertificateRequest::Import(Box::new(import))))
            .unwrap();
    }
    let within = |room| {
        running
            .vault
            .backup_within::<Certificate>(&name("web"), room)
            .unwrap()
    };
    let BoundedBackup::Needs(needs) = within(0) else {
        panic!("no backup is made in no room");
    };
    assert_eq!(within(needs - 1), BoundedBackup::Needs(needs));
    let BoundedBackup::Made(blob) = within(needs) else {
        panic!("there is room");
    };
    assert!(needs > 3 * blob.as_bytes().len());
    assert_eq!(
        running.vault.peek_backup::<Certificate>(&blob).unwrap(),
        name("web")
    );

    let mut vault = Vault::new();
    vault.issue("web", &"der".repeat(900));
    let length = vault.backup_of::<Certificate>("web").unwrap().as_bytes().len();
    for limit in [length / 10, length / 2, length - 200] {
        vault.0.rules.limits.backup_bytes = limit;
        let refused = vault.backup_of::<Certificate>("web").unwrap_err();
        assert_eq!(refused, BadParameter::BackupTooLarge(limit).into());
    }
    vault.0.rules.limits.backup_bytes = length;
    let blob = vault.backup_of::<Certificate>("web").unwrap();
    purge(&mut vault, "web");
    vault.restore_of::<Certificate>(&blob).unwrap();
    whole::check(&vault, &["web"]);
}

#[test]
fn a_backup_keeps_what_the_schedule_needs_of_the_policy() {
    let mut vault = Vault::new();
    let mut given = import(&name("web"), "der", vault.life());
    given.policy.lifetime.renew = Some(Trigger::DaysBefore(20));
    given.policy.lifetime.notify = Some(Trigger::Percentage(98));
    vault.ask(CertificateRequest::Import(Box::new(given))).unwrap();
    let before = vault.get("web").unwrap().object.policy;
    let blob = vault.backup_of::<Certificate>("web").unwrap();
    purge(&mut vault, "web");
    vault.restore_of::<Certificate>(&blob).unwrap();
    assert_eq!(vault.get("web").unwrap().object.policy, before);
}
