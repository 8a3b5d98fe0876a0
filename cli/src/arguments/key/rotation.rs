//! `strongroom key policy`.

use std::path::PathBuf;

use clap::Args;

/// What is to change of a rotation policy; nothing only prints it.
#[derive(Debug, Args)]
pub(crate) struct PolicyChange {
    /// Rotates the key so long after its current version was made.
    #[arg(long, value_name = "PERIOD")]
    pub(crate) rotate_after: Option<String>,
    /// Rotates the key so long before its current version expires.
    #[arg(long, value_name = "PERIOD", conflicts_with = "rotate_after")]
    pub(crate) rotate_before: Option<String>,
    /// Rotates the key no more.
    #[arg(long, conflicts_with_all = ["rotate_after", "rotate_before"])]
    pub(crate) no_rotate: bool,
    /// Announces the end of a version so long before.
    #[arg(long, value_name = "PERIOD")]
    pub(crate) notify_before: Option<String>,
    /// Lets new versions expire so long after they are made.
    #[arg(long, value_name = "PERIOD")]
    pub(crate) expiry: Option<String>,
    /// Lets new versions live for ever.
    #[arg(long, conflicts_with = "expiry")]
    pub(crate) no_expiry: bool,
    /// The file that holds the whole policy as JSON, as -o json prints it; `-` is standard input.
    #[arg(
        long,
        short = 'f',
        value_name = "PATH",
        conflicts_with_all = ["rotate_after", "rotate_before", "no_rotate", "notify_before", "expiry", "no_expiry"]
    )]
    pub(crate) from_file: Option<PathBuf>,
}

impl PolicyChange {
    /// Whether a flag names something to change.
    pub(crate) const fn names_something(&self) -> bool {
        self.rotate_after.is_some()
            || self.rotate_before.is_some()
            || self.no_rotate
            || self.notify_before.is_some()
            || self.expiry.is_some()
            || self.no_expiry
    }
}
