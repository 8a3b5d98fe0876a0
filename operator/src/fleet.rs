//! What the leader knows of the running vaults, and how it reaches them.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError, RwLock},
    time::Instant,
};

use strongroom_client::{Route, Server, Trust, admin::AdminClient};
use strongroom_core::{Bundle, BundlePolicy, Generation, PolicyIndex};
use strongroom_wire::admin::{Anchor, PolicyStatus, Status, Volumes};

use crate::vault::desired::{Subject, port};

/// One vault as the leader knows it. Nothing here is needed by a successor: it is read from the vault again.
#[derive(Default)]
pub struct Member {
    client: Option<(u64, AdminClient)>,
    /// The last answer, and when it came.
    pub status: Option<(Instant, Status)>,
    /// When the vault's objects were last looked at, and for which generation of its spec.
    pub ensured: Option<(Instant, Option<i64>)>,
    /// When the namespace's pods were last looked at, and one of them that is no vault's.
    pub neighbour: Option<(Instant, Option<String>)>,
    /// The epoch of this leader at this vault: one more than what it found there.
    pub epoch: Option<u64>,
    /// What this leader last pushed, or found in force when it came.
    pub in_force: Option<InForce>,
    /// When the vault last confirmed that.
    pub confirmed: Option<Instant>,
    /// What is anchored.
    pub anchor: Option<Anchor>,
    /// Volume counts, and when they were asked for.
    pub volumes: Option<(Instant, Volumes)>,
}

/// The policies a vault enforces.
#[derive(Debug)]
pub struct InForce {
    /// The policies.
    pub policies: Vec<BundlePolicy>,
    /// Their place and hash.
    pub status: PolicyStatus,
    /// Whether grants are frozen.
    pub frozen: bool,
    /// The same policies, compiled for deciding.
    pub index: PolicyIndex,
}

impl InForce {
    /// The policies of a bundle that a vault took.
    pub fn new(bundle: Bundle, status: PolicyStatus, frozen: bool) -> Self {
        let index = PolicyIndex::compile(&bundle);
        Self {
            policies: bundle.policies,
            status,
            frozen,
            index,
        }
    }

    /// Their place.
    pub const fn generation(&self) -> Generation {
        self.status.generation
    }
}

impl Member {
    /// The client of the vault's one replica, with the credentials of `credentials`.
    pub fn client(&mut self, subject: &Subject<'_>, credentials: &Credentials) -> AdminClient {
        let (serial, trust) = credentials.current();
        match &self.client {
            Some((with, client)) if *with == serial => client.clone(),
            Some(_) | None => {
                let host = format!("{0}-0.{0}-internal.{1}.svc", subject.name, subject.namespace);
                let server = Server::vault(&subject.name, &subject.namespace).by(Route::Host {
                    host,
                    port: port::ADMIN,
                });
                let client = AdminClient::new(&server, trust);
                self.client = Some((serial, client.clone()));
                client
            }
        }
    }
}

/// The operator's certificate towards the vaults, and whom it trusts. Changes when either is renewed.
pub struct Credentials(RwLock<(u64, Trust)>);

impl Credentials {
    /// The first credentials.
    pub const fn new(trust: Trust) -> Self {
        Self(RwLock::new((0, trust)))
    }

    /// Replaces them.
    pub fn renew(&self, trust: Trust) {
        let mut current = self.0.write().unwrap_or_else(PoisonError::into_inner);
        *current = (current.0 + 1, trust);
    }

    fn current(&self) -> (u64, Trust) {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// All vaults, by the UID of their object.
#[derive(Default)]
pub struct Fleet(Mutex<HashMap<String, Arc<tokio::sync::Mutex<Member>>>>);

impl Fleet {
    /// The vault of this UID, known or not.
    pub fn member(&self, uid: &str) -> Arc<tokio::sync::Mutex<Member>> {
        let mut members = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(members.entry(uid.to_owned()).or_default())
    }

    /// Forgets vaults that are gone.
    pub fn retain(&self, exists: impl Fn(&str) -> bool) {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .retain(|uid, _| exists(uid));
    }
}
