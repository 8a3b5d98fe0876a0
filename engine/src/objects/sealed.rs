//! Small records of the server's own that are encrypted, and the change that puts one.

use strongroom_audit::Entry;
use strongroom_core::Timestamp;
use zeroize::Zeroizing;

use super::{
    Objects,
    job::{Change, Decision, Ending, Job},
    outcome::{Done, QueueFull, WriteError},
    reply::Reply,
};
use crate::{
    crypt::sealed::{open, seal},
    format::{key, records::SealedRecord},
    object::{
        error::{ObjectError, damaged_state},
        inputs::Inputs,
        keeper::Kinds,
        view::View,
    },
    store::Purpose,
};

/// What errors call such a record.
const WHAT: &str = "a sealed record of the server";

impl Objects {
    /// A small record of the server's own that is encrypted in the store, as last put.
    ///
    /// # Errors
    /// The store cannot be read, or the record is not what the vault wrote there.
    pub fn sealed_get(&self, name: &str) -> Result<Option<Zeroizing<Vec<u8>>>, ObjectError> {
        let published = self.shared.published();
        let place = key::sealed(name);
        let stored = self.note_read(published.snapshot.get(&place).map_err(ObjectError::from))?;
        let opened = stored.map(|stored| {
            let record: SealedRecord = published.keyring.check(&place, &stored)?;
            open(&published.keyring, name, &record)
        });
        opened.transpose().map_err(|error| damaged_state(WHAT, error))
    }

    /// Puts or removes a small record of the server's own (up to 16 MiB), encrypted, together with the audit record of that.
    /// `done` is called once both are durable, or are not done.
    ///
    /// # Errors
    /// Too many changes wait; `done` is not called then.
    pub fn sealed_submit(
        &self,
        name: &str,
        bytes: Option<Zeroizing<Vec<u8>>>,
        entry: Entry,
        done: Done<()>,
    ) -> Result<(), QueueFull> {
        self.send(Job::Change(Box::new(SealedPut {
            name: name.into(),
            bytes,
            entry,
            reply: Reply::new(done),
            refusal: None,
        })))
    }
}

/// A sealed record to be put or removed.
struct SealedPut {
    name: Box<str>,
    bytes: Option<Zeroizing<Vec<u8>>>,
    entry: Entry,
    reply: Reply<()>,
    refusal: Option<ObjectError>,
}

impl Change for SealedPut {
    fn decide(&mut self, view: View<'_>, _: Kinds, inputs: &mut Inputs) -> Decision {
        let mut decision = Decision::default();
        let place = key::sealed(&self.name);
        match &self.bytes {
            Some(bytes) => match seal(view.keyring, &self.name, &inputs.bytes(), bytes) {
                Ok(record) => decision
                    .changes
                    .batch
                    .put(place.clone(), view.keyring.prove(&place, &record)),
                Err(error) => {
                    self.refusal = Some(damaged_state("the backup key", error));
                    return decision;
                }
            },
            None => decision.changes.batch.remove(place),
        }
        self.refusal = None;
        decision.entry = Some(self.entry.clone());
        decision
    }

    /// They are few and bounded, and say what may be done with others: a certificate is revoked, and an issuer disabled, also
    /// where no value has room any more.
    fn purpose(&self) -> Purpose {
        Purpose::Tidy
    }

    fn time(&self) -> Option<Timestamp> {
        None
    }

    fn refuse(&mut self, error: ObjectError) {
        self.refusal = Some(error);
    }

    fn answer(self: Box<Self>) -> Ending {
        let result = self.refusal.map_or(Ok(()), |error| Err(error.into()));
        self.reply.send(result);
        Ending::Answered
    }

    fn fail(self: Box<Self>, error: WriteError) {
        self.reply.send(Err(error));
    }

    fn abandon(self: Box<Self>) {
        self.reply.abandon();
    }
}
