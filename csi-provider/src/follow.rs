//! Keeping published volumes current: the vault reports changes, on one stream for all volumes that are from it.
//!
//! ```text
//!   vault --Watch--> source::link --by volume id--> task --event--> state
//!     ^                                              |  ^             |
//!     `----------- Subscribe, Fetch, Ack ------------+  `---action----'
//!                                                    `--rewrite--> files
//! ```
//!
//! [`state`] decides and does nothing; [`task`] does and decides nothing.

mod attachment;
mod fetching;
mod notices;
mod rewrite;
pub mod state;
mod task;
pub mod wire;
mod work;

pub use notices::Notices;
pub use rewrite::RewriteError;
pub use state::Start;
pub use task::spawn;
