//! What the vault shows, beside what the model knows.

use proptest::prelude::*;
use strongroom_engine::{
    Certificate, CertificateBundle, CryptoKey, ObjectError, PageRequest, ReadRequest, Secret,
    certificate::object::OperationState, every_name, kinds::EVERY_KIND, object::tasks::Tasks,
};

use super::{
    Both, NAMES,
    steps::{Step, step},
};
use crate::{
    certificates::{
        model::{Certificate as Expected, Name, State, Which},
        whole,
    },
    fixture::{name, object},
    steps::text,
};

impl Both {
    /// Every question must have the model's answer.
    fn check(&mut self) {
        let now = self.now();
        for n in NAMES {
            let mut known = self.model.name(n, now).clone();
            match (self.vault.get(n), known.live()) {
                (Ok(found), Ok(expected)) => self.check_live(n, &found, expected),
                (Err(ObjectError::NotFound { .. }), Err(_)) => {}
                (found, expected) => panic!("{found:?} where {expected:?}"),
            }
            let deleted = known.certificate.as_ref().and_then(|known| known.deleted);
            assert_eq!(self.deleted::<Certificate>(n), deleted, "{n}");
            let mut parts = Self::parts(n, &known, Which::Key);
            assert_eq!(
                (self.is_live::<CryptoKey>(n), self.deleted::<CryptoKey>(n)),
                parts,
                "the key {n}"
            );
            parts = Self::parts(n, &known, Which::Secret);
            assert_eq!(
                (self.is_live::<Secret>(n), self.deleted::<Secret>(n)),
                parts,
                "the secret {n}"
            );
        }
        self.check_lists();
        whole::check(&self.vault, &NAMES);
    }

    fn check_live(&self, n: &str, found: &CertificateBundle, expected: &Expected) {
        let policy = found.object.policy.as_ref().unwrap();
        assert_eq!(&*policy.json, expected.policy.as_bytes());
        let operation = found.object.operation.as_ref();
        let shown = operation.map(|operation| {
            let state = match &operation.state {
                OperationState::InProgress(_) => State::InProgress,
                OperationState::Completed => State::Completed,
                OperationState::Cancelled => State::Cancelled,
                OperationState::Failed { .. } => State::Failed,
            };
            (operation.id, operation.version, state)
        });
        let known = expected.operation.as_ref();
        assert_eq!(shown, known.map(|known| (known.id, known.version, known.state)));
        let Some(current) = expected.versions.last() else {
            assert!(found.fields.thumbprint.is_none());
            return;
        };
        assert_eq!(found.version, current.version);
        for issued in &expected.versions {
            let found = self
                .vault
                .0
                .get_of::<Certificate>(n, Some(issued.version))
                .unwrap();
            assert_eq!(found.content.unwrap().0.as_ref(), issued.content.as_bytes());
            assert_eq!(
                (found.attributes.enabled, &found.tags),
                (issued.enabled, &issued.tags)
            );
            match self.vault.0.get(n, Some(issued.version)) {
                Ok(secret) => {
                    assert!(issued.enabled);
                    let chain = format!("chain of {}", issued.content);
                    assert_eq!(secret.content.unwrap().expose(), chain);
                }
                Err(ObjectError::Disabled { .. }) => assert!(!issued.enabled),
                other => panic!("{other:?}"),
            }
        }
        let listed = self
            .vault
            .0
            .all_of::<Certificate>(|page| ReadRequest::ListVersions { name: name(n), page });
        assert_eq!(listed.unwrap().len(), expected.versions.len());
    }

    fn is_live<K: Tasks>(&self, n: &str) -> bool {
        match self.vault.0.get_of::<K>(n, None) {
            Ok(_) | Err(ObjectError::Disabled { .. }) => true,
            Err(ObjectError::NotFound { .. }) => false,
            Err(other) => panic!("{other}"),
        }
    }

    /// When a deleted object was deleted, and when it goes.
    fn deleted<K: Tasks>(&self, n: &str) -> Option<(u64, u64)> {
        let request = ReadRequest::GetDeleted { name: name(n) };
        match self.vault.0.read_of::<K>(&request, &every_name).map(object) {
            Ok(found) => {
                let deletion = found.deleted.unwrap();
                Some((deletion.deleted_date.unix(), deletion.scheduled_purge_date.unix()))
            }
            Err(ObjectError::DeletedNotFound { .. }) => None,
            Err(other) => panic!("{other}"),
        }
    }

    /// Whether there is a key or a secret, and whether it is deleted.
    fn parts(n: &str, known: &Name, which: Which) -> (bool, Option<(u64, u64)>) {
        let certificate = known.certificate.as_ref();
        if let Some(certificate) = certificate.filter(|certificate| !certificate.versions.is_empty()) {
            assert!(known.plain.is_empty(), "{n}");
            return (certificate.deleted.is_none(), certificate.deleted);
        }
        let plain = known.plain.get(&which);
        let deleted = plain.and_then(|plain| plain.deleted);
        (plain.is_some() && deleted.is_none(), deleted)
    }

    fn check_lists(&self) {
        let known: Vec<(&String, &Expected)> = self
            .model
            .names
            .iter()
            .filter_map(|(name, known)| Some((name, known.certificate.as_ref()?)))
            .collect();
        for (is_deleted, incomplete) in [(false, false), (false, true), (true, false), (true, true)] {
            let found = self.vault.0.all_of::<Certificate>(|page| {
                let page = PageRequest { incomplete, ..page };
                if is_deleted {
                    ReadRequest::ListDeleted { page }
                } else {
                    ReadRequest::List { page }
                }
            });
            let found: Vec<_> = found.unwrap().iter().map(|item| item.name.to_string()).collect();
            let is_listed = |known: &Expected| {
                known.deleted.is_some() == is_deleted && (incomplete || !known.versions.is_empty())
            };
            let known = known.iter().filter(|(_, known)| is_listed(known));
            let known: Vec<_> = known.map(|(name, _)| (*name).clone()).collect();
            assert_eq!(found, known, "deleted: {is_deleted}, incomplete: {incomplete}");
        }
    }
}

fn run(steps: Vec<(u8, Step)>, protected: bool) {
    let mut both = Both::new(protected);
    for (n, step) in steps {
        both.step(text(n), step);
        both.check();
    }
    both.vault.0.scrub(EVERY_KIND).unwrap();
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, max_shrink_iters: 5_000, ..ProptestConfig::default() })]

    #[test]
    fn certificates_keys_and_secrets_are_what_the_model_says_whatever_happened_before(
        steps in proptest::collection::vec(step(), 1..60),
        protected in any::<bool>(),
    ) {
        run(steps, protected);
    }
}
