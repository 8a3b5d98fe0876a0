//! Requests about certificates that policy allows: what makes a version, before the writer stores it.

use std::sync::Arc;

use strongroom_certificates::policy::{Policy, SentPolicy};
use strongroom_core::{ObjectName, Permission};
use strongroom_engine::{
    Certificate, CertificateBundle, ObjectError, Tags,
    certificate::{
        CertificateRequest,
        object::{CertificateObject, PolicyTerms},
        request::{Begin, Complete, Import as Imported, Update},
    },
    format::id::Sequence,
    object::{answer::Answer, error::OperationError, request::WriteRequest},
};
use strongroom_keys::Key;
use tokio::task::spawn_blocking;

use super::{super::Refused, Admitted, Failure};
use crate::certificates::{
    begin::{Wishes, begin},
    chosen::ChosenIssuer,
    error::CertificateError,
    import::{self, Import, Opened},
    issued::terms,
    merge::{self, Merge},
};

/// A certificate that is asked for.
#[derive(Debug)]
pub struct NewCertificate {
    /// Its name.
    pub name: ObjectName,
    /// The policy, without which that of the certificate holds.
    pub policy: Option<SentPolicy>,
    /// Whether the version is to be enabled.
    pub enabled: bool,
    /// The tags of the version.
    pub tags: Tags,
    /// Whether the chain stays in its order, where that is said.
    pub preserve_order: Option<bool>,
}

/// What changes of a certificate.
#[derive(Debug)]
pub struct Changed {
    /// Which certificate and version, and what of its attributes.
    pub update: Update,
    /// What changes of the policy.
    pub policy: Option<SentPolicy>,
}

