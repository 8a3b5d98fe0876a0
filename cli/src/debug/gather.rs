//! Reads the facts, as the current user.

use std::fmt::Debug;

use k8s_openapi::api::core::v1::Pod;
use kube::{
    Api, Resource,
    api::{ApiResource, DynamicObject, ListParams},
};
use serde::de::DeserializeOwned;
use strongroom_core::{AccountName, NamespaceName, SecretRefName, VaultRef};
use strongroom_crds::{AccessPolicy, ApiError};

use super::{
    DRIVER,
    facts::{AccountFacts, Facts, Hidden, PodFacts, ReferenceFacts, Seen, VaultFacts},
    walk::{self, PodVolume},
};
use crate::{cluster::Cluster, failure::Failure, policy::StoredPolicies};

/// How many objects of a list are looked at.
const LIST: u32 = 500;

/// Reads of one cluster.
pub(super) struct Gathering<'a> {
    pub(super) cluster: &'a Cluster,
}

impl Gathering<'_> {
    /// The pod and everything that can be seen from it. An API server that does not answer is a failure.
    pub(super) async fn pod(
        &self,
        facts: &mut Facts,
        namespace: NamespaceName,
        name: &str,
        node_namespace: NamespaceName,
        connects_to: Option<VaultRef>,
    ) -> Result<(), Failure> {
        let pods: Api<Pod> = self.cluster.namespaced(&namespace);
        let pod = match pods.get_opt(name).await {
            Ok(Some(pod)) => Seen::Found(pod),
            Ok(None) => Seen::Absent,
            Err(kube::Error::Api(status)) if status.code == 403 => {
                Seen::Hidden(hidden(kube::Error::Api(status), "get", "pods", Some(&namespace)))
            }
            Err(error) => return Err(Failure::cluster("get", "pods", &namespace)(error)),
        };
        let found = match &pod {
            Seen::Found(found) => found.clone(),
            Seen::Absent | Seen::Hidden(_) => Pod::default(),
        };
        let spec = found.spec.as_ref();
        let node = spec.and_then(|spec| spec.node_name.as_deref());
        let account = spec.and_then(|spec| spec.service_account_name.as_deref());
        if let Ok(account) = account.unwrap_or("default").parse() {
            let account = AccountName {
                namespace: namespace.clone(),
                name: account,
            };
            facts.account = Some(self.account(account).await);
        }
        let volumes = walk::volumes(&found);
        let mut names: Vec<_> = volumes.iter().filter_map(PodVolume::reference).collect();
        names.sort_unstable();
        names.dedup();
        for name in names {
            let Ok(name) = name.parse() else { continue };
            let reference = SecretRefName {
                namespace: namespace.clone(),
                name,
            };
            facts.references.push(self.reference(reference).await);
        }
        facts.pod = Some(PodFacts {
            home: one(
                &Api::all(self.cluster.client.clone()),
                namespace.as_str(),
                "namespaces",
                None,
            )
            .await,
            csi_driver: one(
                &Api::all(self.cluster.client.clone()),
                DRIVER,
                "csidrivers.storage.k8s.io",
                None,
            )
            .await,
            csi_node: match node {
                Some(node) => {
                    let nodes = Api::all(self.cluster.client.clone());
                    one(&nodes, node, "csinodes.storage.k8s.io", None).await
                }
                None => Seen::Absent,
            },
            drivers: self.drivers(&node_namespace, node).await,
            events: self.events(&namespace, name).await,
            node_namespace,
            name: name.to_owned(),
            namespace,
            pod,
            connects_to: connects_to.clone(),
        });
        self.vaults(facts, connects_to).await;
        Ok(())
    }

    /// The `SecretRef`, and the account that it names.
    pub(super) async fn of_reference(&self, facts: &mut Facts, reference: SecretRefName) {
        let read = self.reference(reference).await;
        if let Seen::Found(found) = &read.found
            && let Ok(name) = found.spec.service_account_name.parse()
        {
            let namespace = read.reference.namespace.clone();
            facts.account = Some(self.account(AccountName { namespace, name }).await);
        }
        facts.references.push(read);
        self.vaults(facts, None).await;
    }

    /// The vault, with its pods.
    pub(super) async fn of_vault(&self, facts: &mut Facts, vault: VaultRef) {
        let mut read = self.vault(vault).await;
        let namespace = &read.vault.namespace;
        let params = ListParams::default()
            .limit(LIST)
            .labels(&format!("strongroom.dev/vault={}", read.vault.name));
        read.pods = Some(all(&self.cluster.namespaced(namespace), &params, "pods", namespace).await);
        facts.vaults.push(read);
    }

    async fn vaults(&self, facts: &mut Facts, connects_to: Option<VaultRef>) {
        let named = facts.references.iter().filter_map(|facts| match &facts.found {
            Seen::Found(found) => walk::vault(found),
            Seen::Absent | Seen::Hidden(_) => None,
        });
        let vaults: std::collections::BTreeSet<_> = named.chain(connects_to).collect();
        for vault in vaults {
            facts.vaults.push(self.vault(vault).await);
        }
    }

    async fn account(&self, account: AccountName) -> AccountFacts {
        let namespace = &account.namespace;
        let accounts = self.cluster.namespaced(namespace);
        AccountFacts {
            found: one(
                &accounts,
                account.name.as_str(),
                "serviceaccounts",
                Some(namespace),
            )
            .await,
            account,
        }
    }

    async fn reference(&self, reference: SecretRefName) -> ReferenceFacts {
        let namespace = &reference.namespace;
        let references = self.cluster.namespaced(namespace);
        let resource = "secretrefs.strongroom.dev";
        ReferenceFacts {
            found: one(&references, reference.name.as_str(), resource, Some(namespace)).await,
            reference,
        }
    }

    async fn vault(&self, vault: VaultRef) -> VaultFacts {
        let VaultRef { namespace, name } = &vault;
        let vaults = self.cluster.namespaced(namespace);
        let found = one(&vaults, name.as_str(), "vaults.strongroom.dev", Some(namespace)).await;
        // As they are stored: one that this release cannot read must not hide the others.
        let kind = ApiResource::erase::<AccessPolicy>(&());
        let policies: Api<DynamicObject> =
            Api::namespaced_with(self.cluster.client.clone(), namespace.as_str(), &kind);
        let resource = "accesspolicies.strongroom.dev";
        let policies = match all(&policies, &ListParams::default(), resource, namespace).await {
            Seen::Found(policies) => Seen::Found(StoredPolicies::read(&policies)),
            Seen::Absent => Seen::Absent,
            Seen::Hidden(hidden) => Seen::Hidden(hidden),
        };
        VaultFacts {
            vault,
            found,
            policies,
            pods: None,
        }
    }

    async fn drivers(&self, namespace: &NamespaceName, node: Option<&str>) -> Seen<Vec<Pod>> {
        let Some(node) = node else {
            return Seen::Absent;
        };
        let params = ListParams::default()
            .limit(LIST)
            .labels("app.kubernetes.io/component=csi")
            .fields(&format!("spec.nodeName={node}"));
        let pods = all(&self.cluster.namespaced(namespace), &params, "pods", namespace).await;
        match pods {
            Seen::Found(pods) => Seen::Found(pods.into_iter().filter(|pod| is_on(pod, node)).collect()),
            other => other,
        }
    }

    async fn events(
        &self,
        namespace: &NamespaceName,
        pod: &str,
    ) -> Seen<Vec<k8s_openapi::api::core::v1::Event>> {
        let params = ListParams::default()
            .limit(LIST)
            .fields(&format!("involvedObject.kind=Pod,involvedObject.name={pod}"));
        all(&self.cluster.namespaced(namespace), &params, "events", namespace).await
    }
}

