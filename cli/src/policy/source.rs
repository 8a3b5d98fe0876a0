//! Where the policies come from that a question is about: the cluster, or files.

use kube::api::{ApiResource, DynamicObject, ListParams};
use strongroom_core::NamespaceName;

use super::{
    decide::Origin,
    files::Files,
    read::{self, StoredPolicy},
};
use crate::{
    Failure,
    arguments::{Global, ManifestFlags},
    cluster::Cluster,
    failure::PolicyFailure,
};

/// The namespace of what names none, where no cluster has a say.
const DEFAULT_NAMESPACE: &str = "default";

/// Policies, and the namespace that a vault is in which names none.
pub(super) struct Source {
    pub(super) namespace: NamespaceName,
    /// Those of the namespace, or all that the files hold.
    pub(super) policies: Vec<StoredPolicy>,
    /// The cluster that the policies are from; `None` where they are from files.
    pub(super) cluster: Option<Cluster>,
}

impl Source {
    /// Reads the policies of the files, or those of the cluster where there are none: of the namespace that is `named`, or else of
    /// that of the command.
    pub(super) async fn open(
        named: Option<&NamespaceName>,
        manifests: &ManifestFlags,
        global: &Global,
    ) -> Result<Self, Failure> {
        if manifests.is_empty() {
            let cluster = Cluster::connect(global).await?;
            let namespace = named.unwrap_or(&cluster.namespace).clone();
            return Ok(Self {
                policies: stored(&cluster, &namespace).await?,
                namespace,
                cluster: Some(cluster),
            });
        }
        let namespace = match named {
            Some(namespace) => namespace.clone(),
            None => home(global)?,
        };
        let files = Files::read(&manifests.filename, manifests.recursive, &namespace)?;
        if files.policies.is_empty() {
            return Err(PolicyFailure::NoPolicy.into());
        }
        Ok(Self {
            namespace,
            policies: files.policies,
            cluster: None,
        })
    }

    pub(super) const fn origin(&self) -> Origin {
        match self.cluster {
            Some(_) => Origin::Cluster,
            None => Origin::Files,
        }
    }
}

/// The namespace of objects in files that name none, where no cluster is asked: the flag's, or the one that every cluster has.
pub(super) fn home(global: &Global) -> Result<NamespaceName, Failure> {
    let namespace = global.namespace.as_deref().unwrap_or(DEFAULT_NAMESPACE);
    namespace.parse().map_err(Failure::Namespace)
}

/// The policies of a namespace as they are stored: one that this release cannot read must not hide the others.
pub(super) async fn stored(
    cluster: &Cluster,
    namespace: &NamespaceName,
) -> Result<Vec<StoredPolicy>, Failure> {
    let kind = ApiResource::erase::<strongroom_crds::AccessPolicy>(&());
    let api: kube::Api<DynamicObject> =
        kube::Api::namespaced_with(cluster.client.clone(), namespace.as_str(), &kind);
    let failed = Failure::cluster("list", "accesspolicies.strongroom.dev", namespace);
    let list = api.list(&ListParams::default()).await.map_err(failed)?;
    Ok(read::policies(&list.items))
}
