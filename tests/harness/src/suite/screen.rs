//! What a person sees of programs while they run.

use std::{io, sync::Mutex, time::Duration};

use crate::progress::seconds;

/// How the output of programs is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Screen {
    /// Line by line as it comes: one program runs at a time.
    Streaming,
    /// Whole when a program has ended, since another runs beside it.
    Whole,
}

/// The output of one program.
#[derive(Debug)]
pub struct Page {
    screen: Screen,
    name: String,
    kept: Mutex<String>,
}

impl Screen {
    /// For this many lanes.
    pub fn of_lanes(lanes: usize) -> Self {
        if lanes > 1 { Self::Whole } else { Self::Streaming }
    }

    /// Says that a program starts.
    pub fn begin(self, name: &str) -> Page {
        eprintln!("==> {name}");
        Page {
            screen: self,
            name: name.to_owned(),
            kept: Mutex::new(String::new()),
        }
    }
}

impl Page {
    /// Shows a line, or keeps it for the end.
    pub fn line(&self, line: &str) {
        match self.screen {
            Screen::Streaming => println!("{line}"),
            Screen::Whole => {
                if let Ok(mut kept) = self.kept.lock() {
                    kept.push_str(line);
                    kept.push('\n');
                }
            }
        }
    }

    /// Says at once that a test has failed.
    pub fn failed(&self, test: &str) {
        if self.screen == Screen::Whole {
            eprintln!("    {}: {test} FAILED", self.name);
        }
    }

    /// Says that the program is still running, when nothing else of it is shown, and which of its tests take long.
    pub fn still_running(&self, elapsed: Duration, slow: &[String]) {
        if self.screen == Screen::Whole {
            let took = seconds(elapsed);
            eprintln!("    {}: still running after {took} {slow:?}", self.name);
        }
    }

    /// Says how the program ended, and shows what was kept; gives the program's name.
    pub fn end(self, passed: bool, took: Duration) -> String {
        // While it is locked, nobody else's line comes between.
        let _errors = io::stderr().lock();
        eprint!("{}", self.verdict(passed, took));
        print!("{}", self.kept.into_inner().unwrap_or_default());
        self.name
    }

    fn verdict(&self, passed: bool, took: Duration) -> String {
        let verdict = if passed { "passed" } else { "FAILED" };
        match self.screen {
            Screen::Streaming => format!("    {verdict} in {}\n", seconds(took)),
            Screen::Whole => format!("==> {} {verdict} in {}, and said:\n", self.name, seconds(took)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn beside_another_program_the_lines_are_kept_until_the_end() {
        let (one, other) = (Screen::Whole.begin("one"), Screen::Whole.begin("other"));
        one.line("first");
        other.line("between");
        one.line("second");
        assert_eq!(*one.kept.lock().unwrap(), "first\nsecond\n");
        let verdict = one.verdict(false, Duration::from_secs(3));
        assert_eq!(verdict, "==> one FAILED in 3.0 s, and said:\n");
    }

    #[test]
    fn alone_nothing_is_kept() {
        let page = Screen::of_lanes(1).begin("one");
        page.line("first");
        assert_eq!(*page.kept.lock().unwrap(), "");
    }
}
