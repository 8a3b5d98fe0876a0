//! The lifecycle of secrets, rule by rule and against the model.

use std::marker::PhantomData;

use proptest::prelude::*;
use strongroom_core::{ObjectKind, Timestamp, Version};
use strongroom_engine::{
    AttributesPatch, BackupBlob, BadParameter, Change, ObjectError, ReadRequest, Secret, SecretFields,
    SecretPatch, SecretValue, Tags, WriteRequest, every_name,
    object::{answer, kind::Kind, request},
};

use crate::{
    fixture::{Bench, DAY, name, object, secret, set_request},
    model::{Model, ModelVersion, Refusal},
    sample::{BOTH, Sample, Sealing},
    steps::{Step, date_after, patch, step, tags, text},
};

#[test]
fn set_makes_a_new_version_and_get_answers_the_latest() {
    let mut bench = Bench::new();
    let first = bench.set("db", "one");
    let second = bench.set("db", "two");
    assert_ne!(first, second);
    assert_eq!(bench.get("db", None).unwrap().content.unwrap().expose(), "two");
    assert_eq!(
        bench.get("db", Some(first)).unwrap().content.unwrap().expose(),
        "one"
    );
}

#[test]
fn a_secret_outside_its_dates_is_answered() {
    let mut bench = Bench::new();
    let past = Timestamp::from_unix(bench.now.unix() - 100);
    let long_past = Timestamp::from_unix(bench.now.unix() - 200);
    let attributes = AttributesPatch {
        enabled: None,
        not_before: Change::Set(long_past),
        expires: Change::Set(past),
    };
    let request = WriteRequest::Set {
        name: name("old"),
        content: SecretValue::new("v".into()),
        fields: SecretFields { content_type: None },
        attributes,
        tags: Tags::new(),
    };
    bench.write(&request).unwrap();
    assert_eq!(bench.get("old", None).unwrap().attributes.expires, Some(past));
}

#[test]
fn a_disabled_secret_cannot_be_got_but_updated() {
    let mut bench = Bench::new();
    bench.set("db", "one");
    let enable = |enabled| WriteRequest::Update {
        name: name("db"),
        version: None,
        fields: SecretPatch::default(),
        attributes: AttributesPatch {
            enabled: Some(enabled),
            ..AttributesPatch::default()
        },
        tags: None,
    };
    assert_eq!(secret(bench.write(&enable(false)).unwrap()).content, None);
    assert_eq!(
        bench.get("db", None),
        Err(ObjectError::Disabled {
            kind: ObjectKind::Secrets,
            name: name("db")
        })
    );
    bench.write(&enable(true)).unwrap();
    assert!(bench.get("db", None).is_ok());
}

#[test]
fn an_update_keeps_what_it_does_not_give_and_clears_what_it_gives_as_empty() {
    let mut bench = Bench::new();
    bench
        .write(&WriteRequest::Set {
            name: name("db"),
            content: SecretValue::new("v".into()),
            fields: SecretFields {
                content_type: Some("text/plain".into()),
            },
            attributes: AttributesPatch::default(),
            tags: Tags::new(),
        })
        .unwrap();
    let mut content_type = |change| {
        let update = WriteRequest::Update {
            name: name("db"),
            version: None,
            fields: SecretPatch { content_type: change },
            attributes: AttributesPatch::default(),
            tags: None,
        };
        secret(bench.write(&update).unwrap()).fields.content_type
    };
    assert_eq!(content_type(Change::Keep).as_deref(), Some("text/plain"));
    assert_eq!(content_type(Change::Set("x".into())).as_deref(), Some("x"));
    assert_eq!(content_type(Change::Clear), None);
    assert_eq!(content_type(Change::Keep), None);
}

#[test]
fn a_name_is_blocked_while_its_secret_is_deleted_and_free_when_its_time_has_come() {
    let mut bench = Bench::with_soft_delete(7, false);
    bench.set("db", "one");
    let deleted = bench.delete("db").unwrap().deleted.unwrap();
    assert_eq!(
        deleted.scheduled_purge_date.unix() - deleted.deleted_date.unix(),
        7 * DAY
    );
    let blocked = ObjectError::DeletedButRecoverable {
        kind: ObjectKind::Secrets,
        name: name("db"),
    };
    assert_eq!(bench.write(&set_request("db", "two")), Err(blocked));
    bench.pass_days(7);
    let version = bench.set("db", "two");
    assert_eq!(bench.get("db", None).unwrap().version, version);
    assert_eq!(
        bench
            .all(|page| ReadRequest::ListVersions {
                name: name("db"),
                page
            })
            .unwrap()
            .len(),
        1
    );
}

