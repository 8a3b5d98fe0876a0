//! What the process does to itself before it holds any secret.

use std::{io, panic};

use rustix::process::{DumpableBehavior, Resource, Rlimit, set_dumpable_behavior, setrlimit};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tracing_subscriber::EnvFilter;

/// Why the process could not be hardened.
#[derive(Debug, thiserror::Error)]
pub enum HardenError {
    /// Core dumps cannot be switched off.
    #[error("cannot forbid core dumps")]
    Core(#[source] rustix::io::Errno),
    /// Other processes of the same user could read our memory.
    #[error("cannot forbid that other processes look into this one")]
    Dumpable(#[source] rustix::io::Errno),
}

/// No core dump, no debugger and no reading of `/proc/PID/mem` or `environ` by the same user; and a panic says where it
/// happened, not what it was about, since its message may hold what was being worked on.
pub fn harden() -> Result<(), HardenError> {
    let none = Rlimit {
        current: Some(0),
        maximum: Some(0),
    };
    setrlimit(Resource::Core, none).map_err(HardenError::Core)?;
    set_dumpable_behavior(DumpableBehavior::NotDumpable).map_err(HardenError::Dumpable)?;
    panic::set_hook(Box::new(|info| {
        let place = info.location().map(|at| format!("{}:{}", at.file(), at.line()));
        tracing::error!(place = place.as_deref().unwrap_or("unknown"), "panic");
    }));
    Ok(())
}

/// The program's log: lines of JSON on standard error.
#[derive(Debug)]
pub struct Logging;

impl Logging {
    /// Starts it. `RUST_LOG` chooses what is told; `info` by default.
    pub fn start() {
        let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
        tracing_subscriber::fmt()
            .json()
            .with_writer(io::stderr)
            .with_env_filter(filter)
            .init();
    }
}

/// Resolves once the process is asked to end.
pub struct Termination {
    terminate: Signal,
    interrupt: Signal,
}

impl std::fmt::Debug for Termination {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Termination")
    }
}

impl Termination {
    /// Waits for SIGTERM or SIGINT.
    pub async fn recv(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

/// Listens for SIGTERM and SIGINT.
pub fn termination() -> io::Result<Termination> {
    Ok(Termination {
        terminate: signal(SignalKind::terminate())?,
        interrupt: signal(SignalKind::interrupt())?,
    })
}