fn is_on(pod: &Pod, node: &str) -> bool {
    pod.spec
        .as_ref()
        .is_some_and(|spec| spec.node_name.as_deref() == Some(node))
}

async fn one<K>(api: &Api<K>, name: &str, resource: &str, namespace: Option<&NamespaceName>) -> Seen<K>
where
    K: Resource + Clone + DeserializeOwned + Debug,
{
    match api.get_opt(name).await {
        Ok(Some(found)) => Seen::Found(found),
        Ok(None) => Seen::Absent,
        Err(error) => Seen::Hidden(hidden(error, "get", resource, namespace)),
    }
}

async fn all<K>(api: &Api<K>, params: &ListParams, resource: &str, namespace: &NamespaceName) -> Seen<Vec<K>>
where
    K: Resource + Clone + DeserializeOwned + Debug,
{
    match api.list(params).await {
        Ok(list) => Seen::Found(list.items),
        Err(kube::Error::Api(status)) if status.code == 404 => Seen::Absent,
        Err(error) => Seen::Hidden(hidden(error, "list", resource, Some(namespace))),
    }
}

fn hidden(error: kube::Error, verb: &str, resource: &str, namespace: Option<&NamespaceName>) -> Hidden {
    let error = ApiError::from(error);
    if !error.is_forbidden() {
        return Hidden {
            why: format!("cannot {verb} {resource}: {error}"),
            can_i: None,
        };
    }
    let (place, flag) = match namespace {
        Some(namespace) => (format!(" in namespace {namespace}"), format!(" -n {namespace}")),
        None => (String::new(), String::new()),
    };
    Hidden {
        why: format!("you may not {verb} {resource}{place}"),
        can_i: Some(format!("kubectl auth can-i {verb} {resource}{flag}")),
    }
}