#[test]
fn purge_protection_refuses_a_purge_until_the_retention_ends() {
    let mut bench = Bench::with_soft_delete(7, true);
    bench.set("db", "one");
    bench.delete("db").unwrap();
    let purge = WriteRequest::Purge { name: name("db") };
    assert_eq!(
        bench.write(&purge),
        Err(ObjectError::PurgeProtected {
            kind: ObjectKind::Secrets,
            name: name("db")
        })
    );
    bench.pass_days(8);
    assert!(matches!(
        bench.write(&purge),
        Err(ObjectError::DeletedNotFound { .. })
    ));
    bench.set("db", "again");
}

#[test]
fn recover_brings_back_every_version() {
    let mut bench = Bench::new();
    let first = bench.set("db", "one");
    bench.set("db", "two");
    bench.delete("db").unwrap();
    assert!(matches!(
        bench.get("db", Some(first)),
        Err(ObjectError::NotFound { .. })
    ));
    bench.write(&WriteRequest::Recover { name: name("db") }).unwrap();
    assert_eq!(
        bench.get("db", Some(first)).unwrap().content.unwrap().expose(),
        "one"
    );
    assert_eq!(bench.get("db", None).unwrap().content.unwrap().expose(), "two");
}

#[test]
fn a_backup_outlives_a_purge_and_keeps_version_ids() {
    let mut bench = Bench::new();
    let versions = [bench.set("db", "one"), bench.set("db", "two")];
    let blob = bench.backup("db").unwrap();
    let restore = WriteRequest::Restore { blob };
    assert_eq!(
        bench.write(&restore),
        Err(ObjectError::NameInUse {
            kind: ObjectKind::Secrets,
            name: name("db")
        })
    );
    bench.delete("db").unwrap();
    assert_eq!(
        bench.write(&restore),
        Err(ObjectError::DeletedButRecoverable {
            kind: ObjectKind::Secrets,
            name: name("db")
        })
    );
    bench.write(&WriteRequest::Purge { name: name("db") }).unwrap();
    assert_eq!(secret(bench.write(&restore).unwrap()).version, versions[1]);
    for (version, value) in versions.into_iter().zip(["one", "two"]) {
        assert_eq!(
            bench.get("db", Some(version)).unwrap().content.unwrap().expose(),
            value
        );
    }
}

#[test]
fn a_backup_with_a_flipped_bit_or_of_another_vault_is_refused() {
    let mut bench = Bench::new();
    bench.set("db", "one");
    let blob = bench.backup("db").unwrap();
    bench.delete("db").unwrap();
    bench.write(&WriteRequest::Purge { name: name("db") }).unwrap();
    let refused = Err(ObjectError::BadParameter(BadParameter::BackupBlob));
    for index in 0..blob.as_bytes().len() {
        let mut bytes = blob.as_bytes().to_vec();
        bytes[index] ^= 1;
        assert_eq!(
            bench.write(&WriteRequest::Restore {
                blob: BackupBlob::new(bytes)
            }),
            refused,
            "byte {index}"
        );
    }
    let mut other = Bench::over(
        std::sync::Arc::new(strongroom_engine::store::MemoryStore::default()),
        2,
    );
    assert_eq!(other.write(&WriteRequest::Restore { blob }), refused);
}

fn refusal(error: &ObjectError) -> Refusal {
    match error {
        ObjectError::NotFound { .. } | ObjectError::DeletedNotFound { .. } => Refusal::NotFound,
        ObjectError::Disabled { .. } => Refusal::Disabled,
        ObjectError::DeletedButRecoverable { .. } => Refusal::Blocked,
        ObjectError::NameInUse { .. } => Refusal::InUse,
        ObjectError::PurgeProtected { .. } => Refusal::Protected,
        ObjectError::BadParameter(_) => Refusal::Bad,
        ObjectError::Superseded { .. }
        | ObjectError::TooManyVersions { .. }
        | ObjectError::VaultFull { .. }
        | ObjectError::Corrupt { .. }
        | ObjectError::Store(_) => panic!("{error}"),
    }
}

struct Both<K> {
    kind: PhantomData<K>,
    bench: Bench,
    model: Model,
    backups: Vec<Option<(BackupBlob, Vec<ModelVersion>)>>,
}

impl<K: Sample> Both<K> {
    fn new(protected: bool) -> Self {
        let model = Model {
            retention: 7 * DAY,
            protected,
            ..Model::default()
        };
        Self {
            kind: PhantomData,
            bench: Bench::with_soft_delete(7, protected),
            model,
            backups: vec![None; 3],
        }
    }

