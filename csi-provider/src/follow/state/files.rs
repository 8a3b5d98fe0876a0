//! What a volume's files hold, and what is on its way to them.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Instant,
};

use strongroom_core::{ObjectPath, Version};

use super::{
    event::{Fetched, Reading},
    making::{Made, make},
};
use crate::{
    source::load::Reason,
    volume::{
        Content, FilePath, Value,
        spec::{FileSpec, Object, Source, VolumeSpec},
    },
};

/// What a volume's files hold, and what is on its way to them.
///
/// Levels are compared, edges are not counted: an object is fetched when the version that the vault reports is not the
/// one that the files hold, once at a time, and with it all that is in files together with it.
#[derive(Debug, Default)]
pub struct Files {
    held: BTreeMap<Object, Version>,
    /// Objects to be fetched.
    wanted: BTreeSet<ObjectPath>,
    /// Objects that the vault was asked for, and the version that it reported meanwhile.
    awaited: BTreeMap<ObjectPath, Option<Version>>,
    /// What the vault sent. It is written once all that is awaited is there.
    fetched: BTreeMap<ObjectPath, (Version, Value)>,
    /// The files that become others by it.
    made: BTreeMap<FilePath, Content>,
    /// Whether something changed that the stream alone does not bring.
    is_outdated: bool,
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
            let was_unavailable = self.unavailable.remove(&path).is_some();
            self.wanted.remove(&path);
            match reading {
                Err(reason) => {
                    unavailable.insert(path, reason);
                }
                Ok(version) => {
                    if let Some(reported) = self.awaited.get_mut(&path) {
                        *reported = Some(version);
                    } else if !self.has(&path, object, version)
                        || (was_unavailable && spec.bound_to(object).len() > 1)
                    {
                        // What it is bound to may have waited for it.
                        self.want(spec, path, object);
                    }
                }
            }
        }
        self.unavailable.extend(unavailable.clone());
        unavailable
    }

    /// The object is to be fetched. What it is bound to may be a version that the vault does not send, since the subscription has
    /// another one of that name: then all is to be read anew.
    fn want(&mut self, spec: &VolumeSpec, path: ObjectPath, object: &Object) {
        let watched = spec.watched();
        let is_watched = |object: &&Object| watched.get(&object.path()) == Some(object);
        if spec.bound_to(object).iter().all(is_watched) {
            self.wanted.insert(path);
        } else {
            self.is_outdated = true;
        }
    }

    /// Whether something changed that the stream alone does not bring: answered once.
    pub const fn take_outdated(&mut self) -> bool {
        std::mem::replace(&mut self.is_outdated, false)
    }

    fn has(&self, path: &ObjectPath, object: &Object, version: Version) -> bool {
        match self.fetched.get(path) {
            Some((fetched, _)) => *fetched == version,
            None => self.held.get(object) == Some(&version),
        }
    }

    /// The objects to be fetched, which are awaited from now on, with all that they are bound to.
    pub fn fetch(&mut self, spec: &VolumeSpec) -> BTreeSet<ObjectPath> {
        let wanted = std::mem::take(&mut self.wanted);
        let watched = spec.watched();
        let objects = wanted.iter().filter_map(|path| watched.get(path));
        let bound = objects.flat_map(|object| spec.bound_to(object));
        let mut wanted: BTreeSet<_> = bound.map(Object::path).chain(wanted.iter().cloned()).collect();
        wanted.retain(|object| !self.awaited.contains_key(object));
        self.awaited
            .extend(wanted.iter().map(|object| (object.clone(), None)));
        wanted
    }

    /// Takes contents that were asked for. Once all of them are there, makes the files of them. Answers what became
    /// unavailable: also what does not make every file of its object, since the files of one object are always of one version.
    pub fn receive(
        &mut self,
        spec: &VolumeSpec,
        contents: Vec<(ObjectPath, Fetched)>,
    ) -> BTreeMap<ObjectPath, Reason> {
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
            match fetched {
                Ok(fetched) => {
                    self.unavailable.remove(&object);
                    self.fetched.insert(object, fetched);
                }
                Err(reason) => {
                    unavailable.insert(object, reason);
                }
            }
        }
        if self.awaited.is_empty() {
            let Made {
                files,
                refused,
                faults,
            } = make(spec, &self.held, &self.fetched);
            self.made = files;
            self.fetched.retain(|object, _| !refused.contains(object));
            unavailable.extend(faults);
        }
        self.unavailable.extend(unavailable.clone());
        unavailable
    }

    /// Forgets what was asked on a stream or subscription that ended. The next subscription reports anew.
    pub fn forget_fetches(&mut self) {
        self.wanted.clear();
        self.awaited.clear();
        self.fetched.clear();
        self.made.clear();
    }

    /// The trust bundle changed.
    pub fn change_bundle(&mut self, spec: &VolumeSpec) {
        let is_bundle = |file: &FileSpec| matches!(file.source, Source::TrustBundle(_));
        self.bundle_changed |= spec.files.iter().any(is_bundle);
    }

    /// What is to be written, and the files that become others by it.
    pub fn merge(&mut self) -> (Merge, BTreeMap<FilePath, Content>) {
        let fetched = std::mem::take(&mut self.fetched);
        let versions = fetched
            .into_iter()
            .map(|(object, (version, _))| (object, version));
        let merge = Merge {
            versions: versions.collect(),
            bundle_changed: std::mem::take(&mut self.bundle_changed),
        };
        (merge, std::mem::take(&mut self.made))
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
