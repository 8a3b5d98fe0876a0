//! A pulse for the runtime that serves the data port.
//!
//! The threads of a runtime take turns at waiting for connections and timers. A disk that does not answer can hold the
//! thread whose turn it was, while all others sleep until something is scheduled: then nothing ever would be, since no
//! thread waits for it. A task that is scheduled from outside wakes one of them, which takes the turn.

use std::{
    io,
    sync::mpsc::{self, RecvTimeoutError, Sender},
    thread,
    time::Duration,
};

use tokio::runtime::Handle;

/// The longest time in which no thread waits for connections.
const BEAT: Duration = Duration::from_millis(250);

/// Beats until it is dropped.
#[derive(Debug)]
pub(super) struct Pulse {
    _end: Sender<()>,
}

impl Pulse {
    /// Schedules an empty task on `runtime` every [`BEAT`], from a thread that no disk can hold.
    ///
    /// # Errors
    /// The system gives no thread.
    pub(super) fn start(runtime: Handle) -> io::Result<Self> {
        let (end, ends) = mpsc::channel();
        thread::Builder::new().name("pulse".to_owned()).spawn(move || {
            while ends.recv_timeout(BEAT) == Err(RecvTimeoutError::Timeout) {
                drop(runtime.spawn(async {}));
            }
        })?;
        Ok(Self { _end: end })
    }
}

#[cfg(test)]
mod tests {
    use tokio::{runtime::Builder, time::sleep};

    use super::*;

    #[test]
    fn a_thread_that_is_held_when_it_was_its_turn_to_wait_leaves_timers_running() {
        let runtime = Builder::new_multi_thread()
            .worker_threads(2)
            .enable_time()
            .build()
            .unwrap();
        let _pulse = Pulse::start(runtime.handle().clone()).unwrap();
        let (timer, of_timer) = mpsc::channel();
        runtime.spawn(async move {
            sleep(Duration::from_millis(100)).await;
            timer.send(()).unwrap();
        });
        runtime.spawn(async {
            sleep(Duration::from_millis(20)).await;
            thread::sleep(Duration::from_secs(10));
        });
        let fired = of_timer.recv_timeout(Duration::from_secs(5));
        runtime.shutdown_background();
        assert_eq!(fired, Ok(()));
    }
}
