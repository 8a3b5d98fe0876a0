//! The end of an operation: what the vault itself issues.

use aws_lc_rs::rand;
use strongroom_certificates::{
    authority::Authority,
    certificate::Certificate as Parsed,
    chain::{Chain, ChainOrder},
    issue,
    policy::Policy,
    profile::Profile,
    serial::Serial,
};
use strongroom_core::{ObjectName, Timestamp};
use strongroom_engine::{
    ObjectError, Objects,
    certificate::{
        CertificateRequest,
        object::{Operation, Progress},
        request::{Complete, Issued, OperationEnd},
    },
};
use strongroom_keys::{Key, KeyProvider};

use super::{
    begin::ISSUE_AFTER,
    chosen::ChosenIssuer,
    error::{CertificateError, CertificateFailure},
    issued, seconds,
    signer::AuthoritySigner,
};

/// The code of an operation that its issuer refused (Azure Key Vault, certificate operation errors).
const REJECTED: &str = "Request rejected";

/// What ends the operation of `name` at `now`, in the vault at `vault`.
///
/// # Errors
/// The store cannot be read.
pub fn end(
    objects: &Objects,
    provider: &dyn KeyProvider,
    vault: &str,
    name: &ObjectName,
    (operation, progress): (&Operation, &Progress),
    now: Timestamp,
) -> Result<CertificateRequest, ObjectError> {
    let end = if operation.cancellation_requested {
        OperationEnd::Cancelled
    } else {
        match issue(objects, provider, vault, progress, now) {
            Ok(issued) => {
                return Ok(CertificateRequest::Complete(Box::new(Complete {
                    name: name.clone(),
                    operation: operation.id,
                    issued,
                    tags: None,
                    enabled: None,
                })));
            }
            Err(CertificateFailure::Object(error)) => return Err(error),
            Err(CertificateFailure::Certificate(error)) => OperationEnd::Failed {
                code: REJECTED.into(),
                message: error.to_string().into(),
            },
        }
    };
    Ok(CertificateRequest::End {
        name: name.clone(),
        operation: operation.id,
        end,
    })
}

fn issue(
    objects: &Objects,
    provider: &dyn KeyProvider,
    vault: &str,
    progress: &Progress,
    now: Timestamp,
) -> Result<Issued, CertificateFailure> {
    let policy = Policy::from_stored(&progress.policy).map_err(|_| CertificateError::Damaged)?;
    let key = opened(provider, progress)?;
    let certificates = match ChosenIssuer::of(&policy, objects)? {
        ChosenIssuer::Own => vec![self_signed(&policy, &key, now)?],
        ChosenIssuer::Authority(issuer) => {
            // Whoever asked for it was asked for the permission, unless the issuer became an authority since.
            let begun = progress
                .issue_at
                .map(|at| at.unix().saturating_sub(ISSUE_AFTER.as_secs()));
            if begun.is_some_and(|begun| begun < issuer.since) {
                return Err(CertificateError::NotDecided.into());
            }
            let signer = AuthoritySigner::open(objects, provider, &issuer.terms, now)?;
            let mut signer = signer.of_vault(vault)?;
            let leaf = signed_by(&signer.authority, &key, &issuer.profile(&policy, now)?)?;
            signer.chain.insert(0, leaf);
            signer.chain
        }
        ChosenIssuer::Foreign(provider) => return Err(CertificateError::Unreachable(provider).into()),
        ChosenIssuer::Test => return Err(CertificateError::Unreachable("Test".into()).into()),
        // It is nobody's to end but a user's.
        ChosenIssuer::Unknown => return Err(CertificateError::NoIssuer.into()),
    };
    let chain =
        Chain::of(key.public(), certificates, ChainOrder::LeafFirst).map_err(CertificateError::from)?;
    Ok(issued::of(&chain, &key, &policy)?)
}

fn self_signed(policy: &Policy, key: &Key, now: Timestamp) -> Result<Parsed, CertificateError> {
    let der = issue::self_signed(key, &policy.profile(seconds(now))?, serial()?)?;
    Ok(Parsed::from_der(&der)?)
}

fn signed_by(authority: &Authority, key: &Key, profile: &Profile) -> Result<Parsed, CertificateError> {
    let der = issue::by_authority(authority, key.public(), profile, serial()?)?;
    Ok(Parsed::from_der(&der)?)
}

fn serial() -> Result<Serial, CertificateError> {
    let mut bytes = [0; 16];
    rand::fill(&mut bytes).map_err(|_| CertificateError::Unwritable)?;
    Ok(Serial::from_random(bytes))
}

/// The key of an operation.
pub(super) fn opened(provider: &dyn KeyProvider, progress: &Progress) -> Result<Key, CertificateError> {
    provider
        .open(progress.key.material.expose())
        .map_err(|_| CertificateError::Damaged)
}
