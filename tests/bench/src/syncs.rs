//! Syncs to disk, counted with strace(1) while a server works.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

use anyhow::{Context, Result, ensure};
use rustix::process::{Pid, Signal, kill_process};

use crate::process::Usage;

/// Counts from its start to its end.
pub struct Tracer {
    child: Child,
    log: PathBuf,
}

impl Tracer {
    /// Attaches to a process and all of its threads.
    pub async fn attach(to: Usage, directory: &Path) -> Result<Self> {
        let log = directory.join("strace.log");
        let mut command = Command::new("strace");
        command.args([
            "-f",
            "-q",
            "-y",
            "-e",
            "trace=fsync,fdatasync,sync_file_range,msync,syncfs",
        ]);
        command.arg("-o").arg(&log).arg("-p").arg(to.0.to_string());
        let child = command.stdin(Stdio::null()).stderr(Stdio::null()).spawn();
        let child = child.context("cannot start strace: apt-get install strace")?;
        tokio::time::sleep(Duration::from_secs(1)).await;
        Ok(Self { child, log })
    }

    /// Detaches; returns how often each file was synced.
    pub fn finish(mut self) -> Result<BTreeMap<String, u64>> {
        ensure!(
            self.child.try_wait()?.is_none(),
            "strace has ended: may this process trace others?"
        );
        let pid = i32::try_from(self.child.id())?;
        kill_process(Pid::from_raw(pid).context("no process")?, Signal::INT)?;
        self.child.wait()?;
        let mut counts = BTreeMap::new();
        for line in fs::read_to_string(&self.log)?.lines() {
            if let Some(file) = synced(line) {
                *counts.entry(file.to_owned()).or_default() += 1;
            }
        }
        Ok(counts)
    }
}

/// The file that a line of strace says was synced; a call that is resumed was counted when it began.
fn synced(line: &str) -> Option<&str> {
    if line.contains(" resumed>") || !line.contains("sync") {
        return None;
    }
    let path = line.split_once('<')?.1.split_once('>')?.0;
    path.rsplit('/').next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_call_counts_once_for_its_file() {
        assert_eq!(
            synced("17 fdatasync(9</data/store.redb>) = 0"),
            Some("store.redb")
        );
        assert_eq!(
            synced("17 fdatasync(9</data/store.redb> <unfinished ...>"),
            Some("store.redb")
        );
        assert_eq!(synced("17 <... fdatasync resumed>) = 0"), None);
        assert_eq!(synced("17 +++ exited with 0 +++"), None);
    }
}
