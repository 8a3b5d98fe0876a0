//! What every controller of a leading operator works with.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use kube::{Client, runtime::events::Recorder};

use crate::{
    caches::Caches,
    fleet::{Credentials, Fleet},
    metrics::Metrics,
    pki::Succession,
    secret_ref::Followers,
    settings::Settings,
};

/// The context.
pub struct Context {
    /// The API server.
    pub client: Client,
    /// What the installer decided.
    pub settings: Settings,
    /// What exists.
    pub caches: Caches,
    /// What runs.
    pub fleet: Fleet,
    /// Who follows which SecretRef.
    pub followers: Mutex<Followers>,
    /// How the vaults are reached.
    pub credentials: Credentials,
    /// The authorities.
    pub authorities: Arc<RwLock<Authorities>>,
    /// Tells people.
    pub recorder: Recorder,
    /// Tells machines.
    pub metrics: Metrics,
}

impl Context {
    /// Who follows which SecretRef, to look at and change in one go.
    pub fn followers(&self) -> MutexGuard<'_, Followers> {
        self.followers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Both authorities.
pub struct Authorities {
    /// Behind the servers.
    pub serving: Succession,
    /// Behind the operator.
    pub admin: Succession,
}
