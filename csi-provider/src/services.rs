//! What every volume uses.

use std::sync::Arc;

use crate::{
    events::Events,
    metrics::Metrics,
    source::Sources,
    volume::{limits::Ledger, saved::SavedVolumes},
};
use parking_lot::{Mutex, MutexGuard};

/// What every volume uses.
#[allow(missing_docs, reason = "the names of the fields say what they hold")]
pub struct Services {
    /// Where contents come from.
    pub sources: Sources,
    /// What volumes may take of the node.
    pub ledger: Mutex<Ledger>,
    /// What outlives the process; `None` where the installer wants none of it kept.
    pub saved: Option<SavedVolumes>,
    pub events: Events,
    pub metrics: Arc<Metrics>,
}

impl Services {
    /// The ledger, locked.
    pub fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock()
    }
}
