//! Principals: the callers of a vault, each with the id that policy compares and the parts that the audit log shows.
//!
//! The only principal that exists so far is a service account, as the identity service vouches for it. Others follow
//! (people, client certificates, jobs of a CI service); `docs/reference/audit.md` lays down what a record says of each.
//! A service account has its UID as the id; the others get the UUID that the identity service makes of their issuer and
//! subject.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{
    name::NamespaceName,
    reference::AccountName,
    resource::{ResourceName, Uid},
};

/// The pod that a token is for.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct PodRef {
    /// The pod's name.
    pub name: ResourceName,
    /// The pod's UID.
    pub uid: Uid,
}

/// The node that a token is for.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct NodeRef {
    /// The node's name.
    pub name: ResourceName,
    /// The node's UID, where the API server put it into the token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uid: Option<Uid>,
}

/// An authenticated caller.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Principal {
    /// A service account of the cluster.
    ServiceAccount(ServiceAccount),
}

/// A service account, with the pod and node that its token is for. Policy compares `uid` alone, since a name can be
/// given again; the rest is for the audit log and for people.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ServiceAccount {
    /// The account's namespace and name.
    pub name: AccountName,
    /// The account's UID.
    pub uid: Uid,
    /// The pod that the token is for, if it is for one.
    pub pod: Option<PodRef>,
    /// The node that this pod runs on, or that the token is for.
    pub node: Option<NodeRef>,
}

impl Principal {
    /// The id that policy compares: no other principal, of any type and at any time, has it.
    pub const fn id(&self) -> &Uid {
        match self {
            Self::ServiceAccount(account) => &account.uid,
        }
    }

    /// The name that people know the principal by, as it stands in `sub` and in the audit log:
    /// `system:serviceaccount:NAMESPACE:NAME`.
    pub fn subject(&self) -> String {
        match self {
            Self::ServiceAccount(account) => account.name.subject(),
        }
    }

    /// The namespace that the principal belongs to, if it belongs to one.
    pub const fn namespace(&self) -> Option<&NamespaceName> {
        match self {
            Self::ServiceAccount(account) => Some(&account.name.namespace),
        }
    }
}

impl fmt::Display for Principal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ServiceAccount(account) => write!(f, "{}{}", AccountName::SUBJECT_PREFIX, account.name),
        }
    }
}