impl Admitted<'_> {
    /// Begins the operation that makes a version of a certificate, with a key of its own.
    ///
    /// # Errors
    /// The policy is none, another operation is in progress, others make keys, and what is refused of a change.
    pub async fn create_certificate(mut self, new: NewCertificate) -> Result<Answer<Certificate>, Refused> {
        let soon = self.access.service.soon.clone();
        let answer = match self.begin(new).await {
            Ok(request) => self.own(CertificateRequest::Begin(Box::new(request))).await,
            Err(failure) => Err(self.refuse(failure).await),
        };
        if answer.is_ok() {
            soon.when_issued();
        }
        answer
    }

    /// Imports a certificate with its private key.
    ///
    /// # Errors
    /// The file cannot be read or is not what it must be, others make keys, and what is refused of a change.
    pub async fn import_certificate(mut self, given: Import) -> Result<Answer<Certificate>, Refused> {
        match self.import(given).await {
            Ok(request) => self.own(CertificateRequest::Import(Box::new(request))).await,
            Err(failure) => Err(self.refuse(failure).await),
        }
    }

    /// Completes an operation with a certificate that was issued elsewhere.
    ///
    /// # Errors
    /// There is no such operation, the certificate is not of its key, and what is refused of a change.
    pub async fn merge_certificate(mut self, given: Merge) -> Result<Answer<Certificate>, Refused> {
        match self.merge(given).await {
            Ok(request) => self.own(CertificateRequest::Complete(Box::new(request))).await,
            Err(failure) => Err(self.refuse(failure).await),
        }
    }

    /// Changes attributes, tags and policy of a certificate.
    ///
    /// # Errors
    /// There is none, the policy would be none, and what is refused of a change.
    pub async fn update_certificate(mut self, given: Changed) -> Result<Answer<Certificate>, Refused> {
        match self.changed(given) {
            Ok(request) => self.own(CertificateRequest::Update(Box::new(request))).await,
            Err(failure) => Err(self.refuse(failure).await),
        }
    }

    /// Changes a certificate as `request` says.
    ///
    /// # Errors
    /// What is refused of a change.
    pub async fn own(self, request: CertificateRequest) -> Result<Answer<Certificate>, Refused> {
        self.write(WriteRequest::Own(request)).await
    }

    /// A version of a certificate brings one of its key and one of its secret: who may not write those, may not by this.
    fn decide_parts(&mut self, key: Permission) -> Result<(), Failure> {
        self.decide_again()?;
        let policy = Arc::clone(&self.policy);
        self.action.refuse_denied(&policy, key)?;
        self.action.refuse_denied(&policy, Permission::SecretSet)
    }

    /// A policy that names an authority of the vault has it sign, now or when the certificate is renewed: that needs its own
    /// permission, whenever such a policy is put.
    fn decide_issuer(&mut self, policy: &Policy) -> Result<ChosenIssuer, Failure> {
        let chosen = ChosenIssuer::of(policy, &self.access.service.objects)?;
        if chosen.is_authority() {
            let in_force = Arc::clone(&self.policy);
            self.action
                .decide_also(&in_force, Permission::CertificateUseIssuer)?;
        }
        Ok(chosen)
    }

    /// The same where nothing is issued yet: the issuer need not be there. One that comes later does not renew by this policy.
    fn decide_named(&mut self, policy: &Policy) -> Result<(), Failure> {
        match self.decide_issuer(policy) {
            Ok(_) | Err(Failure::Certificate(CertificateError::NoIssuer)) => Ok(()),
            Err(failure) => Err(failure),
        }
    }

    async fn begin(&mut self, new: NewCertificate) -> Result<Begin, Failure> {
        self.decide_parts(Permission::KeyCreate)?;
        let access = self.access;
        let service = &access.service;
        let object = self.present(&new.name)?.map(|(_, bundle)| bundle.object);
        let policy = match &new.policy {
            Some(sent) => Policy::create(sent.as_value()).map_err(CertificateError::from)?,
            None => policy_of(object.as_ref())?.ok_or(CertificateError::NoPolicy)?,
        };
        // A key is not made in vain.
        if object.is_some_and(|object| object.in_progress().is_some()) {
            return Err(ObjectError::from(OperationError::InProgress).into());
        }
        let issues = self.decide_issuer(&policy)?.is_ended_by_the_vault();
        let (objects, account) = (&service.objects, self.account());
        let key = service.keys.of_certificate(objects, account, &new.name, &policy);
        let key: Key = key.await?;
        let wishes = Wishes {
            name: new.name,
            enabled: new.enabled,
            tags: new.tags,
            preserve_order: new.preserve_order,
            renews: None,
        };
        let now = service.timekeeper.now();
        let begun = spawn_blocking(move || begin(wishes, &policy, &key, issues, now));
        Ok(begun.await.map_err(|_| Failure::Storage)??)
    }

    async fn import(&mut self, given: Import) -> Result<Imported, Failure> {
        self.decide_parts(Permission::KeyImport)?;
        let access = self.access;
        let service = &access.service;
        let present = self.present(&given.name)?;
        if present.is_some_and(|(_, bundle)| bundle.object.in_progress().is_some()) {
            return Err(ObjectError::from(OperationError::InProgress).into());
        }
        let (keys, account) = (&service.keys, self.account());
        let place = keys.place(account).await?;
        let opened = spawn_blocking(move || {
            let opened = import::open(&given);
            drop(place);
            (given, opened)
        });
        let (given, opened) = opened.await.map_err(|_| Failure::Storage)?;
        let Opened {
            private_key,
            certificates,
        } = opened?;
        let key = keys.import(account, private_key).await?;
        let now = service.timekeeper.now();
        let request = spawn_blocking(move || import::request(given, certificates, &key, now));
        let request = request.await.map_err(|_| Failure::Storage)??;
        let policy = Policy::from_stored(&request.policy.json).map_err(|_| CertificateError::Damaged)?;
        self.decide_named(&policy)?;
        Ok(request)
    }

    async fn merge(&mut self, given: Merge) -> Result<Complete, Failure> {
        self.decide_parts(Permission::KeyCreate)?;
        let service = &self.access.service;
        let absent = || ObjectError::from(OperationError::NotFound(given.name.clone()));
        let (_, bundle) = self.present(&given.name)?.ok_or_else(absent)?;
        let object = bundle.object;
        if object.operation.is_none() {
            return Err(absent().into());
        }
        if object.in_progress().is_none() {
            return Err(ObjectError::from(OperationError::Ended).into());
        }
        let keys = Arc::clone(&service.keys);
        let completed = spawn_blocking(move || {
            let running = object.in_progress();
            running.map(|(operation, progress)| merge::complete(keys.provider(), given, operation, progress))
        });
        let completed = completed.await.map_err(|_| Failure::Storage)?;
        Ok(completed.ok_or(Failure::Storage)??)
    }

    fn changed(&mut self, given: Changed) -> Result<Update, Failure> {
        self.decide_again()?;
        let mut update = given.update;
        if let Some(sent) = given.policy {
            let (_, bundle) = self.access.service.objects.current::<Certificate>(&update.name)?;
            let before = bundle.object.policy.as_ref().map(|policy| policy.json.clone());
            let policy = policy_of(Some(&bundle.object))?.ok_or(CertificateError::Damaged)?;
            let policy = policy.patch(sent.as_value()).map_err(CertificateError::from)?;
            self.decide_named(&policy)?;
            let after: PolicyTerms = terms(&policy);
            update.policy = before.map(|before| (before, after));
        }
        Ok(update)
    }

    /// The certificate as it is, with the record of its current version, where there is one.
    fn present(&self, name: &ObjectName) -> Result<Option<(Sequence, CertificateBundle)>, Failure> {
        match self.access.service.objects.current::<Certificate>(name) {
            Ok((seen, bundle)) => Ok(Some((seen.record, bundle))),
            Err(ObjectError::NotFound { .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }
}

fn policy_of(object: Option<&CertificateObject>) -> Result<Option<Policy>, CertificateError> {
    let stored = object.and_then(|object| object.policy.as_ref());
    let policy = stored.map(|stored| Policy::from_stored(&stored.json));
    policy.transpose().map_err(|_| CertificateError::Damaged)
}
