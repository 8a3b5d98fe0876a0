//! From the current user to a vault: token, exchange, vault.

use secrecy::SecretString;
use strongroom_client::{
    Server, Trust,
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
    direct::Direct,
    failure::Failure,
    forward::route_to,
    terminal,
};

/// A vault, as a service account.
pub(crate) struct Session {
    pub(crate) vault: VaultClient,
    pub(crate) token: VaultToken,
    reference: VaultRef,
    acting: Acting,
}

/// The vault that a command names, and the account if it names one. Nothing was asked of a server yet.
pub(crate) enum Destination {
    /// Through the Kubernetes API.
    Cluster {
        vault: VaultPath,
        account: Option<AccountName>,
    },
    /// By its URL, or from a pod of its cluster.
    Direct(Box<Direct>),
}

impl Destination {
    /// Where `selection` leads.
    pub(crate) fn of(selection: Selection, global: &Global) -> Result<Self, Failure> {
        let Selection {
            vault,
            service_account: account,
            direct,
        } = selection;
        if let Some(vault) = &vault {
            global.check(vault)?;
        }
        let variable = |name: &str| std::env::var_os(name);
        let direct = Direct::of(&direct, vault.as_ref(), account.as_ref(), global, &variable)?;
        Ok(match direct {
            Some(direct) => Self::Direct(Box::new(direct)),
            None => Self::Cluster {
                vault: vault.ok_or(Failure::NoVault)?,
                account,
            },
        })
    }

    /// Opens the vault.
    pub(crate) async fn open(self, global: &Global) -> Result<Session, Failure> {
        match self {
            Self::Direct(direct) => Session::by_url(*direct, global).await,
            Self::Cluster { vault, account } => {
                let cluster = Cluster::connect(global).await?;
                Session::through(&cluster, vault, account, global).await
            }
        }
    }

    /// The same where nobody is there to be asked for anything.
    pub(crate) async fn open_unattended(self, global: &Global) -> Result<Session, Failure> {
        match self {
            Self::Direct(direct) => Session::by_url(*direct, global).await,
            Self::Cluster { vault, account } => {
                let cluster = Cluster::connect_unattended(global).await?;
                Session::through(&cluster, vault, account, global).await
            }
        }
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

    /// Opens a vault of the cluster as the account, or as that which every namespace has.
    async fn through(
        cluster: &Cluster,
        vault: VaultPath,
        account: Option<AccountName>,
        global: &Global,
    ) -> Result<Self, Failure> {
        let vault = vault.in_namespace(&cluster.namespace);
        let acting = match account {
            Some(account) => Acting {
                account,
                by_default: false,
            },
            None => Acting::by_default(&vault)?,
        };
        Self::open(cluster, vault, acting, global).await
    }

    /// Opens the vault as the account, by port forwards.
    async fn open(
        cluster: &Cluster,
        reference: VaultRef,
        acting: Acting,
        global: &Global,
    ) -> Result<Self, Failure> {
        let trust = cluster.trust(&reference).await?;
        let subject = account::token(cluster, &acting.account).await?;
        let release = &cluster.release_namespace;
        let to_identity = route_to(cluster, release, IDENTITY_SERVICE, ports::IDENTITY).await?;
        let VaultRef { namespace, name } = &reference;
        let to_vault = route_to(cluster, namespace, name.as_str(), ports::VAULT).await?;
        let login = Server::identity(release).by(to_identity);
        let vault = Server::vault(&reference).by(to_vault);
        Self::log_in(&vault, &login, trust, &subject, reference, acting, global).await
    }

    /// Opens a vault that is reached without the Kubernetes API.
    async fn by_url(direct: Direct, global: &Global) -> Result<Self, Failure> {
        let Direct {
            reference,
            vault,
            login,
            trust,
            token,
            account,
        } = direct;
        let acting = Acting {
            account,
            by_default: false,
        };
        Self::log_in(&vault, &login, trust, &token, reference, acting, global).await
    }

    /// Exchanges the token of the account for one of the vault.
    async fn log_in(
        vault: &Server,
        login: &Server,
        trust: Trust,
        subject: &SecretString,
        reference: VaultRef,
        acting: Acting,
        global: &Global,
    ) -> Result<Self, Failure> {
        if global.verbose {
            let account = acting.account.path();
            terminal::complain(&format!(
                "The vault {reference} is {vault}, the identity service {login}; the account is {account}."
            ));
        }
        let audience = Audience::Vault(reference.clone());
        // Not the installation's id, which needs a right to read it.
        let token = IdentityClient::new(login, ADFS_TENANT, trust.clone())
            .exchange(Assertion { subject, actor: None }, &audience)
            .await
            .map_err(|source| Failure::Exchange {
                source,
                namespace: global
                    .release_namespace
                    .parse()
                    .unwrap_or_else(|_| reference.namespace.clone()),
            })?;
        Ok(Self::new(
            VaultClient::new(vault, trust),
            token,
            reference,
            acting,
        ))
    }

    /// The vault.
    pub(crate) const fn reference(&self) -> &VaultRef {
        &self.reference
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
