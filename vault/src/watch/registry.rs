//! The index from an object, or a SecretRef, to the subscriptions that follow it.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
    hash::Hash,
    sync::Arc,
    time::Instant,
};

use parking_lot::{Mutex, MutexGuard};
use prometheus_client::metrics::gauge::Gauge;
use strongroom_core::{ObjectName, SecretRefName};
use strongroom_wire::admin::{RefVolumes, Volumes};

use super::{
    mailbox::{Key, Mailbox},
    ref_changes::RecentRefChanges,
};

/// How a volume stands, by its last acknowledgement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum VolumeState {
    /// Its files hold the current versions.
    Current,
    /// It has not acknowledged the current versions yet.
    Outdated,
    /// Its files could not be written.
    Failing,
}

/// The vault keeps no more subscriptions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the vault keeps no more subscriptions")]
pub(super) struct Full;

/// Every subscription of the vault.
#[derive(Debug)]
pub(super) struct SubscriptionRegistry {
    limit: usize,
    count: Gauge,
    subscriptions: Mutex<Subscriptions>,
}

#[derive(Debug, Default)]
struct Subscriptions {
    next: u64,
    members: HashMap<Key, Member>,
    by_object: HashMap<ObjectName, HashSet<Key>>,
    by_ref: HashMap<SecretRefName, HashSet<Key>>,
    recent: RecentRefChanges,
}

#[derive(Debug)]
struct Member {
    mailbox: Arc<Mailbox>,
    objects: BTreeSet<ObjectName>,
    secret_ref: Option<SecretRefName>,
    state: VolumeState,
}

/// A subscription's place in the registry, given up when dropped.
#[derive(Debug)]
pub(super) struct Registration {
    registry: Arc<SubscriptionRegistry>,
    key: Key,
}

impl SubscriptionRegistry {
    /// A registry of at most `limit` subscriptions, whose number is shown in `count`.
    pub(super) fn new(limit: usize, count: Gauge) -> Arc<Self> {
        Arc::new(Self {
            limit,
            count,
            subscriptions: Mutex::default(),
        })
    }

    /// Enters a subscription to `objects`, whose changes are marked in `mailbox` from now on; and that its SecretRef
    /// changed, if it did just now.
    pub(super) fn enter(
        self: &Arc<Self>,
        mailbox: &Arc<Mailbox>,
        objects: BTreeSet<ObjectName>,
        secret_ref: Option<SecretRefName>,
    ) -> Result<Registration, Full> {
        let mut subscriptions = self.subscriptions();
        if subscriptions.members.len() >= self.limit {
            return Err(Full);
        }
        subscriptions.next = subscriptions.next.wrapping_add(1);
        let key = Key(subscriptions.next);
        for object in &objects {
            subscriptions
                .by_object
                .entry(object.clone())
                .or_default()
                .insert(key);
        }
        if let Some(secret_ref) = &secret_ref {
            subscriptions
                .by_ref
                .entry(secret_ref.clone())
                .or_default()
                .insert(key);
            if subscriptions.recent.has(secret_ref, Instant::now()) {
                mailbox.mark_ref(key);
            }
        }
        self.count.inc();
        subscriptions.members.insert(
            key,
            Member {
                mailbox: Arc::clone(mailbox),
                objects,
                secret_ref,
                state: VolumeState::Outdated,
            },
        );
        Ok(Registration {
            registry: Arc::clone(self),
            key,
        })
    }

    /// Marks the subscriptions that follow any of `names`. Called by the writer after each commit.
    pub(super) fn objects_changed<'a>(&self, names: impl IntoIterator<Item = &'a ObjectName>) {
        let mut subscriptions = self.subscriptions();
        let Subscriptions {
            members, by_object, ..
        } = &mut *subscriptions;
        for key in names.into_iter().filter_map(|name| by_object.get(name)).flatten() {
            if let Some(member) = members.get_mut(key) {
                if member.state == VolumeState::Current {
                    member.state = VolumeState::Outdated;
                }
                member.mailbox.mark_objects(*key);
            }
        }
    }

    /// Marks the subscriptions that were made for `changed`.
    pub(super) fn ref_changed(&self, changed: &SecretRefName) {
        let mut subscriptions = self.subscriptions();
        subscriptions.recent.note(changed, Instant::now());
        for key in subscriptions.by_ref.get(changed).into_iter().flatten() {
            if let Some(member) = subscriptions.members.get(key) {
                member.mailbox.mark_ref(*key);
            }
        }
    }

    /// Counts the volumes of every SecretRef that has any, in the order of their names.
    pub(super) fn volumes(&self) -> Volumes {
        let subscriptions = self.subscriptions();
        let mut refs = BTreeMap::new();
        for (secret_ref, keys) in &subscriptions.by_ref {
            let mut counts = RefVolumes {
                secret_ref: secret_ref.clone(),
                total: 0,
                current: 0,
                outdated: 0,
                failing: 0,
            };
            for member in keys.iter().filter_map(|key| subscriptions.members.get(key)) {
                counts.total = counts.total.saturating_add(1);
                let count = match member.state {
                    VolumeState::Current => &mut counts.current,
                    VolumeState::Outdated => &mut counts.outdated,
                    VolumeState::Failing => &mut counts.failing,
                };
                *count = count.saturating_add(1);
            }
            refs.insert((&secret_ref.namespace, &secret_ref.name), counts);
        }
        Volumes {
            refs: refs.into_values().collect(),
        }
    }

    /// How many subscriptions there are.
    pub(super) fn len(&self) -> usize {
        self.subscriptions().members.len()
    }

    fn subscriptions(&self) -> MutexGuard<'_, Subscriptions> {
        self.subscriptions.lock()
    }
}

