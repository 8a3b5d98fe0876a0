//! What the vault is asked, one step after the other.

use std::{
    collections::BTreeMap,
    marker::PhantomData,
    net::IpAddr,
    sync::{Arc, mpsc},
    time::{Duration, SystemTime},
};

use strongroom_audit::{
    ClientInfo, CorrelationId, Entry, Origin, Outcome, PolicyName, Record, RequestPath, Resource, TlsVersion,
    VaultResource, Verdict,
};
use strongroom_core::{ObjectName, Operation, Principal, ServiceAccount, Timestamp, VaultRef, Version};
use strongroom_engine::{
    AttributesPatch, BackupBlob, Change, ObjectError, Objects, PageRequest, ReadRequest, Tags, WriteError,
    every_name,
    format::id::Sequence,
    object::{
        answer::{Answer, Bundle},
        request::{Seen, WriteRequest},
        tasks::Tasks,
    },
};

use crate::{
    certificates::{self, AskCertificate},
    recording::{Place, State, seen},
    sample::Sample,
};

/// The time of everything but the last sweep.
pub const NOW: u64 = 1_800_000_000;
/// When what was purged at [`NOW`] is to be made unreadable.
pub const AFTER_ERASURE_DELAY: u64 = NOW + 2 * 60 * 60;
pub const AFTER_RETENTION: u64 = NOW + 91 * 24 * 60 * 60;

