//! The cluster, as the current user of the kubeconfig.

use k8s_openapi::{NamespaceResourceScope, api::core::v1::ConfigMap};
use kube::{
    Api, Client, Config, Resource,
    config::{ExecInteractiveMode, KubeConfigOptions, Kubeconfig},
};
use strongroom_client::Trust;
use strongroom_core::{NamespaceName, VaultRef};

use crate::{arguments::Global, failure::Failure};

/// The ConfigMap that holds the CAs of all vaults.
const TRUST_BUNDLE: &str = "strongroom-trust-bundle";

/// A cluster and the namespaces that matter.
#[derive(Clone)]
pub(crate) struct Cluster {
    pub(crate) client: Client,
    /// Where the vault is, unless a command says otherwise.
    pub(crate) namespace: NamespaceName,
    /// Where Strongroom is installed.
    pub(crate) release_namespace: NamespaceName,
}

impl Cluster {
    /// The cluster that the kubeconfig and the flags mean.
    pub(crate) async fn connect(global: &Global) -> Result<Self, Failure> {
        Self::of(config(global).await?, global)
    }

    /// The same where nobody is there to be asked: a program that the kubeconfig names for its credentials is told so.
    pub(crate) async fn connect_unattended(global: &Global) -> Result<Self, Failure> {
        let mut config = config(global).await?;
        if let Some(program) = &mut config.auth_info.exec {
            if program.interactive_mode == Some(ExecInteractiveMode::Always) {
                return Err(Failure::NoToken);
            }
            program.interactive_mode = Some(ExecInteractiveMode::Never);
        }
        Self::of(config, global)
    }

    fn of(config: Config, global: &Global) -> Result<Self, Failure> {
        let namespace = global.namespace.as_deref().unwrap_or(&config.default_namespace);
        let namespace = namespace.parse().map_err(Failure::Namespace)?;
        let release_namespace = global.release_namespace.parse().map_err(Failure::Namespace)?;
        let client = Client::try_from(config).map_err(Failure::Client)?;
        Ok(Self {
            client,
            namespace,
            release_namespace,
        })
    }

    /// The objects of one kind in `namespace`.
    pub(crate) fn namespaced<K>(&self, namespace: &NamespaceName) -> Api<K>
    where
        K: Resource<Scope = NamespaceResourceScope, DynamicType = ()>,
    {
        Api::namespaced(self.client.clone(), namespace.as_str())
    }

    /// The CAs that certificates of vaults and of the identity service come from, as the operator writes them into the
    /// namespace of each vault; from the release's namespace where they are not there or not for the user to read.
    ///
    /// A user who can write them in the vault's namespace can be the vault, and gains nothing by them: the way to the
    /// identity service leads through the API server.
    pub(crate) async fn trust(&self, vault: &VaultRef) -> Result<Trust, Failure> {
        Ok(self.authorities(vault).await?.1)
    }

    /// The same, with their certificates in PEM.
    pub(crate) async fn authorities(&self, vault: &VaultRef) -> Result<(String, Trust), Failure> {
        match self.authorities_of(&vault.namespace).await {
            Ok(trust) => Ok(trust),
            Err(first) if vault.namespace == self.release_namespace => Err(first),
            // Of two refusals, that in the vault's own namespace is the one that its owner can mend.
            Err(first) => match self.authorities_of(&self.release_namespace).await {
                Ok(trust) => Ok(trust),
                Err(_) if first.is_forbidden() => Err(first),
                Err(second) => Err(second),
            },
        }
    }

    /// The same, of one namespace.
    pub(crate) async fn authorities_of(&self, namespace: &NamespaceName) -> Result<(String, Trust), Failure> {
        let maps: Api<ConfigMap> = self.namespaced(namespace);
        let map = maps
            .get(TRUST_BUNDLE)
            .await
            .map_err(Failure::cluster("get", "configmaps", namespace))?;
        let bundle = map
            .data
            .and_then(|mut data| data.remove("ca.crt"))
            .ok_or(Failure::NoTrust)?;
        let trust = Trust::from_pem(bundle.as_bytes()).map_err(Failure::Trust)?;
        Ok((bundle, trust))
    }
}

/// The vaults' namespace, where no more of the cluster is needed: the kubeconfig is read only if no flag names it.
pub(crate) async fn vault_namespace(global: &Global) -> Result<NamespaceName, Failure> {
    let namespace = match &global.namespace {
        Some(namespace) => namespace.clone(),
        None => config(global).await?.default_namespace,
    };
    namespace.parse().map_err(Failure::Namespace)
}

async fn config(global: &Global) -> Result<Config, Failure> {
    let flags = &global.cluster;
    let unusable = |error| Failure::Kubeconfig(Box::new(error));
    let kubeconfig = match &flags.kubeconfig {
        Some(path) => Kubeconfig::read_from(path),
        None => Kubeconfig::read(),
    };
    let options = KubeConfigOptions {
        context: flags.context.clone(),
        cluster: flags.cluster.clone(),
        user: flags.user.clone(),
    };
    let mut config = Config::from_custom_kubeconfig(kubeconfig.map_err(unusable)?, &options)
        .await
        .map_err(unusable)?;
    let person = &mut config.auth_info;
    if flags.impersonate.is_some() {
        person.impersonate.clone_from(&flags.impersonate);
    }
    if flags.as_uid.is_some() {
        person.impersonate_uid.clone_from(&flags.as_uid);
    }
    if !flags.as_group.is_empty() {
        person.impersonate_groups = Some(flags.as_group.clone());
    }
    if let Some(time) = flags.request_timeout {
        config.connect_timeout = Some(time);
        config.read_timeout = Some(time);
    }
    Ok(config)
}
