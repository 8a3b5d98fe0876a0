//! Where the contents of a volume come from: its SecretRef, a token of its vault, the objects, and word of changes.

pub mod link;
pub mod load;
pub mod obtain;
pub mod reach;
pub mod reference;
pub mod vaults;

pub use obtain::Sources;
