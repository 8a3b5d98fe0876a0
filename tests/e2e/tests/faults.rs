//! What is killed comes back, and nobody loses anything meanwhile. These break parts that every test shares, so they
//! run after the others and one at a time.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "this whole file is tests; clippy exempts only the functions marked so"
)]

#[path = "faults/breaking.rs"]
mod breaking;
#[path = "faults/canary.rs"]
mod canary;
#[path = "faults/control.rs"]
mod control;
#[path = "faults/node.rs"]
mod node;
#[path = "faults/policy.rs"]
mod policy;
#[path = "faults/storage.rs"]
mod storage;
#[path = "faults/vault.rs"]
mod vault;
