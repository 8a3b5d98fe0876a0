//! Writing status: only when it says something new.

use kube::{
    Api, Client, Resource,
    api::{ApiResource, DynamicObject, ListParams, ObjectMeta, Patch, PatchParams},
    core::NamespaceResourceScope,
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::json;

/// The manager of the status fields, apart from that of other objects.
const FIELD_MANAGER: &str = "strongroom-operator-status";

/// Writes `next` as the status of `object` unless `previous` says the same. Answers whether it was written.
pub async fn write<K, S>(
    client: &Client,
    object: &K,
    previous: Option<&S>,
    next: &S,
) -> Result<bool, kube::Error>
where
    K: Resource<DynamicType = (), Scope = NamespaceResourceScope>,
    S: Serialize + PartialEq,
{
    write_of::<K, S>(client, object.meta(), previous, next).await
}

/// The same by the metadata alone, for an object whose spec cannot be read.
pub async fn write_of<K, S>(
    client: &Client,
    metadata: &ObjectMeta,
    previous: Option<&S>,
    next: &S,
) -> Result<bool, kube::Error>
where
    K: Resource<DynamicType = (), Scope = NamespaceResourceScope>,
    S: Serialize + PartialEq,
{
    if previous == Some(next) {
        return Ok(false);
    }
    let name = metadata.name.as_deref().unwrap_or_default();
    let patch = json!({
        "apiVersion": K::api_version(&()), "kind": K::kind(&()),
        "metadata": {"name": name, "uid": metadata.uid},
        "status": next,
    });
    let params = PatchParams::apply(FIELD_MANAGER).force();
    match untyped::<K>(client, metadata)
        .patch_status(name, &params, &Patch::Apply(&patch))
        .await
    {
        Ok(_) => Ok(true),
        // The object is gone, or was made again: nobody waits for this status.
        Err(kube::Error::Api(status)) if status.code == 404 || status.code == 409 => Ok(false),
        Err(error) => Err(error),
    }
}

/// The status that the API server holds, where it can be read apart from a spec that cannot; `None` when it is gone.
pub async fn read_of<K, S>(client: &Client, metadata: &ObjectMeta) -> Result<Option<S>, kube::Error>
where
    K: Resource<DynamicType = (), Scope = NamespaceResourceScope>,
    S: DeserializeOwned + Default,
{
    // A list of one: the operator may list and watch these, and needs no right to get them for anything else.
    let name = metadata.name.as_deref().unwrap_or_default();
    let this = ListParams::default().fields(&format!("metadata.name={name}"));
    let mut found = untyped::<K>(client, metadata).list(&this).await?;
    Ok(found.items.pop().map(|object| {
        let status = object.data.get("status").cloned();
        status
            .and_then(|status| serde_json::from_value(status).ok())
            .unwrap_or_default()
    }))
}

fn untyped<K>(client: &Client, metadata: &ObjectMeta) -> Api<DynamicObject>
where
    K: Resource<DynamicType = (), Scope = NamespaceResourceScope>,
{
    let namespace = metadata.namespace.as_deref().unwrap_or_default();
    Api::namespaced_with(client.clone(), namespace, &ApiResource::erase::<K>(&()))
}
