//! What a volume's files hold, and what is on its way to them.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Instant,
};

use strongroom_core::{ObjectName, Version};

use super::event::Reading;
use crate::{
    source::load::Reason,
    volume::{
        Content,
        spec::{FileSpec, Object, Source, VolumeSpec},
    },
};

/// What a volume's files hold, and what is on its way to them.
///
/// Levels are compared, edges are not counted: an object is fetched when the version that the vault reports is not the
/// one that the files hold, once at a time.
#[derive(Debug, Default)]
pub struct Files {
    held: BTreeMap<Object, Version>,
    /// Objects to be fetched.
    wanted: BTreeSet<ObjectName>,
    /// Objects that the vault was asked for, and the version that it reported meanwhile.
    awaited: BTreeMap<ObjectName, Option<Version>>,
    /// What the vault sent. It is written once all that is awaited is there.
    fetched: BTreeMap<ObjectName, (Version, Content)>,
    /// Whether the trust bundle changed and is not written.
    bundle_changed: bool,
    /// Objects that cannot be read. The files keep what they held.
    unavailable: BTreeMap<ObjectName, Reason>,
    /// When the vault reported the oldest change that is not in the files.
    changed_at: Option<Instant>,
}

/// What is written to the files, without the contents.
#[derive(Debug)]
pub struct Merge {
    versions: BTreeMap<ObjectName, Version>,
    bundle_changed: bool,
}

impl Files {
    /// Files that hold `held`.
    pub fn new(held: BTreeMap<Object, Version>) -> Self {
        Self {
            held,
            ..Self::default()
        }
    }

    /// The version of each object in the files.
    pub const fn held(&self) -> &BTreeMap<Object, Version> {
        &self.held
    }

    /// The objects that cannot be read.
    pub const fn unavailable(&self) -> &BTreeMap<ObjectName, Reason> {
        &self.unavailable
    }

    /// Whether objects are to be fetched.
    pub fn wants_fetch(&self) -> bool {
        !self.wanted.is_empty()
    }

    /// Whether the vault was asked for the contents of `name` and has not answered.
    pub fn awaits(&self, name: &ObjectName) -> bool {
        self.awaited.contains_key(name)
    }

    /// Whether contents are awaited from the vault, or there and not written.
    pub fn holds_contents(&self) -> bool {
        !self.awaited.is_empty() || !self.fetched.is_empty()
    }

    /// Whether nothing is awaited from the vault.
    pub fn is_complete(&self) -> bool {
        self.awaited.is_empty()
    }

    /// Whether there is something to write, and nothing that is to be written together with it is awaited.
    pub fn wants_write(&self) -> bool {
        self.awaited.is_empty() && (self.bundle_changed || !self.fetched.is_empty())
    }

    /// The vault reports a change.
    pub fn report_change(&mut self, now: Instant) {
        self.changed_at.get_or_insert(now);
    }

    /// When the vault reported the change that the files hold now.
    pub const fn take_changed_at(&mut self) -> Option<Instant> {
        self.changed_at.take()
    }

    /// Compares what the vault reports with what the files hold. Answers what became unavailable. Ignores
    /// objects that the SecretRef does not name.
    pub fn compare(
        &mut self,
        spec: &VolumeSpec,
        readings: Vec<(ObjectName, Reading)>,
    ) -> BTreeMap<ObjectName, Reason> {
        let watched = spec.watched();
        let mut unavailable = BTreeMap::new();
        for (name, reading) in readings {
            let Some(object) = watched.get(&name) else {
                continue;
            };
            self.unavailable.remove(&name);
            self.wanted.remove(&name);
            match reading {
                Err(reason) => {
                    unavailable.insert(name, reason);
                }
                Ok(version) => {
                    if let Some(reported) = self.awaited.get_mut(&name) {
                        *reported = Some(version);
                    } else if !self.has(&name, object, version) {
                        self.wanted.insert(name);
                    }
                }
            }
        }
        self.unavailable.extend(unavailable.clone());
        unavailable
    }

