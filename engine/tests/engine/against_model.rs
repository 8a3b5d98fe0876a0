//! The life of objects of every kind against the model: whatever is done, in any order, both answer the same.

use std::marker::PhantomData;

use proptest::prelude::*;
use strongroom_core::{Timestamp, Version};
use strongroom_engine::{
    BackupBlob, CryptoKey, ObjectError, ReadRequest, Secret, every_name,
    object::{answer, kind::Kind, request::WriteRequest, tasks::Tasks},
};

use crate::{
    fixture::{Bench, DAY, name, object, unseen},
    model::{Model, ModelObject, ModelVersion, Refusal},
    sample::{Sample, Sealing},
    steps::{Given, Step, date_after, patch, step, tags, text},
};

/// The vault and the model, with the last backup of each name.
struct Both<K: Sample> {
    kind: PhantomData<K>,
    bench: Bench,
    model: Model<K::Object>,
    backups: Vec<Option<(BackupBlob, ModelObject<K::Object>)>>,
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
            Step::Replace {
                name: n,
                is_late,
                value,
                expires,
            } => self.replace(text(n), is_late, value, expires),
            Step::Amend(n, value) => self.amend(text(n), value),
            Step::Delete(n) => {
                let expected = self.model.delete(text(n), now);
                self.compare(&WriteRequest::Delete { name: name(text(n)) }, expected);
            }
            Step::Recover(n) => {
                let expected = self.model.recover(text(n), now);
                self.compare(&WriteRequest::Recover { name: name(text(n)) }, expected);
            }
            Step::Purge(n) => {
                let expected = self.model.purge(text(n), now);
                self.compare(&WriteRequest::Purge { name: name(text(n)) }, expected);
            }
            Step::Backup(n) => {
                let expected = self.model.live(text(n), now).cloned();
                match (backup::<K>(&self.bench, text(n)), expected) {
                    (Ok(blob), Ok(object)) => self.backups[usize::from(n)] = Some((blob, object)),
                    (Err(error), Err(expected)) => assert_eq!(Refusal::of(&error), expected),
                    (found, expected) => panic!("{found:?} where {expected:?}"),
                }
            }
            Step::Restore(n) => {
                let Some((blob, object)) = self.backups[usize::from(n)].clone() else {
                    return;
                };
                let expected = self.model.restore(text(n), object, now);
                self.compare(&WriteRequest::Restore { blob }, expected);
            }
            Step::Wait(seconds) => self.bench.now = Timestamp::from_unix(now + seconds),
        }
    }

    fn compare(
        &mut self,
        request: &WriteRequest<K>,
        expected: Result<(), Refusal>,
    ) -> Option<answer::Answer<K>> {
        let found = self.bench.write_of(request);
        assert_eq!(
            found.as_ref().map(|_| ()).map_err(Refusal::of),
            expected,
            "{request:?}"
        );
        found.ok()
    }

    fn set(&mut self, n: &str, value: u8, attributes: Given, tagged: bool) {
        let now = self.bench.now.unix();
        let (enabled, nbf, exp) = attributes;
        let (nbf, exp) = (date_after(nbf, None), date_after(exp, None));
        let bad = matches!((nbf, exp), (Some(nbf), Some(exp)) if nbf >= exp);
        let expected = if bad {
            Err(Refusal::Bad)
        } else {
            self.model.can_set(n, now)
        };
        let request = WriteRequest::Set {
            name: name(n),
            content: K::content(&value.to_string()),
            fields: K::fields(&value.to_string(), tagged),
            attributes: patch(attributes),
            tags: tags(tagged),
        };
        let Some(answer) = self.compare(&request, expected) else {
            return;
        };
        let version = ModelVersion {
            id: object(answer).version,
            value: value.to_string(),
            fields: format!("{:?}", K::fields(&value.to_string(), tagged)),
            enabled: enabled.unwrap_or(true),
            nbf,
            exp,
            created: now,
            updated: now,
            tags: tags(tagged),
        };
        self.model.push(n, version);
    }

    fn replace(&mut self, n: &str, is_late: bool, value: u8, expires: Option<u64>) {
        let now = self.bench.now.unix();
        let current = self.model.find(n, None, now).map(|version| version.id);
        let replaced = match current {
            Ok(current) if !is_late => current,
            Ok(_) | Err(_) => Version::from_bytes([value; 16]),
        };
        let expected = self.model.can_replace(n, replaced, now);
        let request = WriteRequest::Replace {
            name: name(n),
            seen: if is_late {
                unseen()
            } else {
                self.bench.seen_of::<K>(n)
            },
            content: K::content(&value.to_string()),
            fields: K::fields(&value.to_string(), false),
            expires: expires.map(Timestamp::from_unix),
        };
        let answer = self.compare(
            &request,
            expected.as_ref().map(|_| ()).map_err(|refusal| *refusal),
        );
        let (Some(answer), Ok(tags)) = (answer, expected) else {
            return;
        };
        let version = ModelVersion {
            id: object(answer).version,
            value: value.to_string(),
            fields: format!("{:?}", K::fields(&value.to_string(), false)),
            enabled: true,
            nbf: None,
            exp: expires,
            created: now,
            updated: now,
            tags,
        };
        self.model.push(n, version);
    }

    fn amend(&mut self, n: &str, value: u8) {
        let Some(amendment) = K::amendment(value) else {
            return;
        };
        let now = self.bench.now;
        let expected = self
            .model
            .live(n, now.unix())
            .map(|object| K::amend(&mut object.own, &amendment, now));
        self.compare(
            &WriteRequest::Amend {
                name: name(n),
                amendment,
            },
            expected,
        );
    }

    fn update(&mut self, n: &str, version: Option<u8>, attributes: Given, tagged: Option<bool>) {
        let now = self.bench.now.unix();
        let known = self
            .model
            .objects
            .get(n)
            .map(|object| object.versions.clone())
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
        let request = WriteRequest::Update {
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
                .objects
                .get(n)
                .map(|object| object.versions.clone())
                .unwrap_or_default();
            let ids = versions.iter().map(|version| Some(version.id)).chain([None]);
            for id in ids {
                let request = ReadRequest::Get {
                    name: name(n),
                    version: id,
                };
                let found = self.bench.read_of::<K>(&request, &every_name).map(object);
                let expected = if K::READ_WHEN_DISABLED {
                    self.model.find(n, id, now).map(|version| &*version)
                } else {
                    self.model.get(n, id, now)
                };
                match (found, expected) {
                    (Ok(found), Ok(expected)) => {
                        let shown = K::SHOWS_CONTENT.then(|| expected.value.clone());
                        assert_eq!(found.content.as_ref().map(K::text), shown);
                        same::<K>(&found, expected);
                    }
                    (Err(error), Err(expected)) => assert_eq!(Refusal::of(&error), expected),
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
        // Of an object that is not there, or is deleted, an empty list.
        let live = self.model.live(n, now);
        let own = live.as_ref().map(|object| object.own.clone()).ok();
        assert!(found.iter().all(|item| Some(&item.object) == own.as_ref()));
        let mut expected = live.map_or(Vec::new(), |object| object.versions.clone());
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
                assert_eq!(found.object, expected.own);
                same(&found, expected.versions.last().unwrap());
            }
            (Err(error), Err(expected)) => assert_eq!(Refusal::of(&error), expected),
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
        for (n, object) in &self.model.objects {
            match object.deleted {
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
    both.bench.scrub(K::KINDS).unwrap();
}

fn backup<K: Tasks>(bench: &Bench, text: &str) -> Result<BackupBlob, ObjectError> {
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
    fn every_answer_about_keys_is_the_models_too(
        steps in proptest::collection::vec(step(), 1..40),
        protected in any::<bool>(),
    ) {
        run::<CryptoKey>(steps, protected);
    }

    #[test]
    fn every_answer_about_another_kind_is_the_models_too(
        steps in proptest::collection::vec(step(), 1..40),
        protected in any::<bool>(),
    ) {
        run::<Sealing>(steps, protected);
    }
}
