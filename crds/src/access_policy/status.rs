//! What the operator reports of a policy.

use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{AllServiceAccounts, NamedServiceAccount, PolicySubject, SubjectMember};
use crate::condition::{self, Condition};

/// What the operator reports of a policy.
#[derive(Clone, Debug, Default, Deserialize, KubeSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AccessPolicyStatus {
    /// The metadata.generation that this status is about; -1 until the operator has seen the object.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
    /// The generation of the compiled policy that holds this one and that every replica confirmed, such as 4-118.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 48))]
    pub enforced_generation: Option<String>,
    /// The policy in a few words, for kubectl get.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub summary: Option<PolicySummary>,
    /// The subjects, in the order of the spec, with what their names were resolved to.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 64))]
    #[x_kube(merge_strategy = ListMerge::Atomic)]
    pub subjects: Vec<SubjectStatus>,
    /// Ready, Enforced and SubjectsResolved; Reconciling and Stalled only while true.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(schema_with = "condition::list_schema")]
    pub conditions: Vec<Condition>,
}

/// A policy in a few words: of each list as much as fits, and how many more there are.
#[derive(Clone, Debug, Default, Deserialize, Eq, KubeSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PolicySummary {
    /// Whom it is about: NAMESPACE/NAME for a service account, NAMESPACE/* for all of a namespace.
    #[schemars(length(max = 384))]
    pub subjects: String,
    /// Which objects it is about.
    #[schemars(length(max = 384))]
    pub objects: String,
    /// What it allows or denies: the role, or the permissions.
    #[schemars(length(max = 384))]
    pub permissions: String,
}

/// A subject and what its names were resolved to.
#[derive(Clone, Debug, Deserialize, Eq, KubeSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SubjectStatus {
    /// The service account, where the subject is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service_account: Option<NamedServiceAccount>,
    /// The namespace, where the subject is all its service accounts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub all_service_accounts: Option<AllServiceAccounts>,
    /// The UID that the namespace had when the subject was first resolved. Another namespace of that name is not
    /// meant until the subject is removed and added again.
    #[serde(rename = "namespaceUID", skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 64))]
    pub namespace_uid: Option<String>,
    /// Resolved: in force. NotFound: there is no such account or namespace yet. NamespaceReplaced: the namespace was
    /// deleted and made again, and the subject must be removed and added again to mean the new one.
    pub state: SubjectState,
}

impl SubjectStatus {
    /// The subject; `None` where it is not exactly one.
    pub fn member(&self) -> Option<SubjectMember> {
        let subject = PolicySubject {
            service_account: self.service_account.clone(),
            all_service_accounts: self.all_service_accounts.clone(),
        };
        subject.checked(0).ok()
    }
}

/// What a subject's names were resolved to.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[schemars(transform = crate::schema::undescribed)]
pub enum SubjectState {
    /// The account, or the namespace, is there and in force.
    Resolved,
    /// There is no such account or namespace yet.
    NotFound,
    /// The namespace was deleted and made again.
    NamespaceReplaced,
    /// A value of a newer release.
    #[serde(other)]
    #[schemars(skip)]
    Unknown,
}