    fn step(&mut self, step: Step) {
        let now = self.bench.now.unix();
        match step {
            Step::Set {
                name: n,
                value,
                attributes,
                tagged,
            } => self.set(text(n), value, attributes, tagged),
            Step::Update {
                name: n,
                version,
                attributes,
                tagged,
            } => self.update(text(n), version, attributes, tagged),
            Step::Delete(n) => {
                let expected = self.model.delete(text(n), now);
                self.compare(&request::WriteRequest::Delete { name: name(text(n)) }, expected);
            }
            Step::Recover(n) => {
                let expected = self.model.recover(text(n), now);
                self.compare(&request::WriteRequest::Recover { name: name(text(n)) }, expected);
            }
            Step::Purge(n) => {
                let expected = self.model.purge(text(n), now);
                self.compare(&request::WriteRequest::Purge { name: name(text(n)) }, expected);
            }
            Step::Backup(n) => {
                let expected = self
                    .model
                    .live(text(n), now)
                    .map(|secret| secret.versions.clone());
                match (backup::<K>(&self.bench, text(n)), expected) {
                    (Ok(blob), Ok(versions)) => self.backups[usize::from(n)] = Some((blob, versions)),
                    (Err(error), Err(expected)) => assert_eq!(refusal(&error), expected),
                    (found, expected) => panic!("{found:?} where {expected:?}"),
                }
            }
            Step::Restore(n) => {
                let Some((blob, versions)) = self.backups[usize::from(n)].clone() else {
                    return;
                };
                let expected = self.model.restore(text(n), versions, now);
                self.compare(&request::WriteRequest::Restore { blob }, expected);
            }
            Step::Wait(seconds) => self.bench.now = Timestamp::from_unix(now + seconds),
        }
    }

    fn compare(
        &mut self,
        request: &request::WriteRequest<K>,
        expected: Result<(), Refusal>,
    ) -> Option<answer::Answer<K>> {
        let found = self.bench.write_of(request);
        assert_eq!(
            found.as_ref().map(|_| ()).map_err(refusal),
            expected,
            "{request:?}"
        );
        found.ok()
    }

    fn set(
        &mut self,
        n: &str,
        value: u8,
        attributes: (Option<bool>, Option<u64>, Option<u64>),
        tagged: bool,
    ) {
        let now = self.bench.now.unix();
        let (enabled, nbf, exp) = attributes;
        let (nbf, exp) = (date_after(nbf, None), date_after(exp, None));
        let bad = matches!((nbf, exp), (Some(nbf), Some(exp)) if nbf >= exp);
        let expected = if bad {
            Err(Refusal::Bad)
        } else {
            self.model.can_set(n, now)
        };
        let request = request::WriteRequest::Set {
            name: name(n),
            content: K::content(&value.to_string()),
            fields: K::fields(tagged),
            attributes: patch(attributes),
            tags: tags(tagged),
        };
        let Some(answer) = self.compare(&request, expected) else {
            return;
        };
        let version = ModelVersion {
            id: object(answer).version,
            value: value.to_string(),
            fields: format!("{:?}", K::fields(tagged)),
            enabled: enabled.unwrap_or(true),
            nbf,
            exp,
            created: now,
            updated: now,
            tags: tags(tagged),
        };
        self.model
            .secrets
            .entry(n.to_owned())
            .or_default()
            .versions
            .push(version);
    }

    fn update(
        &mut self,
        n: &str,
        version: Option<u8>,
        attributes: (Option<bool>, Option<u64>, Option<u64>),
        tagged: Option<bool>,
    ) {
        let now = self.bench.now.unix();
        let known = self
            .model
            .secrets
            .get(n)
            .map(|secret| secret.versions.clone())
            .unwrap_or_default();
        let id = version.map(|index| {
            known
                .get(usize::from(index))
                .map_or(Version::from_bytes([index; 16]), |version| version.id)
        });
        let expected = self.model.find(n, id, now).and_then(|found| {
            let (enabled, nbf, exp) = (
                attributes.0,
                date_after(attributes.1, found.nbf),
                date_after(attributes.2, found.exp),
            );
            if matches!((nbf, exp), (Some(nbf), Some(exp)) if nbf >= exp) {
                return Err(Refusal::Bad);
            }
            (found.enabled, found.nbf, found.exp) = (enabled.unwrap_or(found.enabled), nbf, exp);
            found.updated = now;
            if let Some(tagged) = tagged {
                found.tags = tags(tagged);
            }
            Ok(())
        });
        let request = request::WriteRequest::Update {
            name: name(n),
            version: id,
            fields: K::Patch::default(),
            attributes: patch(attributes),
            tags: tagged.map(tags),
        };
        self.compare(&request, expected);
    }

