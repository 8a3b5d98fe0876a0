//! Reading everything, to find what a damaged disk or a stranger's hand did to the store.

use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::{
    format::{codec::CodecError, digest::Digest, key},
    object::{
        error::{ObjectError, damaged, damaged_state},
        keeper::Kinds,
        transaction,
        view::View,
    },
    store::Key,
};

/// How many records are fetched at a time.
const STRETCH: usize = 256;

/// What a scrub that found nothing wrong has read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ScrubReport {
    /// Heads, live and deleted.
    pub heads: u64,
    /// Versions.
    pub versions: u64,
}

/// The store does not hold what the vault wrote: `StoreCorrupt`. The vault must not say it is ready.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the store is corrupt: {what}")]
pub struct StoreCorrupt {
    /// What was found.
    pub what: Box<str>,
}

/// Opens every record of a snapshot, counts the heads and sums their digest. An object of a kind that is not among
/// `kinds` is damage. Survives a panic of the store's library, which is one of the ways in which it meets a damaged
/// page.
pub fn scrub(view: View<'_>, kinds: Kinds) -> Result<ScrubReport, StoreCorrupt> {
    let mut walk = Walk {
        view,
        kinds,
        report: ScrubReport::default(),
        digest: view.keyring.digest().empty(),
    };
    match catch_unwind(AssertUnwindSafe(|| walk.all())) {
        Ok(Ok(())) => Ok(walk.report),
        Ok(Err(error)) => Err(StoreCorrupt {
            what: error.to_string().into(),
        }),
        Err(_) => Err(StoreCorrupt {
            what: "reading it made the store's library panic".into(),
        }),
    }
}

/// A walk over all heads, with what they add up to so far.
struct Walk<'a> {
    view: View<'a>,
    kinds: Kinds,
    report: ScrubReport,
    digest: Digest,
}

impl Walk<'_> {
    fn all(&mut self) -> Result<(), ObjectError> {
        let state = transaction::state(self.view)?;
        self.heads(&key::every_live(), true)?;
        self.heads(&key::every_deleted(), false)?;
        if self.report.heads != state.heads || self.digest != state.digest {
            let what = format!(
                "{} heads where {} were written, or other ones",
                self.report.heads, state.heads
            );
            return Err(ObjectError::Corrupt { what: what.into() });
        }
        Ok(())
    }

    fn heads(&mut self, prefix: &Key, is_live: bool) -> Result<(), ObjectError> {
        let mut after = None;
        loop {
            let page = self.view.snapshot.scan(prefix, after.as_ref(), STRETCH)?;
            for (key, record) in &page.records {
                let found = key::object_of_head(key);
                let (kind, name) = found.ok_or_else(|| damaged_state("a head's key", CodecError::Field))?;
                let keeper = self.kinds.keeper(kind);
                let keeper = keeper.ok_or_else(|| damaged("the kind", &name))?;
                self.report.versions += keeper.open_all(self.view, &name, record, is_live)?;
                self.report.heads += 1;
                self.digest = self.view.keyring.digest().with(self.digest, key, record);
            }
            after = page.records.last().map(|(key, _)| key.clone());
            if !page.more || after.is_none() {
                return Ok(());
            }
        }
    }
}
