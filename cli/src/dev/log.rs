//! The requests that vaults answer, as they come, and what happens beside them.
//!
//! A thread of its own writes: whoever reads slowly, or not at all, holds up no vault.

use std::{
    fs::{File, OpenOptions},
    io::{self, IsTerminal as _, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::Path,
    sync::mpsc::{self, Receiver, RecvTimeoutError, Sender},
    thread,
    time::{Duration, Instant},
};

use strongroom_dev::{laptop::Laptop, notices::Notice, requests::Requests};
use tokio::sync::broadcast;

use super::lines::Look;
use crate::{failure::DevFailure, terminal};

/// How often it is looked whether there is something new.
const EVERY: Duration = Duration::from_millis(100);

/// How often it is said that clients do not trust the certificate.
const SAID_EVERY: Duration = Duration::from_secs(10);

/// How long the end waits for somebody to read what is left.
const PATIENCE: Duration = Duration::from_secs(1);

/// Where requests are written.
pub(super) enum Sink {
    /// Nowhere.
    Nothing,
    Stdout,
    Stderr,
    File(File),
}

impl Sink {
    /// A file that only its owner can read, with what is in it already.
    pub(super) fn file(path: &Path) -> Result<Self, DevFailure> {
        let mut options = OpenOptions::new();
        options.create(true).append(true).mode(0o600);
        options
            .open(path)
            .map(Self::File)
            .map_err(|source| DevFailure::File {
                path: path.to_owned(),
                source,
            })
    }

    fn is_coloured(&self) -> bool {
        let is_terminal = match self {
            Self::Stdout => io::stdout().is_terminal(),
            Self::Stderr => io::stderr().is_terminal(),
            Self::Nothing | Self::File(_) => false,
        };
        is_terminal && takes_colours()
    }

    fn write(&mut self, line: &str) -> io::Result<()> {
        match self {
            Self::Nothing => Ok(()),
            Self::Stdout => writeln!(io::stdout().lock(), "{line}"),
            Self::Stderr => writeln!(io::stderr().lock(), "{line}"),
            Self::File(file) => writeln!(file, "{line}"),
        }
    }
}

/// Whether the user's terminal takes colours, as `NO_COLOR` and TERM say.
fn takes_colours() -> bool {
    let is_set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    !is_set("NO_COLOR") && std::env::var_os("TERM").is_none_or(|term| term != "dumb")
}

/// A log that is written until this is dropped.
pub(super) struct Log {
    end: Option<Sender<()>>,
    ended: Receiver<()>,
}

impl Drop for Log {
    fn drop(&mut self) {
        // The thread sees that nobody is at the other end.
        self.end.take();
        let _ = self.ended.recv_timeout(PATIENCE);
    }
}

/// What a thread writes.
struct Writer<D> {
    requests: Vec<Requests>,
    notices: broadcast::Receiver<Notice>,
    distrusted: D,
    sink: Sink,
    of_requests: Look,
    of_notices: Look,
    said: u64,
    said_at: Option<Instant>,
}

impl Log {
    /// Writes what comes from now on.
    pub(super) fn start(laptop: &Laptop, sink: Sink) -> Result<Self, DevFailure> {
        let requests = match sink {
            Sink::Nothing => Vec::new(),
            Sink::Stdout | Sink::Stderr | Sink::File(_) => laptop.requests()?,
        };
        let mut writer = Writer {
            of_requests: Look {
                is_coloured: sink.is_coloured(),
                names_vaults: requests.len() > 1,
            },
            of_notices: Look {
                is_coloured: Sink::Stderr.is_coloured(),
                names_vaults: false,
            },
            requests,
            notices: laptop.controls().notices().listen(),
            distrusted: laptop.distrusted(),
            sink,
            said: 0,
            said_at: None,
        };
        let (end, asked) = mpsc::channel::<()>();
        let (say_ended, ended) = mpsc::channel();
        thread::Builder::new().name("log".to_owned()).spawn(move || {
            while asked.recv_timeout(EVERY) == Err(RecvTimeoutError::Timeout) {
                writer.write();
            }
            writer.write();
            // Nobody may wait for it.
            let _ = say_ended.send(());
        })?;
        Ok(Self {
            end: Some(end),
            ended,
        })
    }
}

impl<D: Fn() -> u64> Writer<D> {
    fn write(&mut self) {
        self.write_notices();
        for requests in &mut self.requests {
            // Of a log that cannot be read now there may be more later.
            for request in requests.read().unwrap_or_default() {
                let line = self.of_requests.request(&request, terminal::shown);
                if self.sink.write(&line).is_err() {
                    self.sink = Sink::Nothing;
                }
            }
        }
        self.write_distrust();
    }

    fn write_notices(&mut self) {
        loop {
            let notice = match self.notices.try_recv() {
                Ok(notice) => notice,
                Err(broadcast::error::TryRecvError::Lagged(_)) => continue,
                Err(_) => return,
            };
            if let Some(line) = self.of_notices.notice(&notice, terminal::shown) {
                // A console that is gone reads nothing.
                let _ = Sink::Stderr.write(&line);
            }
        }
    }

    fn write_distrust(&mut self) {
        let now = (self.distrusted)();
        let is_due = self.said_at.is_none_or(|at| at.elapsed() >= SAID_EVERY);
        if now > self.said && is_due {
            let line = self.of_notices.distrust(now - self.said);
            let _ = Sink::Stderr.write(&line);
            (self.said, self.said_at) = (now, Some(Instant::now()));
        }
    }
}
