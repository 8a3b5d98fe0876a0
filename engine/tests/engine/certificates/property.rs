//! Certificates, keys and secrets of a few names against the model: whatever is done, in any order, both answer the same,
//! and every certificate is whole after each step.

mod compare;
mod steps;

use std::collections::BTreeMap;

use strongroom_core::{Timestamp, Version};
use strongroom_engine::{
    BackupBlob, Certificate, CertificateBundle, CryptoKey, Secret, Tags,
    certificate::{
        CertificateRequest,
        object::OperationId,
        request::{OperationEnd, Update},
    },
    format::id::Sequence,
    object::{answer::Answer, request::WriteRequest, tasks::Tasks},
};

use self::steps::Step;
use super::{
    Vault,
    model::{Certificate as Expected, Issued, Model, Operation, State, Which},
};
use crate::{
    certificate::{begin, complete, import, own, policy},
    fixture::{Bench, DAY, name, object, set_of},
    model::Refusal,
    sample::Sample,
    steps::tags,
};

const NAMES: [&str; 3] = ["a", "a-b", "b"];

struct Both {
    vault: Vault,
    model: Model,
    backups: BTreeMap<String, (BackupBlob, Expected)>,
    number: u32,
}

impl Both {
    fn new(protected: bool) -> Self {
        Self {
            vault: Vault(Bench::with_soft_delete(7, protected)),
            model: Model {
                retention: 7 * DAY,
                protected,
                ..Model::default()
            },
            backups: BTreeMap::new(),
            number: 0,
        }
    }

    fn now(&self) -> u64 {
        self.vault.0.now.unix()
    }

    fn ask<K: Tasks>(
        &mut self,
        request: &WriteRequest<K>,
        expected: Result<(), Refusal>,
    ) -> Option<Answer<K>> {
        let found = self.vault.0.write_of(request);
        assert_eq!(
            found.as_ref().map(drop).map_err(Refusal::of),
            expected,
            "{request:?}"
        );
        found.ok()
    }

    fn own(
        &mut self,
        request: CertificateRequest,
        expected: Result<(), Refusal>,
    ) -> Option<CertificateBundle> {
        self.ask(&own(request), expected).map(object)
    }

    /// Who asks about an operation hears that there is none, also where there is no certificate.
    fn of_operation(refusal: Refusal) -> Refusal {
        match refusal {
            Refusal::NotFound => Refusal::NoOperation,
            other => other,
        }
    }

    fn step(&mut self, n: &str, step: Step) {
        self.number += 1;
        let (now, protected) = (self.now(), self.model.protected);
        let named = || name(n);
        let deletion = (now, now + self.model.retention);
        let known = self.model.name(n, now);
        match step {
            Step::Begin(renews, tagged, enabled) => self.begin(n, renews, (tagged, enabled)),
            Step::Complete(right, tagged, enabled) => self.complete(n, right, tagged.map(tags), enabled),
            Step::End(right, fails) => self.end(n, right, fails),
            Step::Cancel => {
                let running = known.running(None).map(drop);
                let expected = running.map_err(Self::of_operation);
                self.own(CertificateRequest::Cancel { name: named() }, expected);
            }
            Step::Forget => {
                let forget =
                    |known: &mut Expected| known.operation.take().map(drop).ok_or(Refusal::NoOperation);
                let expected = known.live().and_then(forget).map_err(Self::of_operation);
                self.own(CertificateRequest::Forget { name: named() }, expected);
            }
            Step::Import(tagged, enabled) => self.import(n, tagged, enabled),
            Step::Update(version, read, enabled, tagged) => self.update(n, version, read, (enabled, tagged)),
            Step::Delete => {
                let expected = known.live().map(|known| known.deleted = Some(deletion));
                self.ask(&WriteRequest::<Certificate>::Delete { name: named() }, expected);
            }
            Step::Recover => {
                let expected = known.recover();
                self.ask(&WriteRequest::<Certificate>::Recover { name: named() }, expected);
            }
            Step::Purge => {
                let expected = known.purge(protected);
                self.ask(&WriteRequest::<Certificate>::Purge { name: named() }, expected);
            }
            Step::Backup => match (self.vault.backup_of::<Certificate>(n), known.back_up()) {
                (Ok(blob), Ok(known)) => {
                    self.backups.insert(n.to_owned(), (blob, known));
                }
                (Err(error), Err(expected)) => assert_eq!(Refusal::of(&error), expected),
                (found, expected) => panic!("{found:?} where {expected:?}"),
            },
            Step::Restore => {
                let Some((blob, backup)) = self.backups.get(n).cloned() else {
                    return;
                };
                let expected = known.restore(backup);
                self.ask(&WriteRequest::<Certificate>::Restore { blob }, expected);
            }
            Step::SetPlain(Which::Key) => self.set_plain::<CryptoKey>(n, Which::Key),
            Step::SetPlain(Which::Secret) => self.set_plain::<Secret>(n, Which::Secret),
            Step::DeletePlain(which) => {
                let expected = known.delete_plain(which, deletion);
                self.plain(which, n, Life::Delete, expected);
            }
            Step::RecoverPlain(which) => {
                let expected = known.deleted_plain(which).map(|plain| plain.deleted = None);
                self.plain(which, n, Life::Recover, expected);
            }
            Step::PurgePlain(which) => {
                let mut expected = known.deleted_plain(which).map(drop);
                if expected.is_ok() && protected {
                    expected = Err(Refusal::Protected);
                } else if expected.is_ok() {
                    known.plain.remove(&which);
                }
                self.plain(which, n, Life::Purge, expected);
            }
            Step::Wait(seconds) => self.vault.0.now = Timestamp::from_unix(now + seconds),
        }
    }

