//! The pod that a volume belongs to, and the token that proves it.

pub mod token;

use serde::{Deserialize, Serialize};
use strongroom_core::{NamespaceName, ResourceName, Uid};

pub use token::{PodToken, TokenError};

/// A pod, as the kubelet names it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pod {
    /// Its namespace, in which alone `SecretRef`s are looked up.
    pub namespace: NamespaceName,
    /// Its name.
    pub name: ResourceName,
    /// Its UID.
    pub uid: Uid,
    /// Its service account.
    pub account: ResourceName,
}
