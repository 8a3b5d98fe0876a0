//! What a program of tests says of them while it runs.

use std::time::Duration;

use crate::progress::seconds;

/// What has been said so far, in the words of Rust's own test runner.
#[derive(Debug, Default)]
pub struct Told {
    /// The tests that failed.
    pub failed: Vec<String>,
    /// How many tests ended.
    pub ran: usize,
    slow: Vec<String>,
}

impl Told {
    /// Takes a line; gives the test that it says has failed.
    pub fn take(&mut self, line: &str) -> Option<String> {
        let line = line.strip_prefix("test ")?;
        if let Some(test) = line.strip_suffix(" has been running for over 60 seconds") {
            self.slow.push(test.to_owned());
            return None;
        }
        let (test, how) = line.split_once(" ... ")?;
        self.slow.retain(|slow| slow != test);
        self.ran += usize::from(["ok", "FAILED"].contains(&how));
        (how == "FAILED").then(|| {
            self.failed.push(test.to_owned());
            test.to_owned()
        })
    }

    /// The tests that have run for over a minute and not ended.
    pub fn slow(&self) -> &[String] {
        &self.slow
    }

    /// Notes that nobody waited any longer: for the program itself, or for what it left behind.
    pub fn give_up(&mut self, ended_itself: bool, after: Duration) {
        let after = seconds(after);
        let why = match (ended_itself, self.slow.as_slice()) {
            (true, _) => format!("left a process that held its output open, for {after}"),
            (false, []) => format!("had not ended after {after}"),
            (false, slow) => format!("had not ended after {after}: {}", slow.join(", ")),
        };
        self.failed.push(why);
    }
}
