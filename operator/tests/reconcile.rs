//! The reconcilers against an API server that is played by this process: which requests they make, and which they do
//! not.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failed step is a failed test"
)]

#[path = "reconcile/announce.rs"]
mod announce;
#[path = "reconcile/context.rs"]
mod context;
#[path = "reconcile/descent.rs"]
mod descent;
#[path = "reconcile/fleet.rs"]
mod fleet;
#[path = "reconcile/hostile.rs"]
mod hostile;
#[path = "reconcile/installation.rs"]
mod installation;
#[path = "reconcile/large.rs"]
mod large;
#[path = "reconcile/narrowing.rs"]
mod narrowing;
#[path = "reconcile/neighbours.rs"]
mod neighbours;
#[path = "reconcile/policy.rs"]
mod policy;
#[path = "reconcile/push.rs"]
mod push;
#[path = "reconcile/secret_ref.rs"]
mod secret_ref;
#[path = "reconcile/silence.rs"]
mod silence;
#[path = "reconcile/slow.rs"]
mod slow;
#[path = "reconcile/startup.rs"]
mod startup;
#[path = "reconcile/succession.rs"]
mod succession;
#[path = "reconcile/vault.rs"]
mod vault;
