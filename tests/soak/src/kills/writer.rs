//! One client that writes to secrets of its own, one request after the other.

use std::collections::BTreeMap;

use anyhow::Result;
use fastrand::Rng;
use uuid::Uuid;

use super::{
    asker::{Asker, id_of},
    ledger::{Act, Secret, Wrong},
    reader::Reader,
};

/// Secrets that a writer works on over and over.
const NAMES: usize = 8;

/// A secret with that many versions is deleted next.
const VERSIONS: usize = 10;

/// How many older secrets of each writer are read at each check.
const SAMPLE: usize = 8;

#[derive(Debug)]
struct Entry {
    secret: Secret,
    /// Whether it was asked for since it was last read.
    is_touched: bool,
    /// What was asked for and not answered.
    pending: Option<(Act, String)>,
}

/// A client with its secrets.
#[derive(Debug)]
pub struct Writer {
    number: usize,
    random: Rng,
    secrets: BTreeMap<String, Entry>,
    /// The ids of what was acknowledged since the last check.
    acknowledged: Vec<String>,
    asked: usize,
}

/// What a check of a writer's secrets found.
#[derive(Debug, Default)]
pub struct Checked {
    /// The ids of the requests acknowledged.
    pub acknowledged: Vec<String>,
    /// The ids of those that were not answered and happened.
    pub happened: Vec<String>,
    /// How many were not answered.
    pub undecided: usize,
    /// How many secrets and versions were read.
    pub read: usize,
}

impl Writer {
    /// The writer of this number; the seed chooses what it asks for.
    pub fn new(number: usize, seed: u64) -> Self {
        let mut random = Rng::with_seed(seed);
        for _ in 0..=number {
            random = random.fork();
        }
        Self {
            number,
            random,
            secrets: BTreeMap::new(),
            acknowledged: Vec::new(),
            asked: 0,
        }
    }

    /// Its number.
    pub const fn number(&self) -> usize {
        self.number
    }

    /// Writes until the vault is gone; returns what the vault refused, which it has no reason to.
    pub async fn write(&mut self, asker: &Asker) -> Option<String> {
        loop {
            let (name, act) = self.next();
            let id = Uuid::new_v4().to_string();
            let entry = self.secrets.entry(name.clone()).or_insert_with(|| Entry {
                secret: Secret::Absent,
                is_touched: true,
                pending: None,
            });
            entry.is_touched = true;
            match asker.ask(&name, &act, &id).await {
                Ok((status, body)) if status.is_success() => {
                    entry.secret = entry.secret.after(&act, id_of(&body));
                    self.acknowledged.push(id);
                }
                Ok((status, body)) => {
                    return Some(format!("{act:?} of {name} was answered {status}: {body}"));
                }
                Err(_) => {
                    entry.pending = Some((act, id));
                    return None;
                }
            }
        }
    }

    /// A secret, and what can be asked of it as it is.
    fn next(&mut self) -> (String, Act) {
        self.asked += 1;
        let text = format!("{}-{}-{:016x}", self.number, self.asked, self.random.u64(..));
        // Some are set once and never touched again: what is old must stay too.
        if self.random.u8(..) < 8 {
            return (format!("kept-{}-{}", self.number, self.asked), Act::Set(text));
        }
        let name = format!("w-{}-{}", self.number, self.random.usize(..NAMES));
        let chance = self.random.u8(0..10);
        let act = match self.secrets.get(&name).map(|entry| &entry.secret) {
            Some(Secret::Active(versions)) if versions.len() >= VERSIONS || chance < 3 => Act::Delete,
            Some(Secret::Active(_)) if chance < 5 => Act::Update(text),
            None | Some(Secret::Absent | Secret::Active(_)) => Act::Set(text),
            Some(Secret::Deleted(_)) if chance < 5 => Act::Recover,
            Some(Secret::Deleted(_)) => Act::Purge,
        };
        (name, act)
    }

    /// Reads what was written since the last time and some of what is older, or everything; says what is not as it must be.
    pub async fn check(
        &mut self,
        reader: &Reader,
        everything: bool,
        random: &mut Rng,
    ) -> Result<(Checked, Vec<String>)> {
        let mut checked = Checked {
            acknowledged: std::mem::take(&mut self.acknowledged),
            ..Checked::default()
        };
        let mut faults = Vec::new();
        let older = self.secrets.iter().filter(|(_, entry)| !entry.is_touched);
        let older: Vec<String> = older.map(|(name, _)| name.clone()).collect();
        let sample = random.choose_multiple(older, SAMPLE);
        for (name, entry) in &mut self.secrets {
            if !(everything || entry.is_touched || sample.contains(name)) {
                continue;
            }
            if let Some(wrong) = entry.check(name, reader, &mut checked).await? {
                faults.push(format!("{name}: {wrong}"));
            }
            // What is deleted can be read only once it is recovered.
            if everything && matches!(entry.secret, Secret::Deleted(_)) {
                let id = Uuid::new_v4().to_string();
                let (status, body) = reader.asker().ask(name, &Act::Recover, &id).await?;
                if !status.is_success() {
                    faults.push(format!("{name} cannot be recovered: {status}, {body}"));
                    continue;
                }
                checked.acknowledged.push(id);
                entry.secret = entry.secret.after(&Act::Recover, None);
                if let Some(wrong) = entry.check(name, reader, &mut checked).await? {
                    faults.push(format!("{name}: {wrong}"));
                }
            }
        }
        Ok((checked, faults))
    }
}

impl Entry {
    async fn check(&mut self, name: &str, reader: &Reader, checked: &mut Checked) -> Result<Option<Wrong>> {
        let found = reader.find(name).await?;
        let pending = self.pending.take();
        checked.undecided += usize::from(pending.is_some());
        self.is_touched = false;
        let (secret, happened) = match self.secret.settle(pending.as_ref().map(|(act, _)| act), &found) {
            Ok(settled) => settled,
            Err(wrong) => return Ok(Some(wrong)),
        };
        checked.read += match &secret {
            Secret::Active(versions) => 1 + versions.len(),
            Secret::Absent | Secret::Deleted(_) => 1,
        };
        checked
            .happened
            .extend(pending.filter(|_| happened).map(|(_, id)| id));
        self.secret = secret;
        Ok(None)
    }
}
