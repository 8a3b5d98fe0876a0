//! What every controller of a leading operator works with.

use kube::{Client, runtime::events::Recorder};
use parking_lot::{Mutex, RwLock};

use crate::{
    fleet::{Credentials, Fleet},
    lease::Leadership,
    metrics::Metrics,
    pki::Authorities,
    settings::Settings,
    world::{Changes, Followers, Stores},
};

/// What every reconciler gets.
#[allow(missing_docs, reason = "the names of the fields say what they hold")]
pub struct Context {
    pub client: Client,
    pub settings: Settings,
    /// What exists in the cluster.
    pub stores: Stores,
    pub changes: Changes,
    pub leadership: Leadership,
    /// The running vaults.
    pub fleet: Fleet,
    /// Which vaults are yet to hear of which SecretRef.
    pub followers: Mutex<Followers>,
    /// How the operator reaches the vaults.
    pub credentials: Credentials,
    /// The certificate authorities of the installation.
    pub authorities: RwLock<Authorities>,
    pub recorder: Recorder,
    pub metrics: Metrics,
}
