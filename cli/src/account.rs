//! Service accounts, and tokens of them.

use std::{fmt, str::FromStr};

use k8s_openapi::api::{
    authentication::v1::{TokenRequest, TokenRequestSpec},
    core::v1::ServiceAccount,
};
use kube::{Api, api::PostParams};
use secrecy::SecretString;
use strongroom_core::{NamespaceName, ResourceName};
use strongroom_wire::token::SERVICE_ACCOUNT_AUDIENCE;

use crate::{cluster::Cluster, failure::Failure};

/// The shortest life that the Kubernetes API gives a token, in seconds.
const LIFE: i64 = 600;

/// Not `NAMESPACE:NAME`.
#[derive(Debug, thiserror::Error)]
#[error("a service account is NAMESPACE:NAME")]
pub(crate) struct AccountNameError;

/// A service account in its namespace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct AccountName {
    pub(crate) namespace: NamespaceName,
    pub(crate) name: ResourceName,
}

impl FromStr for AccountName {
    type Err = AccountNameError;

    fn from_str(text: &str) -> Result<Self, AccountNameError> {
        let (namespace, name) = text.split_once(':').ok_or(AccountNameError)?;
        let namespace = namespace.parse().map_err(|_| AccountNameError)?;
        Ok(Self {
            namespace,
            name: name.parse().map_err(|_| AccountNameError)?,
        })
    }
}

impl fmt::Display for AccountName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.namespace, self.name)
    }
}

impl AccountName {
    /// A token of the account for the identity service, requested as the current user.
    pub(crate) async fn token(&self, cluster: &Cluster) -> Result<SecretString, Failure> {
        let request = TokenRequest {
            spec: Some(TokenRequestSpec {
                audiences: Some(vec![SERVICE_ACCOUNT_AUDIENCE.to_owned()]),
                expiration_seconds: Some(LIFE),
                bound_object_ref: None,
            }),
            ..TokenRequest::default()
        };
        let accounts: Api<ServiceAccount> = cluster.namespaced(&self.namespace);
        let answer = accounts
            .create_token_request(self.name.as_str(), &PostParams::default(), &request)
            .await
            .map_err(Failure::cluster(
                "create",
                "serviceaccounts/token",
                &self.namespace,
            ))?;
        answer
            .status
            .and_then(|status| status.token)
            .map(Into::into)
            .ok_or(Failure::NoToken)
    }
}
