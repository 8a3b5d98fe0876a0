//! The harness itself: what `up` gives, and that `down` leaves nothing, whatever happened before.
//!
//! One cluster after another, beside any that already runs: each has a name and a directory of its own.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "this whole file is tests; clippy exempts only the functions marked so"
)]

mod broken;
mod fixture;
mod machine;
mod refused;
mod whole;
