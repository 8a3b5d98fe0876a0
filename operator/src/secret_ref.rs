//! `SecretRef`: reported ahead of time what each file would meet, and how many volumes show it; its changes announced to
//! those volumes, by the vaults that they subscribe to.
//!
//! ```text
//!   observe --> inquire (no I/O) --> announce to vaults  -+-> report --> status
//!                                --> ask the vault named -+
//! ```

mod announce;
mod inquiry;
mod reconcile;
mod removal;
mod report;

pub use announce::count_volumes;
pub use reconcile::{ReconcileError, reconcile, retry};
pub use removal::{announce_removals_until_ended, announce_removed};
