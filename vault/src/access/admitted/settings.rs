//! Requests about the settings of all certificates of a vault, its contacts and its issuers, that policy allows.

use std::sync::Arc;

use strongroom_audit::{Class, Outcome};
use strongroom_core::ObjectName;
use strongroom_engine::WriteError;
use tokio::{sync::oneshot, task::spawn_blocking, time::timeout};
use zeroize::Zeroizing;

use super::{super::Refused, Admitted, Failure, PATIENCE};
use crate::certificates::{
    contacts::{Contacts, ContactsError},
    error::CertificateError,
    issuers::{Issuer, IssuerChange, IssuerError, Issuers},
    settings::{self, Setting, Turn},
    signer::AuthoritySigner,
};

/// A change of a setting that may be stored now.
struct Prepared<T> {
    /// What is stored; none where nothing is left.
    bytes: Option<Zeroizing<Vec<u8>>>,
    answer: T,
    turn: Turn,
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

    /// The issuers of certificates.
    ///
    /// # Errors
    /// What policy does not allow any more. Every end is recorded.
    pub async fn issuers(mut self) -> Result<Issuers, Refused> {
        let issuers = self.setting::<Issuers>().map(Option::unwrap_or_default);
        self.conclude(issuers).await
    }

    /// An issuer of certificates.
    ///
    /// # Errors
    /// There is none of that name, and what policy does not allow any more. Every end is recorded.
    pub async fn issuer(mut self, name: &ObjectName) -> Result<Issuer, Refused> {
        let issuers = self.setting::<Issuers>().map(Option::unwrap_or_default);
        let issuer =
            issuers.and_then(|issuers| Ok(issuers.find(name).cloned().map_err(CertificateError::from)?));
        self.conclude(issuer).await
    }

    /// Sets an issuer in the place of one of that name, and gives it.
    ///
    /// # Errors
    /// It is none, what it signs with is not there, and as [`Self::set_contacts`].
    pub async fn set_issuer(self, name: ObjectName, given: IssuerChange) -> Result<Issuer, Refused> {
        let now = self.access.now();
        self.change_issuers(move |issuers| issuers.set(&name, given, now))
            .await
    }

    /// Changes an issuer, and gives what it is then.
    ///
    /// # Errors
    /// There is none of that name, it would be none, and as [`Self::set_issuer`].
    pub async fn update_issuer(self, name: ObjectName, change: IssuerChange) -> Result<Issuer, Refused> {
        let now = self.access.now();
        self.change_issuers(move |issuers| issuers.update(&name, change, now))
            .await
    }

    /// Deletes an issuer, and gives it.
    ///
    /// # Errors
    /// There is none of that name, and as [`Self::set_contacts`].
    pub async fn delete_issuer(self, name: ObjectName) -> Result<Issuer, Refused> {
        self.change(move |issuers: Option<Issuers>| {
            let mut issuers = issuers.unwrap_or_default();
            let issuer = issuers.remove(&name).map_err(CertificateError::from)?;
            Ok((Some(issuers), issuer))
        })
        .await
    }

    /// Changes one issuer. One that signs with a certificate of the vault can do so when it is stored.
    async fn change_issuers(
        self,
        change: impl FnOnce(&mut Issuers) -> Result<Issuer, IssuerError> + Send + 'static,
    ) -> Result<Issuer, Refused> {
        let service = &self.access.service;
        let (objects, keys, now) = (
            service.objects.clone(),
            Arc::clone(&service.keys),
            self.access.now(),
        );
        self.change(move |issuers: Option<Issuers>| {
            let mut issuers = issuers.unwrap_or_default();
            let issuer = change(&mut issuers).map_err(CertificateError::from)?;
            if let Some(authority) = &issuer.authority {
                AuthoritySigner::open(&objects, keys.provider(), &authority.terms, now)?;
            }
            Ok((Some(issuers), issuer))
        })
        .await
    }

    fn setting<S: Setting>(&mut self) -> Result<Option<S>, Failure> {
        self.decide_again()?;
        Ok(settings::read(&self.access.service.objects)?)
    }

    /// Stores what `change` makes of a setting, and gives its answer.
    async fn change<S, T, F>(mut self, change: F) -> Result<T, Refused>
    where
        S: Setting + 'static,
        T: Send + 'static,
        F: FnOnce(Option<S>) -> Result<(Option<S>, T), Failure> + Send + 'static,
    {
        match self.prepare(change).await {
            Ok(Prepared { bytes, answer, turn }) => self.store(S::NAME, bytes, turn).await.map(|()| answer),
            Err(failure) => Err(self.refuse(failure).await),
        }
    }

    async fn prepare<S, T, F>(&mut self, change: F) -> Result<Prepared<T>, Failure>
    where
        S: Setting + 'static,
        T: Send + 'static,
        F: FnOnce(Option<S>) -> Result<(Option<S>, T), Failure> + Send + 'static,
    {
        let access = self.access;
        let service = &access.service;
        let turn = service.turns.next().await.ok_or(Failure::Busy)?;
        self.decide_again()?;
        // The writer would find the same, if it does not hang in it.
        service.audit.check(Class::Write).map_err(|_| Failure::Audit)?;
        let objects = service.objects.clone();
        let made = spawn_blocking(move || {
            let (after, answer) = change(settings::read(&objects)?)?;
            let bytes = after.as_ref().map(settings::bytes).transpose()?;
            Ok::<_, Failure>((bytes, answer))
        });
        let (bytes, answer) = made.await.map_err(|_| Failure::Storage)??;
        Ok(Prepared { bytes, answer, turn })
    }

    /// Hands a setting to the writer with the audit record of its change, and keeps the turn until both are stored.
    async fn store(self, name: &str, bytes: Option<Zeroizing<Vec<u8>>>, turn: Turn) -> Result<(), Refused> {
        let Self { access, action, .. } = self;
        let (answered, answer) = oneshot::channel();
        let outcome = Outcome::success(200);
        let entry = access.entry(action.clone(), outcome);
        access.shares.charge(action.principal(), entry.as_bytes().len());
        let done = Box::new(move |change| {
            drop(turn);
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
