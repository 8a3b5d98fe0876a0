//! Records, logs and lines.

use std::{
    fs,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use strongroom_audit::{Entry, Log, LogConfig, Record};
use tempfile::TempDir;

use crate::sample;

const VAULT: &str = "6f9c2c1e-0000-4000-8000-000000000001";
const REPLICA: &str = "prod-0";

/// A directory with the configuration of a log in it.
pub struct Bench {
    /// Removed with the bench, unless the directory is another process's.
    _dir: Option<TempDir>,
    pub config: LogConfig,
}

impl Bench {
    pub fn new() -> Self {
        Self::of(VAULT, REPLICA)
    }

    pub fn of(vault_id: &str, replica: &str) -> Self {
        let dir = TempDir::new().unwrap();
        let config = LogConfig::new(dir.path().join("audit"), vault_id, replica);
        Self {
            _dir: Some(dir),
            config,
        }
    }

    /// The same log as the bench of another process, in that process's directory.
    pub fn at(dir: &Path) -> Self {
        Self {
            _dir: None,
            config: LogConfig::new(dir.to_owned(), VAULT, REPLICA),
        }
    }

    pub fn open(&self) -> Log {
        Log::open(self.config.clone(), None).unwrap()
    }

    pub fn dir(&self) -> &Path {
        &self.config.dir
    }

    /// The segments, oldest first.
    pub fn segments(&self) -> Vec<PathBuf> {
        let mut paths: Vec<_> = fs::read_dir(self.dir())
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.extension().is_some_and(|extension| extension == "jsonl"))
            .collect();
        paths.sort();
        paths
    }

    /// All lines of all segments.
    pub fn lines(&self) -> Vec<String> {
        let text: String = self
            .segments()
            .iter()
            .map(|path| fs::read_to_string(path).unwrap())
            .collect();
        text.lines().map(str::to_owned).collect()
    }

    /// The lines of one type, parsed.
    pub fn records(&self, r#type: &str) -> Vec<serde_json::Value> {
        let parse = |line: &String| serde_json::from_str(line).unwrap();
        self.lines()
            .iter()
            .map(parse)
            .filter(|value: &serde_json::Value| value["type"] == r#type)
            .collect()
    }
}

/// A request's record.
pub fn record() -> Record {
    sample::record().unwrap()
}

pub fn entry() -> Entry {
    Entry::new(&record())
}

/// Waits until `done` holds, for at most `limit`, and says how long that took.
pub fn within(limit: Duration, mut done: impl FnMut() -> bool) -> Duration {
    let began = Instant::now();
    while !done() {
        assert!(began.elapsed() < limit, "not within {limit:?}");
        std::thread::sleep(Duration::from_millis(5));
    }
    began.elapsed()
}
