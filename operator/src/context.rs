//! What every controller of a leading operator works with.

use kube::{Client, runtime::events::Recorder};
use parking_lot::{Mutex, RwLock};

use crate::{
    fleet::{Credentials, Fleet},
    metrics::Metrics,
    pki::Authorities,
    settings::Settings,
    world::{Changes, Followers, Stores},
};

/// What every reconciler gets.
pub struct Context {
    /// The client of the API server.
    pub client: Client,
    /// The settings of the installation.
    pub settings: Settings,
    /// What exists in the cluster.
    pub stores: Stores,
    /// The bus of changes.
    pub changes: Changes,
    /// The running vaults.
    pub fleet: Fleet,
    /// Which vaults are yet to hear of which SecretRef.
    pub followers: Mutex<Followers>,
    /// How the operator reaches the vaults.
    pub credentials: Credentials,
    /// The certificate authorities of the installation.
    pub authorities: RwLock<Authorities>,
    /// Publishes events.
    pub recorder: Recorder,
    /// Counts what the operator does.
    pub metrics: Metrics,
}
