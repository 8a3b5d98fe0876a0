//! What every volume uses.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::{
    events::Events,
    metrics::Metrics,
    source::Sources,
    volume::{limits::Ledger, saved::Saved},
};

/// What every volume uses.
pub struct Services {
    /// Where contents come from.
    pub sources: Sources,
    /// What volumes may take of the node.
    pub ledger: Mutex<Ledger>,
    /// What outlives the process; `None` where the installer wants none of it kept.
    pub saved: Option<Saved>,
    /// Events on pods.
    pub events: Events,
    /// Counts.
    pub metrics: Arc<Metrics>,
}

impl Services {
    /// The ledger, whoever held it before.
    pub fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
