//! What the operator reports of a `SecretRef`.

use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use strongroom_core::ObjectState;

use crate::condition::{self, Condition};

/// What the operator reports of a `SecretRef`.
#[derive(Clone, Debug, Default, Deserialize, KubeSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SecretRefStatus {
    /// The metadata.generation that this status is about; -1 until the operator has seen the object.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
    /// The last metadata.generation that the operator has announced to the vaults, so that mounted volumes follow it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub announced_generation: Option<i64>,
    /// The files, each with what the vault would give the named service account now.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 64))]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["path".to_owned()]))]
    pub files: Vec<FileStatus>,
    /// How many volumes of pods show these files, as their nodes acknowledged it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub volumes: Option<VolumeCounts>,
    /// Ready and Authorized; Reconciling and Stalled only while true.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(schema_with = "condition::list_schema")]
    pub conditions: Vec<Condition>,
}

/// One file and what the vault would give for it.
#[derive(Clone, Debug, Deserialize, Eq, KubeSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FileStatus {
    /// The file's path, as in the spec.
    #[schemars(length(min = 1, max = 200))]
    pub path: String,
    /// Available: it can be mounted. Forbidden: no policy lets the account read it; whether the object exists is then
    /// not said. NotFound: there is no such object or version. Deleted: it is deleted and can be recovered. Disabled:
    /// its owner disabled it.
    pub state: FileState,
    /// The version that the file would have.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 32))]
    pub version: Option<String>,
}

/// What the vault would give for a file.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[schemars(transform = crate::schema::undescribed)]
pub enum FileState {
    /// It can be mounted.
    Available,
    /// No policy lets the account read it.
    Forbidden,
    /// There is no such object or version.
    NotFound,
    /// It is deleted and can be recovered.
    Deleted,
    /// Its owner disabled it.
    Disabled,
    /// A value of a newer release.
    #[serde(other)]
    #[schemars(skip)]
    Unknown,
}

impl From<ObjectState> for FileState {
    fn from(state: ObjectState) -> Self {
        match state {
            ObjectState::Available(_) => Self::Available,
            ObjectState::Forbidden => Self::Forbidden,
            ObjectState::NotFound => Self::NotFound,
            ObjectState::Deleted => Self::Deleted,
            ObjectState::Disabled => Self::Disabled,
        }
    }
}

/// How many volumes show the files of a `SecretRef`.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, KubeSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct VolumeCounts {
    /// Volumes that are mounted.
    #[schemars(range(min = 0))]
    pub total: i32,
    /// Volumes whose files are the newest.
    #[schemars(range(min = 0))]
    pub current: i32,
    /// Volumes that a newer version has not reached yet.
    #[schemars(range(min = 0))]
    pub outdated: i32,
    /// Volumes whose last change could not be written.
    #[schemars(range(min = 0))]
    pub failing: i32,
}