    fn has(&self, name: &ObjectName, object: &Object, version: Version) -> bool {
        match self.fetched.get(name) {
            Some((fetched, _)) => *fetched == version,
            None => self.held.get(object) == Some(&version),
        }
    }

    /// The objects to be fetched, which are awaited from now on.
    pub fn fetch(&mut self) -> BTreeSet<ObjectName> {
        let wanted = std::mem::take(&mut self.wanted);
        self.awaited
            .extend(wanted.iter().map(|name| (name.clone(), None)));
        wanted
    }

    /// Takes contents that were asked for. Answers what became unavailable.
    pub fn receive(&mut self, contents: Vec<(ObjectName, Reading, Content)>) -> BTreeMap<ObjectName, Reason> {
        let mut unavailable = BTreeMap::new();
        for (name, reading, content) in contents {
            let Some(reported) = self.awaited.remove(&name) else {
                continue;
            };
            if reported.is_some_and(|version| reading.as_ref().ok() != Some(&version)) {
                // The vault read it before it reported that version, so it is asked again.
                self.wanted.insert(name.clone());
            }
            match reading {
                Ok(version) => {
                    self.unavailable.remove(&name);
                    self.fetched.insert(name, (version, content));
                }
                Err(reason) => {
                    unavailable.insert(name, reason);
                }
            }
        }
        self.unavailable.extend(unavailable.clone());
        unavailable
    }

    /// Forgets what was asked on a stream or subscription that ended. The next subscription reports anew.
    pub fn forget_fetches(&mut self) {
        self.wanted.clear();
        self.awaited.clear();
        self.fetched.clear();
    }

    /// The trust bundle changed.
    pub fn change_bundle(&mut self, spec: &VolumeSpec) {
        let is_bundle = |file: &FileSpec| matches!(file.source, Source::TrustBundle(_));
        self.bundle_changed |= spec.files.iter().any(is_bundle);
    }

    /// What is to be written, and its contents.
    pub fn merge(&mut self) -> (Merge, BTreeMap<ObjectName, Content>) {
        let mut versions = BTreeMap::new();
        let mut contents = BTreeMap::new();
        for (name, (version, content)) in std::mem::take(&mut self.fetched) {
            versions.insert(name.clone(), version);
            contents.insert(name, content);
        }
        let merge = Merge {
            versions,
            bundle_changed: std::mem::take(&mut self.bundle_changed),
        };
        (merge, contents)
    }

    /// The files hold what was to be written.
    pub fn merged(&mut self, spec: &VolumeSpec, merge: Merge) {
        let watched = spec.watched();
        for (name, version) in merge.versions {
            if let Some(object) = watched.get(&name) {
                self.held.insert((*object).clone(), version);
            }
        }
    }

    /// The files are as they were: what was to be written is to be fetched again, and the bundle written again.
    pub fn merge_failed(&mut self, merge: Merge) {
        self.wanted.extend(merge.versions.into_keys());
        self.bundle_changed |= merge.bundle_changed;
    }

    /// The files are those of another spec.
    pub fn replaced(&mut self, held: BTreeMap<Object, Version>) {
        *self = Self::new(held);
    }

    /// Whether, since they held `before`, files were written that hold other versions than `versions`: those were read in
    /// the meantime and may be older than what was acknowledged to the vault.
    pub fn were_written_since(
        &self,
        before: &BTreeMap<Object, Version>,
        versions: &BTreeMap<Object, Version>,
    ) -> bool {
        versions.iter().any(|(object, version)| {
            let held = self.held.get(object);
            held.is_some() && held != Some(version) && held != before.get(object)
        })
    }

    /// The subscription's objects and what the files hold of them.
    pub fn acknowledgement(&self, spec: &VolumeSpec) -> Vec<(Object, Option<Version>)> {
        let held = |object: &Object| (object.clone(), self.held.get(object).copied());
        spec.watched().into_values().map(held).collect()
    }
}
