//! What the documents of this program have in common.

use schemars::JsonSchema;
use serde::Serialize;

/// The version of the documents. Fields are added to it, and none is taken away or means something else later.
pub(crate) const API_VERSION: &str = "cli.strongroom.dev/v1";

/// A list of one kind.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct List<'a, T> {
    /// `cli.strongroom.dev/v1`.
    api_version: &'static str,
    /// The kind of the items with `List` behind it, such as `SecretList`.
    kind: &'a str,
    /// The items, as the vault or the cluster gave them.
    items: &'a [T],
}

impl<'a, T> List<'a, T> {
    pub(crate) const fn new(kind: &'a str, items: &'a [T]) -> Self {
        Self {
            api_version: API_VERSION,
            kind,
            items,
        }
    }
}

/// What is printed on standard error with `-o json` when a command fails.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct ErrorDocument {
    /// Why it failed.
    pub(crate) error: ErrorBody,
}

/// Why a command failed.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ErrorBody {
    /// The kind of failure, one word, which stays the same.
    pub(crate) code: &'static str,
    /// The sentence for people, which may change.
    pub(crate) message: String,
    /// What to try next.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) hint: Option<String>,
    /// The exit code of the process.
    pub(crate) exit_code: u8,
}
