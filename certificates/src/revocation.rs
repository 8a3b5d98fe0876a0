//! Lists of revoked certificates (RFC 5280, 5): version 2, of one authority, complete.

use std::str::FromStr;

use der::{
    Encode, Sequence,
    asn1::{Any, ObjectIdentifier},
};
use spki::AlgorithmIdentifierOwned;
use strongroom_keys::UnknownName;
use x509_cert::{
    ext::{Extension, pkix::CrlReason},
    time::Time,
};

use crate::{
    authority::Authority,
    certificate::Certificate,
    issue::authority_key_identifier,
    profile::extension,
    serial::Serial,
    signer::{SignError, Signer},
    time,
    usage::KeyUsage,
};

const NUMBER: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.20");
const REASON: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.21");

/// The most revoked certificates of one list.
pub const MOST_REVOKED: usize = 100_000;

/// Why a certificate was revoked (RFC 5280, 5.3.1). None of them is a hold (`certificateHold`): what is revoked stays so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RevocationReason {
    /// Nobody says why; the list then has no reason.
    Unspecified,
    /// Somebody else may have the private key.
    KeyCompromise,
    /// Somebody else may have the private key of the authority.
    AuthorityCompromise,
    /// The subject has another name.
    AffiliationChanged,
    /// Another certificate has taken its place.
    Superseded,
    /// It is needed no more.
    CessationOfOperation,
    /// The subject may no longer do what it was for.
    PrivilegeWithdrawn,
}

impl RevocationReason {
    /// Every reason.
    pub const ALL: [Self; 7] = [
        Self::Unspecified,
        Self::KeyCompromise,
        Self::AuthorityCompromise,
        Self::AffiliationChanged,
        Self::Superseded,
        Self::CessationOfOperation,
        Self::PrivilegeWithdrawn,
    ];

    /// Its name in RFC 5280.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Unspecified => "unspecified",
            Self::KeyCompromise => "keyCompromise",
            Self::AuthorityCompromise => "cACompromise",
            Self::AffiliationChanged => "affiliationChanged",
            Self::Superseded => "superseded",
            Self::CessationOfOperation => "cessationOfOperation",
            Self::PrivilegeWithdrawn => "privilegeWithdrawn",
        }
    }

    const fn code(self) -> Option<CrlReason> {
        match self {
            Self::Unspecified => None,
            Self::KeyCompromise => Some(CrlReason::KeyCompromise),
            Self::AuthorityCompromise => Some(CrlReason::CaCompromise),
            Self::AffiliationChanged => Some(CrlReason::AffiliationChanged),
            Self::Superseded => Some(CrlReason::Superseded),
            Self::CessationOfOperation => Some(CrlReason::CessationOfOperation),
            Self::PrivilegeWithdrawn => Some(CrlReason::PrivilegeWithdrawn),
        }
    }
}

impl FromStr for RevocationReason {
    type Err = UnknownName;

    fn from_str(name: &str) -> Result<Self, UnknownName> {
        Self::ALL
            .into_iter()
            .find(|reason| reason.name() == name)
            .ok_or(UnknownName)
    }
}

/// A certificate that is revoked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revoked {
    /// Its serial number.
    pub serial: Serial,
    /// Since when, in seconds since 1970.
    pub since: i64,
    /// Why.
    pub reason: RevocationReason,
}

/// What a list says of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ListEdition {
    /// Its number, which must be larger than those of earlier lists.
    pub number: u64,
    /// When it is made, in seconds since 1970.
    pub this_update: i64,
    /// When the next one is there at the latest.
    pub next_update: i64,
}

/// Why no list was made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RevocationError {
    /// The certificate of the authority does not allow it to sign lists.
    #[error("the authority's certificate does not let it sign lists of revoked certificates")]
    NotAllowed,
    /// More than [`MOST_REVOKED`].
    #[error("there are {0} revoked certificates, and a list has at most 100000")]
    TooMany(usize),
    /// A time is not within the years 1970 to 9999, or the next update comes before this one.
    #[error("a time of the list is not within the years 1970 to 9999, or the next update is before this one")]
    Time,
    /// The signature.
    #[error(transparent)]
    Sign(#[from] SignError),
}

impl From<der::Error> for RevocationError {
    fn from(error: der::Error) -> Self {
        Self::Sign(error.into())
    }
}

/// `TBSCertList` (RFC 5280, 5.1).
#[derive(Sequence)]
struct Content {
    version: u8,
    algorithm: AlgorithmIdentifierOwned,
    issuer: Any,
    this_update: Time,
    next_update: Time,
    /// Absent if nothing is revoked.
    revoked: Option<Vec<Entry>>,
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT")]
    extensions: Vec<Extension>,
}

#[derive(Sequence)]
struct Entry {
    serial: Serial,
    since: Time,
    extensions: Option<Vec<Extension>>,
}

/// Version 2.
const VERSION: u8 = 1;

/// Whether the key of the certificate may sign lists: where its usage is stated, that must be among them.
pub fn may_sign_lists(authority: &Certificate) -> bool {
    let usages = authority.key_usages();
    usages.is_none_or(|usages| usages.contains(KeyUsage::CrlSign))
}

/// The list in DER, signed by the authority. Entries keep their order.
pub fn list(
    authority: &Authority,
    edition: ListEdition,
    revoked: &[Revoked],
) -> Result<Vec<u8>, RevocationError> {
    let certificate = authority.certificate();
    if !may_sign_lists(certificate) {
        return Err(RevocationError::NotAllowed);
    }
    if revoked.len() > MOST_REVOKED {
        return Err(RevocationError::TooMany(revoked.len()));
    }
    if edition.next_update < edition.this_update {
        return Err(RevocationError::Time);
    }
    let signer = Signer::new(authority.key())?;
    let entries = revoked.iter().map(entry).collect::<Result<Vec<_>, _>>()?;
    let content = Content {
        version: VERSION,
        algorithm: signer.identifier().clone(),
        issuer: certificate.subject_der().clone(),
        this_update: time(edition.this_update)?,
        next_update: time(edition.next_update)?,
        revoked: (!entries.is_empty()).then_some(entries),
        extensions: vec![
            authority_key_identifier(&certificate.key_identifier())?,
            extension(NUMBER, false, edition.number.to_der()?)?,
        ],
    };
    Ok(signer.signed(&content)?)
}

fn entry(revoked: &Revoked) -> Result<Entry, RevocationError> {
    let extensions = match revoked.reason.code() {
        Some(code) => Some(vec![extension(REASON, false, code.to_der()?)?]),
        None => None,
    };
    Ok(Entry {
        serial: revoked.serial.clone(),
        since: time(revoked.since)?,
        extensions,
    })
}

fn time(time: i64) -> Result<Time, RevocationError> {
    time::to_der(time).ok_or(RevocationError::Time)
}
