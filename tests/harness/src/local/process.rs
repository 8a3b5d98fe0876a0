//! Processes, distinguished from later ones with the same number.

use std::{
    fs,
    time::{Duration, Instant},
};

use anyhow::{Result, bail};
use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};
use serde::{Deserialize, Serialize};

/// A process, named by its number and the time at which it started.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Process {
    /// The process id.
    pub pid: i32,
    /// When it started, in clock ticks since boot (proc(5), field 22 of `stat`).
    pub started: u64,
}

impl Process {
    /// The process that has a number now.
    pub fn of(pid: i32) -> Option<Self> {
        let stat = Stat::read(pid)?;
        (stat.state != 'Z').then_some(Self {
            pid,
            started: stat.started,
        })
    }

    /// Whether it still runs. A zombie does not.
    pub fn alive(&self) -> bool {
        Self::of(self.pid).is_some_and(|now| now.started == self.started)
    }

    /// Kills it, if it is still the same process.
    pub fn kill(&self) -> Result<()> {
        self.signal(Signal::KILL)
    }

    /// Sends it a signal, if it is still the same process.
    pub fn signal(&self, signal: Signal) -> Result<()> {
        let Some(pid) = Pid::from_raw(self.pid) else {
            return Ok(());
        };
        // The descriptor is bound to one process, so what is checked after it is what gets the signal.
        let fd = match pidfd_open(pid, PidfdFlags::empty()) {
            Ok(fd) => fd,
            Err(rustix::io::Errno::SRCH) => return Ok(()),
            Err(error) => return Err(error.into()),
        };
        if !self.alive() {
            return Ok(());
        }
        match pidfd_send_signal(fd, signal) {
            Ok(()) | Err(rustix::io::Errno::SRCH) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Waits until it is gone.
    pub fn wait_gone(&self, deadline: Duration) -> Result<()> {
        let end = Instant::now() + deadline;
        while self.alive() {
            if Instant::now() >= end {
                bail!("process {} does not end", self.pid);
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        Ok(())
    }

    /// The processes whose parent it is at this moment.
    pub fn children(&self) -> Vec<Self> {
        all()
            .into_iter()
            .filter(|(_, stat)| stat.parent == self.pid)
            .filter_map(|(pid, _)| Self::of(pid))
            .collect()
    }
}

/// The id of this boot: process numbers of another boot mean nothing.
pub fn boot_id() -> String {
    fs::read_to_string("/proc/sys/kernel/random/boot_id")
        .unwrap_or_default()
        .trim()
        .to_owned()
}

struct Stat {
    state: char,
    parent: i32,
    started: u64,
}

impl Stat {
    fn read(pid: i32) -> Option<Self> {
        Self::parse(&fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)
    }

    /// The name in parentheses may hold anything, so the fields are counted from its end.
    fn parse(text: &str) -> Option<Self> {
        let (_, rest) = text.rsplit_once(") ")?;
        let fields: Vec<&str> = rest.split_whitespace().collect();
        Some(Self {
            state: fields.first()?.chars().next()?,
            parent: fields.get(1)?.parse().ok()?,
            started: fields.get(19)?.parse().ok()?,
        })
    }
}

fn all() -> Vec<(i32, Stat)> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    pids.filter_map(|pid| Some((pid, Stat::read(pid)?))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_parentheses_does_not_shift_the_fields() {
        let fields = "S 7 ".to_owned() + &"0 ".repeat(17) + "4242 0 0";
        let stat = Stat::parse(&format!("12 (a) b (c)) {fields}")).unwrap();
        assert_eq!((stat.state, stat.parent, stat.started), ('S', 7, 4242));
    }

    #[test]
    fn a_later_process_with_the_same_number_is_not_killed() {
        let mut child = std::process::Command::new("sleep").arg("60").spawn().unwrap();
        let now = Process::of(i32::try_from(child.id()).unwrap()).unwrap();
        let earlier = Process {
            started: now.started - 1,
            ..now
        };
        earlier.kill().unwrap();
        assert!(now.alive() && !earlier.alive());
        now.kill().unwrap();
        child.wait().unwrap();
        assert!(!now.alive());
    }
}
