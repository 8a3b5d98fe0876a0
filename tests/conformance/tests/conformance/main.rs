//! The suite of the SDK against a vault at one version, that it finds what a vault does wrong, and what the page says.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a failed step is a failed test"
)]

mod live;
mod package;
mod tables;
