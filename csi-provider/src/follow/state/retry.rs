//! When a volume takes up again what failed.

use std::time::{Duration, Instant};

use strongroom_core::{Backoff, Delays};

/// Failures in a row that are not reported to the pod's author: about two seconds.
const PASSING: u32 = 5;
/// What a vault refuses, and accepts in between, counts as refused in a row until it refused nothing for that long.
const FORGIVEN: Duration = Duration::from_mins(10);

/// When one concern of a volume is tried again. Each concern has its own, so that an identity service that is down does
/// not keep a SecretRef from being read.
#[derive(Debug)]
pub struct Retry {
    pause: Pause,
    backoff: Backoff,
    failed_at: Option<Instant>,
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

    /// For what the vault refuses, which does not change so soon. No later word of the vault ends or shortens it.
    pub const fn seldom(now: Instant) -> Self {
        Self::new(now, Duration::from_secs(5), Duration::from_mins(1))
    }

    const fn new(now: Instant, first: Duration, longest: Duration) -> Self {
        Self {
            pause: Pause::Until(now),
            backoff: Backoff::new(Delays { first, longest }),
            failed_at: None,
        }
    }

    /// When the pause ends, which may be past; `None` if only the kubelet ends it.
    pub const fn ends_at(&self) -> Option<Instant> {
        match self.pause {
            Pause::Until(end) => Some(end),
            Pause::UntilKubelet => None,
        }
    }

    /// Counts a refusal by the vault and pauses: shortly after the first one, since a token may just have ended. Answers
    /// whether it is worth a report: one refusal after another.
    pub fn refuse(&mut self, now: Instant, random: f64) -> bool {
        self.forgive(now);
        let delay = self.backoff.after_failure(random);
        let is_first = self.backoff.failures() == 1;
        self.pause = Pause::Until(now + if is_first { delay / 50 } else { delay });
        !is_first
    }

    /// Counts a failure and pauses. Answers whether to report it to the pod's author: not if it is likely to pass.
    pub fn fail(&mut self, is_retryable: bool, now: Instant, random: f64) -> bool {
        self.forgive(now);
        let is_lasting = !is_retryable || self.backoff.failures() >= PASSING;
        self.pause = if is_retryable {
            Pause::Until(now + self.backoff.after_failure(random))
        } else {
            Pause::UntilKubelet
        };
        is_lasting
    }

    /// Counts from no failure again where the last one is long ago.
    fn forgive(&mut self, now: Instant) {
        let ago = |at| now.saturating_duration_since(at);
        if self.failed_at.replace(now).is_some_and(|at| ago(at) >= FORGIVEN) {
            self.backoff.reset();
        }
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
