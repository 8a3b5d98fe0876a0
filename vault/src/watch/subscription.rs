//! One subscription: its holder, the objects that it follows, the states that were sent, what its volume holds.

use std::{collections::HashSet, sync::Arc};

use strongroom_core::{NamedObject, ObjectKind, ObjectPath, ObjectState, Permission, Principal, Version};
use strongroom_wire::watch as wire;

use super::registry::{Registration, VolumeState};
use crate::{auth::Authenticated, policy::InForce};

/// What a volume last acknowledged.
#[derive(Debug)]
enum Held {
    /// Its files could not be written.
    Nothing,
    /// Its files hold these.
    Versions(HashSet<(ObjectPath, Version)>),
}

/// A subscription of a stream.
#[derive(Debug)]
pub(super) struct Subscription {
    /// The holder of the token; the token itself is not kept.
    pub(super) holder: Arc<Authenticated>,
    /// When the latest token expires, in seconds since 1970.
    pub(super) expires: i64,
    pub(super) registration: Registration,
    objects: Vec<NamedObject>,
    /// The states that were sent last, one per object.
    sent: Vec<ObjectState>,
    held: Option<Held>,
}

impl Subscription {
    /// A subscription on which nothing was sent yet.
    pub(super) fn new(
        holder: Arc<Authenticated>,
        objects: Vec<NamedObject>,
        registration: Registration,
    ) -> Self {
        let sent = vec![ObjectState::Forbidden; objects.len()];
        Self {
            expires: holder.expires,
            holder,
            registration,
            objects,
            sent,
            held: None,
        }
    }

    /// Takes a token of the same account and pod. An older one changes nothing: the newer is still good.
    pub(super) fn renew(&mut self, holder: Arc<Authenticated>) -> Result<(), OtherHolder> {
        if !is_same_holder(&self.holder.principal, &holder.principal) {
            return Err(OtherHolder);
        }
        if holder.expires > self.expires {
            self.expires = holder.expires;
            self.holder = holder;
        }
        Ok(())
    }

    /// The objects that it follows, in the order in which the client named them.
    pub(super) fn objects(&self) -> &[NamedObject] {
        &self.objects
    }

    /// Whether `policy` decides otherwise about any object than the state that was sent says.
    pub(super) fn is_decided_otherwise(&self, policy: &InForce) -> bool {
        let subject = self.holder.principal.id();
        self.objects.iter().zip(&self.sent).any(|(object, sent)| {
            let is_allowed = policy
                .decide(subject, Permission::to_get(object.kind), &object.name)
                .is_allowed();
            is_allowed == (*sent == ObjectState::Forbidden)
        })
    }

    /// Records that the stream sends the states `seen`, and returns all of them for the message.
    pub(super) fn record_all_sent(&mut self, seen: Vec<ObjectState>) -> Vec<wire::NamedState> {
        self.sent = seen;
        self.settle();
        self.states(|_| true)
    }

    /// Records that the stream sends the states `seen`, and returns those that changed for the message.
    pub(super) fn record_changes_sent(&mut self, seen: Vec<ObjectState>) -> Vec<wire::NamedState> {
        let old = std::mem::replace(&mut self.sent, seen);
        self.settle();
        self.states(|index| old.get(index) != self.sent.get(index))
    }

    /// Records that the stream sent `state` of the object at `index` along with its content.
    pub(super) fn record_content_sent(&mut self, index: usize, state: ObjectState) {
        if let Some(sent) = self.sent.get_mut(index) {
            *sent = state;
        }
        self.settle();
    }

    /// Records what the volume's files hold.
    pub(super) fn acknowledge(&mut self, ack: &wire::Ack) {
        let held = |kind, object: &wire::ObjectName| {
            let name = object.name.parse().ok()?;
            Some((ObjectPath { kind, name }, object.version.parse().ok()?))
        };
        let secrets = ack.objects.iter().map(|object| held(ObjectKind::Secrets, object));
        let keys = ack.keys.iter().map(|object| held(ObjectKind::Keys, object));
        self.held = Some(if ack.error.is_empty() {
            Held::Versions(secrets.chain(keys).flatten().collect())
        } else {
            Held::Nothing
        });
        self.settle();
    }

