//! Whether a connection has a request in flight, and since when it has none.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::time::{Instant, sleep_until};

/// The requests in flight of one connection.
#[derive(Debug, Clone)]
pub(super) struct Activity(Arc<Mutex<State>>);

#[derive(Debug)]
struct State {
    in_flight: usize,
    last: Instant,
}

/// One request in flight, until its answer's body is sent or given up.
#[derive(Debug)]
pub(super) struct InFlight(Activity);

impl Activity {
    pub(super) fn new() -> Self {
        Self(Arc::new(Mutex::new(State {
            in_flight: 0,
            last: Instant::now(),
        })))
    }

    pub(super) fn begin(&self) -> InFlight {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).in_flight += 1;
        InFlight(self.clone())
    }

    /// Returns once nothing has been in flight for `timeout`.
    pub(super) async fn idle(&self, timeout: Duration) {
        loop {
            let until = {
                let state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
                let since = if state.in_flight == 0 {
                    state.last
                } else {
                    Instant::now()
                };
                since + timeout
            };
            if until <= Instant::now() {
                return;
            }
            sleep_until(until).await;
        }
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        let mut state = self.0.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.in_flight = state.in_flight.saturating_sub(1);
        state.last = Instant::now();
    }
}
