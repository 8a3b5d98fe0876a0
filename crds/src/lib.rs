//! The custom resources of Strongroom: what they hold, what the API server refuses, and the files generated from them.
//!
//! ```text
//!   Vault         beside its owner: a vault server, its storage, seal and network
//!   AccessPolicy  beside the vault: which service accounts may do what with which objects
//!   SecretRef     beside the app:   which objects become which files
//!
//!   types + rules --all()--> CustomResourceDefinition --generate::files()--> crds/yaml, the chart, the reference page
//! ```
//!
//! Invariants:
//! - every rule is a schema or a CEL rule that the API server enforces; there is no webhook. A message is a sentence;
//! - a field that the schema does not know is pruned, so a misspelled field must leave an object that is refused or
//!   grants less: unions need exactly one member, what narrows is required, nothing that widens has a default;
//! - what cannot be undone (storage, seal, soft delete) is written into `spec` by defaults and compared on update;
//! - every list has `maxItems` and every string `maxLength`, so that the CEL rules fit the API server's cost budget;
//! - an enum value of a newer release reads as `Unknown`, and the accessors of this crate refuse it.
//!
//! This crate talks to no cluster: of the client it knows the error alone, so that the programs show it in one way.

#![allow(
    clippy::doc_markdown,
    reason = "comments on fields are the descriptions that kubectl explain prints, where a backtick is noise"
)]
#![allow(
    clippy::duplicated_attributes,
    reason = "the lint takes the same key of two printcolumn(..) for a repetition"
)]

pub mod access_policy;
mod api_error;
pub mod condition;
mod definition;
pub mod generate;
pub mod quantity;
mod rule;
mod schema;
pub mod secret_ref;
pub mod vault;

pub use access_policy::{AccessPolicy, AccessPolicySpec, AccessPolicyStatus};
pub use api_error::ApiError;
pub use definition::{CRD_VERSION, CRD_VERSION_ANNOTATION, all, installed_version, is_older, to_yaml};
pub use secret_ref::{SecretRef, SecretRefSpec, SecretRefStatus};
pub use vault::{Vault, VaultSpec, VaultStatus};

/// The API group of the three kinds.
pub const GROUP: &str = "strongroom.dev";
/// The version of the API group.
pub const VERSION: &str = "v1alpha1";
