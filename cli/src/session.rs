//! From the current user to a vault: token, exchange, vault.

use std::fmt;

use strongroom_client::{
    Server,
    identity::{Assertion, IdentityClient, VaultToken},
    vault::{VaultClient, VaultError},
};
use strongroom_core::{Audience, NamespaceName, ObjectName, Permission, VaultName, VaultRef};

use crate::{account::AccountName, cluster::Cluster, failure::Failure, forward::route_to};

/// The tenant that every installation serves beside its own id, so that no one needs the right to read that id.
const TENANT: &str = "adfs";

/// A vault, as a service account.
pub(crate) struct Session {
    pub(crate) vault: VaultClient,
    pub(crate) token: VaultToken,
    name: VaultName,
    namespace: NamespaceName,
    account: AccountName,
}

impl Session {
    /// Opens the vault `name` in the cluster's namespace as `account`.
    pub(crate) async fn open(
        cluster: &Cluster,
        name: VaultName,
        account: AccountName,
    ) -> Result<Self, Failure> {
        let namespace = cluster.namespace.clone();
        let trust = cluster.trust().await?;
        let subject = account.token(cluster).await?;
        let release = &cluster.release_namespace;
        let identity = Server::identity(release).by(route_to(cluster, release, "strongroom-identity").await?);
        let server = Server::vault(&name, &namespace).by(route_to(cluster, &namespace, name.as_str()).await?);
        let audience = Audience::Vault(VaultRef::new(namespace.clone(), name.clone()));
        let token = IdentityClient::new(&identity, TENANT, trust.clone())
            .exchange(
                Assertion {
                    subject: &subject,
                    actor: None,
                },
                &audience,
            )
            .await
            .map_err(|source| Failure::Exchange {
                source,
                namespace: release.clone(),
            })?;
        Ok(Self {
            vault: VaultClient::new(&server, trust),
            token,
            name,
            namespace,
            account,
        })
    }

    /// What a vault's error means for `permission`, and how to find out why.
    pub(crate) fn failed(
        &self,
        permission: Permission,
        object: Option<&ObjectName>,
    ) -> impl FnOnce(VaultError) -> Failure {
        let question = Question {
            vault: format!("{}/{}", self.namespace, self.name),
            account: self.account.clone(),
            permission,
            object: object.cloned(),
        };
        let namespace = self.namespace.clone();
        move |source| Failure::Vault {
            source,
            question: Box::new(question),
            namespace,
        }
    }
}

/// The command that says what policy thinks of a request.
#[derive(Debug)]
pub(crate) struct Question {
    vault: String,
    account: AccountName,
    permission: Permission,
    object: Option<ObjectName>,
}

impl fmt::Display for Question {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            vault,
            account,
            permission,
            object,
        } = self;
        write!(
            f,
            "kubectl strongroom policy check --vault {vault} --service-account {account} --permission {permission}"
        )?;
        match object {
            Some(object) => write!(f, " --object {object}"),
            None => Ok(()),
        }
    }
}
