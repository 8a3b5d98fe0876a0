//! From the current user to a vault: token, exchange, vault.

use strongroom_client::{
    Server,
    identity::{Assertion, IdentityClient, VaultToken},
    vault::{VaultClient, VaultError},
};
use strongroom_core::{
    AccountName, Audience, ObjectName, Permission, PolicyCheck, VaultRef, ports, reference::IDENTITY_SERVICE,
};
use strongroom_wire::token::ADFS_TENANT;

use crate::{
    account,
    arguments::{Global, Selection, VaultPath},
    cluster::Cluster,
    failure::Failure,
    forward::route_to,
};

/// A vault, as a service account.
pub(crate) struct Session {
    pub(crate) vault: VaultClient,
    pub(crate) token: VaultToken,
    reference: VaultRef,
    acting: Acting,
}

/// The vault that a command names, and the account if it names one. Nothing was asked of a server yet.
pub(crate) struct Destination {
    vault: VaultPath,
    account: Option<AccountName>,
}

impl Destination {
    /// Where `selection` leads.
    pub(crate) fn of(selection: Selection, global: &Global) -> Result<Self, Failure> {
        let vault = selection.vault.ok_or(Failure::NoVault)?;
        global.check(&vault)?;
        Ok(Self {
            vault,
            account: selection.service_account,
        })
    }

    /// Opens the vault.
    pub(crate) async fn open(self, global: &Global) -> Result<Session, Failure> {
        let cluster = Cluster::connect(global).await?;
        let vault = self.vault.in_namespace(&cluster.namespace);
        let acting = match self.account {
            Some(account) => Acting {
                account,
                by_default: false,
            },
            None => Acting::by_default(&vault)?,
        };
        Session::open(&cluster, vault, acting).await
    }
}

/// The service account that a command acts as.
#[derive(Debug, Clone)]
pub(crate) struct Acting {
    pub(crate) account: AccountName,
    /// Whether no flag named it.
    pub(crate) by_default: bool,
}

impl Acting {
    /// The account that every namespace has.
    fn by_default(vault: &VaultRef) -> Result<Self, Failure> {
        let account = AccountName {
            namespace: vault.namespace.clone(),
            name: "default".parse().map_err(|_| Failure::NoToken)?,
        };
        Ok(Self {
            account,
            by_default: true,
        })
    }
}

impl Session {
    /// A vault that is reached already.
    pub(crate) const fn new(
        vault: VaultClient,
        token: VaultToken,
        reference: VaultRef,
        acting: Acting,
    ) -> Self {
        Self {
            vault,
            token,
            reference,
            acting,
        }
    }

    /// Opens the vault as the account.
    async fn open(cluster: &Cluster, reference: VaultRef, acting: Acting) -> Result<Self, Failure> {
        let trust = cluster.trust(&reference).await?;
        let subject = account::token(cluster, &acting.account).await?;
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
        Ok(Self::new(
            VaultClient::new(&server, trust),
            token,
            reference,
            acting,
        ))
    }

    /// The account that the vault knows the caller as.
    pub(crate) const fn account(&self) -> &AccountName {
        &self.acting.account
    }

    /// The flags by which the same vault is reached as the same account.
    pub(crate) fn flags(&self) -> String {
        let account = self.acting.account.path();
        format!("--vault {} --service-account {account}", self.reference)
    }

    /// What a vault's error means for `permission`, and how to find out why.
    pub(crate) fn failed(
        &self,
        permission: Permission,
        object: Option<&ObjectName>,
    ) -> impl FnOnce(VaultError) -> Failure {
        let question = PolicyCheck {
            vault: self.reference.clone(),
            account: self.acting.account.clone(),
            permission,
            object: object.cloned(),
        };
        let (namespace, by_default) = (self.reference.namespace.clone(), self.acting.by_default);
        move |source| Failure::Vault {
            source,
            question: Box::new(question),
            by_default,
            namespace,
        }
    }
}