    /// A volume is current when its files hold every version that can be read; an object that cannot be read does not count.
    pub(super) fn volume_state(&self) -> VolumeState {
        let Some(held) = &self.held else {
            return VolumeState::Outdated;
        };
        let Held::Versions(held) = held else {
            return VolumeState::Failing;
        };
        let is_current = self
            .objects
            .iter()
            .zip(&self.sent)
            .all(|(object, sent)| match sent {
                ObjectState::Available(version) => held.contains(&(object.path(), *version)),
                ObjectState::NotFound
                | ObjectState::Deleted
                | ObjectState::Disabled
                | ObjectState::Forbidden => true,
            });
        if is_current {
            VolumeState::Current
        } else {
            VolumeState::Outdated
        }
    }

    fn settle(&self) {
        self.registration.set_state(self.volume_state());
    }

    fn states(&self, mut of: impl FnMut(usize) -> bool) -> Vec<wire::NamedState> {
        let sent = self.objects.iter().zip(&self.sent).enumerate();
        sent.filter(|(index, _)| of(*index))
            .map(|(_, (object, state))| wire::NamedState::new(&object.path(), *state))
            .collect()
    }
}

/// A token of another account or pod than the subscription's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the token is another account's or another pod's than the subscription's")]
pub(super) struct OtherHolder;

