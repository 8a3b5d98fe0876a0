//! An authority of the vault, opened to sign: a certificate of the vault with its key and its chain.

use strongroom_certificates::{
    authority::Authority, certificate::Certificate as Parsed, content::read_secret,
    revocation::may_sign_lists,
};
use strongroom_core::{ObjectName, Timestamp, Version};
use strongroom_engine::{Certificate, CryptoKey, ObjectError, Objects, Secret, object::kind::Kind};
use strongroom_keys::{Key, KeyProvider};

use super::{
    authority::AuthorityTerms,
    error::{CertificateError, CertificateFailure},
    revoked::AuthorityVersion,
    seconds,
};

/// An authority of the vault, ready to sign.
#[derive(Debug)]
pub struct AuthoritySigner {
    /// What signs, as far as its issuer permits.
    pub authority: Authority,
    /// Its certificate and those above it.
    pub chain: Vec<Parsed>,
    /// Which list its certificates are on once they are revoked; none if it may sign none.
    list: Option<AuthorityVersion>,
}

impl AuthoritySigner {
    /// The authority that `terms` names, which permits what they say of certificates that are issued at `now`.
    ///
    /// # Errors
    /// The certificate is not there, not enabled, not that of an authority, or its key cannot be opened.
    pub fn open(
        objects: &Objects,
        provider: &dyn KeyProvider,
        terms: &AuthorityTerms,
        now: Timestamp,
    ) -> Result<Self, CertificateFailure> {
        let name = terms.certificate().map_err(CertificateError::from)?;
        let permitted = terms.permitted(seconds(now)).map_err(CertificateError::from)?;
        let (version, certificate) = certificate(objects, &name)?;
        let key = key(objects, provider, &name, &version)?;
        let chain = chain(objects, &name, &version)?;
        let list = may_sign_lists(&certificate).then_some(AuthorityVersion { name, version });
        let authority = Authority::new(key, certificate, permitted, None).map_err(CertificateError::from)?;
        Ok(Self {
            authority,
            chain,
            list,
        })
    }

    /// The same in the vault at `vault`: what it signs says where the list of revoked certificates is, if it may sign one.
    ///
    /// # Errors
    /// The address is none.
    pub fn of_vault(self, vault: &str) -> Result<Self, CertificateError> {
        let url = self.list.as_ref().map(|list| format!("{vault}{list}"));
        Ok(Self {
            authority: self.authority.with_revocation_list(url)?,
            ..self
        })
    }
}

fn certificate(objects: &Objects, name: &ObjectName) -> Result<(Version, Parsed), CertificateFailure> {
    let bundle = current::<Certificate, _>(objects, name, None, |bundle| bundle)?;
    let content = bundle.content.filter(|content| !content.0.is_empty());
    let content = content
        .filter(|_| bundle.attributes.enabled)
        .ok_or_else(|| absent(name))?;
    let parsed = Parsed::from_der(&content.0).map_err(CertificateError::from)?;
    Ok((bundle.version, parsed))
}

/// The certificate of a version that may be an authority, disabled or not; none where it is not issued.
///
/// # Errors
/// There is no such version, or the store cannot be read.
pub(super) fn version_of(
    objects: &Objects,
    name: &ObjectName,
    version: &Version,
) -> Result<Option<Parsed>, CertificateFailure> {
    let content =
        objects.open::<Certificate, _>(name, Some(version), |_| None, |_, bundle| bundle.content)?;
    let content = content.filter(|content| !content.0.is_empty());
    let parsed = content.map(|content| Parsed::from_der(&content.0));
    Ok(parsed.transpose().map_err(CertificateError::from)?)
}

/// The key of a version of an authority, which is opened for it.
///
/// # Errors
/// There is no such version, or the store cannot be read.
pub(super) fn key(
    objects: &Objects,
    provider: &dyn KeyProvider,
    name: &ObjectName,
    version: &Version,
) -> Result<Key, CertificateFailure> {
    let key = current::<CryptoKey, _>(objects, name, Some(version), |bundle| {
        let material = bundle.content?;
        provider.open(material.expose()).ok()
    });
    key?.ok_or_else(|| CertificateError::Damaged.into())
}

/// The certificates in the secret of a certificate.
fn chain(objects: &Objects, name: &ObjectName, version: &Version) -> Result<Vec<Parsed>, CertificateFailure> {
    let found = current::<Secret, _>(objects, name, Some(version), |bundle| {
        Some(read_secret(bundle.content?.expose())?.certificates)
    });
    let found = found?.ok_or(CertificateError::Damaged)?;
    let parsed = found
        .iter()
        .map(|der| Parsed::from_der(der))
        .collect::<Result<_, _>>();
    Ok(parsed.map_err(CertificateError::from)?)
}

/// What `read` makes of a version of an object that is part of an authority.
fn current<K: Kind, T>(
    objects: &Objects,
    name: &ObjectName,
    version: Option<&Version>,
    read: impl FnOnce(strongroom_engine::object::answer::Bundle<K>) -> T,
) -> Result<T, CertificateFailure> {
    match objects.open::<K, _>(name, version, |_| None, |_, bundle| read(bundle)) {
        Err(ObjectError::NotFound { .. }) => Err(absent(name).into()),
        opened => Ok(opened?),
    }
}

fn absent(name: &ObjectName) -> CertificateError {
    CertificateError::NoAuthority(name.spelling().into())
}
