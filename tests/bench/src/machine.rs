//! What was measured on.

use std::{fs, path::Path, process::Command};

use rustix::system::uname;

/// A sentence that describes this machine and the disk of `directory`.
pub fn describe(directory: &Path) -> String {
    let cpus = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpus.lines().find_map(|line| line.strip_prefix("model name"));
    let model = model.map_or("an unknown processor", |rest| {
        rest.trim_start_matches([' ', '\t', ':'])
    });
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let memory = fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let kib: u64 = memory
        .lines()
        .find_map(|line| line.strip_prefix("MemTotal:"))
        .and_then(|rest| rest.split_whitespace().next()?.parse().ok())
        .unwrap_or_default();
    let filesystem = said(
        Command::new("findmnt")
            .args(["-n", "-o", "FSTYPE", "-T"])
            .arg(directory),
    );
    let commit = said(Command::new("git").args(["describe", "--always", "--dirty"]));
    let build = if cfg!(debug_assertions) {
        "a build with debug assertions, so no figure of it counts"
    } else {
        "release build"
    };
    format!(
        "{model}, {cores} cores, {} GiB, Linux {}, {filesystem}; clients and server share the machine. Commit {commit}, {build}.",
        kib / (1 << 20),
        uname().release().to_string_lossy(),
    )
}

fn said(command: &mut Command) -> String {
    let output = command.output().map(|output| output.stdout).unwrap_or_default();
    let text = String::from_utf8_lossy(&output).trim().to_owned();
    if text.is_empty() {
        "unknown".to_owned()
    } else {
        text
    }
}