/// Whether two tokens are of one holder: the same account and pod. A pod stays on its node, so the node says no more.
fn is_same_holder(old: &Principal, new: &Principal) -> bool {
    match (old, new) {
        (Principal::ServiceAccount(old), Principal::ServiceAccount(new)) => {
            (&old.uid, &old.name, &old.pod) == (&new.uid, &new.name, &new.pod)
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use prometheus_client::metrics::gauge::Gauge;
    use strongroom_core::{PodRef, ServiceAccount};

    use super::*;
    use crate::watch::{mailbox::Mailbox, registry::SubscriptionRegistry};

    fn holder(name: &str, pod: Option<&str>, expires: i64) -> Arc<Authenticated> {
        let account = ServiceAccount {
            name: format!("shop:{name}").parse().unwrap(),
            uid: "u-1".parse().unwrap(),
            pod: pod.map(|uid| PodRef {
                name: "p".parse().unwrap(),
                uid: uid.parse().unwrap(),
            }),
            node: None,
        };
        Arc::new(Authenticated {
            principal: Arc::new(Principal::ServiceAccount(account)),
            expires,
            token_id: "j".to_owned(),
            application: None,
        })
    }

    fn version(byte: u8) -> Version {
        Version::from_bytes([byte; 16])
    }

    fn subscription(names: &[&str]) -> Subscription {
        let secrets = names.iter().map(|name| object(ObjectKind::Secrets, name));
        subscribed(secrets.collect())
    }

    fn object(kind: ObjectKind, name: &str) -> NamedObject {
        NamedObject {
            kind,
            name: name.parse().unwrap(),
            version: None,
        }
    }

    fn subscribed(objects: Vec<NamedObject>) -> Subscription {
        let (holder, mailbox) = (holder("api", Some("p-1"), 100), Arc::new(Mailbox::default()));
        let registration = SubscriptionRegistry::new(9, Gauge::default())
            .enter(&holder.principal, &mailbox, BTreeSet::new(), None)
            .unwrap();
        Subscription::new(holder, objects, registration)
    }

    fn held((name, byte): &(&str, u8)) -> wire::ObjectName {
        wire::ObjectName {
            name: (*name).to_owned(),
            version: version(*byte).to_string(),
        }
    }

    fn ack(objects: &[(&str, u8)], error: &str) -> wire::Ack {
        wire::Ack {
            id: "v".to_owned(),
            objects: objects.iter().map(held).collect(),
            error: error.to_owned(),
            ..wire::Ack::default()
        }
    }

    #[test]
    fn what_is_held_of_a_secret_says_nothing_of_the_key_of_that_name() {
        let mut subscription = subscribed(vec![
            object(ObjectKind::Secrets, "a"),
            object(ObjectKind::Keys, "a"),
        ]);
        let states = || {
            vec![
                ObjectState::Available(version(1)),
                ObjectState::Available(version(1)),
            ]
        };
        let kinds: Vec<_> = subscription
            .record_all_sent(states())
            .into_iter()
            .map(|state| state.kind())
            .collect();
        assert_eq!(kinds, [wire::ObjectKind::Secret, wire::ObjectKind::Key]);
        subscription.acknowledge(&ack(&[("a", 1)], ""));
        assert_eq!(subscription.volume_state(), VolumeState::Outdated);
        let key_alone = wire::Ack {
            keys: vec![held(&("a", 1))],
            ..ack(&[], "")
        };
        subscription.acknowledge(&key_alone);
        assert_eq!(subscription.volume_state(), VolumeState::Outdated);
        let both = wire::Ack {
            keys: vec![held(&("a", 1))],
            ..ack(&[("a", 1)], "")
        };
        subscription.acknowledge(&both);
        assert_eq!(subscription.volume_state(), VolumeState::Current);
    }

    #[test]
    fn only_what_changed_is_news() {
        let mut subscription = subscription(&["a", "b"]);
        subscription.record_all_sent(vec![ObjectState::Available(version(1)), ObjectState::NotFound]);
        let news = subscription.record_changes_sent(vec![
            ObjectState::Available(version(1)),
            ObjectState::Available(version(2)),
        ]);
        assert_eq!(
            news,
            [wire::NamedState::new(
                &object(ObjectKind::Secrets, "b").path(),
                ObjectState::Available(version(2))
            )]
        );
        assert!(
            subscription
                .record_changes_sent(vec![
                    ObjectState::Available(version(1)),
                    ObjectState::Available(version(2))
                ])
                .is_empty()
        );
    }

    #[test]
    fn only_a_later_token_of_the_same_account_and_pod_renews() {
        let mut subscription = subscription(&["a"]);
        assert_eq!(
            subscription.renew(holder("api", Some("p-2"), 200)),
            Err(OtherHolder)
        );
        assert_eq!(subscription.renew(holder("api", None, 200)), Err(OtherHolder));
        assert_eq!(
            subscription.renew(holder("web", Some("p-1"), 200)),
            Err(OtherHolder)
        );
        assert_eq!(subscription.expires, 100);
        assert_eq!(subscription.renew(holder("api", Some("p-1"), 50)), Ok(()));
        assert_eq!(subscription.expires, 100);
        assert_eq!(subscription.renew(holder("api", Some("p-1"), 200)), Ok(()));
        assert_eq!(subscription.expires, 200);
    }

    #[test]
    fn a_volume_is_current_once_it_acknowledged_every_version_there_is() {
        let mut subscription = subscription(&["a", "b"]);
        subscription.record_all_sent(vec![ObjectState::Available(version(1)), ObjectState::Deleted]);
        assert_eq!(subscription.volume_state(), VolumeState::Outdated);
        subscription.acknowledge(&ack(&[("a", 1)], ""));
        assert_eq!(subscription.volume_state(), VolumeState::Current);
        subscription.record_changes_sent(vec![ObjectState::Available(version(2)), ObjectState::Deleted]);
        assert_eq!(subscription.volume_state(), VolumeState::Outdated);
        subscription.acknowledge(&ack(&[("a", 1)], "disk full"));
        assert_eq!(subscription.volume_state(), VolumeState::Failing);
        subscription.acknowledge(&ack(&[("a", 2)], ""));
        assert_eq!(subscription.volume_state(), VolumeState::Current);
    }
}
