//! What every server program does to itself before it holds any secret.

use std::panic;

use rustix::process::{DumpableBehavior, Resource, Rlimit, set_dumpable_behavior, setrlimit};
use tracing_subscriber::filter::ParseError;

use crate::log;

/// Why a program could not begin.
#[derive(Debug, thiserror::Error)]
pub enum BeginError {
    /// The log's filter cannot be parsed.
    #[error("the log's filter is none")]
    Log(#[from] ParseError),
    /// Core dumps cannot be switched off.
    #[error("cannot forbid core dumps")]
    Core(#[source] rustix::io::Errno),
    /// Other processes of the same user could read our memory.
    #[error("cannot forbid that other processes look into this one")]
    Dumpable(#[source] rustix::io::Errno),
}

/// Starts the log, and hardens the process: no core dump, no debugger and no reading of `/proc/PID/mem` or `environ` by
/// the same user; and a panic says where it happened, not what it was about, since its message may hold what was being
/// worked on. `RUST_LOG` chooses what is logged; without it, everything from `info` on.
///
/// There is no other way to start the log, so that no program forgets the rest.
///
/// # Errors
/// The process cannot be hardened.
pub fn begin() -> Result<(), BeginError> {
    log::start();
    harden()
}

/// The same, with `filter` for the log: a level or levels by module.
///
/// # Errors
/// The process cannot be hardened, or `filter` cannot be parsed.
pub fn begin_with(filter: &str) -> Result<(), BeginError> {
    log::start_with(filter)?;
    harden()
}

fn harden() -> Result<(), BeginError> {
    let none = Rlimit {
        current: Some(0),
        maximum: Some(0),
    };
    setrlimit(Resource::Core, none).map_err(BeginError::Core)?;
    set_dumpable_behavior(DumpableBehavior::NotDumpable).map_err(BeginError::Dumpable)?;
    panic::set_hook(Box::new(|info| {
        let place = info.location().map(|at| format!("{}:{}", at.file(), at.line()));
        tracing::error!(place = place.as_deref().unwrap_or("unknown"), "panic");
    }));
    Ok(())
}
