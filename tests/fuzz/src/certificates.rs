//! Who imports a certificate chooses the file, its certificates and its policy.

pub mod content;
pub mod der;
pub mod policy;