/// One step: at most one commit.
pub enum Step {
    /// Requests that are committed together.
    Requests(Vec<Ask>),
    /// The vault's own work at a time.
    Sweep(u64),
    /// A record of the server's.
    Meta(&'static str, Option<usize>),
    /// Keeps a backup for a later restore.
    Backup(&'static str),
}

/// A request of a step.
#[derive(Debug, Clone, Copy)]
pub enum Ask {
    Set(&'static str, usize),
    /// Sets what ends soon, which the next sweep tells.
    SetEnding(&'static str, usize),
    /// Sets a version in place of the current one.
    Replace(&'static str, usize),
    /// Says something anew of the object, where its kind has anything to say; updates it otherwise.
    Amend(&'static str),
    Update(&'static str),
    Delete(&'static str),
    Recover(&'static str),
    Purge(&'static str),
    /// Restores the backup that was kept.
    Restore,
    /// What is asked of a certificate, where the vault keeps any.
    Certificate(AskCertificate),
}

/// Every kind of change, alone and in batches, with values of one page and of many.
pub fn long() -> Vec<Step> {
    use Ask::{Amend, Delete, Purge, Recover, Replace, Restore, Set, SetEnding, Update};
    let one = |ask| Step::Requests(vec![ask]);
    vec![
        one(Set("a", 20)),
        one(Set("b", 25 * 1024)),
        one(Set("a", 5_000)),
        one(Replace("a", 700)),
        one(Update("a")),
        one(Amend("a")),
        Step::Meta("bundle", Some(40_000)),
        one(Delete("b")),
        one(Recover("b")),
        Step::Requests(vec![
            Set("c", 100),
            Set("a", 30),
            Delete("b"),
            Set("d", 9_000),
            Recover("d"),
        ]),
        Step::Backup("a"),
        one(Purge("b")),
        one(SetEnding("f", 40)),
        Step::Sweep(NOW),
        one(Delete("a")),
        one(Purge("a")),
        one(Purge("a")),
        one(Restore),
        Step::Meta("bundle", None),
        Step::Requests(
            (0..8)
                .map(|number| Set(["e", "f"][number % 2], 500 + number))
                .collect(),
        ),
        one(Delete("c")),
        Step::Sweep(AFTER_RETENTION),
        one(Set("c", 10)),
    ]
}

/// A few changes, for being stopped twice.
pub fn short() -> Vec<Step> {
    use Ask::{Delete, Set};
    vec![
        Step::Requests(vec![Set("a", 6_000)]),
        Step::Requests(vec![Set("a", 10), Set("b", 25 * 1024), Delete("a")]),
    ]
}

/// One change, after a recovery.
pub fn one_more() -> Vec<Step> {
    vec![Step::Requests(vec![Ask::Set("f", 3_000)])]
}

pub fn names() -> Vec<ObjectName> {
    ["a", "b", "c", "d", "e", "f"]
        .iter()
        .map(|name| name.parse().unwrap())
        .collect()
}

pub fn page() -> PageRequest {
    PageRequest::default()
}

/// Runs steps on a vault, and knows what each must leave behind.
pub struct Runner<K> {
    kind: PhantomData<K>,
    vault: Objects,
    marker: u32,
    backup: Option<BackupBlob>,
    changes: Vec<u32>,
    refusals: Vec<u32>,
}

type Outcomes = mpsc::Sender<(u32, Result<(), WriteError>)>;

impl<K: Sample> Runner<K> {
    /// Goes on behind the markers that the log has.
    pub fn new(vault: Objects, place: &Place) -> Self {
        let found = crate::recovery::markers(place);
        let marker = found.iter().map(|(marker, _)| *marker).max().unwrap_or_default();
        let of = |success| {
            found
                .iter()
                .filter(|(_, is)| *is == success)
                .map(|(marker, _)| *marker)
                .collect()
        };
        Self {
            kind: PhantomData,
            vault,
            marker,
            backup: None,
            changes: of(true),
            refusals: of(false),
        }
    }

    pub fn state(&self) -> State {
        State {
            generation: self.vault.snapshot().generation().0,
            seen: seen::<K>(&self.vault),
            changes: self.changes.clone(),
            refusals: self.refusals.clone(),
        }
    }

    pub fn run(&mut self, step: Step) {
        match step {
            Step::Requests(asks) => self.together(&asks),
            Step::Sweep(at) => {
                self.vault.sweep(Timestamp::from_unix(at)).unwrap();
                // Answered after the sweep.
                self.together(&[Ask::Purge("nothing")]);
            }
            Step::Meta(name, bytes) => self
                .vault
                .meta_put(name, bytes.map(|bytes| vec![7; bytes]))
                .unwrap(),
            Step::Backup(name) => {
                let request = ReadRequest::Backup {
                    name: name.parse().unwrap(),
                };
                match self
                    .vault
                    .read::<K>(&request, Timestamp::from_unix(NOW), &every_name)
                    .unwrap()
                {
                    Answer::Backup(blob) => self.backup = Some(blob),
                    other => panic!("{other:?}"),
                }
            }
        }
    }

    /// Sets each of `names` in a commit of its own, whatever becomes of it.
    pub fn set_each(&mut self, names: &[ObjectName]) -> BTreeMap<u32, Result<(), WriteError>> {
        let mut results = BTreeMap::new();
        for name in names {
            let (outcomes, received) = mpsc::channel();
            self.submit(Ask::Set(Box::leak(name.to_string().into()), 2_000), &outcomes);
            let (marker, result) = received.recv().unwrap();
            results.insert(marker, result);
        }
        results
    }

    /// Makes the writer find all of `asks` in its queue at once.
    fn together(&mut self, asks: &[Ask]) {
        let (gate, closed) = mpsc::channel::<()>();
        let (at_gate, reached) = mpsc::channel();
        if asks.len() > 1 {
            let done = Box::new(move |result: Result<Answer<K>, WriteError>| {
                assert!(matches!(result, Err(WriteError::Object(_))));
                at_gate.send(()).unwrap();
                let _ = closed.recv();
            });
            let marker = self.next_marker();
            self.refusals.push(marker);
            let purge = self.request(Ask::Purge("nothing"));
            self.vault
                .submit(purge, Timestamp::from_unix(NOW), audit(marker), done)
                .unwrap();
            reached.recv().unwrap();
        }
        let (outcomes, received) = mpsc::channel();
        for ask in asks {
            self.submit(*ask, &outcomes);
        }
        drop((gate, outcomes));
        for (marker, result) in received {
            match result {
                Ok(()) => self.changes.push(marker),
                Err(WriteError::Object(_)) => self.refusals.push(marker),
                Err(other) => panic!("{other}"),
            }
        }
    }

    fn submit(&mut self, ask: Ask, outcomes: &Outcomes) {
        let marker = self.next_marker();
        if let Ask::Certificate(ask) = ask {
            let request = certificates::request(&self.vault, ask, marker);
            return self.hand_over(request, marker, outcomes);
        }
        let request = self.request(ask);
        self.hand_over(request, marker, outcomes);
    }

    fn hand_over<T: Tasks>(&self, request: WriteRequest<T>, marker: u32, outcomes: &Outcomes) {
        let outcomes = outcomes.clone();
        let done = Box::new(move |result: Result<Answer<T>, WriteError>| {
            outcomes.send((marker, result.map(drop))).unwrap();
        });
        self.vault
            .submit(request, Timestamp::from_unix(NOW), audit(marker), done)
            .unwrap();
    }

    fn next_marker(&mut self) -> u32 {
        self.marker += 1;
        self.marker
    }

    /// So many bytes that no other request has.
    fn text(&self, bytes: usize) -> String {
        format!("{}-", self.marker).repeat(bytes)[..bytes].to_owned()
    }

    /// What an object's next version is made from; what was never there where there is none.
    fn seen(&self, name: &ObjectName) -> Seen<K::Object> {
        let unseen = Seen {
            record: Sequence(u64::MAX),
            object: K::Object::default(),
        };
        let found = self.vault.current::<K>(name);
        found.map_or(unseen, |(seen, _)| seen)
    }

    fn request(&self, ask: Ask) -> WriteRequest<K> {
        let name = |text: &str| text.parse::<ObjectName>().unwrap();
        match ask {
            Ask::Set(text, bytes) | Ask::SetEnding(text, bytes) => WriteRequest::Set {
                name: name(text),
                content: K::content(&self.text(bytes)),
                fields: K::fields(&self.text(bytes), true),
                attributes: attributes(ask),
                tags: Tags::from([("marker".to_owned(), self.marker.to_string())]),
            },
            Ask::Replace(text, bytes) => WriteRequest::Replace {
                name: name(text),
                seen: self.seen(&name(text)),
                content: K::content(&self.text(bytes)),
                fields: K::fields(&self.text(bytes), true),
                expires: None,
            },
            Ask::Amend(text) => match K::amendment(1) {
                Some(amendment) => WriteRequest::Amend {
                    name: name(text),
                    amendment,
                },
                None => update(name(text)),
            },
            Ask::Update(text) => update(name(text)),
            Ask::Delete(text) => WriteRequest::Delete { name: name(text) },
            Ask::Recover(text) => WriteRequest::Recover { name: name(text) },
            Ask::Purge(text) => WriteRequest::Purge { name: name(text) },
            Ask::Restore => WriteRequest::Restore {
                blob: BackupBlob::new(self.backup.as_ref().unwrap().as_bytes()),
            },
            Ask::Certificate(ask) => panic!("{ask:?} is of another kind"),
        }
    }
}

fn update<K: Sample>(name: ObjectName) -> WriteRequest<K> {
    WriteRequest::Update {
        name,
        version: None,
        fields: K::Patch::default(),
        attributes: AttributesPatch::default(),
        tags: Some(Tags::from([("updated".to_owned(), "yes".to_owned())])),
    }
}

/// When what is set ends.
fn attributes(ask: Ask) -> AttributesPatch {
    let expires = match ask {
        Ask::SetEnding(..) => Change::Set(Timestamp::from_unix(NOW + 24 * 60 * 60)),
        _ => Change::Keep,
    };
    AttributesPatch {
        expires,
        ..AttributesPatch::default()
    }
}

/// The record of a request, by which it is found again.
fn audit<K: Tasks>(marker: u32) -> strongroom_engine::AuditOf<K> {
    Box::new(move |result: &Result<Answer<K>, ObjectError>| {
        let outcome = match result {
            Ok(_) => Outcome::success(200),
            Err(_) => Outcome::failure(409, "Conflict"),
        };
        let account = ServiceAccount {
            name: "shop:api".parse().unwrap(),
            uid: "0f0f0f0f-1111-4222-8333-444444444444".parse().unwrap(),
            pod: None,
            node: None,
        };
        let mut correlation = [0; 16];
        correlation[..4].copy_from_slice(&marker.to_be_bytes());
        Entry::new(&Record {
            time: SystemTime::UNIX_EPOCH + Duration::from_secs(NOW),
            vault: Arc::new(VaultResource::new(&VaultRef::new(
                "team-a".parse().unwrap(),
                "prod".parse().unwrap(),
            ))),
            operation: Operation::SecretSet,
            resource: Resource::Vault,
            origin: Origin {
                principal: Arc::new(Principal::ServiceAccount(account)),
                caller: IpAddr::from([10, 1, 2, 3]),
                correlation: CorrelationId::from_random(correlation),
                client: ClientInfo::new(b"crash"),
                path: RequestPath::new("/"),
                tls: Some(TlsVersion::Tls13),
            },
            verdict: Verdict::Allow(PolicyName::new("crash")),
            outcome,
            duration: Duration::ZERO,
        })
    })
}

/// An answer as text, with its values.
pub fn shown<K: Sample>(answer: &Result<Answer<K>, ObjectError>) -> String {
    let value = |bundle: &Bundle<K>| bundle.content.as_ref().map(K::text);
    match answer {
        Ok(Answer::Object(bundle)) => format!("{bundle:?} {:?}", value(bundle)),
        other => format!("{other:?}"),
    }
}

/// The versions that a list of versions names.
pub fn versions<K: Sample>(answer: &Result<Answer<K>, ObjectError>) -> Vec<Version> {
    match answer {
        Ok(Answer::Page(page)) => page.items.iter().map(|item| item.version).collect(),
        _ => Vec::new(),
    }
}
