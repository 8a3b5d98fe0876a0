//! `Vault`: the objects that make it run, its state, and the policy it enforces.
//!
//! ```text
//!   enforce    ask the vault -> compare with the anchor -> bring the policy --(Conversation)--+
//!                                                                                            v
//!   reconcile  load -> plan (pure) -> apply | store the anchor | report the policies -> report the Vault
//! ```
//!
//! Each has a queue of its own. The steps of `reconcile` that `|` parts stop one another at no error.

mod anchor;
mod apply;
mod contact;
pub mod desired;
mod enforce;
mod identify;
mod identity;
mod look;
mod neighbour;
mod obstacle;
mod plan;
mod pods;
mod reconcile;
mod report;
mod silence;
mod volume;

pub use enforce::{EnforceError, enforce, retry as retry_enforcement};
pub use reconcile::{ReconcileError, reconcile, retry};
