//! The values that every other crate agrees on: names, references, principals, operations, permissions, and the policy
//! decision.
//!
//! ```text
//!   text from outside --parse once--> ObjectName, VaultName, Version, Audience, Uid
//!   AccessPolicy objects --operator--> Bundle --vault--> PolicyIndex::decide(principal id, permission, object)
//! ```
//!
//! Invariants:
//! - a name has one canonical form, made at parse; two spellings of one name are equal values;
//! - no policy, no access; deny beats allow, whatever is more specific;
//! - deciding is a pure function of values: no clock, no I/O, no lookup.
//!
//! This crate must not depend on tokio, kube, tonic or axum, and names no file, socket, clock or random source.

pub mod advice;
pub mod audience;
pub mod backoff;
pub mod bundle;
pub mod capacity;
pub mod causes;
pub mod decision;
pub mod domains;
pub mod exit;
pub mod limits;
pub mod name;
pub mod name_range;
pub mod object_state;
pub mod operation;
pub mod pattern;
pub mod permission;
pub mod policy_check;
pub mod ports;
pub mod principal;
pub mod quoted;
pub mod reference;
pub mod resource;
pub mod time;
pub mod wiped;

pub use advice::Advice;
pub use audience::Audience;
pub use backoff::{Backoff, Delays};
pub use bundle::{Bundle, BundlePolicy, Effect, Generation};
pub use causes::causes;
pub use decision::{Decision, PolicyIndex, allows};
pub use domains::{Domains, FurtherDomain};
pub use name::{NamespaceName, ObjectKind, ObjectName, VaultName, Version};
pub use name_range::NameRange;
pub use object_state::ObjectState;
pub use operation::{DecidedOn, Operation, OperationEffect};
pub use pattern::ObjectPattern;
pub use permission::{Permission, PermissionSet, Role};
pub use policy_check::PolicyCheck;
pub use principal::{NodeRef, PodRef, Principal, ServiceAccount};
pub use quoted::quoted;
pub use reference::{AccountName, NamedObject, ObjectPath, SecretRefName, VaultRef};
pub use resource::{ResourceName, Uid};
pub use time::Timestamp;
