//! The name under which the program was called, so that what it prints can be pasted back.

use std::{env, ffi::OsStr, fmt, path::Path};

/// The file name by which kubectl finds the program.
const PLUGIN: &str = "kubectl-strongroom";

/// How the program was called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Program {
    /// By a name of its own.
    Command,
    /// As kubectl's plugin, which lies in the PATH as `kubectl-strongroom`.
    Plugin,
}

impl Program {
    /// As this process was called.
    pub fn called() -> Self {
        Self::of(env::args_os().next().as_deref())
    }

    /// By the first word of a command line; kubectl calls a plugin by the path of its file.
    fn of(word: Option<&OsStr>) -> Self {
        let stem = word.and_then(|word| Path::new(word).file_stem());
        if stem == Some(OsStr::new(PLUGIN)) {
            Self::Plugin
        } else {
            Self::Command
        }
    }

    /// What a person types.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Command => "strongroom",
            Self::Plugin => "kubectl strongroom",
        }
    }
}

impl fmt::Display for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_name_of_the_plugin_is_the_plugin() {
        for (word, program) in [
            ("/usr/local/bin/kubectl-strongroom", Program::Plugin),
            ("kubectl-strongroom", Program::Plugin),
            ("kubectl-strongroom.exe", Program::Plugin),
            ("/usr/local/bin/strongroom", Program::Command),
            ("./kubectl", Program::Command),
            ("sr", Program::Command),
            ("", Program::Command),
        ] {
            assert_eq!(Program::of(Some(OsStr::new(word))), program, "{word}");
        }
        assert_eq!(Program::of(None), Program::Command);
    }
}
