//! Programs that come from the machine's own packages.

use std::{env, fs, path::Path, process::Command};

use anyhow::{Context, Result, bail};

use crate::{command::run_logged, progress::Step};

/// A file of each package whose presence means that the package is installed.
const FILES: &[(&str, &[&str])] = &[
    ("containerd", &["/usr/bin/containerd"]),
    ("runc", &["/usr/sbin/runc", "/usr/bin/runc"]),
    ("containernetworking-plugins", &["/usr/lib/cni/ptp"]),
    ("iptables", &["/usr/sbin/iptables"]),
    ("conntrack", &["/usr/sbin/conntrack"]),
    ("ipset", &["/usr/sbin/ipset", "/sbin/ipset"]),
    ("ethtool", &["/usr/sbin/ethtool", "/sbin/ethtool"]),
    ("socat", &["/usr/bin/socat"]),
    ("iproute2", &["/usr/sbin/ip", "/sbin/ip", "/usr/bin/ip"]),
    ("util-linux", &["/usr/bin/unshare"]),
    // What programs cost: in tests of hot paths and in benchmarks.
    ("valgrind", &["/usr/bin/valgrind"]),
    ("strace", &["/usr/bin/strace"]),
];

/// The packages that are not installed.
pub fn missing() -> Vec<&'static str> {
    let absent = |files: &&[&str]| !files.iter().any(|file| Path::new(file).exists());
    FILES
        .iter()
        .filter(|(_, files)| absent(files))
        .map(|(package, _)| *package)
        .collect()
}

/// Installs the packages that are missing; true when there were any.
pub fn install_missing() -> Result<bool> {
    let missing = missing();
    if missing.is_empty() {
        return Ok(false);
    }
    apt_install(&missing)?;
    Ok(true)
}

/// Installs those of the packages, each named with a program of its, whose program is nowhere in the `PATH`.
pub fn require(packages: &[(&str, &str)]) -> Result<()> {
    let path = env::var_os("PATH").unwrap_or_default();
    let there = |program: &str| env::split_paths(&path).any(|dir| dir.join(program).is_file());
    let missing: Vec<&str> = packages
        .iter()
        .filter(|(_, program)| !there(program))
        .map(|(package, _)| *package)
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    apt_install(&missing)
}

/// Installs packages with apt-get, or says what has to be installed by hand.
pub fn apt_install(packages: &[&str]) -> Result<()> {
    let list = packages.join(" ");
    if !Path::new("/usr/bin/apt-get").exists() {
        bail!("this machine has no apt-get: please install what Debian calls {list}");
    }
    if !rustix::process::geteuid().is_root() {
        bail!("these packages are missing: {list}. Run as root, or: sudo apt-get install {list}");
    }
    let mut step = Step::begin(format!("Installing Debian packages: {list}"));
    let log = std::env::temp_dir().join(format!("strongroom-apt-{}.log", std::process::id()));
    run_logged(apt().arg("update"), &log, &mut step)?;
    let mut install = apt();
    install
        .args(["install", "-y", "--no-install-recommends"])
        .args(packages);
    run_logged(&mut install, &log, &mut step)?;
    let _ = fs::remove_file(&log);
    step.done();
    Ok(())
}

/// Unpacks a package without installing it, since it may conflict with one that is installed.
pub fn unpack(dir: &Path, package: &str, log: &Path, step: &mut Step) -> Result<()> {
    if !Path::new("/usr/bin/apt-get").exists() {
        bail!("this machine has no apt-get, and the package {package} is needed");
    }
    let work = tempfile::tempdir()?;
    let mut download = apt();
    download
        .current_dir(work.path())
        .args(["-o", "APT::Sandbox::User=root", "download", package]);
    if run_logged(&mut download, log, step).is_err() {
        run_logged(apt().arg("update"), log, step)?;
        run_logged(&mut download, log, step)?;
    }
    let archive = fs::read_dir(work.path())?
        .flatten()
        .map(|entry| entry.path())
        .find(|path| path.extension().is_some_and(|extension| extension == "deb"))
        .with_context(|| format!("apt-get downloaded no archive of {package}"))?;
    run_logged(
        Command::new("dpkg-deb").arg("-x").arg(archive).arg(dir),
        log,
        step,
    )
}

fn apt() -> Command {
    let mut apt = Command::new("apt-get");
    apt.arg("-q").env("DEBIAN_FRONTEND", "noninteractive");
    apt
}
