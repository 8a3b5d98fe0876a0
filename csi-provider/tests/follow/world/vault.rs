//! A vault as one subscription sees it: in order, and without forgetting anything.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::SystemTime,
};

use strongroom_client::identity::VaultToken;
use strongroom_core::{ObjectKind, ObjectPath, Version};
use strongroom_csi::{
    follow::state::{Reading, Refused, VaultMessage},
    source::load::Reason,
    volume::{Value, spec::Object},
};

use super::{
    certificate,
    disk::{spoiled, value},
    spec::{path, version},
};

/// What the node driver sends on the stream.
pub enum Request {
    Subscribe(VaultToken, Vec<Object>),
    Renew(VaultToken),
    Fetch(BTreeSet<ObjectPath>),
    Ack(Vec<(Object, Option<Version>)>, String),
}

/// The versions that the files hold, and what is wrong with them.
pub type Ack = (Vec<(Object, Option<Version>)>, String);

pub struct Vault {
    /// The newest version of each object. All are there from the beginning.
    newest: BTreeMap<ObjectPath, u128>,
    unavailable: BTreeSet<ObjectPath>,
    /// Versions that no file but the plain one can be made of.
    spoiled: BTreeSet<(ObjectPath, Version)>,
    /// It is of a release before keys: it passes over them.
    pub is_earlier: bool,
    pub subscription: Option<(VaultToken, Vec<Object>)>,
    /// Policy allows nothing.
    pub forbids: bool,
    /// Tokens up to this number are refused.
    pub refuses_to: u64,
    pub subscribes: u64,
    pub renews: u64,
    pub fetches: u64,
    /// What was fetched, each time by its path in the vault's API.
    pub fetched: Vec<String>,
    /// The last acknowledgement.
    pub ack: Option<Ack>,
}

impl Vault {
    pub fn new(number: u128) -> Self {
        let newest =
            ["db", "other", "tls", "key db", "key other"].map(|name| (path(name), 1 + number * 1_000));
        Self {
            newest: newest.into(),
            unavailable: BTreeSet::new(),
            spoiled: BTreeSet::new(),
            is_earlier: false,
            subscription: None,
            forbids: false,
            refuses_to: 0,
            subscribes: 0,
            renews: 0,
            fetches: 0,
            fetched: Vec::new(),
            ack: None,
        }
    }

    pub fn put(&mut self, name: &str) -> Version {
        let newest = self.newest.get_mut(&path(name)).unwrap();
        *newest += 1;
        version(*newest)
    }

    /// The newest version of `name` is no certificate and no password.
    pub fn spoil(&mut self, name: &str) {
        let newest = version(self.newest[&path(name)]);
        self.spoiled.insert((path(name), newest));
    }

    pub fn set_unavailable(&mut self, name: &str, unavailable: bool) {
        if unavailable {
            self.unavailable.insert(path(name));
        } else {
            self.unavailable.remove(&path(name));
        }
    }

    pub fn is_unavailable(&self, name: &str) -> bool {
        self.unavailable.contains(&path(name))
    }

    pub fn current(&self, object: &Object) -> Reading {
        if self.unavailable.contains(&object.path()) {
            return Err(Reason::Disabled);
        }
        Ok(object
            .version
            .unwrap_or_else(|| version(self.newest[&object.path()])))
    }

    /// What a version of an object is. The secret tls holds a certificate.
    pub fn value(&self, object: &Object, version: Version) -> Value {
        if self.spoiled.contains(&(object.path(), version)) {
            spoiled(version)
        } else if object.path() == path("tls") {
            certificate::value(version)
        } else {
            value(object.kind, version)
        }
    }

    fn readings(&self, objects: &[Object]) -> Vec<(ObjectPath, Reading)> {
        objects
            .iter()
            .map(|object| (object.path(), self.current(object)))
            .collect()
    }

    /// What the vault reports of a new version of `name`, or of a new state of all its versions.
    pub fn changed(&self, name: &str, with_pinned: bool) -> Option<VaultMessage> {
        let (_, objects) = self.subscription.as_ref()?;
        let objects: Vec<_> = objects
            .iter()
            .filter(|object| object.path() == path(name) && (with_pinned || object.version.is_none()))
            .cloned()
            .collect();
        (!objects.is_empty()).then(|| VaultMessage::Changed(self.readings(&objects)))
    }

    pub fn revoke(&mut self, refused: Refused) -> Option<VaultMessage> {
        self.subscription.take().map(|_| revoked(refused))
    }

    pub fn answer(&mut self, request: Request, now: SystemTime) -> Vec<VaultMessage> {
        match request {
            Request::Subscribe(token, objects) => {
                self.subscribes += 1;
                self.subscription = None;
                self.admit(token, objects, now)
            }
            Request::Renew(token) => {
                self.renews += 1;
                match self.subscription.take() {
                    Some((_, objects)) => self.admit(token, objects, now),
                    None => Vec::new(),
                }
            }
            Request::Fetch(names) => {
                let Some((token, objects)) = &self.subscription else {
                    return Vec::new();
                };
                if token.expires_at() <= now {
                    return self.revoke(Refused::Token).into_iter().collect();
                }
                self.fetches += 1;
                self.fetched.extend(names.iter().map(ToString::to_string));
                let asked = objects.iter().filter(|object| names.contains(&object.path()));
                let content = |object: &Object| {
                    let read = self.current(object);
                    let fetched = read.map(|version| (version, self.value(object, version)));
                    (object.path(), fetched)
                };
                vec![VaultMessage::Contents(asked.map(content).collect())]
            }
            Request::Ack(objects, error) => {
                self.ack = Some((objects, error));
                Vec::new()
            }
        }
    }

    fn admit(&mut self, token: VaultToken, objects: Vec<Object>, now: SystemTime) -> Vec<VaultMessage> {
        let number: u64 = token.expose().parse().unwrap();
        if number <= self.refuses_to || token.expires_at() <= now {
            return vec![revoked(Refused::Token)];
        }
        let mut objects = objects;
        if self.is_earlier {
            objects.retain(|object| object.kind == ObjectKind::Secrets);
        }
        if self.forbids || objects.is_empty() {
            return vec![revoked(Refused::Subscription)];
        }
        let readings = self.readings(&objects);
        self.subscription = Some((token, objects));
        vec![VaultMessage::Subscribed(readings)]
    }
}

fn revoked(refused: Refused) -> VaultMessage {
    VaultMessage::Revoked {
        refused,
        note: "policy changed".to_owned(),
    }
}
