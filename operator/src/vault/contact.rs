//! Asks a vault how it is, and compares its store with the anchor.

use kube::{Resource, ResourceExt, runtime::events::EventType};
use strongroom_client::admin::{AdminClient, AdminError};
use strongroom_core::causes;
use strongroom_wire::admin::Status;

use super::{
    anchor::{self, ACCEPT_ROLLBACK, Verdict},
    identify::identify,
    identity::IdentityProblem,
};
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

/// Why there is no status of a vault to act on.
#[derive(Debug, thiserror::Error)]
pub enum ContactError {
    /// It gave none.
    #[error(transparent)]
    Admin(#[from] AdminError),
    /// It is not this vault.
    #[error(transparent)]
    Identity(#[from] IdentityProblem),
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
    /// more than the vault itself, but for what is remembered of it at the first contact.
    pub async fn ask(&self) -> Result<(Status, Option<Notice>), ContactError> {
        let mut status = self.client.status().await?;
        let mut notice = None;
        match self.verdict(&status).await? {
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

    async fn verdict(&self, status: &Status) -> Result<Verdict, IdentityProblem> {
        match identify(self.context, self.target, self.member, status.vault_id).await {
            Ok(identified) => identified?,
            // The next contact compares. What policy takes away meanwhile does not wait for that.
            Err(error) => {
                tracing::warn!(error = %causes(&error), vault = %self.target.reference, "cannot read what is remembered of the vault");
                return Ok(Verdict::Same);
            }
        }
        let annotations = self.target.vault.annotations();
        let accepted = annotations.get(ACCEPT_ROLLBACK).map(String::as_str);
        let memory = self.member.memory.lock();
        let anchored = memory.of(status.vault_id).map(|record| &record.anchor);
        Ok(anchor::compare(anchored, status, accepted))
    }

    /// Compares with this state from now on. The reconciler of the Vault stores it.
    fn move_anchor(&self, status: &Status) {
        let mut memory = self.member.memory.lock();
        memory.anchor(self.target.uid, status.vault_id, status.anchor.clone());
    }

    /// Reads again the generation of a store that was put back: to note the rollback, and to bring the policy, are commits,
    /// and the vault's owner can accept only the current generation.
    pub async fn refresh_generation(&self, status: &mut Status) {
        if status.rollback.is_some()
            && let Ok(now) = self.client.status().await
            && now.vault_id == status.vault_id
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
}
