//! Requests about the issuers of certificates that policy allows.

use std::sync::Arc;

use strongroom_core::{ObjectName, Permission};
use strongroom_engine::{Marker, ObjectError, PageRequest};
use tokio::task::spawn_blocking;

use super::{super::Refused, Admitted, Failure, settings::Prepared};
use crate::certificates::{
    error::CertificateError,
    issuers::{Authority, Issuer, IssuerChange, IssuerError, Issuers},
    signer::AuthoritySigner,
};

/// An issuer as it is to be.
struct NewIssuer {
    issuer: Issuer,
    /// It would sign with a certificate of the vault, and did not so before.
    signs_anew: bool,
}

/// Some issuers, by name.
#[derive(Debug)]
pub struct IssuersPage {
    /// The issuers.
    pub issuers: Vec<Issuer>,
    /// Where the next page begins, where there is one.
    pub next: Option<Marker>,
}

impl Admitted<'_> {
    /// A page of the issuers of certificates.
    ///
    /// # Errors
    /// There is no such page, and what policy does not allow any more. Every end is recorded.
    pub async fn issuers(mut self, page: &PageRequest) -> Result<IssuersPage, Refused> {
        let limits = self.access.service.objects.limits();
        let issuers = self.setting::<Issuers>().and_then(|issuers| {
            let issuers = issuers.unwrap_or_default();
            let (issuers, next) = issuers.page(page, &limits).map_err(ObjectError::from)?;
            Ok(IssuersPage {
                issuers: issuers.to_vec(),
                next,
            })
        });
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
    /// It is none, what it signs with is not there or may not be used by the caller, and as [`Self::set_contacts`].
    pub async fn set_issuer(self, name: ObjectName, given: IssuerChange) -> Result<Issuer, Refused> {
        let (now, set) = (self.access.now(), name.clone());
        self.change_issuer(name, move |issuers| issuers.set(&set, given, now))
            .await
    }

    /// Changes an issuer, and gives what it is then.
    ///
    /// # Errors
    /// There is none of that name, it would be none, and as [`Self::set_issuer`].
    pub async fn update_issuer(self, name: ObjectName, change: IssuerChange) -> Result<Issuer, Refused> {
        let (now, changed) = (self.access.now(), name.clone());
        self.change_issuer(name, move |issuers| issuers.update(&changed, change, now))
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

    /// Changes one issuer.
    async fn change_issuer(
        mut self,
        name: ObjectName,
        change: impl FnOnce(&mut Issuers) -> Result<Issuer, IssuerError> + Send + 'static,
    ) -> Result<Issuer, Refused> {
        let prepared = self.prepare_issuer(name, change).await;
        self.finish::<Issuers, Issuer>(prepared).await
    }

    async fn prepare_issuer(
        &mut self,
        name: ObjectName,
        change: impl FnOnce(&mut Issuers) -> Result<Issuer, IssuerError> + Send + 'static,
    ) -> Result<Prepared<Issuer>, Failure> {
        let change = move |issuers: Option<Issuers>| {
            let mut issuers = issuers.unwrap_or_default();
            let before = issuers.find(&name).ok().cloned();
            let issuer = change(&mut issuers).map_err(CertificateError::from)?;
            let signs_anew = signs_anew(before.as_ref(), &issuer);
            Ok((Some(issuers), NewIssuer { issuer, signs_anew }))
        };
        let prepared = self.prepare(change).await?;
        if let Some(authority) = &prepared.answer.issuer.authority
            && prepared.answer.signs_anew
        {
            self.decide_authority(authority)?;
            self.open_authority(authority.clone()).await?;
        }
        Ok(prepared.map(|new| new.issuer))
    }

    /// An issuer that signs with a key of the vault does so for whoever may use it: who has it do so must be allowed to sign
    /// with that key. This is asked before the key is looked for.
    fn decide_authority(&mut self, authority: &Authority) -> Result<(), Failure> {
        let certificate = authority.terms.certificate();
        let certificate = certificate.map_err(|error| CertificateError::from(IssuerError::from(error)))?;
        let policy = Arc::clone(&self.policy);
        self.action.decide_on(&policy, Permission::KeySign, &certificate)
    }

    /// Checks that what it signs with can sign.
    async fn open_authority(&self, authority: Authority) -> Result<(), Failure> {
        let service = &self.access.service;
        let (objects, keys, now) = (
            service.objects.clone(),
            Arc::clone(&service.keys),
            self.access.now(),
        );
        let opened = spawn_blocking(move || {
            AuthoritySigner::open(&objects, keys.provider(), &authority.terms, now).map(drop)
        });
        Ok(opened.await.map_err(|_| Failure::Storage)??)
    }
}

/// Whether `issuer` signs where it did not so before. One that is disabled signs nothing: it can be disabled by whoever may
/// change it, and is asked about when it is enabled, or what it signs with changes.
fn signs_anew(before: Option<&Issuer>, issuer: &Issuer) -> bool {
    let terms = |issuer: &Issuer| issuer.authority.as_ref().map(|authority| authority.terms.clone());
    terms(issuer).is_some() && (issuer.attributes.enabled || before.and_then(terms) != terms(issuer))
}
