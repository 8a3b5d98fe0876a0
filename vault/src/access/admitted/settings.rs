//! Requests about the settings of all certificates of a vault that policy allows: its contacts, and what any setting needs.

use strongroom_audit::Class;
use strongroom_engine::WriteError;
use tokio::{sync::oneshot, task::spawn_blocking, time::timeout};
use zeroize::Zeroizing;

use super::{
    super::{Refused, outcome::success},
    Admitted, Failure, PATIENCE,
};
use crate::certificates::{
    contacts::{Contacts, ContactsError},
    error::CertificateError,
    settings::{self, Setting, Turn},
};

/// A change of a setting that may be stored now.
pub(super) struct Prepared<T> {
    /// What is stored; none where nothing is left.
    bytes: Option<Zeroizing<Vec<u8>>>,
    /// What is answered then.
    pub(super) answer: T,
    turn: Turn,
}

impl<T> Prepared<T> {
    /// The same with what `answer` makes of the answer.
    pub(super) fn map<U>(self, answer: impl FnOnce(T) -> U) -> Prepared<U> {
        Prepared {
            bytes: self.bytes,
            answer: answer(self.answer),
            turn: self.turn,
        }
    }
}

impl Admitted<'_> {
    /// The contacts of the vault's certificates.
    ///
    /// # Errors
    /// There are none, and what policy does not allow any more. Every end is recorded.
    pub async fn contacts(mut self) -> Result<Contacts, Refused> {
        let contacts = self.setting().and_then(set_contacts);
        self.conclude(contacts).await
    }

    /// Puts contacts in the place of those that are there, and gives them.
    ///
    /// # Errors
    /// As of a change that cannot be stored. Every end is recorded; the record of a stored change is stored with it.
    pub async fn set_contacts(self, contacts: Contacts) -> Result<Contacts, Refused> {
        self.change(move |_: Option<Contacts>| Ok((Some(contacts.clone()), contacts)))
            .await
    }

    /// Deletes the contacts, and gives them.
    ///
    /// # Errors
    /// There are none, and as [`Self::set_contacts`].
    pub async fn delete_contacts(self) -> Result<Contacts, Refused> {
        self.change(|contacts| Ok((None, set_contacts(contacts)?))).await
    }

    /// A setting as it is.
    pub(super) fn setting<S: Setting>(&mut self) -> Result<Option<S>, Failure> {
        self.decide_again()?;
        Ok(settings::read(&self.access.service.objects)?)
    }

    /// Stores what `change` makes of a setting, and gives its answer.
    pub(super) async fn change<S, T, F>(mut self, change: F) -> Result<T, Refused>
    where
        S: Setting + 'static,
        T: Send + 'static,
        F: FnOnce(Option<S>) -> Result<(Option<S>, T), Failure> + Send + 'static,
    {
        let prepared = self.prepare(change).await;
        self.finish::<S, T>(prepared).await
    }

    /// Stores what was prepared, and gives its answer; or refuses the request.
    pub(super) async fn finish<S: Setting, T>(
        self,
        prepared: Result<Prepared<T>, Failure>,
    ) -> Result<T, Refused> {
        match prepared {
            Ok(Prepared { bytes, answer, turn }) => self.store(S::NAME, bytes, turn).await.map(|()| answer),
            Err(failure) => Err(self.refuse(failure).await),
        }
    }

    /// The turn of a change of settings that policy allows still.
    pub(super) async fn turn(&mut self) -> Result<Turn, Failure> {
        let service = &self.access.service;
        let turn = service.turns.next().await.ok_or(Failure::Busy)?;
        self.decide_again()?;
        // The writer would find the same, if it does not hang in it.
        service.audit.check(Class::Write).map_err(|_| Failure::Audit)?;
        Ok(turn)
    }

    /// What `change` makes of a setting. The turn is kept, so that nothing else changes it before it is stored.
    pub(super) async fn prepare<S, T, F>(&mut self, change: F) -> Result<Prepared<T>, Failure>
    where
        S: Setting + 'static,
        T: Send + 'static,
        F: FnOnce(Option<S>) -> Result<(Option<S>, T), Failure> + Send + 'static,
    {
        let turn = self.turn().await?;
        let objects = self.access.service.objects.clone();
        let made = spawn_blocking(move || {
            let (after, answer) = change(settings::read(&objects)?)?;
            let bytes = after.as_ref().map(settings::bytes).transpose()?;
            Ok::<_, Failure>((bytes, answer))
        });
        let (bytes, answer) = made.await.map_err(|_| Failure::Storage)??;
        Ok(Prepared { bytes, answer, turn })
    }

    /// Hands a setting to the writer with the audit record of its change. What is `held` until both are stored, as the turn, is
    /// dropped before the change is answered.
    pub(super) async fn store(
        self,
        name: &str,
        bytes: Option<Zeroizing<Vec<u8>>>,
        held: impl Send + 'static,
    ) -> Result<(), Refused> {
        let Self { access, action, .. } = self;
        let (answered, answer) = oneshot::channel();
        let outcome = success(action.operation());
        let entry = access.entry(action.clone(), outcome);
        access.shares.charge(action.principal(), entry.as_bytes().len());
        let done = Box::new(move |change| {
            drop(held);
            // The client may have gone away.
            drop(answered.send(change));
        });
        let submitted = access.service.objects.sealed_submit(name, bytes, entry, done);
        let failure = match submitted {
            Ok(()) => match timeout(PATIENCE, answer).await {
                Ok(Ok(Ok(()))) => {
                    access.count(action.counted_as(), outcome);
                    return Ok(());
                }
                Ok(Ok(Err(error))) => not_stored(error),
                // The writer is gone, as when the process ends; or the disk does not answer it.
                Ok(Err(_)) | Err(_) => Failure::OutcomeUnknown,
            },
            Err(_full) => {
                access.service.metrics.throttled("queue");
                Failure::QueueFull
            }
        };
        Err(access.refuse_action(action, failure).await)
    }
}

fn set_contacts(contacts: Option<Contacts>) -> Result<Contacts, Failure> {
    Ok(contacts.ok_or(CertificateError::Contacts(ContactsError::NotFound))?)
}

fn not_stored(error: WriteError) -> Failure {
    match error {
        WriteError::Object(error) => error.into(),
        WriteError::AuditUnavailable => Failure::Audit,
        WriteError::StoreFull | WriteError::Unavailable => Failure::Storage,
        WriteError::OutcomeUnknown => Failure::OutcomeUnknown,
    }
}
