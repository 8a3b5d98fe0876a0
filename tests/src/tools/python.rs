//! Tools that come as Python packages, each in a virtual environment of its own.

use std::{path::Path, process::Command};

use anyhow::{Context, Result};

use super::debian;
use crate::{
    command::{output, run_logged},
    progress::Step,
};

/// Makes a virtual environment and installs packages in it.
pub fn venv(dir: &Path, requirements: &[&str], log: &Path, step: &mut Step) -> Result<()> {
    ready()?;
    run_logged(Command::new("python3").args(["-m", "venv"]).arg(dir), log, step)?;
    let mut pip = Command::new(dir.join("bin/python"));
    pip.args([
        "-m",
        "pip",
        "install",
        "--disable-pip-version-check",
        "--no-input",
    ])
    .args(requirements);
    run_logged(&mut pip, log, step)
}

/// Debian keeps the module that makes environments in a package of its own.
fn ready() -> Result<()> {
    let check = || output(Command::new("python3").args(["-c", "import venv, ensurepip"]));
    if check().is_ok() {
        return Ok(());
    }
    debian::apt_install(&["python3", "python3-venv"])?;
    check()
        .map(drop)
        .context("Python 3 with the venv module is needed for tools that come as Python packages")
}
