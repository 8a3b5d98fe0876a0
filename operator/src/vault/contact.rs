//! Asks a vault how it is, and keeps its anchor.

use kube::{Resource, ResourceExt, runtime::events::EventType};
use strongroom_client::admin::AdminClient;
use strongroom_core::causes;
use strongroom_wire::admin::Status;

use super::{
    anchor::{self, ACCEPT_ROLLBACK, Verdict},
    apply::{self, ApplyError},
};
use crate::{context::Context, events, fleet::Member, target::Target};

/// Why a vault's status could not be acted on.
#[derive(Debug, thiserror::Error)]
pub enum ContactError {
    /// The vault's id could not be noted.
    #[error(transparent)]
    Apply(#[from] ApplyError),
    /// The anchor could not be read or written.
    #[error("cannot keep the vault's anchor")]
    Anchor(#[source] kube::Error),
}

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

impl Contact<'_> {
    /// The status that the vault reports, after the operator compared its store with the anchor; or why the vault does
    /// not report one.
    pub async fn ask(&self) -> Result<Result<Status, String>, ContactError> {
        let mut status = match self.client.status().await {
            Ok(status) => status,
            Err(error) => return Ok(Err(causes(&error))),
        };
        apply::remember_vault_id(self.context, self.target, &status.vault_id).await?;
        match self.verdict(&status).await? {
            Verdict::Same => {}
            Verdict::Anchor => self.keep_anchor(&status).await?,
            Verdict::Rollback(rollback) => {
                let note = "The vault came back with an older store and serves no data.";
                self.event(EventType::Warning, "RollbackDetected", note).await;
                if let Err(error) = self.client.rollback(&rollback).await {
                    return Ok(Err(causes(&error)));
                }
                status.rollback = Some(rollback);
            }
            Verdict::Accept(rollback) => {
                if let Err(error) = self.client.rollback(&rollback).await {
                    return Ok(Err(causes(&error)));
                }
                let note = "The vault serves its older store, because the annotation allows it.";
                self.event(EventType::Normal, "RollbackAccepted", note).await;
                status.rollback = None;
                self.keep_anchor(&status).await?;
            }
        }
        Ok(Ok(status))
    }

    async fn verdict(&self, status: &Status) -> Result<Verdict, ContactError> {
        let known = self.member.progress.lock().anchor.clone();
        let anchored = match known {
            Some(anchor) => Some(anchor),
            None => anchor::load(&self.context.client, self.release_namespace(), &status.vault_id)
                .await
                .map_err(ContactError::Anchor)?,
        };
        let annotations = self.target.vault.annotations();
        let accepted = annotations.get(ACCEPT_ROLLBACK).map(String::as_str);
        let verdict = anchor::compare(anchored.as_ref(), status, accepted);
        self.member.progress.lock().anchor = anchored;
        Ok(verdict)
    }

    async fn keep_anchor(&self, status: &Status) -> Result<(), ContactError> {
        anchor::store(&self.context.client, self.release_namespace(), status)
            .await
            .map_err(ContactError::Anchor)?;
        self.member.progress.lock().anchor = Some(status.anchor.clone());
        Ok(())
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

    async fn event(&self, type_: EventType, reason: &str, note: &str) {
        let vault = self.target.vault.object_ref(&());
        events::publish(self.context, &vault, type_, reason, "Anchor", note).await;
    }

    fn release_namespace(&self) -> &str {
        self.context.settings.release_namespace.as_str()
    }
}
