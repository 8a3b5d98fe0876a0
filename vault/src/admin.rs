//! The admin API: JSON over mutual TLS on a port and runtime of its own, for the operator alone.
//!
//! ```text
//!   TLS: admin CA, one exact URI --> expiry --> body bounded --> policy, watch, store
//!        (authority, caller)                                      |
//!                                                                 +--> audited as administration, before it is done
//! ```
//!
//! Invariants:
//! - only the holder of this installation's operator certificate completes a handshake;
//! - what changes state is audited, or not done;
//! - what an account would be answered is decided by policy before anything is looked up.
//!
//! The messages are [`strongroom_wire::admin`].

use std::{sync::Arc, time::Duration};

use axum::{
    Router,
    extract::Request,
    middleware::{self, Next},
    response::Response,
};
use strongroom_audit::{AppendError, Class, Entry, Event};
use strongroom_core::VaultRef;
use strongroom_engine::{Descent, store::Gen};
use strongroom_serving::accept::Peer;
use strongroom_wire::admin::{Anchor, Compared, SealStatus, SoftDelete, Status, Usage};
use tokio::time::timeout;
use uuid::Uuid;

use crate::{access::Access, clock::Clock, policy::NotAudited, service::Service, watch::Watch};

mod authority;
mod body;
mod caller;
mod error;
mod events;
mod events_query;
mod resolve;
mod route;

pub use authority::{AuthorityError, OperatorAuthority};
pub use body::MAX_BUNDLE;
pub use caller::CallerError;
pub use error::AdminError;
pub use events_query::{EventsQueryError, MOST_EVENTS};

use caller::Caller;

/// How long a question whether the vault is still there waits for its answer: less than the operator waits.
const PRESENCE: Duration = Duration::from_secs(8);

/// What the admin API works with.
pub struct Admin {
    /// Which vault it is: events name it.
    pub vault: VaultRef,
    /// Answers what a read of an account would meet.
    pub access: Arc<Access>,
    /// Takes bundles and confirmations, and reports store, audit log and policy.
    pub service: Service,
    /// Takes announcements of changed SecretRefs, and counts volumes.
    pub watch: Watch,
    /// The seal's kind, as in the Vault's spec: `KubernetesSecret`.
    pub seal_kind: &'static str,
}

impl std::fmt::Debug for Admin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Admin")
            .field("policy", &self.service.policy)
            .finish_non_exhaustive()
    }
}

impl Admin {
    /// The API for the caller that `authority` lets in, to be served with its TLS configuration. Each request's
    /// certificate is looked at again: a connection may outlive it.
    pub fn into_router(self, authority: &Arc<OperatorAuthority>) -> Router {
        let (authority, clock) = (Arc::clone(authority), self.service.clock.clone());
        let guard = move |request: Request, next: Next| {
            let admitted = admit(&request, &authority, &clock);
            async move {
                match admitted {
                    Ok(()) => Ok::<Response, AdminError>(next.run(request).await),
                    Err(failure) => Err(failure),
                }
            }
        };
        route::router(self).layer(middleware::from_fn(guard))
    }

    fn status(&self) -> Status {
        let anchor = self.service.objects.show();
        // What is not on the disk yet may be lost with the power, and nobody would have cut the log.
        let head = self.service.audit.synced().head;
        Status {
            vault_id: Uuid::from_bytes(*self.service.objects.vault_id().as_bytes()),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            anchor: Anchor {
                generation: anchor.generation.0,
                digest: anchor.digest.to_string(),
                is_chained: true,
                audit_sequence: head.sequence,
                audit_hash: head.hash.to_string(),
            },
            policy: self.service.policy.bundle_id(),
            fence: self.service.policy.fence(),
            seal: SealStatus {
                kind: self.seal_kind.to_owned(),
                key_id: self.service.objects.seal_key_id().to_owned(),
                unsealed: true,
            },
            storage_problem: self.storage_problem(),
            audit_problem: self.service.audit.problem().map(|problem| problem.to_string()),
            clock_problem: self.service.timekeeper.problem(),
            usage: Some(self.usage()),
            soft_delete: self.service.objects.soft_delete().map(|kept| SoftDelete {
                retention_days: kept.retention_days(),
                purge_protection: kept.purge_protection(),
            }),
            rollback: self.service.policy.rollback(),
        }
    }

