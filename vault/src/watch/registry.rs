//! The index from an object, or a SecretRef, to the subscriptions that follow it.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
    hash::Hash,
    sync::Arc,
    time::Instant,
};

use parking_lot::{Mutex, MutexGuard};
use prometheus_client::metrics::gauge::Gauge;
use strongroom_core::{NamespaceName, ObjectPath, Principal, SecretRefName, Uid};
use strongroom_wire::admin::{RefVolumes, Volumes};
use tokio::sync::Notify;

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

/// Why the vault keeps no further subscription.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum Full {
    /// It keeps no more at all.
    #[error("the vault keeps no more subscriptions")]
    Vault,
    /// The account has as many as are left for all others.
    #[error("the vault keeps no more subscriptions of this account")]
    Account,
    /// The accounts of its namespace have twice as many.
    #[error("the vault keeps no more subscriptions of this namespace")]
    Namespace,
}

/// Every subscription of the vault.
#[derive(Debug)]
pub(super) struct SubscriptionRegistry {
    limit: usize,
    count: Gauge,
    subscriptions: Mutex<Subscriptions>,
    /// Objects that changed and whose followers are not marked yet.
    changed: Mutex<BTreeSet<ObjectPath>>,
    has_changed: Notify,
}

#[derive(Debug, Default)]
struct Subscriptions {
    next: u64,
    members: HashMap<Key, Member>,
    by_object: HashMap<ObjectPath, HashSet<Key>>,
    by_ref: HashMap<SecretRefName, HashSet<Key>>,
    of_account: HashMap<Uid, usize>,
    of_namespace: HashMap<NamespaceName, usize>,
    recent: RecentRefChanges,
}

