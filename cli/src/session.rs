//! From the current user to a vault: token, exchange, vault.

use strongroom_client::{
    Server,
    identity::{Assertion, IdentityClient, VaultToken},
    vault::{VaultClient, VaultError},
};
use strongroom_core::{
    AccountName, Audience, ObjectName, Permission, VaultName, VaultRef, ports, reference::IDENTITY_SERVICE,
};
use strongroom_wire::token::ADFS_TENANT;

use crate::{account, check_command::CheckCommand, cluster::Cluster, failure::Failure, forward::route_to};

/// A vault, as a service account.
pub(crate) struct Session {
    pub(crate) vault: VaultClient,
    pub(crate) token: VaultToken,
    reference: VaultRef,
    account: AccountName,
}

impl Session {
    /// Opens the vault `name` in the cluster's namespace as `account`.
    pub(crate) async fn open(
        cluster: &Cluster,
        name: VaultName,
        account: AccountName,
    ) -> Result<Self, Failure> {
        let reference = VaultRef::new(cluster.namespace.clone(), name);
        let trust = cluster.trust().await?;
        let subject = account::token(cluster, &account).await?;
        let release = &cluster.release_namespace;
        let to_identity = route_to(cluster, release, IDENTITY_SERVICE, ports::IDENTITY).await?;
        let identity = Server::identity(release).by(to_identity);
        let VaultRef { namespace, name } = &reference;
        let to_vault = route_to(cluster, namespace, name.as_str(), ports::VAULT).await?;
        let server = Server::vault(&reference).by(to_vault);
        let audience = Audience::Vault(reference.clone());
        // Not the installation's id, which needs a right to read it.
        let token = IdentityClient::new(&identity, ADFS_TENANT, trust.clone())
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
            reference,
            account,
        })
    }

    /// What a vault's error means for `permission`, and how to find out why.
    pub(crate) fn failed(
        &self,
        permission: Permission,
        object: Option<&ObjectName>,
    ) -> impl FnOnce(VaultError) -> Failure {
        let question = CheckCommand {
            vault: self.reference.clone(),
            account: self.account.clone(),
            permission,
            object: object.cloned(),
        };
        let namespace = self.reference.namespace.clone();
        move |source| Failure::Vault {
            source,
            question: Box::new(question),
            namespace,
        }
    }
}
