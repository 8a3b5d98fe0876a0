//! What the engine promises, seen from outside.

mod fixture;
mod lifecycle;
mod model;
