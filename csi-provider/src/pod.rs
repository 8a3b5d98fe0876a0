//! The pod that a volume belongs to, and the token that proves it.

pub mod token;

use serde::{Deserialize, Serialize};
use strongroom_core::{NamespaceName, ResourceName, Uid};

pub use token::{PodToken, TokenError};

/// A pod, as the kubelet names it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the names of the fields say what they hold")]
pub struct Pod {
    /// Its namespace, in which alone `SecretRef`s are looked up.
    pub namespace: NamespaceName,
    pub name: ResourceName,
    pub uid: Uid,
    pub account: ResourceName,
}
