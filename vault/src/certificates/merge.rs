//! A merge: what somebody else issued for the request of an operation.

use strongroom_certificates::{
    certificate::Certificate as Parsed,
    chain::{Chain, ChainError, ChainOrder},
    content::merge_certificates,
    policy::{IssuerKind, Policy},
};
use strongroom_core::ObjectName;
use strongroom_engine::{
    Tags,
    certificate::{
        object::{Operation, Progress},
        request::Complete,
    },
};
use strongroom_keys::KeyProvider;

use super::{error::CertificateError, issue::opened, issued};

/// What a request to merge gives.
#[derive(Debug)]
pub struct Merge {
    /// The certificate.
    pub name: ObjectName,
    /// The certificates, in the forms that clients send.
    pub x5c: Vec<String>,
    /// Whether the version is enabled, where that is said.
    pub enabled: Option<bool>,
    /// The tags of the version, where they are said.
    pub tags: Option<Tags>,
}

/// What completes `operation` with the certificates of `merge`. Their issuer, names and dates are not judged: the caller's
/// authority is none of ours.
///
/// # Errors
/// The certificates cannot be read, or none is of the operation's key; or the issuer is one that the vault asks itself.
pub fn complete(
    provider: &dyn KeyProvider,
    merge: Merge,
    operation: &Operation,
    progress: &Progress,
) -> Result<Complete, CertificateError> {
    let policy = Policy::from_stored(&progress.policy).map_err(|_| CertificateError::Damaged)?;
    if policy.issuer().kind() != IssuerKind::Unknown {
        return Err(CertificateError::NotToMerge(operation.issuer.clone()));
    }
    let key = opened(provider, progress)?;
    let certificates = merge_certificates(&merge.x5c)?;
    let certificates = certificates.iter().map(|der| Parsed::from_der(der));
    let order = ChainOrder::of(operation.preserve_order);
    let chain = Chain::of(key.public(), certificates.collect::<Result<_, _>>()?, order);
    let chain = chain.map_err(|error| match error {
        ChainError::NoLeaf => CertificateError::OtherKey,
        other => other.into(),
    })?;
    Ok(Complete {
        name: merge.name,
        operation: operation.id,
        issued: issued::of(&chain, &key, &policy)?,
        tags: merge.tags,
        enabled: merge.enabled,
    })
}
