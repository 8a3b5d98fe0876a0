//! Asks a vault how it is, and compares its store with the anchor.

use kube::{Resource, ResourceExt, runtime::events::EventType};
use strongroom_client::admin::{AdminClient, AdminError};
use strongroom_core::causes;
use strongroom_wire::admin::{Compared, Status};

use super::{
    anchor::{self, ACCEPT_AUDIT_LOG, ACCEPT_ROLLBACK, Verdict},
    identify::identify,
    identity::IdentityProblem,
};
use crate::{
    context::Context,
    events,
    fleet::{Member, Question},
    record::Used,
    target::Target,
};

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

/// What the operator found or did, for an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Notice {
    /// It told the vault that its store was put back. The vault serves no data from then on.
    RollbackDetected,
    /// It told the vault that its owner accepts the store.
    RollbackAccepted,
    /// The audit log does not hold the record with this number any more, which the operator had noted.
    AuditLogCut(u64),
    /// It notes the end of that log anew, since the vault's owner accepts what is missing.
    AuditLogAccepted,
}

impl Contact<'_> {
    /// The status that the vault reports, after the operator compared its store and its audit log with the anchor. Nothing
    /// here waits for more than the vault itself, but for what is remembered of it at the first contact.
    pub async fn ask(&self) -> Result<(Status, Vec<Notice>), ContactError> {
        let mut status = self.client.status().await?;
        match identify(self.context, self.target, self.member, status.vault_id).await {
            Ok(identified) => identified?,
            // The next contact compares. What policy takes away meanwhile does not wait for that.
            Err(error) => {
                tracing::warn!(error = %causes(&error), vault = %self.target.reference, "cannot read what is remembered of the vault");
                return Ok((status, Vec::new()));
            }
        }
        self.release_acceptances(&status);
        let known = self.known(&status).await;
        let verdict = self.verdict(&status, known.as_ref());
        let mut notices = Vec::new();
        // The log of a volume that was put back is older too: that is one finding.
        if !matches!(verdict, Verdict::Rollback(_)) {
            notices.extend(self.compare_log(&status, known.as_ref()));
        }
        match verdict {
            Verdict::Same => {}
            Verdict::Anchor => self.move_anchor(&status),
            Verdict::Rollback(rollback) => {
                self.client.rollback(&rollback).await?;
                notices.push(Notice::RollbackDetected);
                status.rollback = Some(rollback);
            }
            Verdict::Accept(rollback) => {
                self.client.rollback(&rollback).await?;
                notices.push(Notice::RollbackAccepted);
                status.rollback = None;
                self.member.memory.lock().miss(None);
                self.move_anchor(&status);
                let used = self.annotation(ACCEPT_ROLLBACK).map(str::to_owned);
                self.use_up(&status, |acted| acted.rollback = used);
            }
        }
        Ok((status, notices))
    }

    /// What the vault knows of what is stored of it. One that has reported a rollback is not asked: it has been judged.
    async fn known(&self, status: &Status) -> Option<Compared> {
        let question = self.member.memory.lock().question(status.vault_id);
        let (Question::Since(anchor), None) = (question, &status.rollback) else {
            return None;
        };
        match self.client.compare(anchor.as_ref()).await {
            Ok(compared) => anchor.map(|_| compared),
            // Nothing is anchored over what is stored before the vault has answered.
            Err(error) => {
                tracing::warn!(error = %causes(&error), vault = %self.target.reference, "the vault does not compare its store with the anchor");
                None
            }
        }
    }

    fn verdict(&self, status: &Status, known: Option<&Compared>) -> Verdict {
        let memory = self.member.memory.lock();
        let record = memory.of(status.vault_id);
        let used = record.and_then(|record| record.used.rollback.as_deref());
        let accepted = self.acceptance(ACCEPT_ROLLBACK, used);
        anchor::compare(record.map(|record| &record.anchor), status, known, accepted)
    }

    /// Notes whether the log still holds the anchored record.
    fn compare_log(&self, status: &Status, known: Option<&Compared>) -> Option<Notice> {
        let mut memory = self.member.memory.lock();
        let (record, known) = (memory.of(status.vault_id)?, known?);
        let missed = anchor::missed_record(&record.anchor, known);
        let accepted = self.acceptance(ACCEPT_AUDIT_LOG, record.used.audit_log.as_deref());
        if let (Some(missed), Some(accepted)) = (missed, accepted)
            && missed.to_string() == accepted
        {
            memory.miss(None);
            memory.use_up(status.vault_id, |acted| {
                acted.audit_log = Some(accepted.to_owned());
            });
            return Some(Notice::AuditLogAccepted);
        }
        memory.miss(missed).map(Notice::AuditLogCut)
    }

    /// Compares with this state from now on. The reconciler of the Vault stores it. Nothing is anchored over an audit record
    /// that is missed.
    fn move_anchor(&self, status: &Status) {
        let mut memory = self.member.memory.lock();
        let mut anchor = status.anchor.clone();
        let before = memory.of(status.vault_id).map(|record| &record.anchor);
        if let (Some(before), Some(_)) = (before, memory.missed_record()) {
            anchor.audit_sequence = before.audit_sequence;
            anchor.audit_hash.clone_from(&before.audit_hash);
        }
        memory.anchor(self.target.uid, status.vault_id, anchor);
    }

    /// Lets an annotation act again that was removed after it had acted.
    fn release_acceptances(&self, status: &Status) {
        self.use_up(status, |acted| {
            for (used, annotation) in [
                (&mut acted.rollback, ACCEPT_ROLLBACK),
                (&mut acted.audit_log, ACCEPT_AUDIT_LOG),
            ] {
                used.take_if(|used| self.annotation(annotation) != Some(used.as_str()));
            }
        });
    }

    fn use_up(&self, status: &Status, change: impl FnOnce(&mut Used)) {
        self.member.memory.lock().use_up(status.vault_id, change);
    }

    /// What the owner accepts by an annotation, unless that has acted.
    fn acceptance(&self, name: &str, used: Option<&str>) -> Option<&str> {
        self.annotation(name).filter(|value| Some(*value) != used)
    }

    fn annotation(&self, name: &str) -> Option<&str> {
        self.target.vault.annotations().get(name).map(String::as_str)
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

    /// Sends the event.
    pub async fn publish(&self, notice: Notice) {
        let (type_, reason, note) = match notice {
            Notice::RollbackDetected => (
                EventType::Warning,
                "RollbackDetected",
                "The vault came back with an older store and serves no data.".to_owned(),
            ),
            Notice::RollbackAccepted => (
                EventType::Normal,
                "RollbackAccepted",
                "The vault serves its older store, because the annotation allows it.".to_owned(),
            ),
            Notice::AuditLogCut(record) => (EventType::Warning, "AuditLogCut", audit_log_cut(record)),
            Notice::AuditLogAccepted => (
                EventType::Normal,
                "AuditLogAccepted",
                "The operator notes the end of the vault's audit log anew, because the annotation allows it."
                    .to_owned(),
            ),
        };
        let vault = self.target.vault.object_ref(&());
        events::publish(self.context, &vault, type_, reason, "Anchor", &note).await;
    }
}

/// What is said of a log without the record that the operator has noted.
pub fn audit_log_cut(record: u64) -> String {
    format!(
        "The vault's audit log does not hold record {record}, which the operator noted: the log was cut, rewritten or damaged. Copy it before anything is removed. To accept the log as it is, annotate the Vault with {ACCEPT_AUDIT_LOG}={record}. An annotation that has acted once acts again only after it was removed."
    )
}
