//! What the operator knows of the cluster, and nothing of what it does about it.
//!
//! ```text
//!   watches --> stores (what exists) --> changes (what happened) --> queue --> reconcilers
//!                directory (accounts)                                             |
//!                followers (who shows which SecretRef) <--------------------------+
//! ```
//!
//! Nothing here imports a reconciler.

mod changes;
mod directory;
mod followers;
mod stores;

pub use changes::{Change, Changes};
pub use directory::Directory;
pub use followers::{Edition, Followers, VaultKey};
pub use stores::Stores;
