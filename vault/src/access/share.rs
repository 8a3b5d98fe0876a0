//! Whose requests fill the audit log: each account, and each namespace, has a share of what is free.
//!
//! A request that policy allows has a record, however often an account makes it; the log has an end, and what is younger
//! than its least age makes room for nothing. So an account that has written more than is left for all must wait, and others
//! need not.

use std::time::{Duration, Instant};

use strongroom_audit::Shares;
use strongroom_core::{NamespaceName, Principal, Uid};

use super::outcome::Failure;

/// How long who fills the log is asked to wait, in seconds.
const WAIT: u32 = 30;

/// What a record takes beside its own text: its place in the chain.
const LINK: usize = 400;

/// What accounts and namespaces have written within the log's least age.
#[derive(Debug)]
pub(super) struct LogShares {
    accounts: Shares<Uid>,
    namespaces: Shares<NamespaceName>,
}

impl LogShares {
    /// The shares of a log that keeps every record for `least_age`.
    pub(super) fn new(least_age: Duration) -> Self {
        Self {
            accounts: Shares::new(least_age),
            namespaces: Shares::new(least_age),
        }
    }

    /// Whether `principal` may fill a log further that has room for `free` bytes more. An account fills half of it, the
    /// accounts of one namespace two thirds.
    ///
    /// # Errors
    /// [`Failure::Throttled`].
    pub(super) fn check(&self, principal: &Principal, free: u64) -> Result<(), Failure> {
        let now = Instant::now();
        let namespace_exceeds = |namespace| self.namespaces.exceeds(namespace, free.saturating_mul(2), now);
        if self.accounts.exceeds(principal.id(), free, now)
            || principal.namespace().is_some_and(namespace_exceeds)
        {
            Err(Failure::Throttled(WAIT))
        } else {
            Ok(())
        }
    }

    /// Counts a record of `principal` whose text has `length` bytes.
    pub(super) fn charge(&self, principal: &Principal, length: usize) {
        let (now, bytes) = (Instant::now(), length.saturating_add(LINK) as u64);
        self.accounts.charge(principal.id(), bytes, now);
        if let Some(namespace) = principal.namespace() {
            self.namespaces.charge(namespace, bytes, now);
        }
    }

    /// Forgets who has been quiet.
    pub(super) fn forget_quiet(&self) {
        let now = Instant::now();
        self.accounts.forget_quiet(now);
        self.namespaces.forget_quiet(now);
    }
}
