//! What the vault notes about a certificate, whatever the version: its policy, and the operation that makes its next version.

mod stored;

use std::{sync::Arc, time::Duration};

use strongroom_core::{Timestamp, Version};

use crate::{
    crypto_key::{KeyFields, KeyMaterial},
    format::{fields::VersionFields, tags::Tags},
};

/// The seconds of a day.
const DAY: u64 = 86_400;

/// The least time between the issue of a version and its renewal, in seconds, where half of its life is not less.
const SHORTEST_TURN: u64 = 30;

/// How far back an issuer dates the beginning of what it issues at most, in seconds: a quarter of an hour.
const DATED_BACK: u64 = 15 * 60;

/// The least time between a renewal that failed and the next.
const LEAST_PAUSE: u64 = 60;

/// When something is done in the life of a version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trigger {
    /// When so many hundredths of its life have passed.
    Percentage(u8),
    /// So many days before its end.
    DaysBefore(u32),
}

impl Trigger {
    /// When that is for a version; never for one that does not end.
    pub(super) fn at<F>(self, version: &VersionFields<F>) -> Option<Timestamp> {
        let end = version.expires?.unix();
        Some(self.between(begin_of(version), end))
    }

    fn between(self, begin: u64, end: u64) -> Timestamp {
        Timestamp::from_unix(match self {
            Self::Percentage(hundredths) => {
                let life = u128::from(end.saturating_sub(begin)) * u128::from(hundredths) / 100;
                begin.saturating_add(u64::try_from(life).unwrap_or(u64::MAX))
            }
            Self::DaysBefore(days) => end.saturating_sub(u64::from(days) * DAY),
        })
    }

    /// When a version is renewed. One that would be due as soon as it is issued, since its issuer gave it a shorter life than
    /// the policy wished, is renewed after half of its life: each of its successors would be due at once as well.
    pub(super) fn renewal<F>(self, version: &VersionFields<F>) -> Option<Timestamp> {
        let end = version.expires?.unix();
        // Of a short life the minutes that an issuer dates the beginning back are a large part. What was imported long after its
        // beginning may well be due.
        let (begin, made) = (begin_of(version), version.created.unix());
        let is_dated_back = (1..=DATED_BACK).contains(&made.saturating_sub(begin));
        let begin = if is_dated_back { made } else { begin };
        let at = self.between(begin, end);
        let life = end.saturating_sub(begin);
        let after = |part| Timestamp::from_unix(begin.saturating_add(part));
        Some(if at < after(life / 100) {
            after(life / 2)
        } else {
            at.max(after(SHORTEST_TURN.min(life / 2)))
        })
    }
}

fn begin_of<F>(version: &VersionFields<F>) -> u64 {
    version.not_before.unwrap_or(version.created).unix()
}

/// The seconds from the beginning of a version to its end; none for one that does not end.
fn life_of<F>(version: &VersionFields<F>) -> u64 {
    let end = version.expires.map(Timestamp::unix);
    end.unwrap_or_default().saturating_sub(begin_of(version))
}

/// When the renewal of `version` is tried again that ended without a certificate at `ended`: after a hundredth of its life,
/// but not within a minute, and within a day.
pub(super) fn again_at<F>(ended: Timestamp, version: &VersionFields<F>) -> Timestamp {
    let pause = (life_of(version) / 100).clamp(LEAST_PAUSE, DAY);
    ended.after(Duration::from_secs(pause))
}

/// What the vault does by itself in the life of each version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Lifetime {
    /// When the certificate is renewed; never without it.
    pub renew: Option<Trigger>,
    /// When its near end is told; at the usual time without it.
    pub notify: Option<Trigger>,
}

/// A policy as it is given to the vault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyTerms {
    /// The policy in the form in which the server reads it again, which is JSON.
    pub json: Box<[u8]>,
    /// What of it the schedule needs.
    pub lifetime: Lifetime,
}

/// A policy that was put, with when that was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificatePolicy {
    /// The policy in the form in which the server reads it again, which is JSON.
    pub json: Box<[u8]>,
    /// What of it the schedule needs.
    pub lifetime: Lifetime,
    /// When the certificate got its first policy.
    pub created: Timestamp,
    /// When this one was put.
    pub updated: Timestamp,
}

/// The number of one operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OperationId(pub [u8; 16]);

/// A key that a certificate is to be issued for. It becomes the key of the certificate.
#[derive(Debug, PartialEq, Eq)]
pub struct PendingKey {
    /// The private part.
    pub material: KeyMaterial,
    /// What describes it.
    pub fields: KeyFields,
}

/// What makes the next version of a certificate: from the request until the certificate is issued, and what became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Operation {
    /// Its number.
    pub id: OperationId,
    /// The version that it makes.
    pub version: Version,
    /// The request for a certificate (PKCS#10), in DER.
    pub csr: Box<[u8]>,
    /// The name of the issuer, as the policy had it.
    pub issuer: Box<str>,
    /// Whether somebody asked to cancel it.
    pub cancellation_requested: bool,
    /// Whether the chain stays in its order, where that was said.
    pub preserve_order: Option<bool>,
    /// When it ended, where that was without a certificate.
    pub ended: Option<Timestamp>,
    /// How far it is.
    pub state: OperationState,
}

/// How far an operation is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OperationState {
    /// The certificate is not issued yet.
    InProgress(Box<Progress>),
    /// It is issued.
    Completed,
    /// Its owner cancelled it.
    Cancelled,
    /// The issuer did not issue it.
    Failed {
        /// The code of the error.
        code: Box<str>,
        /// The error as a sentence.
        message: Box<str>,
    },
}

/// What an operation needs until it ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Progress {
    /// The key. It is shared, so that a private part has one copy.
    pub key: Arc<PendingKey>,
    /// The policy when the operation began. A change of the policy is about the version after it.
    pub policy: Box<[u8]>,
    /// When the server issues the certificate; never where somebody else does.
    pub issue_at: Option<Timestamp>,
    /// Whether the version is to be enabled.
    pub enabled: bool,
    /// The tags of the version.
    pub tags: Tags,
}

/// What the vault notes about a certificate.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CertificateObject {
    /// The policy, which every certificate but a new one has.
    pub policy: Option<CertificatePolicy>,
    /// The operation, the last one also after its end.
    pub operation: Option<Operation>,
}

impl CertificateObject {
    /// The operation, and what it needs, while it is in progress.
    pub fn in_progress(&self) -> Option<(&Operation, &Progress)> {
        let operation = self.operation.as_ref()?;
        match &operation.state {
            OperationState::InProgress(progress) => Some((operation, progress)),
            OperationState::Completed | OperationState::Cancelled | OperationState::Failed { .. } => None,
        }
    }

    /// Puts a policy in the place of that before it.
    pub(super) fn put_policy(&mut self, terms: &PolicyTerms, now: Timestamp) {
        let created = self.policy.as_ref().map_or(now, |before| before.created);
        self.policy = Some(CertificatePolicy {
            json: terms.json.clone(),
            lifetime: terms.lifetime,
            created,
            updated: now,
        });
    }
}

#[cfg(test)]
mod tests;
