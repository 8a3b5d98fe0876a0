//! Asks a vault for the steps of a script.

use std::{collections::BTreeMap, marker::PhantomData, sync::mpsc};

use strongroom_core::{ObjectName, Timestamp};
use strongroom_engine::{
    AttributesPatch, BackupBlob, Certificate, Change, Objects, ReadRequest, Tags, WriteError, every_name,
    format::id::Sequence,
    object::{
        answer::Answer,
        request::{Seen, WriteRequest},
        tasks::Tasks,
    },
};

use super::{Ask, NOW, Step, audit::audit};
use crate::{
    certificates,
    recording::{Place, State, seen},
    sample::Sample,
};

/// Runs steps on a vault, and knows what each must leave behind.
pub struct Runner<K> {
    kind: PhantomData<K>,
    vault: Objects,
    marker: u32,
    backup: Option<BackupBlob>,
    certificate_backup: Option<BackupBlob>,
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
            certificate_backup: None,
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
            Step::Backup(name) => self.backup = Some(self.back_up::<K>(name)),
            Step::BackupCertificate(name) => {
                self.certificate_backup = Some(self.back_up::<Certificate>(name));
            }
        }
    }

    fn back_up<T: Tasks>(&self, name: &str) -> BackupBlob {
        let request = ReadRequest::Backup {
            name: name.parse().unwrap(),
        };
        let now = Timestamp::from_unix(NOW);
        match self.vault.read::<T>(&request, now, &every_name).unwrap() {
            Answer::Backup(blob) => blob,
            other => panic!("{other:?}"),
        }
    }

    /// Asks for each of `asks` in a commit of its own, whatever becomes of it.
    pub fn ask_each(&mut self, asks: &[Ask]) -> BTreeMap<u32, Result<(), WriteError>> {
        let mut results = BTreeMap::new();
        for ask in asks {
            let (outcomes, received) = mpsc::channel();
            self.submit(*ask, &outcomes);
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
            let request = certificates::request(&self.vault, self.certificate_backup.as_ref(), ask, marker);
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
