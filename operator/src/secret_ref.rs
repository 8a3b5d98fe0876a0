//! `SecretRef`: told ahead of time what each file would meet, and how many volumes show it.

mod reconcile;
mod report;

pub use reconcile::{ReconcileError, reconcile, retry};
