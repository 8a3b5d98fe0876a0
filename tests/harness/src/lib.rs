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
//!   cluster  a client of any cluster: namespaces, exec, waiting (the tests use this one)
//! ```
//!
//! Invariants:
//! - a cluster is reachable on loopback only, and nothing inside it has a way out;
//! - `down` ends only processes that the record of `up` names, and leaves nothing behind;
//! - `cluster` depends on nothing of the other three but the path of a kubeconfig, so that a test
//!   written against it runs on kind or on a real cluster too.

pub mod cargo;
pub mod cluster;
pub mod command;
pub mod demo;
pub mod images;
pub mod installation;
pub mod local;
pub mod progress;
pub mod suite;
pub mod tools;
pub mod workspace;
