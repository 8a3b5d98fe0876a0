//! A place for vaults of one test, and the commands on them.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    path::PathBuf,
    process::{Child, Command, Output, Stdio},
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

/// A vault that runs in a process of its own.
pub(crate) struct Dev {
    child: Child,
    pub(crate) url: String,
    stdout: Option<JoinHandle<String>>,
    stderr: Option<JoinHandle<String>>,
}

impl Dev {
    /// Asks it to end, and answers what it wrote to standard output and standard error after the first line.
    pub(crate) fn end(mut self, signal: Signal) -> (String, String) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
        assert_eq!(self.child.wait().unwrap().code(), Some(0));
        let read = |thread: &mut Option<JoinHandle<String>>| thread.take().unwrap().join().unwrap();
        (read(&mut self.stdout), read(&mut self.stderr))
    }

    /// Waits until it has ended by itself.
    pub(crate) fn wait(mut self) {
        assert_eq!(self.child.wait().unwrap().code(), Some(0));
    }
}

impl Drop for Dev {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A directory of `strongroom dev`.
pub(crate) struct World(TempDir);

impl World {
    pub(crate) fn new() -> Self {
        Self(TempDir::new().unwrap())
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_strongroom"));
        command
            .args(words)
            .env("STRONGROOM_DEV_DIR", self.path("dev"))
            .env("KUBECONFIG", "/nonexistent");
        command
    }

    /// Runs a command that ends.
    pub(crate) fn run(&self, words: &[&str]) -> Output {
        self.command(words).stdin(Stdio::null()).output().unwrap()
    }

    /// The same, of which standard output is text, and it succeeds.
    pub(crate) fn said(&self, words: &[&str]) -> String {
        let output = self.run(words);
        assert!(output.status.success(), "{words:?}: {output:?}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// Starts a vault that stays.
    pub(crate) fn start(&self, options: &[&str]) -> Dev {
        let mut child = self
            .command(&["dev", "--port", "0"])
            .args(options)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let stdout = child.stdout.take().unwrap();
        let mut stderr = BufReader::new(child.stderr.take().unwrap());
        let mut first = String::new();
        stderr.read_line(&mut first).unwrap();
        let url = first
            .strip_prefix("ready ")
            .and_then(|rest| rest.split(' ').next());
        let url = url.unwrap_or_else(|| panic!("{first}")).to_owned();
        let read = |mut from: Box<dyn std::io::Read + Send>| {
            thread::spawn(move || {
                let mut text = String::new();
                from.read_to_string(&mut text).unwrap();
                text
            })
        };
        Dev {
            child,
            url,
            stdout: Some(read(Box::new(stdout))),
            stderr: Some(read(Box::new(stderr))),
        }
    }

    /// Sets a secret as a program that has the environment of the vault.
    pub(crate) fn set(&self, name: &str, value: &str, url: Option<&str>) -> Output {
        let mut words = vec!["dev", "env"];
        words.extend(url.map(|url| ["--url", url]).into_iter().flatten());
        let exported = self.run(&words);
        let exported = String::from_utf8(exported.stdout).unwrap();
        let variables = exported.lines().filter_map(|line| {
            let (name, value) = line.strip_prefix("export ")?.split_once('=')?;
            Some((name, value.trim_matches('\'')))
        });
        let mut child = self
            .command(&["secret", "set", name])
            .envs(variables)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        drop(child.stdin.take().unwrap().write_all(value.as_bytes()));
        child.wait_with_output().unwrap()
    }
}

/// Waits until `is_so`.
pub(crate) fn until(what: &str, is_so: impl Fn() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < Duration::from_secs(30), "{what}");
        thread::sleep(Duration::from_millis(10));
    }
}
