//! The vault server: the Azure Key Vault REST API, Watch, authentication and limits around [`strongroom_engine`].
//!
//! ```text
//!                connection           faces                        access
//!   TLS ----> limits before any ---> rest: the AKV routes -------+-> admit: decide by the policy in force
//!             authentication         watch: gRPC, the same port -+   perform: snapshot, writer
//!                                      |                         |   record: the audit log
//!                                      auth: offline tokens      |
//!   mutual TLS ----> admin: the operator's port -----------------+
//!   plain HTTP ----> health: /healthz /readyz /metrics, on a runtime of its own
//! ```
//!
//! Invariants:
//! - host, limits, authentication, decision, lookup: in this order, on every request;
//! - what a caller without permission is answered does not depend on what exists;
//! - every authenticated request has its audit record before its answer is sent;
//! - anything unauthenticated is bounded: bytes, depth, headers, handshakes, connections, streams, time.
//!
//! This crate must not depend on kube: a vault has no access to the Kubernetes API.

pub mod access;
pub mod admin;
pub mod args;
pub mod auth;
pub mod certificates;
pub mod clock;
pub mod cloud_event;
pub mod health;
pub mod keys;
pub mod metrics;
pub mod policy;
pub mod pool;
pub mod rest;
pub mod rotation;
pub mod serve;
pub mod service;
pub mod soon;
pub mod storage;
pub mod timekeeper;
pub mod verify;
pub mod watch;
