//! The programs that others open our files with.

use std::{
    ffi::OsStr,
    path::Path,
    process::{Command, Output},
};

use tempfile::TempDir;

/// A directory to give the program files in; none where there is no such program, or it fails with the arguments `check`.
pub fn directory_for(program: &str, check: &[&str]) -> Option<TempDir> {
    let found = Command::new(program)
        .args(check)
        .output()
        .is_ok_and(|output| output.status.success());
    if !found {
        eprintln!("there is no {program} program here");
    }
    found.then(|| tempfile::tempdir().unwrap())
}

/// What the program wrote, which must succeed.
pub fn run<A: AsRef<OsStr>>(directory: &Path, program: &str, arguments: &[A]) -> String {
    let output = Command::new(program)
        .args(arguments)
        .current_dir(directory)
        .output()
        .unwrap();
    assert!(output.status.success(), "{program}: {}", shown(&output));
    String::from_utf8(output.stdout).unwrap()
}

fn shown(output: &Output) -> String {
    format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}
