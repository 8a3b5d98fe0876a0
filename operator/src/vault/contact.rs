//! Asks a vault how it is, and compares its store with the anchor.

use kube::{Resource, ResourceExt, runtime::events::EventType};
use strongroom_client::admin::{AdminClient, AdminError};
use strongroom_wire::admin::Status;

use super::anchor::{self, ACCEPT_ROLLBACK, Verdict};
use crate::{context::Context, events, fleet::Member, target::Target};

/// A vault that the operator asks.
#[allow(missing_docs, reason = "the names of the fields say what they hold")]
pub struct Contact<'a> {
    pub context: &'a Context,
    /// The Vault object, with its parsed name.
    pub target: &'a Target<'a>,
    /// What the leader knows of the vault.
    pub member: &'a Member,
    pub client: &'a AdminClient,
}

/// What the operator did about a store that was put back, for an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Notice {
    /// It told the vault, which serves no data from then on.
    Detected,
    /// It told the vault that its owner accepts the store.
    Accepted,
}

impl Contact<'_> {
    /// The status that the vault reports, after the operator compared its store with the anchor. Nothing here waits for
    /// more than the vault itself, but for the anchor at the first contact.
    pub async fn ask(&self) -> Result<(Status, Option<Notice>), AdminError> {
        let mut status = self.client.status().await?;
        let mut notice = None;
        match self.verdict(&status).await {
            Verdict::Same => {}
            Verdict::Anchor => self.move_anchor(&status),
            Verdict::Rollback(rollback) => {
                self.client.rollback(&rollback).await?;
                notice = Some(Notice::Detected);
                status.rollback = Some(rollback);
            }
            Verdict::Accept(rollback) => {
                self.client.rollback(&rollback).await?;
                notice = Some(Notice::Accepted);
                status.rollback = None;
                self.move_anchor(&status);
            }
        }
        Ok((status, notice))
    }

    async fn verdict(&self, status: &Status) -> Verdict {
        let known = self.member.anchor.lock().clone();
        let anchored = match known {
            Some(anchor) => Some(anchor),
            None => {
                match anchor::load(&self.context.client, self.release_namespace(), &status.vault_id).await {
                    Ok(anchor) => anchor,
                    // The next contact compares. What policy takes away meanwhile does not wait for that.
                    Err(error) => {
                        tracing::warn!(%error, vault = %self.target.reference, "cannot read the vault's anchor");
                        return Verdict::Same;
                    }
                }
            }
        };
        let annotations = self.target.vault.annotations();
        let accepted = annotations.get(ACCEPT_ROLLBACK).map(String::as_str);
        let verdict = anchor::compare(anchored.as_ref(), status, accepted);
        *self.member.anchor.lock() = anchored;
        verdict
    }

    /// Compares with this state from now on. The reconciler of the Vault stores it.
    fn move_anchor(&self, status: &Status) {
        *self.member.anchor.lock() = Some(status.anchor.clone());
        *self.member.anchor_due.lock() = Some(status.clone());
    }

    /// Reads again the generation of a store that was put back: to note the rollback, and to bring the policy, are commits,
    /// and the vault's owner can accept only the current generation.
    pub async fn refresh_generation(&self, status: &mut Status) {
        if status.rollback.is_some()
            && let Ok(now) = self.client.status().await
        {
            status.anchor = now.anchor;
        }
    }

    /// Sends the event about a store that was put back.
    pub async fn publish(&self, notice: Notice) {
        let (type_, reason, note) = match notice {
            Notice::Detected => (
                EventType::Warning,
                "RollbackDetected",
                "The vault came back with an older store and serves no data.",
            ),
            Notice::Accepted => (
                EventType::Normal,
                "RollbackAccepted",
                "The vault serves its older store, because the annotation allows it.",
            ),
        };
        let vault = self.target.vault.object_ref(&());
        events::publish(self.context, &vault, type_, reason, "Anchor", note).await;
    }

    fn release_namespace(&self) -> &str {
        self.context.settings.release_namespace.as_str()
    }
}