    fn usage(&self) -> Usage {
        let objects = &self.service.objects;
        let limits = objects.limits();
        Usage {
            object_bytes: objects.bytes(),
            object_bytes_limit: limits.object_bytes,
            most_versions: self.service.storage.most_versions(),
            versions_limit: limits.versions,
        }
    }

    /// What the store and the audit log know of what is kept. A store that does not follow that answers no data from now
    /// on, whether the operator hears of it or not.
    fn compare(&self, kept: Option<&Anchor>) -> Result<Compared, AdminError> {
        let mut compared = Compared {
            digest: None,
            is_superseded: false,
            audit_hash: None,
            audit_removed_through: self.service.audit.usage().removed_through,
        };
        if let Some(kept) = kept {
            compared.audit_hash = self.audit_hash(kept.audit_sequence);
            let descent = self.service.objects.descent(Gen(kept.generation));
            compared.is_superseded = descent == Descent::Superseded;
            if let Descent::Follows(digest) = descent {
                compared.digest = Some(digest.to_string());
            }
            let follows = compared.is_superseded || compared.digest.as_ref() == Some(&kept.digest);
            // The digest of a vault of the first release stood for nothing that went before.
            if kept.is_chained && !follows {
                self.detect(kept.generation)?;
                return Ok(compared);
            }
        }
        self.service.policy.end_wait();
        Ok(compared)
    }

    fn audit_hash(&self, sequence: u64) -> Option<String> {
        let found = self.service.audit.hash_at(sequence).unwrap_or_else(|error| {
            tracing::warn!(%error, "the audit log cannot be read");
            None
        });
        found.map(|hash| hash.to_string())
    }

    /// Waits until the vault stops, but not longer than the operator does for an answer.
    async fn presence(&self) {
        let stopped = self.service.drain.begun();
        // Either way the operator asks again.
        let _ = timeout(PRESENCE, stopped).await;
    }

    /// What is wrong with the store. One that is full still answers reads, so that the vault stays ready.
    fn storage_problem(&self) -> Option<String> {
        let unwritable = || self.service.objects.unwritable().map(|error| error.to_string());
        self.service.storage.problem().or_else(unwritable)
    }

    /// Stops answering data. Another call with the same generation changes nothing.
    fn detect(&self, anchored: u64) -> Result<(), AdminError> {
        if !self.service.policy.detect_rollback(anchored)? {
            return Ok(());
        }
        let found = self.service.objects.anchor().generation.0;
        tracing::error!(
            anchored,
            found,
            "the store is not the one that was anchored; no data is answered"
        );
        Ok(self.record(&Event::RollbackDetected { anchored, found })?)
    }

    fn accept(&self, generation: u64) -> Result<(), AdminError> {
        self.service.policy.accept_rollback(generation, || {
            let entry = Entry::event(self.service.clock.time(), &Event::RollbackAccepted { generation });
            self.service
                .audit
                .accept_rollback(generation, &entry)
                .map(drop)
                .map_err(|error| unaudited(&error))
        })?;
        tracing::warn!(generation, "an older store was accepted; data is answered again");
        Ok(())
    }

    /// Records an act of administration.
    fn record(&self, event: &Event) -> Result<(), NotAudited> {
        let entry = Entry::event(self.service.clock.time(), event);
        self.service
            .audit
            .append(Class::Administration, &entry)
            .map(drop)
            .map_err(|error| unaudited(&error))
    }
}

fn unaudited(error: &AppendError) -> NotAudited {
    tracing::error!(%error, "an act of administration cannot be audited");
    NotAudited
}

fn admit(request: &Request, authority: &OperatorAuthority, clock: &Clock) -> Result<(), AdminError> {
    let peer = request.extensions().get::<Peer>();
    let shown = peer.and_then(|peer| peer.certificates.first());
    let caller = Caller::check(shown.map(AsRef::as_ref), authority.operator())?;
    if caller.is_valid(clock.now()) {
        Ok(())
    } else {
        Err(AdminError::CertificateExpired)
    }
}
