//! `AccessPolicy`: which service accounts may, or must not, do what with which objects of a vault.
//!
//! Reading is strict: a field that this release does not know is an error here, never skipped, since a skipped part of
//! a `Deny` would widen access. The API server prunes such fields only while its CRDs are not newer than this crate.

mod grant;
mod status;
mod subject;

use kube::{CustomResource, KubeSchema};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use strongroom_core::{NamespaceName, ObjectPattern, PermissionSet, VaultName};

use crate::rule;
pub use grant::{KeyPermission, Permissions, RoleField, SecretPermission};
pub use status::{AccessPolicyStatus, PolicySummary, SubjectState, SubjectStatus};
pub use subject::{AllServiceAccounts, NamedServiceAccount, PolicySubject, SubjectMember};

/// Who may do what with which objects.
#[derive(CustomResource, KubeSchema, Clone, Debug, Deserialize, PartialEq, Serialize)]
#[kube(
    group = "strongroom.dev",
    version = "v1alpha1",
    kind = "AccessPolicy",
    plural = "accesspolicies",
    namespaced,
    status = "AccessPolicyStatus",
    derive = "PartialEq",
    category = "strongroom",
    shortname = "apol",
    selectable = ".spec.vaultRef.name",
    selectable = ".spec.effect",
    doc = "Lets service accounts do things with objects of one vault, or forbids it. It lives in the vault's namespace. Without any policy nobody may do anything; a Deny wins over every Allow.",
    printcolumn(
        name = "Vault",
        type_ = "string",
        json_path = ".spec.vaultRef.name",
        description = "The vault it is about"
    ),
    printcolumn(
        name = "Effect",
        type_ = "string",
        json_path = ".spec.effect",
        description = "Allow or Deny"
    ),
    printcolumn(
        name = "Subjects",
        type_ = "string",
        json_path = ".status.summary.subjects",
        description = "Whom it is about"
    ),
    printcolumn(
        name = "Objects",
        type_ = "string",
        json_path = ".status.summary.objects",
        description = "Which objects it is about"
    ),
    printcolumn(
        name = "Permissions",
        type_ = "string",
        json_path = ".status.summary.permissions",
        description = "What it allows or denies"
    ),
    printcolumn(
        name = "Enforced",
        type_ = "string",
        json_path = r#".status.conditions[?(@.type=="Enforced")].status"#,
        description = "Whether every replica of the vault confirmed it"
    ),
    printcolumn(
        name = "Status",
        type_ = "string",
        json_path = r#".status.conditions[?(@.type=="Ready")].reason"#,
        description = "Why it is, or is not, ready"
    ),
    printcolumn(
        name = "Ready",
        type_ = "string",
        json_path = r#".status.conditions[?(@.type=="Ready")].status"#,
        description = "Whether the policy is understood and in force",
        priority = "1"
    ),
    printcolumn(name = "Age", type_ = "date", json_path = ".metadata.creationTimestamp")
)]
#[x_kube(
    validation = Rule::new("self.vaultRef.name == oldSelf.vaultRef.name").message("vaultRef cannot change: create another policy for the other vault."),
    validation = Rule::new("has(self.permissions) != has(self.role)").message("A policy has exactly one of permissions and role.")
)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AccessPolicySpec {
    /// The vault that the policy is about, in the policy's own namespace. It cannot change.
    pub vault_ref: LocalVaultRef,
    /// Allow lets the subjects do it; Deny forbids it, whatever else allows it.
    pub effect: EffectField,
    /// Who is meant: 1 to 64 service accounts, or all accounts of a namespace. An account is bound to its UID and its
    /// namespace's UID: an account of the same name in a re-created namespace is not meant until its subject is removed
    /// and added again.
    #[schemars(length(min = 1, max = 64))]
    #[x_kube(merge_strategy = ListMerge::Atomic)]
    pub subjects: Vec<PolicySubject>,
    /// Which objects are meant: 1 to 128 names, prefixes with a star (db-*), or * for every object. Letters, digits
    /// and dashes, at most 127; upper and lower case are the same.
    #[schemars(length(min = 1, max = 128), inner(length(min = 1, max = 128)))]
    #[x_kube(
        validation = Rule::new("self.all(pattern, pattern.matches('^[0-9a-zA-Z-]{0,127}[*]?$'))").message("Each entry of objects is a name, a prefix followed by one *, or * alone; names are 1 to 127 letters, digits and dashes."),
        merge_strategy = ListMerge::Atomic
    )]
    pub objects: Vec<String>,
    /// What the subjects may do, by Azure's names. Exactly one of permissions and role.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub permissions: Option<Permissions>,
    /// What the subjects may do, by the name of a built-in role: KeyVaultSecretsUser is get and list of secrets,
    /// KeyVaultSecretsOfficer everything with secrets; KeyVaultCryptoUser uses keys, KeyVaultCryptoOfficer does everything
    /// with keys, KeyVaultCryptoServiceEncryptionUser gets, lists, wraps and unwraps,
    /// KeyVaultCryptoServiceReleaseUser releases keys; KeyVaultCertificatesOfficer does everything with certificates but
    /// have the vault's own authorities issue and revoke, KeyVaultCertificateUser reads them with their keys and secrets. Exactly one of
    /// permissions and role.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<RoleField>,
}

