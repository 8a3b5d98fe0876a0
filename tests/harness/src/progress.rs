//! Lines on standard error that show what a long step is doing.

use std::time::{Duration, Instant};

/// A step that has begun; says how long it took when it is done.
#[derive(Debug)]
pub struct Step {
    what: String,
    started: Instant,
    said: Instant,
}

impl Step {
    /// How often a step that takes long says that it is still running.
    const HEARTBEAT: Duration = Duration::from_secs(20);

    /// Begins a step and says so.
    pub fn begin(what: impl Into<String>) -> Self {
        let what = what.into();
        eprintln!("==> {what}");
        let now = Instant::now();
        Self {
            what,
            started: now,
            said: now,
        }
    }

    /// Says that the step is still running, when it has been silent for long.
    pub fn beat(&mut self) {
        if self.said.elapsed() >= Self::HEARTBEAT {
            self.said = Instant::now();
            eprintln!(
                "    still at it after {} s: {}",
                self.started.elapsed().as_secs(),
                self.what
            );
        }
    }

    /// Says that the step is done.
    pub fn done(self) {
        eprintln!("    done in {}", seconds(self.started.elapsed()));
    }
}

/// A duration as a person reads it: `0.4 s`, `12 s`, `3 min 5 s`.
pub fn seconds(elapsed: Duration) -> String {
    let whole = elapsed.as_secs();
    match whole {
        0..10 => format!("{:.1} s", elapsed.as_secs_f64()),
        10..100 => format!("{whole} s"),
        _ => format!("{} min {} s", whole / 60, whole % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_well() {
        assert_eq!(seconds(Duration::from_millis(420)), "0.4 s");
        assert_eq!(seconds(Duration::from_secs(42)), "42 s");
        assert_eq!(seconds(Duration::from_secs(185)), "3 min 5 s");
    }
}
