//! A pulse for the runtime that serves the data port.
//!
//! The threads of a runtime take turns at waiting for connections and timers. A disk that does not answer can hold the
//! thread whose turn it was, while all others sleep until something is scheduled: then nothing ever would be, since nobody
//! waits for it. Something scheduled from outside wakes one of them, which takes the turn.

use std::{
    thread::{self, JoinHandle},
    time::Duration,
};

use strongroom_serving::accept::Drain;
use tokio::{
    runtime::{self, Handle},
    time::interval,
};

use super::StartError;

/// How long nobody waits for connections at most.
const BEAT: Duration = Duration::from_millis(250);

/// Schedules nothing on `runtime`, again and again until `drain` begins, from a thread that no disk can hold.
pub(super) fn start(runtime: Handle, drain: &Drain) -> Result<JoinHandle<()>, StartError> {
    let failed = |source| StartError::Thread {
        name: "pulse",
        source,
    };
    let own = runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .map_err(failed)?;
    let drain = drain.clone();
    let beat = async move {
        let mut beats = interval(BEAT);
        loop {
            tokio::select! {
                _ = beats.tick() => drop(runtime.spawn(async {})),
                () = drain.begun() => return,
            }
        }
    };
    thread::Builder::new()
        .name("pulse".to_owned())
        .spawn(move || own.block_on(beat))
        .map_err(failed)
}
