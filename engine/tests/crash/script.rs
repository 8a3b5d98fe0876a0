//! What the vault is asked, one step after the other.

mod audit;
pub mod runner;

use strongroom_core::{ObjectName, Version};
use strongroom_engine::{
    ObjectError, PageRequest,
    object::answer::{Answer, Bundle},
};

use crate::{certificates::AskCertificate, sample::Sample};

/// The time of everything but the last sweep.
pub const NOW: u64 = 1_800_000_000;
/// When what was purged at [`NOW`] is to be made unreadable.
pub const AFTER_ERASURE_DELAY: u64 = NOW + 2 * 60 * 60;
pub const AFTER_RETENTION: u64 = NOW + 91 * 24 * 60 * 60;

/// One step: at most one commit.
pub enum Step {
    /// Requests that are committed together.
    Requests(Vec<Ask>),
    /// The vault's own work at a time.
    Sweep(u64),
    /// A record of the server's.
    Meta(&'static str, Option<usize>),
    /// Keeps a backup for a later restore.
    Backup(&'static str),
    /// Keeps a backup of a certificate, which has its own key and secret in it.
    BackupCertificate(&'static str),
}

/// A request of a step.
#[derive(Debug, Clone, Copy)]
pub enum Ask {
    Set(&'static str, usize),
    /// Sets what ends soon, which the next sweep tells.
    SetEnding(&'static str, usize),
    /// Sets a version in place of the current one.
    Replace(&'static str, usize),
    /// Says something anew of the object, where its kind has anything to say; updates it otherwise.
    Amend(&'static str),
    Update(&'static str),
    Delete(&'static str),
    Recover(&'static str),
    Purge(&'static str),
    /// Restores the backup that was kept.
    Restore,
    /// What is asked of a certificate, where the vault keeps any.
    Certificate(AskCertificate),
}

/// Every kind of change, alone and in batches, with values of one page and of many.
pub fn long() -> Vec<Step> {
    use Ask::{Amend, Delete, Purge, Recover, Replace, Restore, Set, SetEnding, Update};
    let one = |ask| Step::Requests(vec![ask]);
    vec![
        one(Set("a", 20)),
        one(Set("b", 25 * 1024)),
        one(Set("a", 5_000)),
        one(Replace("a", 700)),
        one(Update("a")),
        one(Amend("a")),
        Step::Meta("bundle", Some(40_000)),
        one(Delete("b")),
        one(Recover("b")),
        Step::Requests(vec![
            Set("c", 100),
            Set("a", 30),
            Delete("b"),
            Set("d", 9_000),
            Recover("d"),
        ]),
        Step::Backup("a"),
        one(Purge("b")),
        one(SetEnding("f", 40)),
        Step::Sweep(NOW),
        one(Delete("a")),
        one(Purge("a")),
        one(Purge("a")),
        one(Restore),
        Step::Meta("bundle", None),
        Step::Requests(
            (0..8)
                .map(|number| Set(["e", "f"][number % 2], 500 + number))
                .collect(),
        ),
        one(Delete("c")),
        Step::Sweep(AFTER_RETENTION),
        one(Set("c", 10)),
    ]
}

/// A few changes, for being stopped twice.
pub fn short() -> Vec<Step> {
    use Ask::{Delete, Set};
    vec![
        Step::Requests(vec![Set("a", 6_000)]),
        Step::Requests(vec![Set("a", 10), Set("b", 25 * 1024), Delete("a")]),
    ]
}

/// One change, after a recovery.
pub fn one_more() -> Vec<Step> {
    vec![Step::Requests(vec![Ask::Set("f", 3_000)])]
}

/// The names of objects other than certificates.
pub const NAMES: [&str; 6] = ["a", "b", "c", "d", "e", "f"];

pub fn names() -> Vec<ObjectName> {
    NAMES.iter().map(|name| name.parse().unwrap()).collect()
}

pub fn page() -> PageRequest {
    PageRequest::default()
}

/// An answer as text, with its values.
pub fn shown<K: Sample>(answer: &Result<Answer<K>, ObjectError>) -> String {
    let value = |bundle: &Bundle<K>| bundle.content.as_ref().map(K::text);
    match answer {
        Ok(Answer::Object(bundle)) => format!("{bundle:?} {:?}", value(bundle)),
        other => format!("{other:?}"),
    }
}

/// The versions that a list of versions names.
pub fn versions<K: Sample>(answer: &Result<Answer<K>, ObjectError>) -> Vec<Version> {
    match answer {
        Ok(Answer::Page(page)) => page.items.iter().map(|item| item.version).collect(),
        _ => Vec::new(),
    }
}
