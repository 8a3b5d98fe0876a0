//! Many who change one certificate at once: each has the outcome that the writer's order gives it, and the certificate is
//! whole at every commit.

use std::{
    sync::{Arc, Mutex, PoisonError, mpsc},
    thread,
};

use strongroom_core::{ObjectName, Version};
use strongroom_engine::{
    Certificate, CryptoKey, ObjectError, PageRequest, ReadRequest, Secret, SoftDelete, WriteError,
    certificate::{CertificateRequest, object::OperationId, request::OperationEnd},
    every_name,
    format::{id::Sequence, key},
    kinds::EVERY_KIND,
    object::{
        answer::{Answer, Bundle},
        request::WriteRequest,
        tasks::Tasks,
    },
};

use super::whole::{self, Reads};
use crate::{
    certificate::{begin, complete, import, own},
    fixture::{DAY, name, page_of},
    model::Refusal,
    running::{Running, entry},
};

const NAME: &str = "web";
/// How many ask at once, and how often each does.
const ASKERS: u64 = 4;
const ASKS: usize = 400;

#[derive(Debug, Clone, Copy)]
enum Ask {
    Begin,
    /// The renewal of the version that was the current one just before.
    Renew(Version),
    Complete(OperationId),
    Fail(OperationId),
    Import,
    Delete,
    Recover,
    Purge,
    PurgeKey,
    DeleteSecret,
}

/// What the writer decided, with the version that is the current one then.
type Decided = (Ask, Result<Option<Version>, Refusal>);

struct Race {
    running: Running,
    decided: Arc<Mutex<Vec<Decided>>>,
}

impl Reads for Running {
    fn read_all<K: Tasks>(&self, request: ReadRequest) -> Result<Answer<K>, ObjectError> {
        self.vault.read(&request, self.now, &every_name)
    }

    fn versions<K: Tasks>(&self, name: &ObjectName) -> Vec<Bundle<K>> {
        let (mut found, mut page) = (Vec::new(), PageRequest::default());
        loop {
            let name = name.clone();
            let request = ReadRequest::ListVersions {
                name,
                page: page.clone(),
            };
            let listed = page_of(self.read_all::<K>(request).unwrap());
            found.extend(listed.items);
            let Some(next) = listed.next else { return found };
            page.marker = Some(next);
        }
    }
}

impl Race {
    fn ask_often(&self, seed: u64) {
        let mut random = seed;
        for _ in 0..ASKS {
            // Knuth's generator; its high bits are the random ones.
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(seed);
            let current = self.running.vault.current::<Certificate>(&name(NAME)).ok();
            let operation = current
                .as_ref()
                .and_then(|(_, found)| Some(found.object.operation.as_ref()?.id));
            let ask = match ((random >> 33) % 16, operation, &current) {
                (0 | 1, ..) => Ask::Begin,
                (2..5, _, Some((_, found))) => Ask::Renew(found.version),
                (5..9, Some(operation), _) => Ask::Complete(operation),
                (9, Some(operation), _) => Ask::Fail(operation),
                (10, ..) => Ask::Import,
                (11, ..) => Ask::Delete,
                (12, ..) => Ask::Purge,
                (13, ..) => Ask::PurgeKey,
                (14, ..) => Ask::DeleteSecret,
                _ => Ask::Recover,
            };
            self.put(ask, current.map(|(seen, _)| seen.record));
        }
    }

    fn put(&self, ask: Ask, record: Option<Sequence>) {
        let now = self.running.now.unix();
        let (named, life) = (name(NAME), (now, now + 90 * DAY));
        let request = match ask {
            Ask::Begin => CertificateRequest::Begin(Box::new(begin(&named, "key", life))),
            Ask::Renew(_) => {
                let mut begin = begin(&named, "key", life);
                begin.renews = record;
                CertificateRequest::Begin(Box::new(begin))
            }
            Ask::Complete(id) => CertificateRequest::Complete(Box::new(complete(&named, id, "der", life))),
            Ask::Fail(operation) => CertificateRequest::End {
                name: named,
                operation,
                end: OperationEnd::Cancelled,
            },
            Ask::Import => CertificateRequest::Import(Box::new(import(&named, "der", life))),
            Ask::Delete => return self.submit(ask, WriteRequest::<Certificate>::Delete { name: named }),
            Ask::Recover => return self.submit(ask, WriteRequest::<Certificate>::Recover { name: named }),
            Ask::Purge => return self.submit(ask, WriteRequest::<Certificate>::Purge { name: named }),
            Ask::PurgeKey => return self.submit(ask, WriteRequest::<CryptoKey>::Purge { name: named }),
            Ask::DeleteSecret => return self.submit(ask, WriteRequest::<Secret>::Delete { name: named }),
        };
        self.submit(ask, own(request));
    }