    fn set_plain<K: Sample>(&mut self, n: &str, which: Which) {
        let now = self.now();
        let expected = self.model.name(n, now).set_plain(which);
        self.ask(&set_of::<K>(n, "plain"), expected);
    }

    fn plain(&mut self, which: Which, n: &str, life: Life, expected: Result<(), Refusal>) {
        match which {
            Which::Key => drop(self.ask(&life.of::<CryptoKey>(n), expected)),
            Which::Secret => drop(self.ask(&life.of::<Secret>(n), expected)),
        }
    }

    fn begin(&mut self, n: &str, renews: Option<bool>, (tagged, enabled): (bool, bool)) {
        let now = self.now();
        let known = self.model.name(n, now);
        let current = known
            .live()
            .ok()
            .and_then(|known| known.versions.last().map(|last| last.version));
        let is_current = renews.map(|right| right && current.is_some());
        let expected = known.begin(is_current);
        let mut request = begin(&name(n), &self.number.to_string(), self.vault.life());
        (request.tags, request.enabled) = (tags(tagged), enabled);
        request.policy = policy(&format!("begun {}", self.number));
        request.renews = renews.map(|right| {
            let seen = self.vault.0.seen_of::<Certificate>(n).record;
            if right && current.is_some() {
                seen
            } else {
                Sequence(u64::MAX)
            }
        });
        let request = CertificateRequest::Begin(Box::new(request));
        let Some(begun) = self.own(request, expected) else {
            return;
        };
        let begun = begun.object.operation.unwrap();
        let policy = renews.is_none().then(|| format!("begun {}", self.number));
        let operation = Operation {
            id: begun.id,
            version: begun.version,
            state: State::InProgress,
            enabled,
            tags: tags(tagged),
        };
        self.model.name(n, now).began(operation, policy);
    }

    /// The number of the operation that there is, or of none.
    fn operation(&mut self, n: &str, right: bool) -> OperationId {
        let now = self.now();
        let known = self.model.name(n, now).certificate.as_ref();
        let known = known.and_then(|known| known.operation.as_ref()).filter(|_| right);
        known.map_or(OperationId([7; 16]), |operation| operation.id)
    }

    fn complete(&mut self, n: &str, right: bool, tags: Option<Tags>, enabled: Option<bool>) {
        let (now, id) = (self.now(), self.operation(n, right));
        let expected = self.model.name(n, now).running(Some(id)).map(drop);
        let content = format!("completed {}", self.number);
        let mut request = complete(&name(n), id, &content, self.vault.life());
        (request.tags, request.enabled) = (tags.clone(), enabled);
        if self
            .own(CertificateRequest::Complete(Box::new(request)), expected)
            .is_some()
        {
            self.model.name(n, now).complete(&content, enabled, tags);
        }
    }

    fn end(&mut self, n: &str, right: bool, fails: bool) {
        let (now, id) = (self.now(), self.operation(n, right));
        let (state, end) = if fails {
            let (code, message) = ("code".into(), "message".into());
            (State::Failed, OperationEnd::Failed { code, message })
        } else {
            (State::Cancelled, OperationEnd::Cancelled)
        };
        let running = self.model.name(n, now).running(Some(id));
        let expected = running.map(|operation| operation.state = state);
        let name = name(n);
        let operation = id;
        self.own(CertificateRequest::End { name, operation, end }, expected);
    }

    fn import(&mut self, n: &str, tagged: bool, enabled: bool) {
        let now = self.now();
        let expected = self.model.name(n, now).import();
        let content = format!("imported {}", self.number);
        let mut request = import(&name(n), &content, self.vault.life());
        (request.tags, request.enabled) = (tags(tagged), enabled);
        request.policy = policy(&content);
        if let Some(made) = self.own(CertificateRequest::Import(Box::new(request)), expected) {
            let issued = Issued {
                version: made.version,
                content: content.clone(),
                enabled,
                tags: tags(tagged),
            };
            self.model.name(n, now).imported(issued, &content);
        }
    }

    fn update(
        &mut self,
        n: &str,
        version: Option<u8>,
        read: Option<bool>,
        said: (Option<bool>, Option<bool>),
    ) {
        let (now, (enabled, tagged)) = (self.now(), said);
        let new = format!("put {}", self.number);
        let known = self.model.name(n, now);
        let (versions, before) = known.certificate.as_ref().map_or_else(Default::default, |known| {
            let versions = known.versions.iter().map(|issued| issued.version);
            (versions.collect::<Vec<_>>(), known.policy.clone())
        });
        let unknown = Version::from_bytes([9; 16]);
        let version = version.map(|index| versions.get(usize::from(index)).copied().unwrap_or(unknown));
        let seen = read.map(|right| if right { before } else { "another".to_owned() });
        let put = seen.as_deref().map(|seen| (seen, new.as_str()));
        let expected = known.update(version, put, enabled, tagged.map(tags));
        let request = Update {
            name: name(n),
            version,
            policy: put.map(|(seen, new)| (seen.as_bytes().into(), policy(new))),
            enabled,
            tags: tagged.map(tags),
        };
        self.own(CertificateRequest::Update(Box::new(request)), expected);
    }
}

/// What becomes of a plain object.
#[derive(Debug, Clone, Copy)]
enum Life {
    Delete,
    Recover,
    Purge,
}

impl Life {
    fn of<K: Tasks>(self, n: &str) -> WriteRequest<K> {
        let name = name(n);
        match self {
            Self::Delete => WriteRequest::Delete { name },
            Self::Recover => WriteRequest::Recover { name },
            Self::Purge => WriteRequest::Purge { name },
        }
    }
}
