//! A program's log: one JSON object per line on standard error.

use std::io;

use tracing_subscriber::{EnvFilter, filter::ParseError};

/// Starts the log. `RUST_LOG` chooses what is logged; without it, everything from `info` on.
pub(crate) fn start() {
    start_filtered(EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info")));
}

/// Starts the log with `filter`, a level or levels by module.
pub(crate) fn start_with(filter: &str) -> Result<(), ParseError> {
    start_filtered(EnvFilter::try_new(filter)?);
    Ok(())
}

fn start_filtered(filter: EnvFilter) {
    tracing_subscriber::fmt()
        .json()
        .with_env_filter(filter)
        .with_writer(io::stderr)
        .init();
}
