//! Tokens of service accounts.

use k8s_openapi::api::{
    authentication::v1::{TokenRequest, TokenRequestSpec},
    core::v1::ServiceAccount,
};
use kube::{Api, api::PostParams};
use secrecy::SecretString;
use strongroom_core::AccountName;
use strongroom_wire::token::SERVICE_ACCOUNT_AUDIENCE;

use crate::{cluster::Cluster, failure::Failure};

/// The shortest life that the Kubernetes API gives a token, in seconds.
const LIFE: i64 = 600;

/// A token of `account` for the identity service, requested as the current user.
pub(crate) async fn token(cluster: &Cluster, account: &AccountName) -> Result<SecretString, Failure> {
    let request = TokenRequest {
        spec: Some(TokenRequestSpec {
            audiences: Some(vec![SERVICE_ACCOUNT_AUDIENCE.to_owned()]),
            expiration_seconds: Some(LIFE),
            bound_object_ref: None,
        }),
        ..TokenRequest::default()
    };
    let accounts: Api<ServiceAccount> = cluster.namespaced(&account.namespace);
    let answer = accounts
        .create_token_request(account.name.as_str(), &PostParams::default(), &request)
        .await
        .map_err(Failure::cluster(
            "create",
            "serviceaccounts/token",
            &account.namespace,
        ))?;
    answer
        .status
        .and_then(|status| status.token)
        .map(Into::into)
        .ok_or(Failure::NoToken)
}
