//! The revocation of a certificate that policy allows.

use std::sync::Arc;

use tokio::task::spawn_blocking;

use super::{super::Refused, Admitted, Failure};
use crate::certificates::{
    revoke::{Revoke, Revoking, revoke},
    revoked::Revocation,
    settings::Turn,
};

impl Admitted<'_> {
    /// Revokes a version of a certificate that an authority of the vault issued. One that is revoked already stays as it is.
    ///
    /// # Errors
    /// There is none, no authority of the vault issued it, its list is full, and what is refused of a change. Every end is
    /// recorded; the record of a stored change is stored with it.
    pub async fn revoke_certificate(mut self, asked: Revoke) -> Result<Revocation, Refused> {
        let (revoking, turn) = match self.prepare_revocation(asked).await {
            Ok(prepared) => prepared,
            Err(failure) => return Err(self.refuse(failure).await),
        };
        let Revoking {
            authority,
            revocation,
            record,
        } = revoking;
        // Also where it was revoked before: who asked then may not have waited for the end.
        let forgetting = self.access.service.lists.forgetting(authority);
        let Some((name, bytes)) = record else {
            drop((forgetting, turn));
            return self.conclude(Ok(revocation)).await;
        };
        let stored = self.store(&name, Some(bytes), (forgetting, turn));
        stored.await.map(|()| revocation)
    }

    async fn prepare_revocation(&mut self, asked: Revoke) -> Result<(Revoking, Turn), Failure> {
        let turn = self.turn().await?;
        let access = self.access;
        let service = &access.service;
        let (objects, keys, resource, now) = (
            service.objects.clone(),
            Arc::clone(&service.keys),
            Arc::clone(&service.resource),
            access.now(),
        );
        let revoking = spawn_blocking(move || revoke(&objects, keys.provider(), resource.uri(), &asked, now));
        let revoking = revoking.await.map_err(|_| Failure::Storage)??;
        Ok((revoking, turn))
    }
}
