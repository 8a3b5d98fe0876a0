//! The Helm chart: what it renders under every file of `charts/`, and what it refuses.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failed step is a failed test"
)]

#[path = "chart/arguments.rs"]
mod arguments;
#[path = "chart/images.rs"]
mod images;
#[path = "chart/objects.rs"]
mod objects;
#[path = "chart/placement.rs"]
mod placement;
#[path = "chart/pods.rs"]
mod pods;
#[path = "chart/render.rs"]
mod render;
#[path = "chart/rights.rs"]
mod rights;
#[path = "chart/values.rs"]
mod values;
