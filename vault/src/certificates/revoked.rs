//! Which certificates of an authority are revoked. Each version of an authority has a list of its own, since each has another
//! key, and each list is one sealed record of the store.

use std::fmt;

use serde::{Deserialize, Serialize};
use strongroom_audit::Outcome;
use strongroom_certificates::{
    revocation::{RevocationReason, Revoked},
    serial::Serial,
};
use strongroom_core::{ObjectName, Timestamp, Version};
use strongroom_engine::{ObjectError, Objects};
use zeroize::Zeroizing;

use super::{seconds, settings};

/// The first segment of the paths of lists.
pub const LISTS: &str = "crl";

/// The most revoked certificates of one version of an authority. Each revocation stores all of them anew.
pub const MOST: usize = 10_000;

/// How long an entry stays after the end of its certificate, in seconds: it is to be in a list that is made after that (RFC 5280,
/// 3.3), and a list is valid for a day.
const KEPT: u64 = 2 * 24 * 60 * 60;

/// A version of the certificate of an authority: the place of one list.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct AuthorityVersion {
    /// The certificate, in whatever spelling.
    pub name: ObjectName,
    /// Its version.
    pub version: Version,
}

/// The path of its list.
impl fmt::Display for AuthorityVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "/{LISTS}/{}/{}", self.name.spelling(), self.version)
    }
}

impl AuthorityVersion {
    /// The authority whose list is at `url` of the vault at `vault`, which is as `https://NAME.NAMESPACE.svc`.
    pub fn of_url(url: &str, vault: &str) -> Option<Self> {
        let path = url.strip_prefix(vault)?.strip_prefix('/')?.strip_prefix(LISTS)?;
        let (name, version) = path.strip_prefix('/')?.split_once('/')?;
        Some(Self {
            name: name.parse().ok()?,
            version: version.parse().ok()?,
        })
    }

    /// The name of the record of what is revoked.
    fn record(&self) -> String {
        format!("certificates/revoked/{}/{}", self.name, self.version)
    }
}

/// A certificate that is revoked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revocation {
    /// The serial number, in hexadecimal digits.
    pub serial: String,
    /// Since when.
    pub since: Timestamp,
    /// Why.
    pub reason: RevocationReason,
}

/// A certificate that is to be revoked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToRevoke {
    /// The serial number.
    pub serial: Serial,
    /// When the certificate ends.
    pub expires: Timestamp,
    /// Why it is to be revoked.
    pub reason: RevocationReason,
}

/// Why a certificate is not revoked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RevokeError {
    /// The version has no certificate yet, and may never have one.
    #[error("This version of the certificate is not issued, so there is nothing to revoke.")]
    NotIssued,
    /// It names no list of this vault.
    #[error(
        "The certificate names no list of this vault, so only its issuer can revoke it: no authority of this vault issued it, or one that keeps no list."
    )]
    NoList,
    /// It names the list of an authority that is not there.
    #[error(
        "The authority {0} that the certificate names is not in this vault in that version, so nothing can be said of its certificates."
    )]
    NoAuthority(Box<str>),
    /// It names the list of an authority that did not sign it.
    #[error("The certificate names the list of the authority {0}, which did not sign it.")]
    NotSigned(Box<str>),
    /// There are [`MOST`] already.
    #[error(
        "{MOST} certificates of the authority are revoked, the most that one list holds. Those that have ended make room; a new version of the authority has a list of its own."
    )]
    TooMany,
}

impl RevokeError {
    /// The status and the word of the answer.
    pub(super) const fn outcome(&self) -> Outcome {
        let (status, word) = match self {
            Self::NotIssued | Self::NoList | Self::NoAuthority(_) | Self::NotSigned(_) => {
                (400, "BadParameter")
            }
            Self::TooMany => (403, "RevocationLimitReached"),
        };
        Outcome::failure(status, word)
    }
}

/// What is revoked of one version of an authority, in the order in which it was.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RevokedCertificates(Vec<Entry>);

/// One of them, as it is stored. Times are in seconds since 1970.
#[derive(Debug, Serialize, Deserialize)]
struct Entry {
    serial: String,
    since: u64,
    reason: String,
    expires: u64,
}

impl RevokedCertificates {
    /// What is revoked of `authority`; none if nothing ever was.
    ///
    /// # Errors
    /// The store cannot be read, or the record is damaged.
    pub fn read(objects: &Objects, authority: &AuthorityVersion) -> Result<Option<Self>, ObjectError> {
        settings::read_named(objects, &authority.record())
    }

    /// The name of the record of `authority`, and what it is to hold.
    ///
    /// # Errors
    /// It has no JSON, as none has.
    pub fn stored(&self, authority: &AuthorityVersion) -> Result<(String, Zeroizing<Vec<u8>>), ObjectError> {
        let name = authority.record();
        let bytes = settings::bytes_named(self, &name)?;
        Ok((name, bytes))
    }

    /// What is said of the certificate with that serial number; none if it is not revoked.
    ///
    /// # Errors
    /// The record is damaged.
    pub fn find(&self, serial: &Serial) -> Result<Option<Revocation>, ObjectError> {
        let serial = serial.to_string();
        let entry = self.0.iter().find(|entry| entry.serial == serial);
        entry.map(Entry::revocation).transpose()
    }

    /// Revokes a certificate at `now`. Where the list is full, those that ended long ago make room: not before, since a clock that
    /// was wrong would take others with them.
    ///
    /// # Errors
    /// There are too many.
    pub fn add(&mut self, wanted: &ToRevoke, now: Timestamp) -> Result<Revocation, RevokeError> {
        if self.0.len() >= MOST {
            self.0
                .retain(|entry| entry.expires.saturating_add(KEPT) > now.unix());
        }
        if self.0.len() >= MOST {
            return Err(RevokeError::TooMany);
        }
        let revocation = Revocation {
            serial: wanted.serial.to_string(),
            since: now,
            reason: wanted.reason,
        };
        self.0.push(Entry {
            serial: revocation.serial.clone(),
            since: now.unix(),
            reason: wanted.reason.name().to_owned(),
            expires: wanted.expires.unix(),
        });
        Ok(revocation)
    }

    /// What a list says.
    ///
    /// # Errors
    /// The record is damaged.
    pub fn entries(&self) -> Result<Vec<Revoked>, ObjectError> {
        self.0.iter().map(Entry::revoked).collect()
    }
}

impl Entry {
    fn revocation(&self) -> Result<Revocation, ObjectError> {
        Ok(Revocation {
            serial: self.serial.clone(),
            since: Timestamp::from_unix(self.since),
            reason: self.reason()?,
        })
    }

    fn revoked(&self) -> Result<Revoked, ObjectError> {
        Ok(Revoked {
            serial: self.serial.parse().map_err(|_| damaged())?,
            since: seconds(Timestamp::from_unix(self.since)),
            reason: self.reason()?,
        })
    }

    fn reason(&self) -> Result<RevocationReason, ObjectError> {
        self.reason.parse().map_err(|_| damaged())
    }
}

fn damaged() -> ObjectError {
    ObjectError::Corrupt {
        what: "the revoked certificates of an authority".into(),
    }
}

#[cfg(test)]
mod tests;
