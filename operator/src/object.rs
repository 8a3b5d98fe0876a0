//! The kinds of object the operator makes, and the one way it reads and writes them.

use kube::{
    Api, Client,
    api::{ApiResource, DynamicObject, Patch, PatchParams, PostParams},
};
use serde_json::Value;
use strongroom_crds::ApiError;

/// The operator's name as the manager of fields.
pub const FIELD_MANAGER: &str = "strongroom-operator";

/// A kind of object that a vault is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// `v1 ServiceAccount`
    ServiceAccount,
    /// `v1 Secret`
    Secret,
    /// `v1 ConfigMap`
    ConfigMap,
    /// `v1 Service`
    Service,
    /// `v1 PersistentVolumeClaim`
    PersistentVolumeClaim,
    /// `networking.k8s.io/v1 NetworkPolicy`
    NetworkPolicy,
    /// `apps/v1 StatefulSet`
    StatefulSet,
}

impl Kind {
    /// Its name in manifests.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ServiceAccount => "ServiceAccount",
            Self::Secret => "Secret",
            Self::ConfigMap => "ConfigMap",
            Self::Service => "Service",
            Self::PersistentVolumeClaim => "PersistentVolumeClaim",
            Self::NetworkPolicy => "NetworkPolicy",
            Self::StatefulSet => "StatefulSet",
        }
    }

    /// Its group, version and plural.
    pub fn resource(self) -> ApiResource {
        use k8s_openapi::api::{
            apps::v1::StatefulSet,
            core::v1::{ConfigMap, PersistentVolumeClaim, Secret, Service, ServiceAccount},
            networking::v1::NetworkPolicy,
        };
        match self {
            Self::ServiceAccount => ApiResource::erase::<ServiceAccount>(&()),
            Self::Secret => ApiResource::erase::<Secret>(&()),
            Self::ConfigMap => ApiResource::erase::<ConfigMap>(&()),
            Self::Service => ApiResource::erase::<Service>(&()),
            Self::PersistentVolumeClaim => ApiResource::erase::<PersistentVolumeClaim>(&()),
            Self::NetworkPolicy => ApiResource::erase::<NetworkPolicy>(&()),
            Self::StatefulSet => ApiResource::erase::<StatefulSet>(&()),
        }
    }
}

/// One object to be there.
#[derive(Debug, Clone, PartialEq)]
#[allow(missing_docs, reason = "the names of the fields say what they hold")]
pub struct Desired {
    /// Decides the API path and the type of the object.
    pub kind: Kind,
    /// Its name, in the vault's namespace.
    pub name: String,
    pub object: Value,
}

/// The objects of one namespace.
#[derive(Clone)]
pub struct Objects {
    client: Client,
    namespace: String,
}

impl Objects {
    /// The objects of `namespace`.
    pub fn new(client: Client, namespace: &str) -> Self {
        Self {
            client,
            namespace: namespace.to_owned(),
        }
    }

    fn api(&self, kind: Kind) -> Api<DynamicObject> {
        Api::namespaced_with(self.client.clone(), &self.namespace, &kind.resource())
    }

    /// Reads an object; `None` when it does not exist.
    pub async fn get(&self, kind: Kind, name: &str) -> Result<Option<DynamicObject>, ApiError> {
        Ok(self.api(kind).get_opt(name).await?)
    }

    /// Makes the object what `object` says, in the fields that it says anything about.
    pub async fn apply(&self, kind: Kind, name: &str, object: &Value) -> Result<DynamicObject, ApiError> {
        let params = PatchParams::apply(FIELD_MANAGER).force();
        let applied = self.api(kind).patch(name, &params, &Patch::Apply(object)).await;
        Ok(applied?)
    }

    /// Creates an object. Errors: one of that name exists, too.
    pub async fn create(&self, kind: Kind, object: &Value) -> Result<DynamicObject, ApiError> {
        let object = serde_json::from_value(object.clone()).map_err(kube::Error::SerdeError)?;
        let params = PostParams {
            field_manager: Some(FIELD_MANAGER.to_owned()),
            ..PostParams::default()
        };
        Ok(self.api(kind).create(&params, &object).await?)
    }

    /// Changes some fields of an object.
    pub async fn merge(&self, kind: Kind, name: &str, patch: &Value) -> Result<DynamicObject, ApiError> {
        let params = PatchParams::default();
        Ok(self.api(kind).patch(name, &params, &Patch::Merge(patch)).await?)
    }
}

/// The text at `data.KEY` of a Secret (base64) or `ConfigMap`.
pub fn data_field<'a>(object: &'a DynamicObject, key: &str) -> Option<&'a str> {
    object.data.get("data")?.get(key)?.as_str()
}

/// The value at a JSON pointer of an object that the operator made; null where it has none.
pub fn subtree(object: &Value, pointer: &str) -> Value {
    object.pointer(pointer).cloned().unwrap_or_default()
}
