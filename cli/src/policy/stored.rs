//! The policies of a namespace, for commands that ask about several objects.

use kube::api::DynamicObject;
use strongroom_core::{PolicyCheck, Uid};

use super::{
    decide::{Existence, Origin, PolicyAnswer, PolicyQuestion, answer},
    read::{self, StoredPolicy},
};

/// The policies as they are stored.
#[derive(Debug, Clone)]
pub(crate) struct StoredPolicies(Vec<StoredPolicy>);

/// What they say about one object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PolicyVerdict {
    pub(crate) allowed: bool,
    /// A sentence.
    pub(crate) reason: String,
    /// The policy that decided.
    pub(crate) policy: Option<String>,
    /// Whether the vault decides so already.
    pub(crate) confirmed: bool,
}

impl StoredPolicies {
    /// Reads them.
    pub(crate) fn read(objects: &[DynamicObject]) -> Self {
        Self(read::policies(objects))
    }

    /// How many there are.
    pub(crate) const fn len(&self) -> usize {
        self.0.len()
    }

    /// Those that this release cannot read.
    pub(crate) fn unreadable(&self) -> Vec<&str> {
        let unreadable = self.0.iter().filter(|policy| policy.content.is_err());
        unreadable.map(|policy| policy.name.as_str()).collect()
    }

    /// Decides as the vault would once it has these policies. `uid` is the account's, if it exists.
    pub(crate) fn decide(&self, check: &PolicyCheck, uid: Option<&Uid>) -> PolicyVerdict {
        let question = PolicyQuestion {
            vault: check.vault.clone(),
            account: check.account.clone(),
            permission: check.permission,
            object: check.object.clone(),
        };
        let existence = if uid.is_some() {
            Existence::Exists
        } else {
            Existence::Missing
        };
        let PolicyAnswer {
            allowed,
            reason,
            policy,
            confirmed,
            ..
        } = answer(&question, existence, Origin::Cluster, &self.0);
        PolicyVerdict {
            allowed,
            reason,
            policy,
            confirmed: confirmed.unwrap_or(false),
        }
    }
}
