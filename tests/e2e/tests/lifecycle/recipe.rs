//! The steps of `docs/install.md`, run as they stand there.

use std::{fs, os::unix::fs::symlink, path::Path, process::Command};

use anyhow::{Context, Result};
use strongroom_harness::{cluster::pods::SHELL_IMAGE, command, workspace};

use crate::environment;

/// Runs the block that follows `<!-- NAME -->` against the cluster of `kubeconfig`, in a directory of its own.
pub fn steps(name: &str, kubeconfig: &Path, directory: &Path) -> Result<()> {
    let root = workspace::root();
    let text = fs::read_to_string(root.join("docs/install.md"))?;
    let (_, rest) = text
        .split_once(&format!("<!-- {name} -->\n```sh\n"))
        .with_context(|| format!("docs/install.md has no steps called {name}"))?;
    let (script, _) = rest.split_once("```").context("the steps have no end")?;
    for named in ["examples", "charts"] {
        let link = directory.join(named);
        if !link.exists() {
            symlink(root.join(named), &link)?;
        }
    }
    let mut shell = Command::new("bash");
    shell.args(["-euo", "pipefail", "-c", script]);
    shell.current_dir(directory).env("IMAGE", SHELL_IMAGE);
    for (name, value) in environment(kubeconfig)? {
        shell.env(name, value);
    }
    command::output(&mut shell)
        .map(drop)
        .with_context(|| format!("the steps called {name}"))
}
