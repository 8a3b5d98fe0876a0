//! `Vault`: the objects that make it run, its state, and the policy it enforces.
//!
//! ```text
//!   load (objects, the vault's own status) -> plan (pure) -> apply -> anchor -> push policy -> report
//! ```

mod anchor;
mod apply;
mod contact;
pub mod desired;
mod neighbour;
mod obstacle;
mod plan;
mod reconcile;
mod report;

pub use reconcile::{ReconcileError, reconcile, retry};
