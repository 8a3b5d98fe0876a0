//! Tools that come as Python packages, each in a virtual environment of its own.

use std::{fs, os::unix::fs::symlink, path::Path, process::Command};

use anyhow::{Context, Result};

use super::debian;
use crate::{
    command::{output, run_logged},
    progress::Step,
};

/// Makes a virtual environment and installs packages in it.
pub fn venv(dir: &Path, requirements: &[&str], log: &Path, step: &mut Step) -> Result<()> {
    environment(dir, log, step)?;
    pip(dir, requirements, log, step)
}

/// Makes an empty virtual environment.
pub fn environment(dir: &Path, log: &Path, step: &mut Step) -> Result<()> {
    ready()?;
    run_logged(Command::new("python3").args(["-m", "venv"]).arg(dir), log, step)
}

/// Runs `pip install` in a virtual environment.
pub fn pip(dir: &Path, arguments: &[&str], log: &Path, step: &mut Step) -> Result<()> {
    let mut pip = Command::new(dir.join("bin/python"));
    pip.args([
        "-m",
        "pip",
        "install",
        "--disable-pip-version-check",
        "--no-input",
    ])
    .args(arguments);
    run_logged(&mut pip, log, step)
}

/// Unpacks the source archives that a lock file names into `sources`: what is installed of a package lacks its tests.
pub fn sources(dir: &Path, lock: &Path, log: &Path, step: &mut Step) -> Result<()> {
    let archives = dir.join("archives");
    let mut pip = Command::new(dir.join("bin/python"));
    pip.args([
        "-m",
        "pip",
        "download",
        "--disable-pip-version-check",
        "--no-input",
    ])
    // What reads an archive is in the environment already, with a checksum.
    .args(["--no-deps", "--no-build-isolation", "--no-binary", ":all:"])
    .args(["--require-hashes", "--requirement"])
    .arg(lock)
    .arg("--dest")
    .arg(&archives);
    run_logged(&mut pip, log, step)?;
    let sources = dir.join("sources");
    fs::create_dir(&sources).with_context(|| format!("cannot make {}", sources.display()))?;
    for archive in fs::read_dir(&archives)? {
        let mut unpack = Command::new("tar");
        // Not of the user that the archive names.
        unpack.args(["--extract", "--gzip", "--no-same-owner", "--directory"]);
        unpack.arg(&sources).arg("--file").arg(archive?.path());
        run_logged(&mut unpack, log, step)?;
    }
    Ok(())
}

/// The directory of the Python that a virtual environment was made with.
pub fn base(dir: &Path) -> Result<String> {
    let ask = ["-c", "import sys; print(sys.base_prefix)"];
    let base = output(Command::new(dir.join("bin/python")).args(ask))?;
    Ok(String::from_utf8(base)?.trim().to_owned())
}

/// Puts a package's own program in the place of the Python script that would start it: a benchmark
/// measures the program.
pub fn unwrap(dir: &Path, native: &str, program: &str) -> Result<()> {
    let ask = ["-c", "import sysconfig; print(sysconfig.get_path('purelib'))"];
    let packages = output(Command::new(dir.join("bin/python")).args(ask))?;
    let native = Path::new(String::from_utf8(packages)?.trim()).join(native);
    fs::remove_file(dir.join(program)).with_context(|| format!("the package has no {program}"))?;
    symlink(&native, dir.join(program)).with_context(|| format!("cannot link {}", native.display()))
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
