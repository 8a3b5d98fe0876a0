//! Whether a connection has a request in flight, and since when it has none.

use std::{sync::Arc, time::Duration};

use parking_lot::{Mutex, MutexGuard};
use tokio::time::{Instant, sleep_until};

/// The requests in flight of one connection.
#[derive(Debug, Clone)]
pub(crate) struct Activity(Arc<Mutex<State>>);

#[derive(Debug)]
struct State {
    in_flight: usize,
    begun: u64,
    last: Instant,
}

/// One request in flight, until its response's body is sent or given up.
#[derive(Debug)]
pub(crate) struct InFlight(Activity);

impl Activity {
    pub(crate) fn new() -> Self {
        Self(Arc::new(Mutex::new(State {
            in_flight: 0,
            begun: 0,
            last: Instant::now(),
        })))
    }

    pub(crate) fn begin(&self) -> InFlight {
        let mut state = self.state();
        state.in_flight += 1;
        state.begun += 1;
        drop(state);
        InFlight(self.clone())
    }

    /// Since when nothing is in flight; `None` while something is.
    pub(crate) fn idle_since(&self) -> Option<Instant> {
        let state = self.state();
        (state.in_flight == 0).then_some(state.last)
    }

    /// How many requests have begun.
    pub(crate) fn begun(&self) -> u64 {
        self.state().begun
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock()
    }

    /// Returns once nothing has been in flight for `timeout`.
    pub(crate) async fn idle(&self, timeout: Duration) {
        loop {
            let until = self.idle_since().unwrap_or_else(Instant::now) + timeout;
            if until <= Instant::now() {
                return;
            }
            sleep_until(until).await;
        }
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        let mut state = self.0.state();
        state.in_flight = state.in_flight.saturating_sub(1);
        state.last = Instant::now();
    }
}
