//! A cluster of one test's own.

use std::{
    collections::BTreeSet,
    fs,
    path::PathBuf,
    process::{Command, Output, Stdio},
    sync::Mutex,
    thread,
    time::{Duration, Instant},
};

use strongroom_harness::{local::Layout, testbed::Cluster};

use crate::machine::cgroups;

/// The machine has room for one more cluster at a time.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

pub const MINUTE: Duration = Duration::from_mins(1);

/// A cluster of one test, removed at its end whatever happens.
pub struct Fixture {
    name: &'static str,
    _turn: std::sync::MutexGuard<'static, ()>,
}

impl Fixture {
    pub fn new(name: &'static str) -> Self {
        let turn = ONE_AT_A_TIME
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        let fixture = Self { name, _turn: turn };
        // An aborted run may have left it.
        fixture.run(&["down"]);
        fixture
    }

    pub fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_harness"));
        command.args(words).args(["--name", self.name]);
        command.env_remove("KUBECONFIG").stdin(Stdio::null());
        command
    }

    pub fn run(&self, words: &[&str]) -> Output {
        self.command(words).output().unwrap()
    }

    /// A command that has to succeed.
    pub fn check(&self, words: &[&str]) -> String {
        let output = self.run(words);
        let (out, err) = (
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr),
        );
        assert!(output.status.success(), "{words:?}: {out}\n{err}");
        format!("{out}{err}")
    }

    pub fn layout(&self) -> Layout {
        Layout::from_env(self.name).unwrap()
    }

    /// The containers that run on the first two nodes.
    pub fn containers(&self) -> BTreeSet<String> {
        let dirs = ["node-0", "node-1"].map(|node| self.layout().containers(node));
        let entries = dirs
            .iter()
            .flat_map(|dir| fs::read_dir(dir).into_iter().flatten().flatten());
        entries
            .map(|entry| entry.file_name().into_string().unwrap())
            .collect()
    }

    /// Removes the cluster and checks that no container's cgroup stays.
    pub fn down(&self) {
        let containers = self.containers();
        self.check(&["down"]);
        assert_eq!(cgroups(&containers), Vec::<PathBuf>::new());
    }

    pub async fn cluster(&self) -> Cluster {
        Cluster::connect_local(&self.layout()).await.unwrap()
    }
}

impl Drop for Fixture {
    fn drop(&mut self) {
        let _ = self.run(&["down"]);
    }
}

pub fn eventually(what: &str, mut check: impl FnMut() -> bool) {
    let end = Instant::now() + MINUTE;
    while !check() {
        assert!(Instant::now() < end, "{what}: not within a minute");
        thread::sleep(Duration::from_millis(50));
    }
}
