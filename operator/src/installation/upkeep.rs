//! What the leader does about the installation from minute to minute.

use std::time::{Duration, Instant};

use strongroom_core::causes;

use super::{InstallationError, authorities, credentials, maintain};
use crate::{context::Context, pki::Fingerprint};

/// From one look to the next.
const LOOK_EVERY: Duration = Duration::from_mins(1);

/// How old the operator's certificate may become: far below two thirds of its life.
const RENEW_EVERY: Duration = Duration::from_hours(24);

/// Keeps the authorities, the identity service's certificate and the operator's own up to date.
#[derive(Debug)]
pub struct Upkeep {
    /// The authorities that the operator's certificate is of, and that it trusts.
    shown: Fingerprint,
    /// Since when.
    since: Instant,
}

impl Upkeep {
    /// The upkeep of a leader that has just made its credentials.
    pub fn of(context: &Context) -> Self {
        Self {
            shown: context.authorities.read().fingerprint(),
            since: Instant::now(),
        }
    }

    /// Looks every minute, for ever.
    pub async fn run(mut self, context: &Context) {
        let mut every = tokio::time::interval(LOOK_EVERY);
        loop {
            every.tick().await;
            self.look(context).await;
        }
    }

    /// Looks once. After it each Vault's reconciler finds the authorities that sign and those that are trusted.
    pub async fn look(&mut self, context: &Context) {
        let mut found = match authorities(&context.client, &context.settings).await {
            Ok(found) => found,
            Err(error) => {
                tracing::warn!(error = %causes(&error), "cannot read the authorities");
                return;
            }
        };
        match maintain(&context.client, &context.settings, &mut found).await {
            Ok(()) => {}
            // What this replica holds is older than what is stored: the next look reads that.
            Err(error @ InstallationError::Moved { .. }) => {
                tracing::warn!(%error, "the authorities are read again");
                return;
            }
            Err(error) => {
                tracing::warn!(error = %causes(&error), "cannot maintain the installation's certificates");
            }
        }
        let fingerprint = found.fingerprint();
        if fingerprint != self.shown || self.since.elapsed() >= RENEW_EVERY {
            match credentials(&context.settings, &found) {
                Ok(trust) => {
                    context.credentials.renew(trust);
                    self.shown = fingerprint;
                    self.since = Instant::now();
                }
                Err(error) => {
                    tracing::warn!(error = %causes(&error), "cannot renew the operator's certificate");
                }
            }
        }
        *context.authorities.write() = found;
    }
}
