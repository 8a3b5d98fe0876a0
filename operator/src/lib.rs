//! The operator.
//!
//! ```text
//!   operator run        Vault, AccessPolicy, SecretRef --> vaults that run, policy that is in force
//!   operator crds       prints the custom resource definitions
//!   operator uninstall-check    refuses while pods use the node driver
//! ```
//!
//! Invariants:
//! - the operator is not on the login path;
//! - what is to be done is decided by pure functions of values and a clock; effects are one thin layer beside them.

pub mod args;
pub mod conditions;
pub mod context;
pub mod controllers;
pub mod definitions;
pub mod events;
pub mod fleet;
pub mod health;
pub mod installation;
mod jitter;
pub mod lease;
pub mod metrics;
pub mod object;
pub mod pki;
pub mod policy;
mod queue;
pub mod record;
mod rights;
pub mod run;
pub mod secret_ref;
mod sentence;
pub mod settings;
mod status;
pub mod target;
pub mod uninstall;
pub mod vault;
pub mod world;
