//! The settings of an installation, the same for every object.

mod vault_pod;

use strongroom_core::{NamespaceName, reference};

pub use vault_pod::VaultPod;

/// The settings of one installation.
#[derive(Debug, Clone)]
#[allow(missing_docs, reason = "the names of the fields say what they hold")]
pub struct Settings {
    /// Where the operator, the identity service, the authorities and the anchors are.
    pub release_namespace: NamespaceName,
    /// Where the node driver is.
    pub node_namespace: NamespaceName,
    /// The cluster's DNS domain, such as `cluster.local`.
    pub cluster_domain: String,
    /// The installation's id, which is the tenant of its tokens.
    pub installation: String,
    pub vault_image: String,
    pub vault_image_pull_policy: String,
    pub vault_image_pull_secrets: Vec<String>,
    /// What every vault's pod asks of the cluster unless its Vault says otherwise.
    pub vault_pod: VaultPod,
    /// The ports that the cluster's DNS pods listen on, behind any Service.
    pub dns_ports: Vec<u16>,
    /// The namespaces whose pods may read metrics.
    pub metrics_namespaces: Vec<NamespaceName>,
}

impl Settings {
    /// The host of the identity service.
    pub fn identity_host(&self) -> String {
        reference::service_host(reference::IDENTITY_SERVICE, &self.release_namespace)
    }

    /// The issuer of vault tokens.
    pub fn issuer(&self) -> String {
        format!("https://{}/{}/v2.0", self.identity_host(), self.installation)
    }

    /// The URI in the operator's client certificate.
    pub fn operator_uri(&self) -> String {
        format!("spiffe://strongroom.dev/{}/operator", self.installation)
    }
}

#[cfg(test)]
impl Settings {
    /// Settings for tests.
    pub(crate) fn example() -> Self {
        Self {
            release_namespace: "strongroom-system".parse().unwrap(),
            node_namespace: "strongroom-node".parse().unwrap(),
            cluster_domain: "cluster.local".to_owned(),
            installation: "0b7a1f5e-3c55-4b8e-9b0a-2f6d8c1e7a90".to_owned(),
            vault_image: "registry.example.com/vault:dev".to_owned(),
            vault_image_pull_policy: "IfNotPresent".to_owned(),
            vault_image_pull_secrets: Vec::new(),
            vault_pod: VaultPod::default(),
            dns_ports: vec![53, 5353],
            metrics_namespaces: vec!["monitoring".parse().unwrap()],
        }
    }
}
