//! Lists of revoked certificates, which anybody may read: policy is not asked, and no record is kept of who reads one.

use std::sync::Arc;

use strongroom_serving::accept::Source;

use super::{Access, Failure};
use crate::certificates::{revocation_list::RevocationList, revoked::AuthorityVersion};

impl Access {
    /// Counts one request for a list against the rate of its source.
    ///
    /// # Errors
    /// [`Failure::Throttled`] when the source asks for more than it may.
    pub fn count_list(&self, source: Source) -> Result<(), Failure> {
        self.throttle
            .count_list(source)
            .inspect_err(|_| self.service.metrics.throttled("source"))
    }

    /// The list of `authority`.
    ///
    /// # Errors
    /// There is none, or the store cannot be used, as one that may be an older one cannot.
    pub async fn revocation_list(
        &self,
        authority: &AuthorityVersion,
    ) -> Result<Arc<RevocationList>, Failure> {
        self.service.policy.check_store()?;
        Ok(self.service.lists.of(authority, self.now()).await?)
    }
}
