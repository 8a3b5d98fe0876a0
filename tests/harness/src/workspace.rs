//! Where this workspace lies, and the programs that Cargo built from it.

use std::{
    env,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};

/// The directory of the workspace.
pub fn root() -> PathBuf {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
    manifest.ancestors().nth(2).unwrap_or(manifest).to_owned()
}

/// A program of this workspace that Cargo built beside the one that runs.
pub fn program(name: &str) -> Result<PathBuf> {
    let own = env::current_exe()?;
    let found = own
        .ancestors()
        .skip(1)
        .take(2)
        .map(|dir| dir.join(name))
        .find(|path| path.is_file());
    found.with_context(|| format!("{name} is not built: cargo build --profile ci --workspace --bins"))
}