    /// Every question must have the model's answer.
    fn check(&mut self) {
        let now = self.bench.now.unix();
        for n in ["a", "a-b", "b"] {
            let versions = self
                .model
                .secrets
                .get(n)
                .map(|secret| secret.versions.clone())
                .unwrap_or_default();
            let ids = versions.iter().map(|version| Some(version.id)).chain([None]);
            for id in ids {
                let request = ReadRequest::Get {
                    name: name(n),
                    version: id,
                };
                let found = self.bench.read_of::<K>(&request, &every_name).map(object);
                match (found, self.model.get(n, id, now)) {
                    (Ok(found), Ok(expected)) => {
                        assert_eq!(K::text(found.content.as_ref().unwrap()), expected.value);
                        same::<K>(&found, expected);
                    }
                    (Err(error), Err(expected)) => assert_eq!(refusal(&error), expected),
                    (found, expected) => panic!("{found:?} where {expected:?}"),
                }
            }
            self.check_lists_of(n, now);
        }
        self.check_lists(now);
    }

    fn check_lists_of(&mut self, n: &str, now: u64) {
        let found = self
            .bench
            .all_of::<K>(|page| ReadRequest::ListVersions { name: name(n), page });
        let found = found.unwrap();
        // Of a secret that is not there, or is deleted, an empty list.
        let mut expected = self
            .model
            .live(n, now)
            .map_or(Vec::new(), |secret| secret.versions.clone());
        expected.sort_by_key(|version| version.id);
        assert_eq!(found.len(), expected.len());
        found
            .iter()
            .zip(&expected)
            .for_each(|(found, expected)| same::<K>(found, expected));
        match (
            self.bench
                .read_of::<K>(&ReadRequest::GetDeleted { name: name(n) }, &every_name),
            self.model.gone(n, now),
        ) {
            (Ok(found), Ok(expected)) => {
                let found = object(found);
                let deletion = found.deleted.unwrap();
                let dates = (deletion.deleted_date.unix(), deletion.scheduled_purge_date.unix());
                assert_eq!(Some(dates), expected.deleted);
                same(&found, expected.versions.last().unwrap());
            }
            (Err(error), Err(expected)) => assert_eq!(refusal(&error), expected),
            (found, expected) => panic!("{found:?} where {expected:?}"),
        }
    }

    fn check_lists(&mut self, now: u64) {
        let names = |found: Vec<answer::Bundle<K>>| -> Vec<String> {
            found.iter().map(|item| item.name.to_string()).collect()
        };
        let live = names(self.bench.all_of(|page| ReadRequest::List { page }).unwrap());
        let deleted = names(
            self.bench
                .all_of(|page| ReadRequest::ListDeleted { page })
                .unwrap(),
        );
        let mut expected = (Vec::new(), Vec::new());
        for (n, secret) in &self.model.secrets {
            match secret.deleted {
                None => expected.0.push(n.clone()),
                Some((_, goes)) if goes > now => expected.1.push(n.clone()),
                Some(_) => {}
            }
        }
        assert_eq!((live, deleted), expected);
    }
}

fn same<K: Kind>(found: &answer::Bundle<K>, expected: &ModelVersion) {
    let attributes = &found.attributes;
    let found = ModelVersion {
        id: found.version,
        value: expected.value.clone(),
        fields: format!("{:?}", found.fields),
        enabled: attributes.enabled,
        nbf: attributes.not_before.map(Timestamp::unix),
        exp: attributes.expires.map(Timestamp::unix),
        created: attributes.created.unix(),
        updated: attributes.updated.unix(),
        tags: found.tags.clone(),
    };
    assert_eq!(&found, expected);
}

/// Takes both through the steps, and compares every answer after each.
fn run<K: Sample>(steps: Vec<Step>, protected: bool) {
    let mut both = Both::<K>::new(protected);
    for step in steps {
        both.step(step);
        both.check();
    }
    both.bench.scrub(BOTH).unwrap();
}

fn backup<K: Kind>(bench: &Bench, text: &str) -> Result<BackupBlob, ObjectError> {
    match bench.read_of::<K>(&ReadRequest::Backup { name: name(text) }, &every_name)? {
        answer::Answer::Backup(blob) => Ok(blob),
        other => panic!("{other:?}"),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, max_shrink_iters: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn every_answer_is_the_models_whatever_happened_before(
        steps in proptest::collection::vec(step(), 1..40),
        protected in any::<bool>(),
    ) {
        run::<Secret>(steps, protected);
    }

    #[test]
    fn every_answer_about_another_kind_is_the_models_too(
        steps in proptest::collection::vec(step(), 1..40),
        protected in any::<bool>(),
    ) {
        run::<Sealing>(steps, protected);
    }
}
