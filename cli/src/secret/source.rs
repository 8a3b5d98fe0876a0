//! The value of a new version: typed, read or made.

use std::{
    io::{self, IsTerminal as _},
    path::Path,
};

use secrecy::{ExposeSecret as _, SecretString};
use strongroom_core::{ObjectName, limits::VALUE_BYTES};

use super::generate;
use crate::{Failure, arguments::ValueFlags, failure::SecretFailure, terminal, value};

/// What a terminal passes on of a line at most, in bytes.
const LONGEST_LINE: usize = 4095;

/// What is said of a newline that nobody may have meant.
const NEWLINE: &str = "Warning: the value ends with a newline, which is kept. --trim-newline leaves it out.";

/// What is said of a value that others may have seen.
const SEEN: &str = "Warning: a value among the arguments is seen by every process of this machine, and the shell may keep it in its \
     history.";

/// The value for `name`, as the flags say.
pub(super) fn read(name: &ObjectName, flags: &ValueFlags, trim: bool) -> Result<SecretString, Failure> {
    if let Some(value) = &flags.from_literal {
        terminal::complain(SEEN);
        if value.expose_secret().len() > VALUE_BYTES {
            return Err(Failure::ValueTooLong);
        }
        return Ok(value.clone());
    }
    if let Some(generated) = flags.generate {
        return Ok(generate::value(generated)?);
    }
    if flags.from_file.is_none() && io::stdin().is_terminal() {
        return typed(name, terminal::ask);
    }
    let value = value::read(flags.from_file.as_deref(), trim)?;
    // What comes from nothing is nobody's value: a command before a pipe failed, or there is no standard input.
    let is_piped = flags
        .from_file
        .as_deref()
        .is_none_or(|path| path == Path::new("-"));
    if is_piped && value.expose_secret().is_empty() {
        return Err(SecretFailure::NothingTyped.into());
    }
    warn_of_newline(&value);
    Ok(value)
}

/// Says that a value keeps its last newline.
pub(super) fn warn_of_newline(value: &SecretString) {
    if value.expose_secret().ends_with('\n') {
        terminal::complain(NEWLINE);
    }
}

/// What a person types twice.
fn typed(name: &ObjectName, ask: impl Fn(&str) -> Option<SecretString>) -> Result<SecretString, Failure> {
    let first = ask(&format!("Value of secret {name}: ")).ok_or(Failure::NoValue)?;
    if first.expose_secret().is_empty() {
        return Err(SecretFailure::NothingTyped.into());
    }
    // The rest of a longer one would be lost without a word.
    if first.expose_secret().len() >= LONGEST_LINE {
        return Err(SecretFailure::LongLine.into());
    }
    let second = ask("The same again: ").ok_or(Failure::NoValue)?;
    if first.expose_secret() == second.expose_secret() {
        Ok(first)
    } else {
        Err(SecretFailure::Differ.into())
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    /// What comes of these two lines, each of which was asked for by a sentence of its own.
    fn of(lines: [&str; 2]) -> Result<String, Failure> {
        let asked = Cell::new(0);
        let ask = |prompt: &str| {
            assert!(!prompt.contains("CANARY"));
            let line = lines[asked.replace(asked.get() + 1)];
            Some(SecretString::from(line))
        };
        typed(&"db".parse().unwrap(), ask).map(|value| value.expose_secret().to_owned())
    }

    #[test]
    fn a_value_is_typed_twice() {
        assert_eq!(of(["CANARY", "CANARY"]).unwrap(), "CANARY");
        let refused = of(["CANARY", "CANARI"]).unwrap_err();
        assert!(matches!(refused, Failure::Secret(SecretFailure::Differ)));
        assert!(!format!("{refused} {refused:?}").contains("CANAR"));
    }

    #[test]
    fn nothing_and_what_a_terminal_may_have_cut_off_are_refused_at_once() {
        let long = "x".repeat(LONGEST_LINE);
        for (line, sentence) in [("", "there is no value"), (long.as_str(), "4095 bytes")] {
            let refused = of([line, line]).unwrap_err().to_string();
            assert!(refused.contains(sentence), "{refused}");
        }
    }

    #[test]
    fn where_nobody_is_there_the_error_says_how_else_a_value_is_given() {
        let refused = typed(&"db".parse().unwrap(), |_| None).unwrap_err();
        assert!(matches!(refused, Failure::NoValue));
    }
}
