//! The audit log, followed as it grows.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    fs::{self, File},
    io::{Read as _, Seek as _, SeekFrom},
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result};
use serde_json::Value;

/// Operations that change something.
const WRITES: [&str; 5] = [
    "SecretSet",
    "SecretUpdate",
    "SecretDelete",
    "SecretRecover",
    "SecretPurge",
];

/// How long a record may take to come after the vault has answered. It must be there at once; the time is for what the
/// vault brings from its store to the log after a kill.
const PATIENCE: Duration = Duration::from_secs(5);

/// A log whose new lines are read each time.
#[derive(Debug)]
pub struct Trail {
    directory: PathBuf,
    /// How much of each file was read.
    read: BTreeMap<PathBuf, u64>,
    /// How many records each successful write has, by the id of its request.
    written: HashMap<String, usize>,
    expected: HashSet<String>,
    records: usize,
}

/// What is wrong with a log, by the ids of requests.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Missed {
    /// Done, with no record or with several.
    pub unaudited: Vec<String>,
    /// Not done, with a record that says so.
    pub invented: Vec<String>,
}

impl Trail {
    /// The log in `directory`, which may not be there yet.
    pub fn new(directory: PathBuf) -> Self {
        Self {
            directory,
            read: BTreeMap::new(),
            written: HashMap::new(),
            expected: HashSet::new(),
            records: 0,
        }
    }

    /// Where the log is.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// How many lines were read.
    pub const fn records(&self) -> usize {
        self.records
    }

    /// Reads what is new. Each of `done` must have one record, and no other write may have any.
    pub fn expect(&mut self, done: &[String]) -> Result<Missed> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            self.read_on()?;
            let is_there = |id: &String| self.written.contains_key(id);
            if done.iter().all(is_there) || Instant::now() > deadline {
                break;
            }
            thread::sleep(Duration::from_millis(20));
        }
        self.expected.extend(done.iter().cloned());
        let once = |id: &&String| self.written.get(*id) != Some(&1);
        let invented = self.written.keys().filter(|id| !self.expected.contains(*id));
        let missed = Missed {
            unaudited: done.iter().filter(once).cloned().collect(),
            invented: invented.cloned().collect(),
        };
        Ok(missed)
    }

    fn read_on(&mut self) -> Result<()> {
        let mut segments: Vec<PathBuf> = fs::read_dir(&self.directory)
            .with_context(|| format!("cannot list {}", self.directory.display()))?
            .map(|entry| Ok(entry?.path()))
            .collect::<Result<_>>()?;
        segments.retain(|path| path.extension().is_some_and(|extension| extension == "jsonl"));
        segments.sort();
        for segment in segments {
            self.read_segment(segment)?;
        }
        Ok(())
    }

    /// Reads whole lines only: the last one may be cut, and is made whole or taken away by the next start.
    fn read_segment(&mut self, path: PathBuf) -> Result<()> {
        let from = self.read.get(&path).copied().unwrap_or_default();
        let mut file = File::open(&path)?;
        file.seek(SeekFrom::Start(from))?;
        let mut text = Vec::new();
        file.read_to_end(&mut text)?;
        let whole = text
            .iter()
            .rposition(|byte| *byte == b'\n')
            .map_or(0, |last| last + 1);
        for line in text
            .split_at(whole)
            .0
            .split(|byte| *byte == b'\n')
            .filter(|line| !line.is_empty())
        {
            self.note(&serde_json::from_slice(line).context("a line of the audit log is no JSON")?);
        }
        self.read.insert(path, from + u64::try_from(whole)?);
        Ok(())
    }

    fn note(&mut self, line: &Value) {
        self.records += 1;
        let text = |name: &str| line.get(name).and_then(Value::as_str).unwrap_or_default();
        if WRITES.contains(&text("operationName")) && text("resultType") == "Success" {
            *self.written.entry(text("correlationId").to_owned()).or_default() += 1;
        }
    }
}
