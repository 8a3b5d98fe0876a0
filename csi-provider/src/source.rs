//! Where the contents of a volume come from: its SecretRef, a token of its vault, the objects, and word of changes.

pub mod endpoints;
pub mod link;
pub mod load;
pub mod obtain;
pub mod reference;
pub mod vaults;

pub use obtain::Sources;
