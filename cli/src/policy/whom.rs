//! Whom policies are about, told by names. Pure.

use std::{collections::BTreeSet, fmt};

use strongroom_core::{AccountName, Effect, NamespaceName, VaultName, VaultRef};
use strongroom_crds::access_policy::{SubjectMember, SubjectState};

use super::read::{PolicyContent, StoredPolicy};

/// Accounts that policies decide alike.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Whom {
    /// One account.
    Account(AccountName),
    /// Every account of a namespace that is not named by itself, those that are yet to be made included.
    Others(NamespaceName),
}

impl Whom {
    fn of(subject: &SubjectMember) -> Self {
        match subject {
            SubjectMember::ServiceAccount(account) => Self::Account(account.clone()),
            SubjectMember::AllServiceAccounts { namespace } => Self::Others(namespace.clone()),
        }
    }

    /// `NAMESPACE/NAME`, or `NAMESPACE/*`.
    pub(super) fn path(&self) -> String {
        match self {
            Self::Account(account) => account.path(),
            Self::Others(namespace) => format!("{namespace}/*"),
        }
    }

    /// What the operator found of the subjects by which a policy is about them. A grant does not follow a name into a namespace
    /// that was replaced; a refusal does.
    pub(super) fn subjects_in(&self, content: &PolicyContent) -> impl Iterator<Item = Option<SubjectState>> {
        content.subjects.iter().filter_map(move |(subject, state)| {
            let is_meant = match (subject, self) {
                (SubjectMember::ServiceAccount(subject), Self::Account(account)) => subject == account,
                (SubjectMember::ServiceAccount(_), Self::Others(_)) => false,
                (SubjectMember::AllServiceAccounts { namespace }, Self::Account(account)) => {
                    *namespace == account.namespace
                }
                (SubjectMember::AllServiceAccounts { namespace }, Self::Others(others)) => {
                    namespace == others
                }
            };
            (is_meant && is_in_force(content, *state)).then_some(*state)
        })
    }

    /// Whether a policy is about them.
    pub(super) fn is_meant_by(&self, content: &PolicyContent) -> bool {
        self.subjects_in(content).next().is_some()
    }

    /// Whether the operator has found none of the subjects by which a policy is about them, so that the policy does not count yet.
    pub(super) fn is_awaited_by(&self, content: &PolicyContent) -> bool {
        self.subjects_in(content)
            .all(|state| state == Some(SubjectState::NotFound))
    }
}

fn is_in_force(content: &PolicyContent, state: Option<SubjectState>) -> bool {
    let is_replaced = state == Some(SubjectState::NamespaceReplaced);
    !is_replaced || content.effect == Effect::Deny
}

/// Everybody that these policies are about.
pub(super) fn everybody<'a>(contents: impl IntoIterator<Item = &'a PolicyContent>) -> BTreeSet<Whom> {
    let subjects = contents.into_iter().flat_map(|content| {
        let in_force = content
            .subjects
            .iter()
            .filter(|(_, state)| is_in_force(content, *state));
        in_force.map(|(subject, _)| Whom::of(subject))
    });
    subjects.collect()
}

/// A policy that can be read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Readable<'a> {
    pub(super) policy: &'a StoredPolicy,
    pub(super) content: &'a PolicyContent,
}

/// A vault, by its namespace and name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place<'a> {
    namespace: &'a str,
    name: &'a VaultName,
}

impl<'a> Place<'a> {
    pub(super) fn of(vault: &'a VaultRef) -> Self {
        Self {
            namespace: vault.namespace.as_str(),
            name: &vault.name,
        }
    }
}

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.namespace, self.name)
    }
}

impl<'a> Readable<'a> {
    /// The vault that the policy is about, which is beside it.
    fn vault(&self) -> Place<'a> {
        Place {
            namespace: &self.policy.namespace,
            name: &self.content.vault,
        }
    }
}

/// The policies of one vault that can be read, in their order.
pub(super) fn of_vault<'a>(policies: &'a [StoredPolicy], vault: &Place<'_>) -> Vec<Readable<'a>> {
    let readable = policies.iter().filter_map(|policy| {
        let content = policy.content.as_ref().ok()?;
        Some(Readable { policy, content })
    });
    readable.filter(|readable| readable.vault() == *vault).collect()
}

/// The vaults that some policy is about.
pub(super) fn vaults(policies: &[StoredPolicy]) -> BTreeSet<Place<'_>> {
    let readable = policies.iter().filter_map(|policy| {
        let content = policy.content.as_ref().ok()?;
        Some(Readable { policy, content }.vault())
    });
    readable.collect()
}

/// The policies that cannot be read, with the reason.
pub(super) fn unreadable(policies: &[StoredPolicy]) -> Vec<String> {
    let reason = |policy: &StoredPolicy| {
        let error = policy.content.as_ref().err()?;
        Some(format!("{}: {error}", policy.name))
    };
    policies.iter().filter_map(reason).collect()
}
