//! The lists of revoked certificates that the vault's authorities sign, which anybody may read.
//!
//! ```text
//!   asked --> kept, and not an hour old --> answered
//!                \--> made, one at a time --> kept --> answered
//!   revoked --> stored --> forgotten --> acknowledged
//! ```
//!
//! Guarantees:
//! - what was acknowledged as revoked is in every list that is answered after that, also after a crash;
//! - a stranger who asks has a list made once an hour, and once after each revocation; never two at once;
//! - the number of a list is greater than that of every list before, also after a restart;
//! - no list is made from a store that may be an older one ([`crate::access`] sees to that).

mod cache;
mod number;

use std::sync::Arc;

use bytes::Bytes;
use strongroom_certificates::{
    authority::{Authority, Permitted},
    certificate::Certificate,
    certificate::Certificate as Parsed,
    revocation::{self, ListEdition, may_sign_lists},
    time::BACKDATING,
};
use strongroom_core::Timestamp;
use strongroom_engine::{ObjectError, Objects, WriteError};

pub use self::cache::{Forgetting, RevocationLists};
use self::number::Numbers;
use super::{
    error::{CertificateError, CertificateFailure},
    issuers::Issuers,
    revoked::{AuthorityVersion, RevokedCertificates},
    seconds, settings, signer,
};
use crate::keys::Keys;

/// How long a list is valid, in seconds: so long may a vault be down before whoever insists on a list has none.
pub const VALID: i64 = 24 * 60 * 60;

/// The age at which a list is made anew, in seconds.
pub const RENEWED: u64 = 60 * 60;

/// A list, as it is answered.
#[derive(Debug, Clone)]
pub struct RevocationList {
    /// The list in DER.
    pub der: Bytes,
    /// Its number.
    pub number: u64,
    /// When it was made.
    pub made: Timestamp,
}

/// Why there is no list.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ListError {
    /// Others are made before it.
    #[error("other lists are made first")]
    Busy,
    /// Its number cannot be stored.
    #[error(transparent)]
    Number(#[from] WriteError),
    /// The store cannot be read, or no authority has its list there.
    #[error(transparent)]
    Certificate(#[from] CertificateFailure),
}

impl From<ObjectError> for ListError {
    fn from(error: ObjectError) -> Self {
        Self::Certificate(error.into())
    }
}

/// What lists are made of: what is revoked, the authorities and their keys.
#[derive(Debug)]
struct ListMaker {
    objects: Objects,
    keys: Arc<Keys>,
    numbers: Numbers,
}

impl ListMaker {
    /// The list of `authority` as it is at `now`. It takes as long as a key of RSA is opened and signs.
    fn make(&self, authority: &AuthorityVersion, now: Timestamp) -> Result<RevocationList, ListError> {
        let objects = &self.objects;
        let certificate = certificate(objects, authority)?;
        let revoked = RevokedCertificates::read(objects, authority)?;
        if revoked.is_none() && !is_named(objects, authority)? {
            return Err(no_list());
        }
        let revoked = revoked.unwrap_or_default().entries()?;
        // Last: it is what costs most, and a stranger asks.
        let key = signer::key(objects, self.keys.provider(), &authority.name, &authority.version)?;
        let signer = Authority::new(key, certificate, Permitted::default(), None).map_err(|_| no_list())?;
        let number = self.numbers.next(objects, now)?;
        let edition = ListEdition {
            number,
            // As certificates: for clients whose clock is late.
            this_update: seconds(now).saturating_sub(BACKDATING),
            next_update: seconds(now).saturating_add(VALID),
        };
        let der = revocation::list(&signer, edition, &revoked).map_err(|error| {
            tracing::warn!(%error, %authority, "a list of revoked certificates cannot be made");
            ListError::from(CertificateFailure::from(CertificateError::Unwritable))
        })?;
        Ok(RevocationList {
            der: der.into(),
            number,
            made: now,
        })
    }
}

/// The certificate of the authority, if there is one in that version and it may sign lists. A disabled one signs them still: what
/// it issued is still out there.
fn certificate(objects: &Objects, authority: &AuthorityVersion) -> Result<Parsed, ListError> {
    let certificate = match signer::version_of(objects, &authority.name, &authority.version) {
        Err(CertificateFailure::Object(ObjectError::NotFound { .. })) => None,
        found => found?,
    };
    certificate
        .filter(|found| found.is_authority() && may_sign_lists(found))
        .ok_or_else(no_list)
}

/// Whether there can be a list of what the certificate signed.
pub(super) fn keeps_a_list(certificate: &Certificate) -> bool {
    certificate.is_authority() && may_sign_lists(certificate)
}

/// Whether an issuer signs with the certificate, in whatever version.
fn is_named(objects: &Objects, authority: &AuthorityVersion) -> Result<bool, ObjectError> {
    let issuers = settings::read::<Issuers>(objects)?.unwrap_or_default();
    let mut terms = issuers
        .as_slice()
        .iter()
        .filter_map(|issuer| issuer.authority.as_ref());
    Ok(terms.any(|of| of.terms.certificate().as_ref() == Ok(&authority.name)))
}

fn no_list() -> ListError {
    CertificateFailure::from(CertificateError::NoList).into()
}
