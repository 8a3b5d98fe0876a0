//! Objects of the whole cluster, which not everybody may see.

use std::fmt::Debug;

use kube::{Api, Resource, api::ListParams};
use serde::de::DeserializeOwned;
use strongroom_crds::ApiError;

use super::row::Row;
use crate::cluster::Cluster;

/// All objects of a kind.
pub(super) async fn list<K>(cluster: &Cluster) -> Result<Vec<K>, ApiError>
where
    K: Resource<DynamicType = ()> + Clone + DeserializeOwned + Debug,
{
    let api: Api<K> = Api::all(cluster.client.clone());
    Ok(api.list(&ListParams::default()).await?.items)
}

/// The row of what was found, or of why nobody knows.
pub(super) fn row<T>(check: &str, found: Result<T, ApiError>, row: impl FnOnce(T) -> Row) -> Row {
    match found {
        Ok(found) => row(found),
        Err(error) => Row::unknown(check, format!("cannot be known: {error}")),
    }
}
