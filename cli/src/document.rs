//! The documents that the commands print.

use serde::Serialize;

use crate::output::API_VERSION;

/// A document of one kind.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Document<T> {
    api_version: &'static str,
    kind: &'static str,
    #[serde(flatten)]
    content: T,
}

impl<T: Serialize> Document<T> {
    /// What is said, as a document of `kind`.
    pub(crate) const fn of(kind: &'static str, content: T) -> Self {
        Self {
            api_version: API_VERSION,
            kind,
            content,
        }
    }
}

/// Several things of a kind.
#[derive(Debug, Serialize)]
pub(crate) struct Items<T> {
    pub(crate) items: Vec<T>,
    /// Policies that this release cannot read, with the reason: what they say is not among the items.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) unreadable: Vec<String>,
}
