//! Keeping published volumes current: told by the vault, on one stream per vault.
//!
//! ```text
//!   vault --Watch--> link --by volume id--> volume task --Fetch, Ack--> vault
//!                                             `--rewrite--> files
//! ```
//!
//! A volume's task compares levels, never counts edges: after every reconnect it subscribes anew and asks for what is
//! not what its files hold.

mod backoff;
mod plan;
mod rewrite;
mod task;

pub use task::{Start, Task};
