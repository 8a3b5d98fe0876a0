//! `Vault`: one vault server with its storage, seal, soft delete, network and pod.

mod key_release;
mod limits;
mod network;
mod pod_template;
mod seal;
mod soft_delete;
mod status;
mod storage;

use std::time::Duration;

use jiff::SignedDuration;
use kube::{CustomResource, KubeSchema};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use key_release::{AttestationAuthority, AuthorityKey, KeyRelease};
pub use limits::Limits;
pub use network::{DefaultAction, LabelSelector, Network};
pub use pod_template::{
    PodTemplate, ResourceAmounts, Resources, Toleration, TolerationEffect, TolerationOperator,
};
pub use seal::{Seal, SealType};
pub use soft_delete::SoftDelete;
pub use status::{StoredSoftDelete, VaultPolicyStatus, VaultStatus, VaultUsage};
pub use storage::{EmbeddedStorage, Storage, StorageBackend, StorageType};

/// What a vault is: `{}` is a working one.
#[derive(CustomResource, KubeSchema, Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[kube(
    group = "strongroom.dev",
    version = "v1alpha1",
    kind = "Vault",
    namespaced,
    status = "VaultStatus",
    derive = "PartialEq",
    category = "strongroom",
    shortname = "vlt",
    doc = "A key vault: a server that keeps secrets and speaks the Azure Key Vault REST API. It serves https://NAME.NAMESPACE.svc. Keep the vaults of one owner in one namespace, and no app pods beside them: the namespace is the trust boundary.",
    validation = Rule::new("self.metadata.name.matches('^[a-z]([-a-z0-9]{0,38}[a-z0-9])?$')").message("A vault name is 1 to 40 lower-case letters, digits and dashes, starts with a letter and does not end with a dash."),
    validation = Rule::new("self.metadata.name != 'kubernetes'").message("A vault cannot be named kubernetes: in namespace default its address would be the API server's, and tokens for one would be good for the other."),
    validation = Rule::new("self.spec.softDelete.retentionDays == oldSelf.spec.softDelete.retentionDays || (has(self.status) && has(self.status.softDelete) && self.spec.softDelete.retentionDays == self.status.softDelete.retentionDays)").message("softDelete.retentionDays cannot change after the vault is created, but to the days of status.softDelete, which the vault keeps."),
    printcolumn(name = "Ready", type_ = "string", json_path = r#".status.conditions[?(@.type=="Ready")].status"#, description = "Whether the vault does what its spec says"),
    printcolumn(name = "Status", type_ = "string", json_path = r#".status.conditions[?(@.type=="Ready")].reason"#, description = "Why it is, or is not, ready"),
    printcolumn(name = "URI", type_ = "string", json_path = ".status.uri", description = "Where the vault answers"),
    printcolumn(name = "Version", type_ = "string", json_path = ".status.version", description = "The release that the vault runs"),
    printcolumn(name = "Policies", type_ = "integer", json_path = ".status.policy.policies", description = "How many AccessPolicies it decides by"),
    printcolumn(name = "Age", type_ = "date", json_path = ".metadata.creationTimestamp")
)]
#[x_kube(
    validation = Rule::new("self.storage.type == oldSelf.storage.type").message("storage.type cannot change: create another vault and restore a backup into it."),
    validation = Rule::new("!has(oldSelf.storage.embedded) || !has(self.storage.embedded) || (has(self.storage.embedded.storageClassName) == has(oldSelf.storage.embedded.storageClassName) && (!has(self.storage.embedded.storageClassName) || self.storage.embedded.storageClassName == oldSelf.storage.embedded.storageClassName))").message("storage.embedded.storageClassName cannot change: a volume keeps the class it was made with."),
    validation = Rule::new("!has(oldSelf.storage.embedded) || !has(self.storage.embedded) || !isQuantity(self.storage.embedded.size) || quantity(self.storage.embedded.size).compareTo(quantity(oldSelf.storage.embedded.size)) >= 0").message("storage.embedded.size can grow but not shrink."),
    validation = Rule::new("self.seal.type == oldSelf.seal.type").message("seal.type cannot change by editing the vault: moving to another seal is an action of its own."),
    validation = Rule::new("!oldSelf.softDelete.purgeProtection || self.softDelete.purgeProtection").message("softDelete.purgeProtection cannot be switched off again.")
)]
#[serde(rename_all = "camelCase")]
pub struct VaultSpec {
    /// What to do when the vault's volume or seal key exist already. Default: refuse to start beside retained data, so
    /// that nothing is opened or overwritten by accident. Recover: adopt what an earlier vault of this name left
    /// behind. Default: Default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub create_mode: Option<CreateMode>,
    /// What happens to the volume and the seal key when the vault is deleted. Retain keeps both, for createMode
    /// Recover; Delete destroys both, and with them every secret. Default: Retain.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deletion_policy: Option<DeletionPolicy>,
    /// Whether the vault is stopped, with its volume, seal key and address kept: for a copy of its files, or to keep it from
    /// serving. A paused vault answers nothing; mounted files stay as they are. Set it back to false to start the vault
    /// again. Default: false.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub paused: Option<bool>,
    /// Where the data lies. Default: {type: Embedded, embedded: {size: 1Gi}}.
    #[serde(default)]
    pub storage: Storage,
    /// What protects the key that opens the data. Default: {type: KubernetesSecret}.
    #[serde(default)]
    pub seal: Seal,
    /// How long deleted objects can be recovered, and whether they can be purged before. The vault stores both at its first
    /// start and keeps them for life, through deletion, recovery and restore: later it takes on purge protection, and
    /// nothing else. A vault whose spec says otherwise than status.softDelete is Stalled with SoftDeleteDiffers, and serves
    /// by what it stores. Default: {retentionDays: 90, purgeProtection: false}.
    #[serde(default)]
    pub soft_delete: SoftDelete,
    /// How much the vault keeps. Absent: 500 versions of each object, and objects
    /// of 380Mi in a volume of 1Gi.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limits: Option<Limits>,
    /// How the vault treats a policy that the operator has not confirmed for long. Absent: the vault decides by the last
    /// policy for as long as the operator is away. The vault's metric strongroom_policy_staleness_seconds shows for how
    /// long that is; no condition does, since it is the operator that writes those.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy: Option<PolicyEnforcement>,
    /// To which environments keys may be released. Absent: no key leaves the vault.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key_release: Option<KeyRelease>,
    /// Who can reach the vault over the network. Absent: only Strongroom's own components, which is enough for pods
    /// that mount a SecretRef; pods that call the vault themselves need namespaceSelector.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub network: Option<Network>,
    /// What the vault's pod asks of the cluster: a closed subset of a pod template. Its priority is the installer's to
    /// choose, by the chart's value vault.priorityClassName.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pod_template: Option<PodTemplate>,
}

