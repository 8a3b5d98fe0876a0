//! Threads that serve connections, each with a runtime of its own.
//!
//! A connection is handed to the thread that has fewest, and stays there: its TLS, its requests and their answers are never
//! moved between processors, and no thread wakes another for them. On a runtime whose threads take work from each other,
//! that took a third of the time of a request that reads.

use std::{
    io,
    num::NonZeroUsize,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use tokio::runtime::{Builder, Handle};
use tokio_util::sync::CancellationToken;

use super::Drain;

/// The threads. They end with the last handle on them and the last connection.
#[derive(Debug)]
pub struct Workers {
    workers: Vec<Worker>,
    end: CancellationToken,
}

#[derive(Debug)]
struct Worker {
    handle: Handle,
    connections: Arc<AtomicUsize>,
}

/// One connection of a worker, as long as it is served: the threads do not end before it.
struct Served {
    connections: Arc<AtomicUsize>,
    _workers: Arc<Workers>,
}

impl Drop for Served {
    fn drop(&mut self) {
        self.connections.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Workers {
    /// Starts so many threads.
    ///
    /// # Errors
    /// The system gives no thread, or a runtime cannot be made.
    pub fn start(count: NonZeroUsize) -> io::Result<Arc<Self>> {
        let end = CancellationToken::new();
        // Threads that have started end with the token, should a later one fail.
        let guard = end.clone().drop_guard();
        let workers = (0..count.get()).map(|number| Worker::start(number, &end));
        let workers = workers.collect::<io::Result<_>>()?;
        let _ = guard.disarm();
        Ok(Arc::new(Self { workers, end }))
    }

    /// One for each processor that the process may use.
    ///
    /// # Errors
    /// As [`Self::start`].
    pub fn one_per_processor() -> io::Result<Arc<Self>> {
        Self::start(thread::available_parallelism().unwrap_or(NonZeroUsize::MIN))
    }

    /// Runs what serves a connection on the thread that has fewest; `drain` waits for it.
    pub(super) fn spawn(self: &Arc<Self>, drain: &Drain, serve: impl Future<Output = ()> + Send + 'static) {
        let connections = |worker: &&Worker| worker.connections.load(Ordering::Relaxed);
        let Some(worker) = self.workers.iter().min_by_key(connections) else {
            return drain.spawn(serve);
        };
        worker.connections.fetch_add(1, Ordering::Relaxed);
        let served = Served {
            connections: Arc::clone(&worker.connections),
            _workers: Arc::clone(self),
        };
        let serve = async move {
            serve.await;
            drop(served);
        };
        drain.spawn_on(serve, &worker.handle);
    }
}

impl Drop for Workers {
    fn drop(&mut self) {
        self.end.cancel();
    }
}

impl Worker {
    fn start(number: usize, end: &CancellationToken) -> io::Result<Self> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let (handle, end) = (runtime.handle().clone(), end.clone());
        thread::Builder::new()
            .name(format!("serve-{number}"))
            .spawn(move || {
                runtime.block_on(end.cancelled());
                // What is still blocked belongs to nobody who waits.
                runtime.shutdown_background();
            })?;
        Ok(Self {
            handle,
            connections: Arc::default(),
        })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use parking_lot::Mutex;
    use tokio::sync::Notify;

    use super::*;

    #[tokio::test]
    async fn connections_are_spread_over_the_threads_and_a_free_place_is_taken_again() {
        let workers = Workers::start(NonZeroUsize::new(3).unwrap()).unwrap();
        let (drain, served) = (Drain::default(), Arc::new(Mutex::new(HashMap::new())));
        let end = Arc::new(Notify::new());
        for _ in 0..6 {
            let (served, end) = (Arc::clone(&served), Arc::clone(&end));
            workers.spawn(&drain, async move {
                let name = thread::current().name().unwrap().to_owned();
                *served.lock().entry(name).or_insert(0) += 1;
                end.notified().await;
            });
        }
        while served.lock().values().sum::<usize>() < 6 {
            tokio::task::yield_now().await;
        }
        let counts: Vec<_> = served.lock().values().copied().collect();
        assert_eq!(counts, [2, 2, 2]);
        end.notify_waiters();
        drain.begin();
        assert!(drain.finished().await);
        let open = workers
            .workers
            .iter()
            .map(|worker| worker.connections.load(Ordering::Relaxed));
        assert_eq!(open.sum::<usize>(), 0);
    }
}
