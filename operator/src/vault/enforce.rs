//! One contact with one vault: asks how it is, and brings it its policy.
//!
//! What takes a right away must not wait for anything else. So this runs in a queue of its own, beside the reconciler of
//! the Vault, and depends on no object of the vault, on no write of an anchor and on no report: it leaves what it
//! learnt with the [`Member`](crate::fleet::Member), and has the reconciler of the Vault report it.

use std::{sync::Arc, time::Duration};

use kube::runtime::{controller::Action, reflector::ObjectRef};
use strongroom_client::admin::{AdminClient, AdminError};
use strongroom_core::causes;
use strongroom_crds::Vault;
use strongroom_wire::admin::Status;

use super::contact::{Contact, ContactError, Notice};
use crate::{
    conditions::{Health, Reason},
    context::Context,
    fleet::{Conversation, InForce, Member, NoStatus, presence},
    jitter,
    lease::LeaseError,
    policy::{self, PushError},
    sentence::sentence,
    target::{Target, TargetError},
    world::Change,
};

/// How often a vault that is well is asked how it is and confirms its policy.
const CONFIRM_EVERY: Duration = Duration::from_secs(10);
/// How often one is asked that does not answer, or has not confirmed its policy.
const ASK_AGAIN: Duration = Duration::from_secs(1);

