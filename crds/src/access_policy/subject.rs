//! Who a policy is about.

use kube::KubeSchema;
use serde::{Deserialize, Serialize};
use strongroom_core::AccountName;

use super::{NamespaceName, PolicySpecError, rule};

/// Who a policy is about: exactly one member.
#[derive(Clone, Debug, Deserialize, Eq, KubeSchema, PartialEq, Serialize)]
#[x_kube(validation = Rule::new("has(self.serviceAccount) != has(self.allServiceAccounts)").message("A subject is exactly one of serviceAccount and allServiceAccounts."))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PolicySubject {
    /// One service account.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service_account: Option<NamedServiceAccount>,
    /// Every service account of a namespace, also those made later.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub all_service_accounts: Option<AllServiceAccounts>,
}

/// One service account.
#[derive(Clone, Debug, Deserialize, Eq, KubeSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NamedServiceAccount {
    /// The namespace of the service account.
    #[schemars(length(min = 1, max = 63))]
    #[x_kube(validation = rule::namespace_name())]
    pub namespace: String,
    /// The name of the service account.
    #[schemars(length(min = 1, max = 253))]
    #[x_kube(validation = rule::service_account_name())]
    pub name: String,
}

/// Every service account of a namespace.
#[derive(Clone, Debug, Deserialize, Eq, KubeSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AllServiceAccounts {
    /// The namespace whose service accounts are meant.
    #[schemars(length(min = 1, max = 63))]
    #[x_kube(validation = rule::namespace_name())]
    pub namespace: String,
}

/// Who a policy is about, with the one member that is set.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum SubjectMember {
    /// One service account.
    ServiceAccount(AccountName),
    /// Every service account of a namespace.
    #[allow(missing_docs, reason = "the names of the fields say what they hold")]
    AllServiceAccounts { namespace: NamespaceName },
}

impl PolicySubject {
    /// The member that is set; `index` is the subject's place in its list.
    pub(super) fn checked(&self, index: usize) -> Result<SubjectMember, PolicySpecError> {
        let namespace = |text: &str| {
            text.parse()
                .map_err(|source| PolicySpecError::Namespace { index, source })
        };
        match (&self.service_account, &self.all_service_accounts) {
            (Some(account), None) => Ok(SubjectMember::ServiceAccount(AccountName {
                namespace: namespace(&account.namespace)?,
                name: account
                    .name
                    .parse()
                    .map_err(|source| PolicySpecError::Account { index, source })?,
            })),
            (None, Some(all)) => Ok(SubjectMember::AllServiceAccounts {
                namespace: namespace(&all.namespace)?,
            }),
            (Some(_), Some(_)) | (None, None) => Err(PolicySpecError::Subject { index }),
        }
    }
}
