//! What a command line says as far as it is right: before its defaults are known, and while it is typed.

use std::{ffi::OsString, path::PathBuf};

use clap::{ArgMatches, Command, FromArgMatches, parser::ValueSource};

/// What a command line says as far as it is right.
pub(crate) struct Glance {
    path: Vec<String>,
    /// The ids of the arguments that the command has.
    known: Vec<String>,
    /// Of the command that it names; flags for all commands are in it wherever they stand.
    matches: ArgMatches,
}

impl Glance {
    /// Reads the words, the first of which is the program's. Nothing where they ask for help.
    pub(crate) fn at(grammar: Command, words: &[OsString]) -> Option<Self> {
        let mut grammar = lenient(grammar);
        let mut matches = grammar.try_get_matches_from_mut(words).ok()?;
        let mut path = Vec::new();
        let mut command = &grammar;
        while let Some((name, below)) = matches.remove_subcommand() {
            command = command.find_subcommand(&name)?;
            path.push(name);
            matches = below;
        }
        let ids = command
            .get_arguments()
            .map(|argument| argument.get_id().to_string());
        Some(Self {
            path,
            known: ids.collect(),
            matches,
        })
    }

    /// The words of the command, such as `secret` and `get`.
    pub(crate) fn path(&self) -> &[String] {
        &self.path
    }

    /// Whether the command has an argument of this id.
    pub(crate) fn knows(&self, id: &str) -> bool {
        self.known.iter().any(|known| known == id)
    }

    /// Whether the command line or the environment gives the argument of this id.
    pub(crate) fn gives(&self, id: &str) -> bool {
        self.knows(id)
            && matches!(
                self.matches.value_source(id),
                Some(ValueSource::CommandLine | ValueSource::EnvVariable)
            )
    }

    /// The text of an argument, as it was given.
    pub(crate) fn text(&self, id: &str) -> Option<String> {
        if !self.knows(id) {
            return None;
        }
        let mut raw = self.matches.try_get_raw(id).ok()??;
        raw.next()?.to_str().map(ToOwned::to_owned)
    }

    /// The path of an argument.
    pub(crate) fn file(&self, id: &str) -> Option<PathBuf> {
        self.matches.try_get_one::<PathBuf>(id).ok()?.cloned()
    }

    /// The flags of a group that the command has, if what is there of them is right.
    pub(crate) fn flags<T: FromArgMatches>(&self) -> Option<T> {
        T::from_arg_matches(&self.matches).ok()
    }
}

/// The command and all below it, which pass over what is wrong.
fn lenient(command: Command) -> Command {
    command.ignore_errors(true).mut_subcommands(lenient)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arguments::{Arguments, Global, Selection};

    fn at(line: &str) -> Option<Glance> {
        let words: Vec<_> = line.split(' ').map(OsString::from).collect();
        Glance::at(Arguments::grammar(), &words)
    }

    #[test]
    fn half_a_command_line_says_what_it_says_so_far() {
        let glance = at("strongroom --context c secret get --vault team-a/prod -n team-a --version").unwrap();
        assert_eq!(glance.path(), ["secret", "get"]);
        assert_eq!(glance.text("context").as_deref(), Some("c"));
        assert!(glance.gives("vault") && !glance.gives("output") && !glance.knows("dir"));
        let global: Global = glance.flags().unwrap();
        assert_eq!(global.namespace.as_deref(), Some("team-a"));
        assert_eq!(global.release_namespace, "strongroom-system");
        let selection: Selection = glance.flags().unwrap();
        assert!(selection.vault.is_some());
    }

    #[test]
    fn what_is_wrong_is_passed_over_and_help_is_left_to_others() {
        let glance = at("strongroom policy check --nonsense --context c").unwrap();
        assert_eq!(glance.path(), ["policy", "check"]);
        assert!(at("strongroom secret --help").is_none());
    }
}
