//! A server under measurement: what it costs, and its end.

use std::{
    fs,
    process::{Child, Command, Stdio},
    time::Duration,
};

use anyhow::{Context, Result};

/// proc(5) counts in ticks of `USER_HZ`, which Linux has kept at 100 on x86-64 and arm64.
const TICKS_PER_SECOND: u64 = 100;

/// A child that is killed when it is dropped.
#[derive(Debug)]
pub struct Server(Child);

impl Server {
    /// Starts a program. What it says on standard error is shown.
    pub fn start(command: &mut Command) -> Result<Self> {
        let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn();
        Ok(Self(child.with_context(|| format!("cannot start {command:?}"))?))
    }

    /// The usage counters of the server's process.
    pub fn usage(&self) -> Usage {
        Usage(self.0.id())
    }

    /// Its standard output.
    pub fn stdout(&mut self) -> Option<std::process::ChildStdout> {
        self.0.stdout.take()
    }

    /// Ends it as a power cut would.
    pub fn kill(mut self) -> Result<()> {
        self.0.kill()?;
        self.0.wait()?;
        Ok(())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// This program, of the lowest priority and on one thread: what it does then is as if on another machine.
pub fn own_program() -> Result<Command> {
    let mut command = Command::new("nice");
    command
        .args(["-n", "19"])
        .arg(std::env::current_exe()?)
        .env("TOKIO_WORKER_THREADS", "1");
    Ok(command)
}

/// What a process costs, as proc(5) has it.
#[derive(Debug, Clone, Copy)]
pub struct Usage(pub u32);

impl Usage {
    /// Processor time of all its threads, user and system.
    pub fn cpu(self) -> Result<Duration> {
        let stat = self.read("stat")?;
        let fields = stat.rsplit_once(") ").context("stat has no name")?.1;
        let ticks = |index: usize| -> Result<u64> {
            let field = fields.split(' ').nth(index).context("stat is short")?;
            Ok(field.parse()?)
        };
        // Fields 14 and 15 of the whole line; the state is the third.
        let spent = ticks(11)? + ticks(12)?;
        Ok(Duration::from_millis(spent * 1000 / TICKS_PER_SECOND))
    }

    /// Resident bytes.
    pub fn resident(self) -> Result<u64> {
        self.status("VmRSS")
    }

    /// The most bytes that were resident at any time.
    pub fn peak(self) -> Result<u64> {
        self.status("VmHWM")
    }

    /// Resident bytes that no file backs.
    pub fn anonymous(self) -> Result<u64> {
        self.status("RssAnon")
    }

    fn status(self, key: &str) -> Result<u64> {
        let status = self.read("status")?;
        let line = status.lines().find_map(|line| line.strip_prefix(key));
        let kib = line.and_then(|line| line.trim_start_matches(':').split_whitespace().next());
        let kib: u64 = kib.with_context(|| format!("status has no {key}"))?.parse()?;
        Ok(kib * 1024)
    }

    fn read(self, file: &str) -> Result<String> {
        let path = format!("/proc/{}/{file}", self.0);
        fs::read_to_string(&path).with_context(|| format!("cannot read {path}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_has_used_memory_and_time() {
        let own = Usage(std::process::id());
        assert!(own.resident().unwrap() >= own.anonymous().unwrap());
        // In this order: it may grow between the two.
        let resident = own.resident().unwrap();
        assert!(own.peak().unwrap() >= resident);
        own.cpu().unwrap();
    }
}
