//! A presented service-account token, checked offline: form, signature, issuer, audience, times.

mod header;
mod keys;

use jsonwebtoken::{DecodingKey, Validation};
use serde::Deserialize;
use strongroom_core::{AccountName, NamespaceName, NodeRef, PodRef, ResourceName, ServiceAccount, Uid};

pub(crate) use header::{TokenHeader, read_header};
pub(crate) use keys::{KeySet, KeySetError};

/// How far, in seconds, the API server's clock may run ahead of ours.
const SKEW_SECONDS: i64 = 10;

/// Why a presented token is refused without asking the API server. The texts repeat nothing of the token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PresentedError {
    /// Not a JWT with a header of Kubernetes' form.
    #[error("it is not a service-account token")]
    Malformed,
    /// An algorithm that is not the key's own; `none` and the HMACs are never.
    #[error("its signature algorithm is not one of the cluster's")]
    Algorithm,
    /// A key the cluster does not have.
    #[error("it is not signed by a key of this cluster")]
    UnknownKey,
    /// The signature is wrong.
    #[error("its signature is wrong")]
    Signature,
    /// Another issuer.
    #[error("it was not issued by this cluster")]
    Issuer,
    /// Another audience.
    #[error("it is not meant for this service: its audience must be one that the installation accepts")]
    Audience,
    /// Expired.
    #[error("it has expired")]
    Expired,
    /// Not valid yet.
    #[error("it is not valid yet")]
    NotYetValid,
}

/// The account that a token names, and the pod and node that it is bound to. They count for nothing before the review
/// confirms them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PresentedToken {
    pub(crate) account: ServiceAccount,
    pub(crate) expires_at: i64,
}

/// The issuers and audiences that a presented token may name.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PresentedRules<'a> {
    pub(crate) issuers: &'a [String],
    pub(crate) audiences: &'a [String],
}

#[derive(Deserialize)]
struct Claims {
    iss: String,
    sub: String,
    aud: OneOrMany,
    exp: i64,
    #[serde(default)]
    nbf: i64,
    #[serde(rename = "kubernetes.io")]
    kubernetes: Kubernetes,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

impl OneOrMany {
    fn as_slice(&self) -> &[String] {
        match self {
            Self::One(one) => std::slice::from_ref(one),
            Self::Many(many) => many,
        }
    }
}

/// Kubernetes' private claims (pkg/serviceaccount/claims.go).
#[derive(Deserialize)]
struct Kubernetes {
    namespace: NamespaceName,
    serviceaccount: Account,
    pod: Option<PodRef>,
    node: Option<NodeRef>,
}

#[derive(Deserialize)]
struct Account {
    name: ResourceName,
    uid: Uid,
}

/// Checks `token`, whose header is `header`, under `key` at `now` (seconds since 1970).
pub(crate) fn verify(
    token: &str,
    header: &TokenHeader,
    key: &DecodingKey,
    rules: PresentedRules<'_>,
    now: i64,
) -> Result<PresentedToken, PresentedError> {
    let mut validation = Validation::new(header.algorithm);
    // Checked below: the library would compare with the system's clock, and has fewer reasons.
    validation.validate_exp = false;
    validation.validate_aud = false;
    validation.required_spec_claims.clear();
    let claims = jsonwebtoken::decode::<Claims>(token, key, &validation)
        .map_err(|error| match error.kind() {
            jsonwebtoken::errors::ErrorKind::InvalidSignature => PresentedError::Signature,
            jsonwebtoken::errors::ErrorKind::InvalidAlgorithm => PresentedError::Algorithm,
            _ => PresentedError::Malformed,
        })?
        .claims;
    check(&claims, rules, now)?;
    let Kubernetes {
        namespace,
        serviceaccount,
        pod,
        node,
    } = claims.kubernetes;
    let name = AccountName {
        namespace,
        name: serviceaccount.name,
    };
    if claims.sub != name.subject() {
        return Err(PresentedError::Malformed);
    }
    Ok(PresentedToken {
        account: ServiceAccount {
            name,
            uid: serviceaccount.uid,
            pod,
            node,
        },
        expires_at: claims.exp,
    })
}

fn check(claims: &Claims, rules: PresentedRules<'_>, now: i64) -> Result<(), PresentedError> {
    if !rules.issuers.contains(&claims.iss) {
        Err(PresentedError::Issuer)
    } else if !claims
        .aud
        .as_slice()
        .iter()
        .any(|audience| rules.audiences.contains(audience))
    {
        Err(PresentedError::Audience)
    } else if claims.exp <= now {
        Err(PresentedError::Expired)
    } else if claims.nbf > now.saturating_add(SKEW_SECONDS) {
        Err(PresentedError::NotYetValid)
    } else {
        Ok(())
    }
}
