//! Publishes status: only when it says something new, with an event when `Ready` has another reason than before.
//!
//! An event is a warning where something is wrong, and only there, so that people can be woken by warnings.

use k8s_openapi::{api::core::v1::ObjectReference, apimachinery::pkg::apis::meta::v1::Condition};
use kube::{
    Api, Client, Resource,
    api::{ApiResource, DynamicObject, ListParams, ObjectMeta, Patch, PatchParams},
    core::NamespaceResourceScope,
    runtime::events::EventType,
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::json;
use strongroom_crds::ApiError;

use crate::{
    conditions::{Conditioned, STARTING, ready},
    context::Context,
    events,
};

/// The manager of the status fields, apart from that of other objects.
const FIELD_MANAGER: &str = "strongroom-operator-status";

/// Why `Ready` is false while nothing is wrong: what starts becomes ready, and what its owner stopped stands still.
const EXPECTED: [&str; 5] = [STARTING, "VaultStarting", "NotConfirmed", "Pausing", "Paused"];

/// What publishing a status changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Changed {
    /// Whether the status was written.
    pub status: bool,
    /// Whether it was, and `Ready` has another reason than before.
    pub reason: bool,
}

/// Writes `next` as the status of `object` unless `previous` says the same, and an event when the reason of `Ready`
/// changed. `action` is what the operator did to find out, for the event. Errors: the API server did not take the
/// status; an object that is gone is no error.
pub async fn publish<K, S>(
    context: &Context,
    object: &K,
    previous: Option<&S>,
    next: &S,
    action: &str,
) -> Result<Changed, ApiError>
where
    K: Resource<DynamicType = (), Scope = NamespaceResourceScope>,
    S: Serialize + PartialEq + Conditioned,
{
    publish_by::<K, S>(context, object.meta(), previous, next, action).await
}

/// The same by the metadata alone, for an object whose spec cannot be read.
pub async fn publish_by<K, S>(
    context: &Context,
    metadata: &ObjectMeta,
    previous: Option<&S>,
    next: &S,
    action: &str,
) -> Result<Changed, ApiError>
where
    K: Resource<DynamicType = (), Scope = NamespaceResourceScope>,
    S: Serialize + PartialEq + Conditioned,
{
    let status = previous != Some(next) && write::<K, S>(&context.client, metadata, next).await?;
    let before = previous.and_then(|previous| ready(previous.conditions()));
    let now = ready(next.conditions());
    let now = now.filter(|now| status && before.is_none_or(|before| before.reason != now.reason));
    if let Some(ready) = now {
        let type_ = event_type(ready);
        let about = reference::<K>(metadata);
        events::publish(context, &about, type_, &ready.reason, action, &ready.message).await;
    }
    Ok(Changed {
        status,
        reason: now.is_some(),
    })
}

fn event_type(ready: &Condition) -> EventType {
    if ready.status == "True" || EXPECTED.contains(&ready.reason.as_str()) {
        EventType::Normal
    } else {
        EventType::Warning
    }
}

fn reference<K: Resource<DynamicType = ()>>(metadata: &ObjectMeta) -> ObjectReference {
    ObjectReference {
        api_version: Some(K::api_version(&()).into_owned()),
        kind: Some(K::kind(&()).into_owned()),
        name: metadata.name.clone(),
        namespace: metadata.namespace.clone(),
        uid: metadata.uid.clone(),
        ..ObjectReference::default()
    }
}

/// Writes a status. Returns whether the object was still there.
async fn write<K, S>(client: &Client, metadata: &ObjectMeta, next: &S) -> Result<bool, ApiError>
where
    K: Resource<DynamicType = (), Scope = NamespaceResourceScope>,
    S: Serialize,
{
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
        // The object is gone, or was made again: this status has no reader.
        Err(kube::Error::Api(status)) if status.code == 404 || status.code == 409 => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// The status that the API server holds, where it can be read apart from a spec that cannot; `None` when it is gone.
pub async fn read<K, S>(client: &Client, metadata: &ObjectMeta) -> Result<Option<S>, ApiError>
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
