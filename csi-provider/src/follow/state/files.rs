//! What a volume's files hold, and what is on its way to them.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Instant,
};

use strongroom_core::{ObjectPath, Version};

use super::event::{Fetched, Reading};
use crate::{
    source::load::Reason,
    volume::{
        Value,
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
    wanted: BTreeSet<ObjectPath>,
    /// Objects that the vault was asked for, and the version that it reported meanwhile.
    awaited: BTreeMap<ObjectPath, Option<Version>>,
    /// What the vault sent. It is written once all that is awaited is there.
    fetched: BTreeMap<ObjectPath, (Version, Value)>,
    /// Whether the trust bundle changed and is not written.
    bundle_changed: bool,
    /// Objects that cannot be read. The files keep what they held.
    unavailable: BTreeMap<ObjectPath, Reason>,
    /// When the vault reported the oldest change that is not in the files.
    changed_at: Option<Instant>,
}

/// What is written to the files, without the contents.
#[derive(Debug)]
pub struct Merge {
    versions: BTreeMap<ObjectPath, Version>,
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
    pub const fn unavailable(&self) -> &BTreeMap<ObjectPath, Reason> {
        &self.unavailable
    }

    /// Whether objects are to be fetched.
    pub fn wants_fetch(&self) -> bool {
        !self.wanted.is_empty()
    }

    /// Whether the vault was asked for the contents of `object` and has not answered.
    pub fn awaits(&self, object: &ObjectPath) -> bool {
        self.awaited.contains_key(object)
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
        readings: Vec<(ObjectPath, Reading)>,
    ) -> BTreeMap<ObjectPath, Reason> {
        let watched = spec.watched();
        let mut unavailable = BTreeMap::new();
        for (path, reading) in readings {
            let Some(object) = watched.get(&path) else {
                continue;
            };
            self.unavailable.remove(&path);
            self.wanted.remove(&path);
            match reading {
                Err(reason) => {
                    unavailable.insert(path, reason);
                }
                Ok(version) => {
                    if let Some(reported) = self.awaited.get_mut(&path) {
                        *reported = Some(version);
                    } else if !self.has(&path, object, version) {
                        self.wanted.insert(path);
                    }
                }
            }
        }
        self.unavailable.extend(unavailable.clone());
        unavailable
    }

    fn has(&self, path: &ObjectPath, object: &Object, version: Version) -> bool {
        match self.fetched.get(path) {
            Some((fetched, _)) => *fetched == version,
            None => self.held.get(object) == Some(&version),
        }
    }

    /// The objects to be fetched, which are awaited from now on.
    pub fn fetch(&mut self) -> BTreeSet<ObjectPath> {
        let wanted = std::mem::take(&mut self.wanted);
        self.awaited
            .extend(wanted.iter().map(|object| (object.clone(), None)));
        wanted
    }

    /// Takes contents that were asked for. Answers what became unavailable: also what does not make every file of its
    /// object, since the files of one object are always of one version.
    pub fn receive(
        &mut self,
        spec: &VolumeSpec,
        contents: Vec<(ObjectPath, Fetched)>,
    ) -> BTreeMap<ObjectPath, Reason> {
        let watched = spec.watched();
        let mut unavailable = BTreeMap::new();
        for (object, fetched) in contents {
            let Some(reported) = self.awaited.remove(&object) else {
                continue;
            };
            let version = fetched.as_ref().ok().map(|(version, _)| *version);
            if reported.is_some() && reported != version {
                // The vault read it before it reported that version, so it is asked again.
                self.wanted.insert(object.clone());
            }
            let usable = fetched.and_then(|(version, value)| {
                if let Some(watched) = watched.get(&object) {
                    spec.check_contents(watched, &value)?;
                }
                Ok((version, value))
            });
            match usable {
                Ok(fetched) => {
                    self.unavailable.remove(&object);
                    self.fetched.insert(object, fetched);
                }
                Err(reason) => {
                    unavailable.insert(object, reason);
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
    pub fn merge(&mut self) -> (Merge, BTreeMap<ObjectPath, Value>) {
        let mut versions = BTreeMap::new();
        let mut contents = BTreeMap::new();
        for (object, (version, value)) in std::mem::take(&mut self.fetched) {
            versions.insert(object.clone(), version);
            contents.insert(object, value);
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
        for (path, version) in merge.versions {
            if let Some(object) = watched.get(&path) {
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
