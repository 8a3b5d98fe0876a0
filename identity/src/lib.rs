//! The identity service: a service-account token in, a short vault token out.
//!
//! ```text
//!   form --> presented (signature, issuer, audience; offline) --> review (TokenReview) --> Identity
//!   Identity + resource --> grant (pure, given a clock) --> signing_key --> vault token
//! ```
//!
//! Invariants:
//! - it mints only for vaults of the cluster, and for hosts that the installer listed; never for the API server;
//! - a vault token outlives neither the presented token nor 15 minutes; where the node driver of the pod's own node asks,
//!   only the former;
//! - the signing key is made in memory and never leaves it;
//! - a presented token is in no error, log or metric;
//! - the only cluster right is TokenReview, beside reading the API server's public keys.

mod arguments;
mod clock;
mod cluster_keys;
mod documents;
mod exchange;
mod form;
mod grant;
mod health;
mod metrics;
pub mod page;
mod presented;
mod readiness;
mod refusal;
mod resource;
mod review;
mod routes;
mod run;
mod settings;
mod signing_key;

pub use arguments::Arguments;
pub use clock::Clock;
pub use run::{Replica, RunError, router, run};
