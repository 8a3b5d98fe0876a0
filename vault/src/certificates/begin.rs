//! The begin of an operation: its key, the request for a certificate, and when the vault issues it.

use std::{sync::Arc, time::Duration};

use strongroom_certificates::{policy::Policy, request};
use strongroom_core::{ObjectName, Timestamp};
use strongroom_engine::{
    KeyFields, KeyMaterial, Tags,
    certificate::{object::PendingKey, request::Begin},
    format::id::Sequence,
};
use strongroom_keys::{Key, KeyError};

use super::{error::CertificateError, issued::terms, seconds, timestamp};
use crate::keys::successor::stored;

/// How long after its begin the vault issues a certificate of its own. Azure's service takes some seconds, and its clients
/// look at the operation in between; the store counts whole seconds, so this is one to two of them.
pub const ISSUE_AFTER: Duration = Duration::from_secs(2);

/// What is asked of an operation beside its policy.
#[derive(Debug, Clone)]
pub struct Wishes {
    /// The certificate.
    pub name: ObjectName,
    /// Whether the version is to be enabled.
    pub enabled: bool,
    /// The tags of the version.
    pub tags: Tags,
    /// Whether the chain stays in its order, where that is said.
    pub preserve_order: Option<bool>,
    /// The record of the version that is renewed.
    pub renews: Option<Sequence>,
}

/// What begins the operation of `wishes` with `key` at `now`. `issues` says whether the vault itself ends it.
///
/// # Errors
/// The policy is none that a certificate can be asked for by.
pub fn begin(
    wishes: Wishes,
    policy: &Policy,
    key: &Key,
    issues: bool,
    now: Timestamp,
) -> Result<Begin, CertificateError> {
    let profile = policy.profile(seconds(now))?;
    let csr = request::create(key, &profile)?;
    let pending = pending(key, policy).map_err(|_| CertificateError::Unwritable)?;
    Ok(Begin {
        name: wishes.name,
        policy: terms(policy),
        csr: csr.into(),
        key: Arc::new(pending),
        issuer: policy.issuer().name().into(),
        preserve_order: wishes.preserve_order,
        issue_after: issues.then_some(ISSUE_AFTER),
        validity: (
            timestamp(profile.validity.not_before),
            timestamp(profile.validity.not_after),
        ),
        enabled: wishes.enabled,
        tags: wishes.tags,
        renews: wishes.renews,
    })
}

/// The key as the store keeps it: what it may do follows from what the certificate says of it.
fn pending(key: &Key, policy: &Policy) -> Result<PendingKey, KeyError> {
    let (material, fields) = part(key, policy)?;
    Ok(PendingKey { material, fields })
}

/// A key that becomes part of a certificate of `policy`.
pub(super) fn part(key: &Key, policy: &Policy) -> Result<(KeyMaterial, KeyFields), KeyError> {
    let kind = key.key_type().kind();
    let operations = policy.x509().key_usages.operations(kind);
    let (material, fields) = stored(key, Some(operations), None)?;
    Ok((
        material,
        KeyFields {
            is_part: true,
            ..fields
        },
    ))
}