    fn submit<K: Tasks>(&self, ask: Ask, request: WriteRequest<K>) {
        let decided = Arc::clone(&self.decided);
        // The writer asks for the record when it has decided, once where every commit is made.
        let audit = Box::new(move |result: &Result<Answer<K>, ObjectError>| {
            let outcome = match result {
                Ok(Answer::Object(bundle)) => Ok(Some(bundle.version)),
                Ok(_) => Ok(None),
                Err(error) => Err(Refusal::of(error)),
            };
            let mut decided = decided.lock().unwrap_or_else(PoisonError::into_inner);
            decided.push((ask, outcome));
            entry(0)
        });
        let (done, answered) = mpsc::channel();
        let done = Box::new(move |result: Result<Answer<K>, WriteError>| done.send(result.is_ok()).unwrap());
        self.running
            .vault
            .submit(request, self.running.now, audit, done)
            .unwrap();
        answered.recv().unwrap();
    }

    /// Looks at a state while others change it: at each commit the key and the secret are there, or neither is.
    fn look(&self) {
        use strongroom_core::ObjectKind::{Certificates, Keys, Secrets};
        let snapshot = self.running.vault.snapshot();
        let is_there = |place| snapshot.get(&place).unwrap().is_some();
        for place in [key::live, key::deleted] {
            let [certificate, key, secret] =
                [Certificates, Keys, Secrets].map(|kind| is_there(place(kind, &name(NAME))));
            assert_eq!(key, secret);
            // A certificate whose first version is not issued has none.
            assert!(certificate || !key);
        }
    }
}

/// The version that was issued last, if any was.
type Latest = Option<Version>;

/// What is known of the certificate in the writer's order.
#[derive(Debug, Default)]
struct Known {
    /// None while it is not there; what was issued last.
    live: Option<Latest>,
    deleted: Option<Latest>,
    pending: bool,
    done: std::collections::BTreeMap<&'static str, usize>,
}

impl Known {
    fn replay(&mut self, number: usize, (ask, outcome): Decided) {
        let mut count = |what| *self.done.entry(what).or_default() += 1;
        match (ask, outcome) {
            (Ask::Begin, Ok(_)) => {
                assert!(!self.pending && self.deleted.is_none(), "{number}");
                self.live.get_or_insert_default();
                self.pending = true;
                count("begun");
            }
            (Ask::Renew(version), Ok(_)) => {
                assert_eq!(
                    self.live,
                    Some(Some(version)),
                    "{number}: another version was renewed"
                );
                assert!(!self.pending, "{number}");
                self.pending = true;
                count("renewed");
            }
            (Ask::Complete(_), Ok(version)) => {
                assert!(self.pending && self.live.is_some(), "{number}");
                (self.live, self.pending) = (Some(version), false);
                count("completed");
            }
            (Ask::Fail(_), Ok(_)) => {
                assert!(self.pending && self.live.is_some(), "{number}");
                self.pending = false;
            }
            (Ask::Import, Ok(version)) => {
                assert!(
                    !(self.pending && self.live.is_some()) && self.deleted.is_none(),
                    "{number}"
                );
                (self.live, self.pending) = (Some(version), false);
                count("imported");
            }
            (Ask::Delete, Ok(_)) => {
                self.deleted = self.live.take();
                assert!(self.deleted.is_some(), "{number}");
                count("deleted");
            }
            (Ask::Recover, Ok(_)) => {
                self.live = self.deleted.take();
                assert!(self.live.is_some(), "{number}");
                count("recovered");
            }
            (Ask::Purge, Ok(_)) => {
                assert!(self.deleted.take().is_some(), "{number}");
                self.pending = false;
                count("purged");
            }
            (Ask::PurgeKey | Ask::DeleteSecret, Ok(_)) => panic!("{number}: {ask:?}"),
            (Ask::Renew(_), Err(Refusal::Superseded)) => count("superseded"),
            (Ask::PurgeKey | Ask::DeleteSecret, Err(Refusal::Managed)) => count("managed"),
            (_, Err(_)) => {}
        }
    }
}

#[test]
fn changes_of_one_certificate_at_once_have_the_outcomes_of_the_writers_order() {
    let running = Running::keeping(EVERY_KIND, SoftDelete::new(7, false).unwrap());
    let race = Race {
        running,
        decided: Arc::default(),
    };
    race.put(Ask::Import, None);
    thread::scope(|scope| {
        let race = &race;
        let askers = (1..=ASKERS).map(|seed| scope.spawn(move || race.ask_often(2 * seed + 1)));
        let askers: Vec<_> = askers.collect();
        while askers.iter().any(|asker| !asker.is_finished()) {
            race.look();
        }
    });
    let decided = std::mem::take(&mut *race.decided.lock().unwrap());
    let mut known = Known::default();
    for (number, decided) in decided.into_iter().enumerate() {
        known.replay(number, decided);
    }
    let names = [
        "begun",
        "renewed",
        "completed",
        "imported",
        "deleted",
        "recovered",
        "purged",
        "superseded",
        "managed",
    ];
    assert!(
        names
            .iter()
            .all(|name| known.done.get(name).is_some_and(|count| *count > 0)),
        "{:?}",
        known.done
    );
    whole::check(&race.running, &[NAME]);
    race.running.sweep();
    race.running.vault.scrub().unwrap();
}
