//! The node driver: a pod's inline volume, filled from a vault with the pod's own identity, following every change.
//!
//! ```text
//!   kubelet --registration--> (where the CSI socket is)
//!   kubelet --kubelet::node--> publish --+--exchange--> identity service
//!                                    +--GET SecretRef--> API server      pod's namespace only
//!                                    +--GET secrets, keys--> vault
//!                                    `--volume::{mount, tree}--> tmpfs, shown to the pod
//!   vault ----Watch----> follow --rewrite--> the same tmpfs
//! ```
//!
//! Invariants:
//! - a volume's token is its own pod's; a SecretRef is looked up in the pod's namespace alone; what either holds is
//!   checked here again;
//! - a file changes only when a vault that allows it says something else than before: never because a vault, the API
//!   server or the node driver is down;
//! - what is published answers OK ever after; what goes wrong then is an event, a metric and an acknowledgement;
//! - of a key or a certificate, a file holds what the node driver wrote of it once it had parsed what the vault said: no
//!   vault can put other bytes where either was asked for;
//! - the files of one object, whatever they show of it, are of one version and change in one moment, or none does;
//! - taking a volume away needs no other server;
//! - tokens and values are in types that do not print; no value is kept outside the volume.
//!
//! One thread, one connection per vault, no watch on the API server.

pub mod args;
pub mod driver;
pub mod events;
pub mod follow;
pub mod health;
pub mod kubelet;
pub mod metrics;
pub mod page;
pub mod pod;
pub mod proto;
pub mod run;
pub mod services;
pub mod shares;
pub mod source;
pub mod volume;
