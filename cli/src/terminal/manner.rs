//! How this process speaks, as its flags say.

use std::{
    env,
    ffi::OsStr,
    io::{self, IsTerminal as _},
    sync::OnceLock,
};

use clap::ValueEnum;

/// When words are coloured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(crate) enum Color {
    /// On a terminal, unless `NO_COLOR` is set.
    #[default]
    Auto,
    /// Everywhere.
    Always,
    /// Nowhere.
    Never,
}

/// How this process speaks.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Manner {
    /// Without hints, progress, and the lines that say what was done.
    pub(crate) is_quiet: bool,
    /// Tables without their first line.
    pub(crate) hides_headers: bool,
    pub(crate) color: Color,
}

/// One for the process: what is printed comes from everywhere, and the flags are read once.
static MANNER: OnceLock<Manner> = OnceLock::new();

/// Sets how this process speaks, once.
pub(crate) fn set(manner: Manner) {
    // What was set first stays.
    let _ = MANNER.set(manner);
}

/// How this process speaks.
pub(crate) fn manner() -> Manner {
    MANNER.get().copied().unwrap_or_default()
}

impl Color {
    /// Whether standard output is coloured.
    pub(super) fn is_on_stdout(self) -> bool {
        self.is_on(|| io::stdout().is_terminal())
    }

    /// Whether standard error is coloured.
    pub(super) fn is_on_stderr(self) -> bool {
        self.is_on(|| io::stderr().is_terminal())
    }

    fn is_on(self, is_terminal: impl FnOnce() -> bool) -> bool {
        let variable = |name: &str| env::var_os(name);
        match self {
            Self::Always => true,
            Self::Never => false,
            Self::Auto => {
                is_terminal() && is_wanted(variable("NO_COLOR").as_deref(), variable("TERM").as_deref())
            }
        }
    }
}

/// Whether nobody says that a terminal is to stay without colour (no-color.org: whatever the variable holds).
fn is_wanted(no_color: Option<&OsStr>, term: Option<&OsStr>) -> bool {
    no_color.is_none_or(OsStr::is_empty) && term != Some(OsStr::new("dumb"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_terminal_is_coloured_unless_somebody_says_otherwise() {
        let wanted = |no_color: Option<&str>, term: Option<&str>| {
            is_wanted(no_color.map(OsStr::new), term.map(OsStr::new))
        };
        assert!(wanted(None, Some("xterm-256color")) && wanted(Some(""), None));
        assert!(!wanted(Some("1"), None) && !wanted(Some("0"), None));
        assert!(!wanted(None, Some("dumb")));
        assert!(
            Color::Always.is_on(|| false) && !Color::Never.is_on(|| true) && !Color::Auto.is_on(|| false)
        );
    }
}
