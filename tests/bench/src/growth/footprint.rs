//! What a store of so many keys takes: memory, disk, the time of a start.

use std::time::Duration;

use anyhow::Result;

use super::{
    rounds::{middle, ratio, ratio_of},
    subject::Vault,
};
use crate::figures::{Table, median, mib, time};

/// What one store takes.
#[derive(Debug)]
pub struct Footprint {
    file: u64,
    after_run: u64,
    /// Resident at the first answer of each start.
    after_start: Vec<u64>,
    starts: Vec<Duration>,
}

impl Footprint {
    /// Of two vaults, which are killed and started again in turn.
    pub async fn of_both(mut vaults: [Vault; 2], rounds: usize) -> Result<([Vault; 2], [Self; 2])> {
        let mut footprints = [Self::now(&vaults[0])?, Self::now(&vaults[1])?];
        for _ in 0..rounds {
            let [one, other] = vaults;
            vaults = [
                footprints[0].restart(one).await?,
                footprints[1].restart(other).await?,
            ];
        }
        Ok((vaults, footprints))
    }

    fn now(vault: &Vault) -> Result<Self> {
        Ok(Self {
            file: vault.strongroom.store_bytes()?,
            after_run: vault.usage().resident()?,
            after_start: Vec::new(),
            starts: Vec::new(),
        })
    }

    async fn restart(&mut self, vault: Vault) -> Result<Vault> {
        let (vault, took) = vault.restart().await?;
        self.after_start.push(vault.usage().resident()?);
        self.starts.push(took);
        Ok(vault)
    }

    fn cells(&self, keys: u64, base: &Self) -> [String; 11] {
        let after_start = |of: &Self| median(&of.after_start).unwrap_or_default();
        [
            keys.to_string(),
            mib(self.after_run),
            times(self.after_run, base.after_run),
            mib(after_start(self)),
            times(after_start(self), after_start(base)),
            mib(self.file),
            (self.file / keys.max(1)).to_string(),
            self.starts.len().to_string(),
            time(middle(&self.starts)),
            time(self.starts.iter().max().copied().unwrap_or_default()),
            ratio_of(middle(&self.starts), middle(&base.starts)),
        ]
    }
}

/// A table of stores: how many keys each holds, what it takes, and what the least one takes beside it.
pub fn table<'a>(least: u64, stores: impl Iterator<Item = (u64, &'a Footprint, &'a Footprint)>) -> Table {
    let to_least = format!("to {least} keys");
    let head = [
        "keys",
        "resident after the requests above",
        &to_least,
        "resident at the first answer of a start",
        &to_least,
        "store's file",
        "bytes of it per key",
        "kill -9 and starts",
        "start to first answer, median",
        "slowest",
        &to_least,
    ];
    let mut table = Table::new("What a store of so many keys takes", &head);
    for (keys, of, base) in stores {
        table.row(of.cells(keys, base));
    }
    table
}

#[allow(clippy::cast_precision_loss, reason = "memory of one machine")]
fn times(bytes: u64, base: u64) -> String {
    ratio(bytes as f64, base as f64)
}
