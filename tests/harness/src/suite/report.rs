//! What a run of all tests says at its end.

use std::{fmt::Write, time::Duration};

use super::{order::Order, program::Outcome};
use crate::progress::seconds;

/// How many of the slowest programs are named.
const SLOWEST: usize = 5;

/// Whether anything failed or was left over, and what a person reads.
pub fn of(outcomes: &[Outcome], took: Duration, order: Order) -> (bool, String) {
    let bad: Vec<&Outcome> = outcomes
        .iter()
        .filter(|outcome| !outcome.passed || !outcome.left.is_empty())
        .collect();
    let mut text = format!("==> Tested in {}, {order}\n", seconds(took));
    let mut slowest: Vec<&Outcome> = outcomes.iter().collect();
    slowest.sort_by_key(|outcome| std::cmp::Reverse(outcome.took));
    for outcome in slowest.into_iter().take(SLOWEST) {
        let _ = writeln!(text, "    {:>12}  {}", seconds(outcome.took), outcome.name);
    }
    if bad.is_empty() && outcomes.iter().all(|outcome| outcome.ran == 0) {
        let _ = write!(text, "==> No test ran: none is called so");
        return (true, text);
    }
    if bad.is_empty() {
        let _ = write!(
            text,
            "==> All {} programs passed and left nothing",
            outcomes.len()
        );
        return (false, text);
    }
    let _ = writeln!(text, "==> {} of {} programs failed:", bad.len(), outcomes.len());
    for outcome in bad {
        if !outcome.passed && outcome.failed.is_empty() {
            let _ = writeln!(text, "    {}: ended early", outcome.name);
        }
        for test in &outcome.failed {
            let _ = writeln!(text, "    {}: {test}", outcome.name);
        }
        for left in &outcome.left {
            let _ = writeln!(text, "    {}: left {left}", outcome.name);
        }
    }
    (true, text.trim_end().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(name: &str, passed: bool) -> Outcome {
        Outcome {
            name: name.to_owned(),
            passed,
            failed: Vec::new(),
            ran: 1,
            left: Vec::new(),
            took: Duration::from_secs(1),
        }
    }

    #[test]
    fn what_failed_and_what_was_left_is_named_and_what_passed_is_not() {
        let failing = Outcome {
            failed: vec!["deny::wins".to_owned()],
            ..outcome("core/decision", false)
        };
        let leaving = Outcome {
            left: vec!["Namespace gone-app".to_owned()],
            ..outcome("tests/e2e/e2e", true)
        };
        let all = [outcome("fine", true), failing, leaving, outcome("killed", false)];
        let (failed, text) = of(&all, Duration::from_secs(3), Order::Shuffled(5));
        assert!(failed);
        let (_, list) = text.split_once("3 of 4 programs failed:").unwrap();
        for line in [
            "core/decision: deny::wins",
            "tests/e2e/e2e: left Namespace gone-app",
            "killed: ended early",
        ] {
            assert!(list.contains(line), "{line:?} is not in {text}");
        }
        assert!(text.contains("--shuffle=5") && !list.contains("fine"), "{text}");
    }

    #[test]
    fn a_run_of_no_test_has_failed() {
        let empty = Outcome {
            ran: 0,
            ..outcome("fine", true)
        };
        let (failed, text) = of(&[empty], Duration::from_secs(3), Order::LongestFirst);
        assert!(failed && text.contains("No test ran"), "{text}");
    }

    #[test]
    fn a_run_without_failures_says_so() {
        let (failed, text) = of(
            &[outcome("fine", true)],
            Duration::from_secs(3),
            Order::LongestFirst,
        );
        assert!(!failed && text.contains("All 1 programs passed"), "{text}");
    }
}
