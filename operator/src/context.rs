//! What every controller of a leading operator works with.

use std::sync::{Arc, RwLock};

use kube::{Client, runtime::events::Recorder};

use crate::{
    caches::Caches,
    fleet::{Credentials, Fleet},
    metrics::Metrics,
    pki::Succession,
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
    /// How the vaults are reached.
    pub credentials: Credentials,
    /// The authorities.
    pub authorities: Arc<RwLock<Authorities>>,
    /// Tells people.
    pub recorder: Recorder,
    /// Tells machines.
    pub metrics: Metrics,
}

/// Both authorities.
pub struct Authorities {
    /// Behind the servers.
    pub serving: Succession,
    /// Behind the operator.
    pub admin: Succession,
}
