//! Clients that send what no HTTP client would.

pub mod frames;
pub mod raw;
