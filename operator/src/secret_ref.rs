//! `SecretRef`: told ahead of time what each file would meet, and how many volumes show it; and word of its changes
//! to those volumes, by the vaults that they listen to.

mod reconcile;
mod report;
mod tell;

pub use reconcile::{ReconcileError, reconcile, retry};
pub use tell::{part, partings, survey};
