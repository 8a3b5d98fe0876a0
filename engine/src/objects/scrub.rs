//! Reading everything, to find what a damaged disk or a stranger's hand did to the store.

use std::panic::{AssertUnwindSafe, catch_unwind};

use strongroom_core::ObjectName;

use crate::{
    crypt::{head, head::Head},
    format::{codec::CodecError, digest::Digest, key, record::Record, records::IndexEntry},
    object::{
        error::{ObjectError, damaged, damaged_state},
        transaction,
        view::{KIND, View},
    },
    store::{Key, Value},
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

/// Opens every record of a snapshot, counts the heads and sums their digest. Survives a panic of the store's library,
/// which is one of the ways in which it meets a damaged page.
pub fn scrub(view: View<'_>) -> Result<ScrubReport, StoreCorrupt> {
    match catch_unwind(AssertUnwindSafe(|| walk(view))) {
        Ok(Ok(report)) => Ok(report),
        Ok(Err(error)) => Err(StoreCorrupt {
            what: error.to_string().into(),
        }),
        Err(_) => Err(StoreCorrupt {
            what: "reading it made the store's library panic".into(),
        }),
    }
}

fn walk(view: View<'_>) -> Result<ScrubReport, ObjectError> {
    let state = transaction::state(view)?;
    let mut report = ScrubReport::default();
    let mut digest = view.keyring.digest().empty();
    for (prefix, is_live) in [(key::all_live(KIND), true), (key::all_deleted(KIND), false)] {
        walk_heads(view, &prefix, is_live, (&mut report, &mut digest))?;
    }
    if report.heads != state.heads || digest != state.digest {
        let what = format!(
            "{} heads where {} were written, or other ones",
            report.heads, state.heads
        );
        return Err(ObjectError::Corrupt { what: what.into() });
    }
    Ok(report)
}

fn walk_heads(
    view: View<'_>,
    prefix: &Key,
    is_live: bool,
    (report, digest): (&mut ScrubReport, &mut Digest),
) -> Result<(), ObjectError> {
    let mut after = None;
    loop {
        let page = view.snapshot.scan(prefix, after.as_ref(), STRETCH)?;
        for (key, record) in &page.records {
            let name =
                key::name_of_head(key).ok_or_else(|| damaged_state("a head's key", CodecError::Field))?;
            let head = open(view, &name, is_live, record)?;
            report.heads += 1;
            report.versions += walk_versions(view, &name, &head)?;
            *digest = view.keyring.digest().with(*digest, key, record);
        }
        after = page.records.last().map(|(key, _)| key.clone());
        if !page.more || after.is_none() {
            return Ok(());
        }
    }
}

fn open(view: View<'_>, name: &ObjectName, is_live: bool, record: &Value) -> Result<Head, ObjectError> {
    let head = head::open(view.vault(), name, view.keyring, record)?;
    if head.fields.deleted.is_none() == is_live {
        Ok(head)
    } else {
        Err(damaged("the head", name))
    }
}

fn walk_versions(view: View<'_>, name: &ObjectName, head: &Head) -> Result<u64, ObjectError> {
    view.open_version(name, head, (&head.fields.version, head.fields.sequence))?;
    let mut versions = 1;
    let mut after = None;
    loop {
        let page = view
            .snapshot
            .scan(&key::all_index(head.object), after.as_ref(), STRETCH)?;
        for (key, entry) in &page.records {
            let version = key::version_of_index(key).ok_or_else(|| damaged("the index", name))?;
            let IndexEntry(sequence) =
                IndexEntry::decode(view.vault(), entry).map_err(|_| damaged("the index", name))?;
            view.open_version(name, head, (&version, sequence))?;
            versions += 1;
        }
        after = page.records.last().map(|(key, _)| key.clone());
        if !page.more || after.is_none() {
            break;
        }
    }
    if versions == u64::from(head.fields.versions) {
        Ok(versions)
    } else {
        Err(damaged("the index", name))
    }
}
