//! What the operator remembers of a vault outside of it: a ConfigMap in the namespace of the release, named after the
//! Vault object. Nothing that a vault says chooses which object is read or written.
//!
//! Written against the version that was read, never by force: of two writers one reads again.

use k8s_openapi::api::core::v1::ConfigMap;
use kube::{
    Api, Client, ResourceExt,
    api::{ListParams, Patch, PatchParams, PostParams},
};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use strongroom_core::{NamespaceName, VaultRef};
use strongroom_crds::ApiError;
use strongroom_wire::admin::{Anchor, BundleId};
use uuid::Uuid;

use crate::object::FIELD_MANAGER;

/// The label that finds the record of the vault with an id.
const VAULT_ID: &str = "strongroom.dev/vault-id";

/// Why what is remembered of a vault cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// The API server refused or did not answer; another writer was first, too.
    #[error("cannot keep what is remembered of the vault")]
    Api(#[source] ApiError),
    /// The ConfigMap holds something else than what the operator writes there.
    #[error("the ConfigMap {0} does not hold what the operator wrote")]
    Unreadable(String),
}

/// What is remembered of a vault.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names of the fields say what they hold")]
pub struct Record {
    /// The UID of the Vault object.
    pub uid: String,
    /// The id that the vault made at its first start.
    pub id: Uuid,
    pub anchor: Anchor,
    /// The bundle that was brought to it last.
    pub pushed: Option<Pushed>,
    pub used: Used,
}

/// The annotations of acceptance that have acted. One acts again only after it was removed.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(default)]
pub struct Used {
    /// Of an older store: the value.
    pub rollback: Option<String>,
    /// Of an audit log: the value.
    pub audit_log: Option<String>,
}

/// A bundle that an operator brought. Bytes with this hash are the ones that it made.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Pushed {
    /// Its id.
    pub bundle: BundleId,
    /// How many bytes it has.
    pub bytes: usize,
}

/// A record as it was read or written last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// What it says.
    pub record: Record,
    version: Option<String>,
}

#[cfg(test)]
impl Kept {
    /// A record as if it had been read.
    pub(crate) const fn read(record: Record) -> Self {
        Self {
            record,
            version: None,
        }
    }
}

/// The records of an installation.
#[derive(Clone)]
pub struct Records(Api<ConfigMap>);

/// No name of a namespace has a dot: two vaults have two names. At most 122 letters.
fn name(vault: &VaultRef) -> String {
    format!("strongroom-anchor-{}.{}", vault.namespace, vault.name)
}

/// What earlier builds named the anchor of the vault with an id.
fn earlier_name(id: Uuid) -> String {
    format!("strongroom-anchor-{id}")
}

impl Records {
    /// The records in the namespace of the release.
    pub fn new(client: &Client, release: &NamespaceName) -> Self {
        Self(Api::namespaced(client.clone(), release.as_str()))
    }

    /// Reads the record of a vault.
    pub async fn load(&self, vault: &VaultRef) -> Result<Option<Kept>, RecordError> {
        let found = self.0.get_opt(&name(vault)).await.map_err(unheard)?;
        found.as_ref().map(parse).transpose()
    }

    /// Writes the record of a vault over what was read of it.
    pub async fn store(
        &self,
        vault: &VaultRef,
        before: Option<&Kept>,
        record: Record,
    ) -> Result<Kept, RecordError> {
        let manager = Some(FIELD_MANAGER.to_owned());
        let written = if let Some(before) = before {
            let object = write(vault, &record, before.version.as_deref())?;
            let params = PatchParams {
                field_manager: manager,
                ..PatchParams::default()
            };
            self.0.patch(&name(vault), &params, &Patch::Merge(&object)).await
        } else {
            let object = serde_json::from_value(write(vault, &record, None)?).map_err(unwritten)?;
            let params = PostParams {
                field_manager: manager,
                ..PostParams::default()
            };
            self.0.create(&params, &object).await
        };
        let version = written.map_err(unheard)?.resource_version();
        Ok(Kept { record, version })
    }

    /// Another vault whose record has this id, by its namespace and name.
    pub async fn other_with(&self, id: Uuid, vault: &VaultRef) -> Result<Option<String>, RecordError> {
        let params = ListParams::default().labels(&format!("{VAULT_ID}={id}"));
        let found = self.0.list(&params).await.map_err(unheard)?;
        let ours = name(vault);
        let other = found.items.into_iter().find(|map| map.name_any() != ours);
        Ok(other.map(|map| text(&map, "vault").unwrap_or_default().to_owned()))
    }

    /// Reads the anchor that an earlier build kept under the id of a vault, unless it was emptied.
    pub async fn earlier(&self, id: Uuid) -> Result<Option<Anchor>, RecordError> {
        let name = earlier_name(id);
        let found = self.0.get_opt(&name).await.map_err(unheard)?;
        let found = found.filter(|map| text(map, "anchor").is_some());
        found.map(|map| json_of(&map, "anchor")).transpose()
    }

    /// Empties it: the operator has no right to delete anything.
    pub async fn empty_earlier(&self, id: Uuid) -> Result<(), RecordError> {
        let nothing = Patch::Merge(json!({"data": null}));
        let emptied = self
            .0
            .patch(&earlier_name(id), &PatchParams::default(), &nothing)
            .await;
        emptied.map(drop).map_err(unheard)
    }
}

/// The ConfigMap; over the one of this version, where there is one.
fn write(vault: &VaultRef, record: &Record, version: Option<&str>) -> Result<Value, RecordError> {
    Ok(json!({
        "apiVersion": "v1", "kind": "ConfigMap",
        "metadata": {
            "name": name(vault),
            "labels": {"app.kubernetes.io/managed-by": "strongroom-operator", VAULT_ID: record.id},
            "resourceVersion": version,
        },
        "data": {
            "vault": vault.to_string(), "uid": record.uid, "id": record.id,
            "anchor": serde_json::to_string(&record.anchor).map_err(unwritten)?,
            "policy": serde_json::to_string(&record.pushed).map_err(unwritten)?,
            "used": serde_json::to_string(&record.used).map_err(unwritten)?,
        },
    }))
}

fn unwritten(error: serde_json::Error) -> RecordError {
    unheard(kube::Error::SerdeError(error))
}

fn unheard(error: kube::Error) -> RecordError {
    RecordError::Api(error.into())
}

fn parse(map: &ConfigMap) -> Result<Kept, RecordError> {
    let unreadable = || RecordError::Unreadable(map.name_any());
    let id = text(map, "id").and_then(|id| id.parse().ok());
    Ok(Kept {
        record: Record {
            uid: text(map, "uid").ok_or_else(unreadable)?.to_owned(),
            id: id.ok_or_else(unreadable)?,
            anchor: json_of(map, "anchor")?,
            pushed: json_of(map, "policy")?,
            // Records of earlier builds have none.
            used: if text(map, "used").is_some() {
                json_of(map, "used")?
            } else {
                Used::default()
            },
        },
        version: map.resource_version(),
    })
}

fn text<'a>(map: &'a ConfigMap, key: &str) -> Option<&'a str> {
    map.data.as_ref()?.get(key).map(String::as_str)
}

fn json_of<T: DeserializeOwned>(map: &ConfigMap, key: &str) -> Result<T, RecordError> {
    text(map, key)
        .and_then(|text| serde_json::from_str(text).ok())
        .ok_or_else(|| RecordError::Unreadable(map.name_any()))
}
