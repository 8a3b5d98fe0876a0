//! Whether a person agrees.

use std::io::{self, BufRead as _, IsTerminal as _};

use crate::failure::DevFailure;

/// Asks the person at the terminal, unless `yes` says it already. Where nobody can be asked, `or` says what else could be done.
pub(super) fn ask(question: &str, yes: bool, or: &'static str) -> Result<(), DevFailure> {
    if yes {
        return Ok(());
    }
    if !io::stdin().is_terminal() || !io::stderr().is_terminal() {
        return Err(DevFailure::NoConsent(or));
    }
    eprint!("{question} [y/N] ");
    let mut line = String::new();
    io::stdin().lock().read_line(&mut line)?;
    if is_yes(&line) {
        Ok(())
    } else {
        Err(DevFailure::Declined)
    }
}

fn is_yes(line: &str) -> bool {
    matches!(line.trim().to_ascii_lowercase().as_str(), "y" | "yes")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_yes_is_yes() {
        assert!(is_yes("y\n") && is_yes(" YES \r\n"));
        for no in ["", "\n", "n\n", "yeah\n", "y n\n"] {
            assert!(!is_yes(no), "{no:?}");
        }
    }

    #[test]
    fn who_cannot_be_asked_has_not_agreed() {
        ask("Really?", true, "").unwrap();
        // The tests have no terminal, or their runner answers for none.
        if !io::stdin().is_terminal() {
            let refused = ask("Really?", false, ", or --print").unwrap_err();
            assert!(
                refused.to_string().ends_with("give --yes, or --print"),
                "{refused}"
            );
        }
    }
}
