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

/// The context.
pub struct Context {
    /// The API server.
    pub client: Client,
    /// What the installer decided.
    pub settings: Settings,
    /// What exists.
    pub stores: Stores,
    /// What happens.
    pub changes: Changes,
    /// What runs.
    pub fleet: Fleet,
    /// Which vaults are yet to hear of which SecretRef.
    pub followers: Mutex<Followers>,
    /// How the vaults are reached.
    pub credentials: Credentials,
    /// The authorities.
    pub authorities: RwLock<Authorities>,
    /// Tells people.
    pub recorder: Recorder,
    /// Tells machines.
    pub metrics: Metrics,
}
