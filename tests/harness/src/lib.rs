//! A Kubernetes cluster on one machine, images made from nothing, and the programs that both need: for the end-to-end
//! tests, the benchmarks and the demo.
//!
//! ```text
//!   tools    what has to be installed, and where it lies       (Debian packages, Go, Python, Cargo)
//!     ^
//!   images   container images as tar files, without a registry
//!     ^
//!   local    one cluster in namespaces of its own              (the `harness` binary drives these three)
//!
//!   cluster  a client of any cluster: objects, exec, waiting    (`local` waits with it)
//!     ^
//!   testbed  the cluster that a test runs on, and a namespace of its own there
//! ```
//!
//! Invariants:
//! - a cluster is reachable on loopback only, and nothing inside it has a way out;
//! - `down` ends only processes that the record of `up` names, and leaves nothing behind;
//! - `cluster` depends on nothing of the others, and `testbed` only on where a local cluster's files lie, so that a
//!   test written against them runs on kind or on a real cluster too.

pub mod cargo;
pub mod cluster;
pub mod command;
pub mod demo;
pub mod images;
pub mod installation;
pub mod local;
pub mod page;
pub mod progress;
pub mod suite;
pub mod testbed;
pub mod tools;
pub mod workspace;
