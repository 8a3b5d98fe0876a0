//! One pass over one SecretRef.

use std::{sync::Arc, time::Duration};

use jiff::Timestamp;
use kube::runtime::{controller::Action, reflector::ObjectRef};
use strongroom_core::causes;
use strongroom_crds::{ApiError, SecretRef};

use super::{
    announce::{announce, forget_empty, observe},
    inquiry::{ask, inquire},
    report::report,
};
use crate::{conditions::is_ready, context::Context, jitter, status};

/// How often a SecretRef is resolved again: objects of the vault change without the API server hearing of it.
const RESOLVE_EVERY: Duration = Duration::from_secs(30);
/// The same while something is missing, or an announcement to a vault is pending.
const LOOK_AGAIN: Duration = Duration::from_secs(5);

/// Why a pass ended early.
#[derive(Debug, thiserror::Error)]
pub enum ReconcileError {
    /// The status could not be written.
    #[error("cannot write the SecretRef's status")]
    Status(#[source] ApiError),
}

/// When to try again after an error.
pub fn retry(secret_ref: &SecretRef, error: &ReconcileError, context: &Context) -> Action {
    context.metrics.count_failure("secretref");
    tracing::warn!(secret_ref = %ObjectRef::from_obj(secret_ref), error = %causes(error), "cannot reconcile the SecretRef");
    Action::requeue(jitter::around(LOOK_AGAIN))
}

/// Announces the SecretRef to its vaults, resolves it, counts its volumes, reports. What the vault answers slowly does
/// not keep the announcement waiting.
pub async fn reconcile(secret_ref: Arc<SecretRef>, context: Arc<Context>) -> Result<Action, ReconcileError> {
    context.metrics.count_pass("secretref");
    let name = observe(&context, &secret_ref);
    let inquiry = inquire(&context, &secret_ref);
    let announcing = async {
        match &name {
            Some(name) => announce(&context, name).await,
            None => true,
        }
    };
    let asking = async {
        match inquiry {
            Ok(inquiry) => ask(&context, inquiry).await,
            Err(finding) => (finding, None),
        }
    };
    let (none_pending, (finding, volumes)) = tokio::join!(announcing, asking);
    let mut is_announced = false;
    if let Some(name) = &name {
        forget_empty(&context, name);
        is_announced = context.followers.lock().is_announced(name);
    }
    let next = report(&secret_ref, &finding, volumes, is_announced, Timestamp::now());
    status::publish(
        &context,
        &*secret_ref,
        secret_ref.status.as_ref(),
        &next,
        "Resolve",
    )
    .await
    .map_err(ReconcileError::Status)?;
    let is_well = is_ready(&next.conditions) && none_pending;
    Ok(Action::requeue(jitter::around(if is_well {
        RESOLVE_EVERY
    } else {
        LOOK_AGAIN
    })))
}
