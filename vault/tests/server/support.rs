//! Clients that send what no HTTP client would, and an authority that attests environments.

pub mod attestation;
pub mod frames;
pub mod raw;
