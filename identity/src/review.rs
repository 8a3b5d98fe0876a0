//! TokenReview: whether the API server accepts a token now, which ends with the token's pod or account.

use std::collections::BTreeMap;

use k8s_openapi::api::authentication::v1::{TokenReview, TokenReviewSpec, TokenReviewStatus, UserInfo};
use kube::{Api, Client, api::PostParams};
use strongroom_core::{AccountName, NodeRef, PodRef, ServiceAccount};

use crate::presented::PresentedToken;

/// Why a review vouches for no account.
#[derive(Debug, thiserror::Error)]
pub enum ReviewError {
    /// The API server does not answer or refuses to review.
    #[error("the API server cannot review tokens at the moment")]
    Api(#[source] kube::Error),
    /// The API server no longer accepts the token: its pod or account is gone.
    #[error("the cluster no longer vouches for it: its pod or its service account may be gone")]
    NotAuthenticated,
    /// The API server does not know our audience.
    #[error("the cluster vouches for it, but not for this service")]
    Audience,
    /// The user is not the account that the token names, or its pod or node is incomplete.
    #[error("the cluster's review names another account, pod or node")]
    Mismatch,
}

/// Asks the API server about `token`.
pub(crate) async fn review(
    client: &Client,
    token: &str,
    audiences: &[String],
) -> Result<TokenReviewStatus, ReviewError> {
    let review = TokenReview {
        spec: TokenReviewSpec {
            token: token.to_owned(),
            audiences: Some(audiences.to_vec()),
        },
        ..TokenReview::default()
    };
    let answer = Api::all(client.clone())
        .create(&PostParams::default(), &review)
        .await
        .map_err(ReviewError::Api)?;
    Ok(answer.status.unwrap_or_default())
}

/// The account that `status` vouches for. It must be authenticated, for one of our audiences, and be the account, pod
/// and node that the verified token names.
pub(crate) fn account_of(
    status: TokenReviewStatus,
    audiences: &[String],
    presented: &PresentedToken,
) -> Result<ServiceAccount, ReviewError> {
    if status.authenticated != Some(true) {
        return Err(ReviewError::NotAuthenticated);
    }
    // An authenticator that knows nothing of audiences answers with none, and would have accepted any token.
    if !status
        .audiences
        .unwrap_or_default()
        .iter()
        .any(|audience| audiences.contains(audience))
    {
        return Err(ReviewError::Audience);
    }
    let reviewed = status.user.and_then(account).ok_or(ReviewError::Mismatch)?;
    let presented = &presented.account;
    let same = reviewed.name == presented.name
        && reviewed.uid == presented.uid
        && reviewed.pod == presented.pod
        && same_node(reviewed.node.as_ref(), presented.node.as_ref());
    if !same {
        return Err(ReviewError::Mismatch);
    }
    let node = reviewed.node.or_else(|| presented.node.clone());
    Ok(ServiceAccount { node, ..reviewed })
}

/// API servers older than 1.30 put the node into neither; some put it into one of the two.
fn same_node(reviewed: Option<&NodeRef>, presented: Option<&NodeRef>) -> bool {
    match (reviewed, presented) {
        (Some(reviewed), Some(presented)) => reviewed.name == presented.name && reviewed.uid == presented.uid,
        (None, _) | (_, None) => true,
    }
}

/// The service account of a user, with the pod and node of its extras (`authentication.kubernetes.io/*`).
fn account(user: UserInfo) -> Option<ServiceAccount> {
    let extra = user.extra.unwrap_or_default();
    let name = AccountName::from_subject(&user.username?).ok()?;
    let pod = match (one(&extra, "pod-name"), one(&extra, "pod-uid")) {
        (None, None) => None,
        (name, uid) => Some(PodRef {
            name: name?.parse().ok()?,
            uid: uid?.parse().ok()?,
        }),
    };
    let node = match (one(&extra, "node-name"), one(&extra, "node-uid")) {
        (None, None) => None,
        (name, uid) => Some(NodeRef {
            name: name?.parse().ok()?,
            uid: uid.map(str::parse).transpose().ok()?,
        }),
    };
    Some(ServiceAccount {
        name,
        uid: user.uid?.parse().ok()?,
        pod,
        node,
    })
}

/// The value of one extra that has exactly one.
fn one<'a>(extra: &'a BTreeMap<String, Vec<String>>, key: &str) -> Option<&'a str> {
    match extra
        .get(&format!("authentication.kubernetes.io/{key}"))?
        .as_slice()
    {
        [one] => Some(one),
        _ => None,
    }
}
