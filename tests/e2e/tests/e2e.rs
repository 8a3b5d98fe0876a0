//! What users see: each test has a vault and an app of its own on a cluster where the chart is installed.
//!
//! `make test` runs them on the local cluster; with KUBECONFIG set they run there.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "this whole file is tests; clippy exempts only the functions marked so"
)]

#[path = "e2e/access.rs"]
mod access;
#[path = "e2e/az.rs"]
mod az;
#[path = "e2e/az_certificates.rs"]
mod az_certificates;
#[path = "e2e/az_keys.rs"]
mod az_keys;
#[path = "e2e/command_line.rs"]
mod command_line;
#[path = "e2e/commands.rs"]
mod commands;
#[path = "e2e/ipv6.rs"]
mod ipv6;
#[path = "e2e/mounting.rs"]
mod mounting;
#[path = "e2e/mounting_keys.rs"]
mod mounting_keys;
#[path = "e2e/narrowing.rs"]
mod narrowing;
#[path = "e2e/nginx.rs"]
mod nginx;
#[path = "e2e/openssl_keys.rs"]
mod openssl_keys;
#[path = "e2e/order.rs"]
mod order;
#[path = "e2e/owners_commands.rs"]
mod owners_commands;
#[path = "e2e/reasons.rs"]
mod reasons;
#[path = "e2e/recovery.rs"]
mod recovery;
#[path = "e2e/sdk.rs"]
mod sdk;
#[path = "e2e/skew.rs"]
mod skew;
#[path = "e2e/specs.rs"]
mod specs;
#[path = "e2e/startup.rs"]
mod startup;
#[path = "e2e/succession.rs"]
mod succession;
#[path = "e2e/tokens.rs"]
mod tokens;
