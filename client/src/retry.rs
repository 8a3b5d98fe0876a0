//! When a failed request is sent again.

use std::time::Duration;

use strongroom_core::backoff::{Delays, spread_below};

/// How often and how soon a request that may be repeated is repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retry {
    /// How often it is sent at most.
    pub attempts: u32,
    /// The delays after failures. A server that asks for more than the longest ends the attempts.
    pub delays: Delays,
}

impl Default for Retry {
    fn default() -> Self {
        Self {
            attempts: 3,
            delays: Delays {
                first: Duration::from_millis(100),
                longest: Duration::from_secs(5),
            },
        }
    }
}

impl Retry {
    /// Sends once only.
    pub const NEVER: Self = Self {
        attempts: 1,
        delays: Delays {
            first: Duration::ZERO,
            longest: Duration::ZERO,
        },
    };

    /// The delay before the next attempt after `failed` failures, or `None` to give up. `asked` is the server's
    /// Retry-After.
    pub fn delay(&self, failed: u32, asked: Option<Duration>) -> Option<Duration> {
        if failed >= self.attempts || asked.is_some_and(|asked| asked > self.delays.longest) {
            return None;
        }
        Some(asked.unwrap_or_default().max(self.delays.after(failed)))
    }

    /// Runs `attempt` until it succeeds, its error says not to repeat it, or the attempts are used up. Not an
    /// `AsyncFnMut`: what awaits one is not known to be `Send`, so that no request could be made in a spawned task.
    pub(crate) async fn run<T, E: Repeatable, F: Future<Output = Result<T, E>>>(
        &self,
        mut attempt: impl FnMut() -> F,
    ) -> Result<T, E> {
        let mut failed = 0;
        loop {
            let error = match attempt().await {
                Ok(value) => return Ok(value),
                Err(error) => error,
            };
            failed += 1;
            let asked = error.asked_delay();
            let Some(delay) = self.delay(failed, asked).filter(|_| error.may_repeat()) else {
                return Err(error);
            };
            let spread = spread_below(delay, fastrand::f64());
            tokio::time::sleep(spread.max(asked.unwrap_or_default())).await;
        }
    }
}

/// What an error says about sending the request again.
pub(crate) trait Repeatable {
    /// Whether a second attempt is harmless and may succeed.
    fn may_repeat(&self) -> bool;
    /// The server's Retry-After.
    fn asked_delay(&self) -> Option<Duration>;
}

#[cfg(test)]
mod tests {
    use super::*;

    const RETRY: Retry = Retry {
        attempts: 4,
        delays: Delays {
            first: Duration::from_millis(100),
            longest: Duration::from_secs(1),
        },
    };

    #[test]
    fn delays_double_and_end_with_the_attempts() {
        let delays: Vec<_> = (1..=4)
            .map(|failed| RETRY.delay(failed, None).map(|d| d.as_millis()))
            .collect();
        assert_eq!(delays, [Some(100), Some(200), Some(400), None]);
        assert_eq!(
            Retry {
                attempts: 99,
                ..RETRY
            }
            .delay(60, None),
            Some(RETRY.delays.longest)
        );
    }

    #[test]
    fn the_servers_wish_is_honoured_or_the_attempts_end() {
        assert_eq!(
            RETRY.delay(1, Some(Duration::from_secs(1))),
            Some(Duration::from_secs(1))
        );
        assert_eq!(RETRY.delay(1, Some(Duration::from_secs(2))), None);
    }
}
