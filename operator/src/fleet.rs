//! What the leader knows of the running vaults, and how it reaches them.

use std::{
    collections::HashMap,
    sync::Arc,
    time::{Duration, Instant},
};

use parking_lot::{Mutex, RwLock};
use strongroom_client::{Route, Server, Trust, admin::AdminClient};
use strongroom_core::{
    Bundle, BundlePolicy, Generation, NamespaceName, PolicyIndex, SecretRefName, VaultName,
};
use strongroom_wire::admin::{Anchor, PolicyStatus, Status, Volumes};

use crate::target::{Target, port};

/// How old volume counts may be.
const COUNT_EVERY: Duration = Duration::from_secs(10);

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
    counted: Option<(Instant, Volumes)>,
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
    pub fn client(&mut self, target: &Target<'_>, credentials: &Credentials) -> AdminClient {
        let (serial, trust) = credentials.current();
        match &self.client {
            Some((with, client)) if *with == serial => client.clone(),
            Some(_) | None => {
                let route = (credentials.route)(&target.name, &target.namespace);
                let server = Server::vault(&target.name, &target.namespace).by(route);
                let client = AdminClient::new(&server, trust);
                self.client = Some((serial, client.clone()));
                client
            }
        }
    }

    /// Counts of mounted volumes, at most ten seconds old; `None` while the vault does not answer.
    pub async fn volumes(&mut self, client: &AdminClient) -> Option<&Volumes> {
        let is_fresh = |(when, _): &(Instant, Volumes)| when.elapsed() < COUNT_EVERY;
        if !self.counted.as_ref().is_some_and(is_fresh) {
            let volumes = client.volumes().await.ok();
            self.counted = volumes.map(|volumes| (Instant::now(), volumes));
        }
        self.counted.as_ref().map(|(_, volumes)| volumes)
    }

    /// Whether the vault, when last asked, had no volume of this SecretRef.
    pub fn has_none(&self, name: &SecretRefName) -> bool {
        let counts = |volumes: &Volumes| volumes.refs.iter().any(|counts| counts.secret_ref == *name);
        self.counted.as_ref().is_some_and(|(_, volumes)| !counts(volumes))
    }
}

/// The way to the one replica of a vault.
type ToReplica = Box<dyn Fn(&VaultName, &NamespaceName) -> Route + Send + Sync>;

fn to_replica(name: &VaultName, namespace: &NamespaceName) -> Route {
    Route::Host {
        host: format!("{name}-0.{name}-internal.{namespace}.svc"),
        port: port::ADMIN,
    }
}

/// The operator's certificate towards the vaults, whom it trusts, and its way to them. Certificate and trust change when
/// either is renewed.
pub struct Credentials {
    trust: RwLock<(u64, Trust)>,
    route: ToReplica,
}

impl Credentials {
    /// The first credentials, for vaults that are found by the names of their replicas.
    pub fn new(trust: Trust) -> Self {
        Self::routed(trust, Box::new(to_replica))
    }

    /// The same for vaults that are found in another way.
    pub fn routed(trust: Trust, route: ToReplica) -> Self {
        Self {
            trust: RwLock::new((0, trust)),
            route,
        }
    }

    /// Replaces them.
    pub fn renew(&self, trust: Trust) {
        let mut current = self.trust.write();
        *current = (current.0 + 1, trust);
    }

    fn current(&self) -> (u64, Trust) {
        self.trust.read().clone()
    }
}

/// All vaults, by the UID of their object.
#[derive(Default)]
pub struct Fleet(Mutex<HashMap<String, Arc<tokio::sync::Mutex<Member>>>>);

impl Fleet {
    /// The vault of this UID, known or not.
    pub fn member(&self, uid: &str) -> Arc<tokio::sync::Mutex<Member>> {
        let mut members = self.0.lock();
        Arc::clone(members.entry(uid.to_owned()).or_default())
    }

    /// Forgets vaults that are gone.
    pub fn retain(&self, exists: impl Fn(&str) -> bool) {
        self.0.lock().retain(|uid, _| exists(uid));
    }
}