#[derive(Debug)]
struct Member {
    holder: Arc<Principal>,
    mailbox: Arc<Mailbox>,
    objects: BTreeSet<ObjectPath>,
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
            changed: Mutex::default(),
            has_changed: Notify::new(),
        })
    }

    /// Enters a subscription of `holder` to `objects`, whose changes are marked in `mailbox` from now on; and that its SecretRef
    /// changed, if it did just now. One account has half of the subscriptions at most, one namespace two thirds.
    pub(super) fn enter(
        self: &Arc<Self>,
        holder: &Arc<Principal>,
        mailbox: &Arc<Mailbox>,
        objects: BTreeSet<ObjectPath>,
        secret_ref: Option<SecretRefName>,
    ) -> Result<Registration, Full> {
        let mut subscriptions = self.subscriptions();
        subscriptions.take_place(holder, self.limit)?;
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
                holder: Arc::clone(holder),
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

    /// Notes that `objects` changed. Called by the writer after each commit, so it waits for no one: what follows them is
    /// marked by [`Self::mark_changed`].
    pub(super) fn objects_changed(&self, objects: impl IntoIterator<Item = ObjectPath>) {
        self.changed.lock().extend(objects);
        self.has_changed.notify_one();
    }

    /// Waits until objects have changed.
    pub(super) async fn changed(&self) {
        self.has_changed.notified().await;
    }

    /// Marks the subscriptions that follow the objects that have changed, a few at a time: others enter and leave between.
    pub(super) fn mark_changed(&self) {
        const AT_ONCE: usize = 256;
        let objects = std::mem::take(&mut *self.changed.lock());
        for object in objects {
            let followers = self.subscriptions().by_object.get(&object).cloned();
            let followers: Vec<_> = followers.into_iter().flatten().collect();
            for keys in followers.chunks(AT_ONCE) {
                self.subscriptions().mark_objects(keys);
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

impl Subscriptions {
    /// Counts one more subscription of `holder`, of `limit` in all: nobody has more than is left for the others.
    fn take_place(&mut self, holder: &Principal, limit: usize) -> Result<(), Full> {
        let free = limit.saturating_sub(self.members.len());
        let of_account = self.of_account.get(holder.id()).copied().unwrap_or_default();
        let namespace = holder.namespace();
        let of_namespace = namespace
            .and_then(|namespace| self.of_namespace.get(namespace).copied())
            .unwrap_or_default();
        if free == 0 {
            return Err(Full::Vault);
        }
        if of_account >= free {
            return Err(Full::Account);
        }
        if of_namespace >= free.saturating_mul(2) {
            return Err(Full::Namespace);
        }
        self.of_account
            .insert(holder.id().clone(), of_account.saturating_add(1));
        if let Some(namespace) = namespace {
            self.of_namespace
                .insert(namespace.clone(), of_namespace.saturating_add(1));
        }
        Ok(())
    }

    fn give_up_place(&mut self, holder: &Principal) {
        give_up(&mut self.of_account, holder.id());
        if let Some(namespace) = holder.namespace() {
            give_up(&mut self.of_namespace, namespace);
        }
    }

    fn mark_objects(&mut self, keys: &[Key]) {
        for key in keys {
            if let Some(member) = self.members.get_mut(key) {
                if member.state == VolumeState::Current {
                    member.state = VolumeState::Outdated;
                }
                member.mailbox.mark_objects(*key);
            }
        }
    }
}

fn give_up<K: Eq + Hash>(counts: &mut HashMap<K, usize>, key: &K) {
    if let Some(count) = counts.get_mut(key) {
        *count = count.saturating_sub(1);
        if *count == 0 {
            counts.remove(key);
        }
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
        subscriptions.give_up_place(&member.holder);
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
    use strongroom_core::ObjectKind;

    use super::*;

    fn object(kind: ObjectKind, name: &str) -> ObjectPath {
        ObjectPath {
            kind,
            name: name.parse().unwrap(),
        }
    }

    fn objects(names: &[&str]) -> BTreeSet<ObjectPath> {
        names
            .iter()
            .map(|name| object(ObjectKind::Secrets, name))
            .collect()
    }

    fn secret_ref(name: &str) -> SecretRefName {
        SecretRefName {
            namespace: "shop".parse().unwrap(),
            name: name.parse().unwrap(),
        }
    }

    fn account(name: &str) -> Arc<Principal> {
        let (namespace, name) = name.split_once('/').unwrap_or(("shop", name));
        Arc::new(Principal::ServiceAccount(strongroom_core::ServiceAccount {
            name: format!("{namespace}:{name}").parse().unwrap(),
            uid: format!("uid-{namespace}-{name}").parse().unwrap(),
            pod: None,
            node: None,
        }))
    }

    #[test]
    fn no_account_and_no_namespace_takes_all_subscriptions() {
        let registry = SubscriptionRegistry::new(90, Gauge::default());
        let mailbox = Arc::new(Mailbox::default());
        let occupy = |name| {
            let enter = || registry.enter(&account(name), &mailbox, objects(&["a"]), None);
            let mut held = Vec::new();
            loop {
                match enter() {
                    Ok(registration) => held.push(registration),
                    Err(full) => return (held, full),
                }
            }
        };
        let (first, full) = occupy("greedy");
        assert_eq!((first.len(), full), (45, Full::Account));
        let (second, full) = occupy("accomplice");
        assert_eq!((first.len() + second.len(), full), (60, Full::Namespace));
        let (other, full) = occupy("bank/api");
        assert_eq!((other.len(), full), (15, Full::Account));
        drop(first);
        assert!(
            registry
                .enter(&account("bank/api"), &mailbox, objects(&["a"]), None)
                .is_ok()
        );
    }

    #[test]
    fn a_change_marks_its_subscriptions_and_no_others() {
        let registry = SubscriptionRegistry::new(8, Gauge::default());
        let (mine, others) = (Arc::new(Mailbox::default()), Arc::new(Mailbox::default()));
        let first = registry
            .enter(&account("api"), &mine, objects(&["a", "b"]), None)
            .unwrap();
        let second = registry
            .enter(&account("api"), &mine, objects(&["b"]), Some(secret_ref("db")))
            .unwrap();
        let _third = registry
            .enter(&account("api"), &others, objects(&["c"]), Some(secret_ref("web")))
            .unwrap();
        registry.objects_changed(objects(&["b", "z"]));
        registry.mark_changed();
        registry.ref_changed(&secret_ref("db"));
        let marks = mine.take();
        assert_eq!(marks.objects, BTreeSet::from([first.key(), second.key()]));
        assert_eq!(marks.refs, BTreeSet::from([second.key()]));
        assert_eq!(others.take(), super::super::mailbox::Marks::default());
    }

    #[test]
    fn a_change_of_a_key_marks_nobody_who_follows_the_secret_of_that_name() {
        let registry = SubscriptionRegistry::new(8, Gauge::default());
        let mailbox = Arc::new(Mailbox::default());
        let enter = |kind| {
            let objects = BTreeSet::from([object(kind, "db")]);
            registry.enter(&account("api"), &mailbox, objects, None).unwrap()
        };
        let (secret, key) = (enter(ObjectKind::Secrets), enter(ObjectKind::Keys));
        for (kind, follower) in [(ObjectKind::Secrets, &secret), (ObjectKind::Keys, &key)] {
            registry.objects_changed([object(kind, "db")]);
            registry.mark_changed();
            assert_eq!(mailbox.take().objects, BTreeSet::from([follower.key()]));
        }
    }

    #[test]
    fn a_subscription_made_just_after_its_secret_ref_changed_is_marked_too() {
        let registry = SubscriptionRegistry::new(8, Gauge::default());
        registry.ref_changed(&secret_ref("db"));
        let mailbox = Arc::new(Mailbox::default());
        let late = registry
            .enter(&account("api"), &mailbox, objects(&["a"]), Some(secret_ref("db")))
            .unwrap();
        let _other = registry
            .enter(
                &account("api"),
                &mailbox,
                objects(&["a"]),
                Some(secret_ref("web")),
            )
            .unwrap();
        assert_eq!(mailbox.take().refs, BTreeSet::from([late.key()]));
    }

    #[test]
    fn a_registration_given_up_leaves_nothing_behind() {
        let registry = SubscriptionRegistry::new(1, Gauge::default());
        let mailbox = Arc::new(Mailbox::default());
        let held = registry
            .enter(&account("api"), &mailbox, objects(&["a"]), Some(secret_ref("db")))
            .unwrap();
        assert_eq!(
            registry
                .enter(&account("api"), &mailbox, objects(&["a"]), None)
                .unwrap_err(),
            Full::Vault
        );
        drop(held);
        let subscriptions = registry.subscriptions();
        assert!(
            subscriptions.members.is_empty()
                && subscriptions.by_object.is_empty()
                && subscriptions.by_ref.is_empty()
                && subscriptions.of_account.is_empty()
                && subscriptions.of_namespace.is_empty()
        );
    }

    #[test]
    fn volumes_are_counted_by_secret_ref_and_how_they_stand() {
        let registry = SubscriptionRegistry::new(8, Gauge::default());
        let mailbox = Arc::new(Mailbox::default());
        let enter = |name| {
            registry
                .enter(&account("api"), &mailbox, objects(&["a"]), Some(secret_ref(name)))
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
        registry.objects_changed(objects(&["a"]));
        registry.mark_changed();
        let db = &registry.volumes().refs[1];
        assert_eq!((db.total, db.current, db.outdated, db.failing), (3, 0, 2, 1));
    }
}
