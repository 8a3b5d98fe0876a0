//! Taking a volume away. Needs no other server: a pod can always end.

use super::Driver;
use crate::{
    driver::request::Unpublish,
    metrics::Outcome,
    volume::mount::{self, MountError},
};

/// Why a volume was not taken away.
#[derive(Debug, thiserror::Error)]
pub enum UnpublishError {
    /// The kernel refused.
    #[error(transparent)]
    Mount(#[from] MountError),
}

impl Driver {
    /// Takes a volume away: unmounts both paths and forgets it. Succeeds where there is nothing to do.
    pub async fn unpublish(&self, request: Unpublish) -> Result<(), UnpublishError> {
        let _lock = match &request.id {
            Some(id) => Some(self.locks.lock(id).await),
            None => None,
        };
        let removed = self.remove(&request);
        self.services.metrics.unpublishes.count(if removed.is_ok() {
            Outcome::Ok
        } else {
            Outcome::Failed
        });
        Ok(removed?)
    }

    fn remove(&self, request: &Unpublish) -> Result<(), MountError> {
        if let Some(id) = &request.id {
            // First the task, so that nothing is written to what goes away.
            self.forget(id);
            self.services.ledger().release(id);
        }
        mount::remove(&request.target)?;
        if let Some(id) = &request.id {
            mount::remove(&self.settings.volumes.join(id.as_str()))?;
            // Last: until here a new process would have to find the volume.
            if let Some(Err(error)) = self.services.saved.as_ref().map(|saved| saved.remove(id)) {
                tracing::warn!(volume = %id, %error, "cannot forget the volume's state");
            }
        }
        Ok(())
    }
}
