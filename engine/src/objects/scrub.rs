//! Reading everything, to find what a damaged disk or a stranger's hand did to the store.

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::totals::Totals;
use crate::{
    format::{codec::CodecError, key, state::State},
    object::{
        error::{ObjectError, damaged, damaged_state},
        keeper::Kinds,
        view::View,
    },
    store::{Key, Value, each},
};

/// What a scrub that found nothing wrong has read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ScrubReport {
    /// Heads, live and deleted.
    pub heads: u64,
    /// Versions.
    pub versions: u64,
    /// The versions of the object that has the most.
    pub most_versions: u64,
}

/// The store does not hold what the vault wrote: `StoreCorrupt`. The vault must not say it is ready.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the store is corrupt: {what}")]
pub struct StoreCorrupt {
    /// What was found.
    pub what: Box<str>,
}

/// Opens every record of a snapshot, adds all records up, and compares that with `state`. An object
/// of a kind that is not among `kinds` is damage. Survives a panic of the store's library, which is one of the ways in
/// which it meets a damaged page.
pub fn scrub(state: &State, view: View<'_>, kinds: Kinds) -> Result<ScrubReport, StoreCorrupt> {
    let mut walk = Walk {
        view,
        kinds,
        report: ScrubReport::default(),
        totals: Totals::empty(view.keyring.digest()),
    };
    match catch_unwind(AssertUnwindSafe(|| walk.all(state))) {
        Ok(Ok(())) => Ok(walk.report),
        Ok(Err(error)) => Err(StoreCorrupt {
            what: error.to_string().into(),
        }),
        Err(_) => Err(StoreCorrupt {
            what: "reading it made the store's library panic".into(),
        }),
    }
}

/// A walk over all records, with what they add up to so far.
struct Walk<'a> {
    view: View<'a>,
    kinds: Kinds,
    report: ScrubReport,
    totals: Totals,
}

impl Walk<'_> {
    fn all(&mut self, state: &State) -> Result<(), ObjectError> {
        let View {
            snapshot, keyring, ..
        } = self.view;
        each(snapshot, &key::all(), |key, record| {
            if key::is_summed(key) {
                self.record(key, record)?;
            }
            self.totals.add(keyring.digest(), key, record);
            Ok::<_, ObjectError>(())
        })?;
        let (found, written) = (self.totals, Totals::of(state));
        if found == written {
            return Ok(());
        }
        let what = format!(
            "{} heads and {} bytes where {} and {} were written, or other records",
            found.heads, found.bytes, written.heads, written.bytes
        );
        Err(ObjectError::Corrupt { what: what.into() })
    }

    /// Opens a head with all of its versions, and checks that any other record is of this vault.
    fn record(&mut self, key: &Key, record: &Value) -> Result<(), ObjectError> {
        if !key::is_head(key) {
            let checked = self.view.keyring.check_any(key, record);
            return checked.map_err(|error| damaged_state("a record", error));
        }
        let found = key::object_of_head(key);
        let (kind, name) = found.ok_or_else(|| damaged_state("a head's key", CodecError::Field))?;
        let keeper = self.kinds.keeper(kind);
        let keeper = keeper.ok_or_else(|| damaged("the kind", &name))?;
        let is_live = *key == key::live(kind, &name);
        let versions = keeper.open_all(self.view, &name, record, is_live)?;
        self.report.versions += versions;
        self.report.most_versions = self.report.most_versions.max(versions);
        self.report.heads += 1;
        Ok(())
    }
}
