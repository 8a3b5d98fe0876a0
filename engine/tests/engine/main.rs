//! What the engine promises, seen from outside.

mod differential;
mod disk;
mod fixture;
mod lifecycle;
mod limits;
mod listing;
mod model;
mod restart;
mod running;
mod tampering;
mod writer;
