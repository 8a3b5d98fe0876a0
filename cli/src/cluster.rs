//! The cluster, as the current user of the kubeconfig.

use k8s_openapi::{NamespaceResourceScope, api::core::v1::ConfigMap};
use kube::{
    Api, Client, Config, Resource,
    config::{KubeConfigOptions, Kubeconfig},
};
use strongroom_client::Trust;
use strongroom_core::NamespaceName;

use crate::{arguments::Global, failure::Failure};

/// The ConfigMap that holds the CAs of all vaults.
const TRUST_BUNDLE: &str = "strongroom-trust-bundle";

/// A cluster and the namespaces that matter.
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
        let config = config(global).await?;
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

    /// The CAs that the vaults' certificates come from.
    pub(crate) async fn trust(&self) -> Result<Trust, Failure> {
        let maps: Api<ConfigMap> = self.namespaced(&self.release_namespace);
        let map = maps.get(TRUST_BUNDLE).await.map_err(Failure::cluster(
            "get",
            "configmaps",
            &self.release_namespace,
        ))?;
        let bundle = map
            .data
            .and_then(|mut data| data.remove("ca.crt"))
            .ok_or(Failure::NoTrust)?;
        Trust::from_pem(bundle.as_bytes()).map_err(Failure::Trust)
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
    let kubeconfig = Kubeconfig::read().map_err(|error| Failure::Kubeconfig(Box::new(error)))?;
    let options = KubeConfigOptions {
        context: global.context.clone(),
        ..KubeConfigOptions::default()
    };
    Config::from_custom_kubeconfig(kubeconfig, &options)
        .await
        .map_err(|error| Failure::Kubeconfig(Box::new(error)))
}
