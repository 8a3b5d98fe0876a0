//! The password of a store: which secret holds it.

use kube::KubeSchema;
use serde::{Deserialize, Serialize};

use crate::rule;

/// The password of a store: the value of a secret of the same vault, as it is, with whatever it ends with.
#[derive(Clone, Debug, Deserialize, Eq, KubeSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PasswordSource {
    /// The secret's name: letters, digits and dashes; upper and lower case are the same.
    #[schemars(length(min = 1, max = 127))]
    #[x_kube(validation = rule::object_name())]
    pub secret: String,
    /// The version that the password is pinned to, 32 hexadecimal digits. Default: the current version, and every newer
    /// one when it comes: the store is written anew under it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 32, max = 32))]
    #[x_kube(validation = rule::version())]
    pub version: Option<String>,
}