/// What to do with data that an earlier vault of this name left.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[schemars(transform = crate::schema::undescribed)]
pub enum CreateMode {
    /// Start empty, and refuse to start where data was retained.
    #[default]
    Default,
    /// Adopt the retained volume and seal key.
    Recover,
    /// A value of a newer release.
    #[serde(other)]
    #[schemars(skip)]
    Unknown,
}

/// What deletion does to the volume and the seal key.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[schemars(transform = crate::schema::undescribed)]
pub enum DeletionPolicy {
    /// Keep both.
    #[default]
    Retain,
    /// Destroy both.
    Delete,
    /// A value of a newer release.
    #[serde(other)]
    #[schemars(skip)]
    Unknown,
}

/// How the vault treats a policy that nobody confirms.
#[derive(Clone, Debug, Deserialize, KubeSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PolicyEnforcement {
    /// How long the vault goes on deciding by a policy that the operator no longer confirms, from 1m to 720h; then it
    /// refuses every request until the operator is back. A duration in hours, minutes and seconds, such as 24h.
    #[schemars(length(min = 2, max = 16))]
    #[x_kube(validation = Rule::new("self.matches('^([0-9]{1,7}[hms]){1,3}$') && duration(self) >= duration('1m') && duration(self) <= duration('720h')").message("maxStaleness is a duration from 1m to 720h in hours, minutes and seconds, such as 24h."))]
    pub max_staleness: String,
}

/// Why the spec of a vault cannot be acted on by this release.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum VaultSpecError {
    /// An enum holds a value that this release does not know.
    #[error("spec.{field} holds a value that this release does not know")]
    UnknownValue {
        /// The field, from `spec` on.
        field: &'static str,
    },
    /// The member that the union's type names is missing.
    #[error("spec.{field} is missing")]
    MissingMember {
        /// The field, from `spec` on.
        field: &'static str,
    },
    /// A text is not the value it should be.
    #[error("spec.{field} is not {expected}")]
    Malformed {
        /// The field, from `spec` on.
        field: &'static str,
        /// What it should be.
        expected: &'static str,
    },
}

impl VaultSpec {
    /// What to do with retained data.
    pub fn create_mode(&self) -> Result<CreateMode, VaultSpecError> {
        match self.create_mode.unwrap_or_default() {
            CreateMode::Unknown => Err(VaultSpecError::UnknownValue { field: "createMode" }),
            known => Ok(known),
        }
    }

    /// Whether the vault is to stand still.
    pub fn is_paused(&self) -> bool {
        self.paused.unwrap_or_default()
    }

    /// What deletion does to volume and seal key.
    pub fn deletion_policy(&self) -> Result<DeletionPolicy, VaultSpecError> {
        match self.deletion_policy.unwrap_or_default() {
            DeletionPolicy::Unknown => Err(VaultSpecError::UnknownValue {
                field: "deletionPolicy",
            }),
            known => Ok(known),
        }
    }

    /// How long an unconfirmed policy stays in force; `None` is for ever.
    pub fn max_staleness(&self) -> Result<Option<Duration>, VaultSpecError> {
        let Some(policy) = &self.policy else {
            return Ok(None);
        };
        policy
            .max_staleness
            .parse::<SignedDuration>()
            .ok()
            .and_then(|staleness| Duration::try_from(staleness).ok())
            .map(Some)
            .ok_or(VaultSpecError::Malformed {
                field: "policy.maxStaleness",
                expected: "a duration",
            })
    }

    /// Refuses a spec that holds anything this release does not know, whichever part it is in.
    pub fn check(&self) -> Result<(), VaultSpecError> {
        self.create_mode()?;
        self.deletion_policy()?;
        self.storage.backend()?;
        self.seal.check()?;
        self.max_staleness()?;
        if let Some(limits) = &self.limits {
            limits.object_bytes()?;
        }
        if let Some(network) = &self.network {
            network.check()?;
        }
        self.pod_template.as_ref().map_or(Ok(()), PodTemplate::check)
    }
}
