//! Running programs inside of a bundle.

use std::process::Command;

use anyhow::{Context, Result};

use super::record::{Bundle, Record};

/// How much of a bundle a program shares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Share {
    /// Its network only: addresses of pods and Services are reached, files are the machine's.
    Network,
    /// Its network, mounts and processes: `/var/lib` and `/run` are the node's.
    Everything,
}

/// A command that runs in the bundle of a role once `args` are added.
pub fn command(record: &Record, role: &str, share: Share) -> Result<Command> {
    let roles: Vec<&str> = record.bundles.iter().map(|bundle| bundle.role.as_str()).collect();
    let bundle = record
        .bundle(role)
        .with_context(|| format!("the cluster has no {role}; it has {}", roles.join(", ")))?;
    Ok(nsenter(bundle, share))
}

fn nsenter(bundle: &Bundle, share: Share) -> Command {
    let mut command = Command::new("nsenter");
    command
        .arg("--target")
        .arg(bundle.init.pid.to_string())
        .arg("--net");
    if share == Share::Everything {
        command.args(["--mount", "--pid", "--uts", "--ipc"]);
    }
    command.arg("--");
    command
}
