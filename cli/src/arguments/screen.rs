//! How much is said, and how it looks.

use clap::Args;

use crate::terminal::{Color, Manner};

/// How much is said, and how it looks.
#[derive(Debug, Clone, Copy, Default, Args)]
#[command(next_help_heading = "Output")]
pub(crate) struct ScreenFlags {
    /// Leaves out the first line of a table.
    #[arg(long, global = true)]
    pub(crate) no_headers: bool,
    /// Leaves out hints, progress, and the lines that say what was done.
    #[arg(short, long, global = true)]
    pub(crate) quiet: bool,
    /// When to colour the words that say how it went; `NO_COLOR` switches it off, too.
    #[arg(
        long,
        value_enum,
        default_value_t,
        value_name = "WHEN",
        global = true,
        hide_short_help = true
    )]
    pub(crate) color: Color,
}

impl ScreenFlags {
    /// As the terminal takes them.
    pub(crate) const fn manner(self) -> Manner {
        Manner {
            is_quiet: self.quiet,
            hides_headers: self.no_headers,
            color: self.color,
        }
    }
}
