//! When a volume takes up again what failed.

use std::time::{Duration, Instant};

use strongroom_core::{Backoff, Delays};

/// Failures in a row that are not reported to the pod's author: about two seconds.
const PASSING: u32 = 5;

/// When one concern of a volume is tried again. Each concern has its own, so that an identity service that is down does
/// not keep a SecretRef from being read.
#[derive(Debug)]
pub struct Retry {
    pause: Pause,
    backoff: Backoff,
}

/// What ends a pause.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Pause {
    /// This moment.
    Until(Instant),
    /// The kubelet's next call: nothing is likely to mend itself sooner.
    UntilKubelet,
}

impl Retry {
    /// For what another server may do well again within seconds.
    pub const fn soon(now: Instant) -> Self {
        Self::new(now, Duration::from_millis(100), Duration::from_secs(30))
    }

    /// For what policy refuses, which does not change so soon.
    pub const fn seldom(now: Instant) -> Self {
        Self::new(now, Duration::from_secs(5), Duration::from_mins(1))
    }

    const fn new(now: Instant, first: Duration, longest: Duration) -> Self {
        Self {
            pause: Pause::Until(now),
            backoff: Backoff::new(Delays { first, longest }),
        }
    }

    /// Whether nothing is to be tried at `now`.
    pub fn is_paused(&self, now: Instant) -> bool {
        self.ends_at().is_none_or(|end| end > now)
    }

    /// When the pause ends, which may be past; `None` if only the kubelet ends it.
    pub const fn ends_at(&self) -> Option<Instant> {
        match self.pause {
            Pause::Until(end) => Some(end),
            Pause::UntilKubelet => None,
        }
    }

    /// Counts a failure and pauses. Answers whether to report it to the pod's author: not if it is likely to pass.
    pub fn fail(&mut self, is_retryable: bool, now: Instant, random: f64) -> bool {
        let is_lasting = !is_retryable || self.backoff.failures() >= PASSING;
        self.pause = if is_retryable {
            Pause::Until(now + self.backoff.after_failure(random))
        } else {
            Pause::UntilKubelet
        };
        is_lasting
    }

    /// Counts from no failure again.
    pub const fn succeed(&mut self) {
        self.backoff.reset();
    }

    /// The kubelet called.
    pub fn kubelet_called(&mut self, now: Instant) {
        if self.pause == Pause::UntilKubelet {
            self.end(now);
        }
    }

    /// Ends the pause: what failed may succeed now.
    pub const fn end(&mut self, now: Instant) {
        self.pause = Pause::Until(now);
    }
}
