//! The first process of a bundle: mounts, then keeps the daemons running and reaps what is left to it.

mod mounts;
mod relay;

use std::{
    fs::{self, OpenOptions},
    io::Read,
    os::{fd::AsFd, unix::net::UnixStream},
    path::Path,
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result};
use rustix::process::{WaitOptions, wait};

use super::{
    bundle::{Daemon, Plan},
    layout::{INSIDE, INSIDE_TOOLS},
};

/// How long a daemon that ended is left alone before it is started again, at first.
const RESTART: Duration = Duration::from_millis(500);
/// How long at most, when it ends again and again.
const RESTART_MOST: Duration = Duration::from_secs(8);
/// How often ended processes and due starts are looked for.
const TICK: Duration = Duration::from_millis(50);

/// Runs as the init of a bundle, for ever.
pub fn run(root: &Path, tools: &Path, role: &str) -> Result<()> {
    if !released()? {
        return Ok(());
    }
    let text = fs::read_to_string(root.join("bundles").join(format!("{role}.json")))?;
    let plan: Plan = serde_json::from_str(&text).context("the plan is damaged")?;
    mounts::outer(root, tools)?;
    mounts::apply(&plan)?;
    if let Some(family) = plan.forward {
        fs::write(family.forwarding(), "1").with_context(|| format!("cannot forward packets of {family}"))?;
    }
    if let Some(target) = plan.relay {
        relay::start(target)?;
    }
    let mut running: Vec<Kept> = plan.daemons.into_iter().map(Kept::new).collect();
    loop {
        for kept in &mut running {
            kept.start_if_due();
        }
        reap(&mut running);
        thread::sleep(TICK);
    }
}

/// Waits for the word of `up`; false when it ended without giving it.
fn released() -> Result<bool> {
    let mut line = UnixStream::from(std::io::stdout().as_fd().try_clone_to_owned()?);
    let mut word = [0];
    Ok(line.read(&mut word)? == 1)
}

struct Kept {
    daemon: Daemon,
    pid: Option<i32>,
    due: Instant,
    started: Instant,
    pause: Duration,
}

impl Kept {
    fn new(daemon: Daemon) -> Self {
        let now = Instant::now();
        Self {
            daemon,
            pid: None,
            due: now,
            started: now,
            pause: RESTART,
        }
    }

    /// One that ran well for a while is started again soon, one that ends at once ever later.
    fn ended(&mut self) {
        let well = self.started.elapsed() > RESTART_MOST;
        self.pause = if well {
            RESTART
        } else {
            (self.pause * 2).min(RESTART_MOST)
        };
        self.pid = None;
        self.due = Instant::now() + self.pause;
    }

    fn start_if_due(&mut self) {
        let ready = self
            .daemon
            .after
            .as_ref()
            .is_none_or(|file| Path::new(file).exists());
        if self.pid.is_some() || Instant::now() < self.due || !ready {
            return;
        }
        self.started = Instant::now();
        match start(&self.daemon) {
            Ok(pid) => self.pid = Some(pid),
            Err(error) => {
                eprintln!("{}: {error:#}", self.daemon.name);
                self.ended();
            }
        }
    }
}

fn start(daemon: &Daemon) -> Result<i32> {
    let log = format!("{INSIDE}/logs/{}.log", daemon.name);
    let log = OpenOptions::new().create(true).append(true).open(log)?;
    let mut command = Command::new(&daemon.program);
    command
        .args(&daemon.args)
        .stdin(Stdio::null())
        .stdout(log.try_clone()?)
        .stderr(log)
        .current_dir("/");
    // kube-proxy and the CNI plugins call iptables; containerd finds its shim beside the tools.
    command.env(
        "PATH",
        format!("{INSIDE_TOOLS}/bin:/usr/sbin:/usr/bin:/sbin:/bin"),
    );
    // What a daemon that is killed leaves of its temporary files goes with the cluster. The kubelet makes a directory
    // there at each start.
    let temporary = format!("{INSIDE}/tmp");
    fs::create_dir_all(&temporary)?;
    command.env("TMPDIR", temporary);
    command.env_remove("STRONGROOM_STATE");
    let child = command
        .spawn()
        .with_context(|| format!("cannot start {}", daemon.program))?;
    Ok(i32::try_from(child.id())?)
}

/// Takes every ended process: daemons are started again, orphans of containers are only reaped.
fn reap(running: &mut [Kept]) {
    while let Ok(Some((pid, status))) = wait(WaitOptions::NOHANG) {
        let pid = pid.as_raw_nonzero().get();
        if let Some(kept) = running.iter_mut().find(|kept| kept.pid == Some(pid)) {
            let how = status
                .exit_status()
                .map_or("a signal".to_owned(), |code| format!("code {code}"));
            eprintln!("{} ended with {how} and will be started again", kept.daemon.name);
            kept.ended();
        }
    }
}
