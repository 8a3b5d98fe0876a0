//! What the operator knows of the cluster, and nothing of what it does about it.
//!
//! ```text
//!   watches --> feeds --> tables (index, directory) --> stores --> reconcilers
//!                 |                                                   |
//!                 +-----> changes --> queue --------------------------+
//!                                                                     |
//!               followers (which vault is yet to hear of which SecretRef)
//! ```
//!
//! Invariants:
//! - nothing here imports a reconciler;
//! - a table is what a table built anew from the same objects would be;
//! - the cost of one changed object does not grow with the number of objects.

mod changes;
mod directory;
mod feeds;
mod followers;
mod index;
mod policies;
mod references;
mod stores;
mod visits;
mod watch;

#[cfg(test)]
mod tests;

pub use changes::{Change, Changes};
pub use directory::Directory;
pub use followers::{Edition, Followers};
pub use policies::PolicyObject;
pub use stores::Stores;

#[cfg(test)]
pub(crate) use tests::Cluster;
#[cfg(test)]
pub(crate) use visits::visits_of;