impl Registration {
    /// The subscription's key.
    pub(super) const fn key(&self) -> Key {
        self.key
    }

    /// Notes how the volume stands.
    pub(super) fn set_state(&self, state: VolumeState) {
        if let Some(member) = self.registry.subscriptions().members.get_mut(&self.key) {
            member.state = state;
        }
    }
}

impl Drop for Registration {
    fn drop(&mut self) {
        let mut subscriptions = self.registry.subscriptions();
        let Some(member) = subscriptions.members.remove(&self.key) else {
            return;
        };
        self.registry.count.dec();
        for object in &member.objects {
            forget(&mut subscriptions.by_object, object, self.key);
        }
        if let Some(secret_ref) = &member.secret_ref {
            forget(&mut subscriptions.by_ref, secret_ref, self.key);
        }
    }
}

fn forget<T: Eq + Hash>(index: &mut HashMap<T, HashSet<Key>>, at: &T, key: Key) {
    if let Some(keys) = index.get_mut(at) {
        keys.remove(&key);
        if keys.is_empty() {
            index.remove(at);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn objects(names: &[&str]) -> BTreeSet<ObjectName> {
        names.iter().map(|name| name.parse().unwrap()).collect()
    }

    fn secret_ref(name: &str) -> SecretRefName {
        SecretRefName {
            namespace: "shop".parse().unwrap(),
            name: name.parse().unwrap(),
        }
    }

    #[test]
    fn a_change_marks_its_subscriptions_and_no_others() {
        let registry = SubscriptionRegistry::new(8, Gauge::default());
        let (mine, others) = (Arc::new(Mailbox::default()), Arc::new(Mailbox::default()));
        let first = registry.enter(&mine, objects(&["a", "b"]), None).unwrap();
        let second = registry
            .enter(&mine, objects(&["b"]), Some(secret_ref("db")))
            .unwrap();
        let _third = registry
            .enter(&others, objects(&["c"]), Some(secret_ref("web")))
            .unwrap();
        registry.objects_changed(&objects(&["b", "z"]));
        registry.ref_changed(&secret_ref("db"));
        let marks = mine.take();
        assert_eq!(marks.objects, BTreeSet::from([first.key(), second.key()]));
        assert_eq!(marks.refs, BTreeSet::from([second.key()]));
        assert_eq!(others.take(), super::super::mailbox::Marks::default());
    }

    #[test]
    fn a_subscription_made_just_after_its_secret_ref_changed_is_marked_too() {
        let registry = SubscriptionRegistry::new(8, Gauge::default());
        registry.ref_changed(&secret_ref("db"));
        let mailbox = Arc::new(Mailbox::default());
        let late = registry
            .enter(&mailbox, objects(&["a"]), Some(secret_ref("db")))
            .unwrap();
        let _other = registry
            .enter(&mailbox, objects(&["a"]), Some(secret_ref("web")))
            .unwrap();
        assert_eq!(mailbox.take().refs, BTreeSet::from([late.key()]));
    }

    #[test]
    fn a_registration_given_up_leaves_nothing_behind() {
        let registry = SubscriptionRegistry::new(1, Gauge::default());
        let mailbox = Arc::new(Mailbox::default());
        let held = registry
            .enter(&mailbox, objects(&["a"]), Some(secret_ref("db")))
            .unwrap();
        assert_eq!(registry.enter(&mailbox, objects(&["a"]), None).unwrap_err(), Full);
        drop(held);
        let subscriptions = registry.subscriptions();
        assert!(
            subscriptions.members.is_empty()
                && subscriptions.by_object.is_empty()
                && subscriptions.by_ref.is_empty()
        );
    }

    #[test]
    fn volumes_are_counted_by_secret_ref_and_how_they_stand() {
        let registry = SubscriptionRegistry::new(8, Gauge::default());
        let mailbox = Arc::new(Mailbox::default());
        let enter = |name| {
            registry
                .enter(&mailbox, objects(&["a"]), Some(secret_ref(name)))
                .unwrap()
        };
        let (current, failing, _new) = (enter("db"), enter("db"), enter("db"));
        let _other = enter("api");
        current.set_state(VolumeState::Current);
        failing.set_state(VolumeState::Failing);
        let volumes = registry.volumes().refs;
        assert_eq!(volumes[0].secret_ref, secret_ref("api"));
        let db = &volumes[1];
        assert_eq!((db.total, db.current, db.outdated, db.failing), (3, 1, 1, 1));
        registry.objects_changed(&objects(&["a"]));
        let db = &registry.volumes().refs[1];
        assert_eq!((db.total, db.current, db.outdated, db.failing), (3, 0, 2, 1));
    }
}