/// A vault of the same namespace.
#[derive(Clone, Debug, Deserialize, Eq, KubeSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LocalVaultRef {
    /// The vault's name.
    #[schemars(length(min = 1, max = 40))]
    #[x_kube(validation = rule::vault_name())]
    pub name: String,
}

/// Whether a policy allows or denies.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[schemars(transform = crate::schema::undescribed)]
pub enum EffectField {
    /// It allows the subjects what it names.
    Allow,
    /// It denies the subjects what it names, whatever other policies allow.
    Deny,
    /// A value of a newer release.
    #[serde(other)]
    #[schemars(skip)]
    Unknown,
}

/// Why a policy cannot be read by this release. A policy that cannot be read must freeze grants, never be left out.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum PolicySpecError {
    /// An enum holds a value that this release does not know.
    #[error("spec.{field} holds a value that this release does not know")]
    UnknownValue {
        /// The field, from `spec` on.
        field: &'static str,
    },
    /// A subject that is not exactly one of the members this release knows.
    #[error("spec.subjects[{index}] is not exactly one of serviceAccount and allServiceAccounts")]
    Subject {
        /// The subject's place in the list, from 0.
        index: usize,
    },
    /// The namespace of a subject is malformed.
    #[error("spec.subjects[{index}] names no namespace: {source}")]
    Namespace {
        /// The subject's place in the list, from 0.
        index: usize,
        /// What a namespace's name is.
        source: strongroom_core::name::NameError,
    },
    /// The service account of a subject is malformed.
    #[error("spec.subjects[{index}] names no service account: {source}")]
    Account {
        /// The subject's place in the list, from 0.
        index: usize,
        /// What a service account's name is.
        source: strongroom_core::resource::ResourceNameError,
    },
    /// An object pattern cannot be parsed.
    #[error("spec.objects[{index}]: {source}")]
    Object {
        /// The pattern's place in the list, from 0.
        index: usize,
        /// What a pattern is.
        source: strongroom_core::pattern::PatternError,
    },
    /// The vault's name cannot be parsed.
    #[error("spec.vaultRef.name: {0}")]
    Vault(strongroom_core::name::NameError),
    /// Neither or both of permissions and role, or permissions without a permission.
    #[error("spec needs exactly one of permissions, with at least one permission, and role")]
    Grant,
}

impl AccessPolicySpec {
    /// The vault that the policy is about.
    pub fn vault(&self) -> Result<VaultName, PolicySpecError> {
        self.vault_ref.name.parse().map_err(PolicySpecError::Vault)
    }

    /// Whether the policy allows or denies.
    pub fn effect(&self) -> Result<strongroom_core::Effect, PolicySpecError> {
        match self.effect {
            EffectField::Allow => Ok(strongroom_core::Effect::Allow),
            EffectField::Deny => Ok(strongroom_core::Effect::Deny),
            EffectField::Unknown => Err(PolicySpecError::UnknownValue { field: "effect" }),
        }
    }

    /// Who is meant, in the order of the spec.
    pub fn subjects(&self) -> Result<Vec<SubjectMember>, PolicySpecError> {
        self.subjects
            .iter()
            .enumerate()
            .map(|(index, subject)| subject.checked(index))
            .collect()
    }

    /// Which objects are meant, in the order of the spec.
    pub fn objects(&self) -> Result<Vec<ObjectPattern>, PolicySpecError> {
        let parse = |(index, text): (usize, &String)| {
            text.parse()
                .map_err(|source| PolicySpecError::Object { index, source })
        };
        self.objects.iter().enumerate().map(parse).collect()
    }

    /// What the subjects may, or must not, do.
    pub fn permissions(&self) -> Result<PermissionSet, PolicySpecError> {
        let set = match (&self.permissions, self.role) {
            (Some(permissions), None) => permissions.to_set()?,
            (None, Some(role)) => role.to_set()?,
            (Some(_), Some(_)) | (None, None) => return Err(PolicySpecError::Grant),
        };
        if set.is_empty() {
            Err(PolicySpecError::Grant)
        } else {
            Ok(set)
        }
    }
}
