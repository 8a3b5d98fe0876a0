//! What the process does to itself before it holds any secret.

use std::panic;

use rustix::process::{DumpableBehavior, Resource, Rlimit, set_dumpable_behavior, setrlimit};

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