/// Why a vault was not asked.
#[derive(Debug, thiserror::Error)]
pub enum EnforceError {
    /// The Vault object has no name that a vault can have.
    #[error(transparent)]
    Target(#[from] TargetError),
    /// This replica does not know that it leads.
    #[error(transparent)]
    Lease(LeaseError),
}

/// When to try again after an error.
pub fn retry(vault: &Vault, error: &EnforceError, context: &Context) -> Action {
    context.metrics.count_failure("enforcement");
    tracing::warn!(vault = %ObjectRef::from_obj(vault), error = %causes(error), "cannot enforce the vault's policy");
    Action::requeue(jitter::around(CONFIRM_EVERY))
}

/// Asks the vault, and brings it its policy or has it confirm the one in force. Changes within a second of the last
/// bundle wait for that second to end. All of it has one deadline, which is [`Slowness`](crate::fleet::Slowness)'s.
pub async fn enforce(vault: Arc<Vault>, context: Arc<Context>) -> Result<Action, EnforceError> {
    // Of the spec nothing counts here: one that this release cannot read takes no right away from a policy.
    let target = Target::address(&vault)?;
    let member = context.fleet.member(target.uid);
    if let Some(wait) = policy::time_to_next(&member) {
        return Ok(Action::requeue(wait));
    }
    context.metrics.count_pass("enforcement");
    let client = member.client(&target, &context.credentials);
    let contact = Contact {
        context: &context,
        target: &target,
        member: &member,
        client: &client,
    };
    let deadline = member.slowness.lock().deadline();
    let said = tokio::time::timeout(deadline, converse(&contact)).await;
    member.slowness.lock().record(said.is_ok());
    let (conversation, notices) = match said {
        Ok(said) => said?,
        Err(_) => (too_late(deadline), Vec::new()),
    };
    let is_well = conversation.policy.is_ok() && conversation.status.is_ok();
    if conversation.status.is_ok() {
        attend(&context, &member, &vault, client.clone());
    }
    *member.conversation.lock() = Some(Arc::new(conversation));
    let changes = &context.changes;
    changes.announce(Change::Conversation(ObjectRef::from_obj(&*vault)));
    for notice in notices {
        contact.publish(notice).await;
    }
    let slowness = *member.slowness.lock();
    Ok(Action::requeue(jitter::around(if is_well {
        CONFIRM_EVERY
    } else if slowness.is_slow() {
        slowness.backoff()
    } else if vault.spec.is_paused() {
        // While it finishes what it has begun it decides by its policy. The edit that starts it again comes at once.
        CONFIRM_EVERY
    } else {
        ASK_AGAIN
    })))
}

/// All that the vault is asked and told in one pass.
async fn converse(contact: &Contact<'_>) -> Result<(Conversation, Vec<Notice>), EnforceError> {
    let (mut status, notices) = match contact.ask().await {
        Ok((status, notices)) => (Ok(status), notices),
        Err(error) => (Err(error), Vec::new()),
    };
    let policy = bring(contact, status.as_ref()).await?;
    if let Ok(status) = &mut status {
        contact.refresh_generation(status).await;
    }
    let status = status.map_err(|error| no_status(&error));
    let missed_record = contact.member.memory.lock().missed_record();
    let conversation = Conversation {
        status,
        policy,
        missed_record,
    };
    Ok((conversation, notices))
}

/// Asks the vault again as soon as it ends: one that starts again waits for that before it answers data.
fn attend(context: &Context, member: &Member, vault: &Vault, client: AdminClient) {
    let (changes, vault) = (context.changes.clone(), ObjectRef::from_obj(vault));
    member.presence.lock().attend(async move {
        presence::until_gone(&client).await;
        changes.announce(Change::Gone(vault));
    });
}

fn too_late(deadline: Duration) -> Conversation {
    let problem = format!("it did not answer within {} s", deadline.as_secs());
    Conversation {
        policy: Err(not_confirmed(&problem)),
        status: Err(NoStatus::Silent(problem)),
        missed_record: None,
    }
}

/// Brings the policy. Returns what the vault has confirmed just now, or what is to be reported of why it has not.
async fn bring(
    contact: &Contact<'_>,
    status: Result<&Status, &ContactError>,
) -> Result<Result<InForce, Health>, EnforceError> {
    // A vault that answers, but cannot say how it is, may still take policy. One that is not this vault gets none.
    match status {
        Err(ContactError::Admin(error @ AdminError::Transport(_))) => return Ok(Err(not_confirmed(error))),
        Err(ContactError::Identity(problem)) => return Ok(Err(not_confirmed(problem))),
        Err(ContactError::Admin(_)) | Ok(_) => {}
    }
    let Contact { context, target, .. } = contact;
    let policies = context.stores.policies_of(&ObjectRef::from_obj(target.vault));
    let compiled = policy::compile_all(&policies, &context.stores.directory());
    match policy::enforce(context, target, status.ok(), &compiled, contact.member).await {
        Ok(in_force) => {
            let memory = &contact.member.memory;
            memory
                .lock()
                .push(in_force.vault_id, &in_force.bundle, in_force.bytes);
            Ok(Ok(in_force))
        }
        Err(PushError::Lease(error)) => Err(EnforceError::Lease(error)),
        Err(PushError::Conflict(conflict)) => {
            let reason = Reason::new("PolicyConflict", message(&PushError::Conflict(conflict)));
            Ok(Err(if conflict.is_stalled {
                Health::Stalled(reason)
            } else {
                Health::Progressing(reason)
            }))
        }
        Err(error @ (PushError::Admin(_) | PushError::Write(_) | PushError::Unknown)) => {
            Ok(Err(not_confirmed(&error)))
        }
    }
}

/// Why a vault has given no account of itself.
fn no_status(error: &ContactError) -> NoStatus {
    match error {
        ContactError::Admin(AdminError::Transport(_)) => NoStatus::Silent(causes(error)),
        ContactError::Admin(error) => {
            let message = format!("The vault does not answer as one does: {}.", causes(error));
            NoStatus::Unusable(Health::Progressing(Reason::new("NotAnswering", message)))
        }
        ContactError::Identity(problem) => NoStatus::Unusable(Health::Stalled(Reason::new(
            problem.reason(),
            sentence(&problem.to_string()),
        ))),
    }
}

fn not_confirmed(error: &dyn std::fmt::Display) -> Health {
    Health::Progressing(Reason::new("PolicyNotConfirmed", message(error)))
}

fn message(error: &dyn std::fmt::Display) -> String {
    sentence(&format!("policy could not be brought to the vault: {error}"))
}
