//! Starting a bundle: the namespaces, and an init that waits until it may go on.

use std::{
    fs::File,
    io::Write,
    net::TcpListener,
    os::{fd::OwnedFd, unix::net::UnixStream},
    path::Path,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};
use serde::{Deserialize, Serialize};

use super::{Layout, network::IpFamily, process::Process, record::Bundle};

/// What the init of a bundle does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// Directories of the state directory and where they are mounted.
    pub binds: Vec<(String, String)>,
    /// Directories that become mount points of their own, shared with what is mounted below.
    pub shared: Vec<String>,
    /// Small file systems: where, and how many bytes they hold.
    pub small: Vec<(String, u64)>,
    /// Of which family packets are forwarded: on nodes.
    pub forward: Option<IpFamily>,
    /// Where connections to the handed-over socket are forwarded to.
    pub relay: Option<String>,
    /// The programs it runs and restarts.
    pub daemons: Vec<Daemon>,
}

/// A program that an init keeps running.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Daemon {
    /// Its name, also of its log.
    pub name: String,
    /// The program, as seen in the bundle.
    pub program: String,
    /// The arguments that follow the program's name.
    pub args: Vec<String>,
    /// A file that has to exist before it starts.
    pub after: Option<String>,
}

/// A started bundle whose init waits.
#[derive(Debug)]
pub struct Waiting {
    /// For the record.
    pub bundle: Bundle,
    go: UnixStream,
}

impl Waiting {
    /// Lets the init go on. Until this, the end of the caller is also the end of the bundle.
    pub fn release(mut self) -> Result<()> {
        self.go
            .write_all(b"g")
            .with_context(|| format!("the init of {} has ended early", self.bundle.role))
    }
}

/// Starts the namespaces of a bundle.
///
/// The standard streams are what an init inherits without anything unsafe: the socket to relay on
/// standard input, the line to this process on standard output, its log on standard error.
pub fn start(layout: &Layout, role: &str, tools: &Path, relay: Option<TcpListener>) -> Result<Waiting> {
    let (ours, theirs) = UnixStream::pair()?;
    let log = File::create(layout.logs().join(format!("{role}-init.log")))?;
    let mut command = Command::new("setsid");
    command.args([
        "unshare",
        "--net",
        "--mount",
        "--pid",
        "--uts",
        "--ipc",
        "--fork",
        "--kill-child",
    ]);
    command.args(["--mount-proc", "--propagation", "private", "--"]);
    command
        .arg(std::env::current_exe().context("cannot find this program")?)
        .arg("init");
    command
        .arg("--root")
        .arg(layout.root())
        .arg("--tools")
        .arg(tools)
        .args(["--role", role]);
    command.stdin(relay.map_or_else(Stdio::null, |socket| Stdio::from(OwnedFd::from(socket))));
    command
        .stdout(Stdio::from(OwnedFd::from(theirs)))
        .stderr(log)
        .current_dir("/");
    let child = command.spawn().context("cannot start setsid")?;
    // Closes this process's copy of the other end, so that a dead init is noticed.
    drop(command);
    let holder = i32::try_from(child.id())?;
    let bundle = identify(role, holder).with_context(|| {
        format!(
            "cannot make namespaces for {role}: {}",
            crate::command::tail(&layout.logs().join(format!("{role}-init.log")))
        )
    })?;
    Ok(Waiting { bundle, go: ours })
}

fn identify(role: &str, pid: i32) -> Result<Bundle> {
    let end = Instant::now() + Duration::from_secs(5);
    while Instant::now() < end {
        let Some(holder) = Process::of(pid) else {
            bail!("unshare ended at once (is this user root?)")
        };
        if let Some(init) = holder.children().first().copied() {
            return Ok(Bundle {
                role: role.to_owned(),
                holder,
                init,
            });
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    bail!("unshare did not fork within 5 s")
}
