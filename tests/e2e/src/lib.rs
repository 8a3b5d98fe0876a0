//! What end-to-end tests share: a vault and an app of a test's own, on any cluster where Strongroom is installed.
//!
//! The tests themselves lie in `tests/`, one file for each behaviour. The cluster, its images and its tools are
//! `strongroom-harness`.

pub mod cli_rights;
pub mod examples;
pub mod exclusive;
pub mod scenario;
pub mod sdk;
