//! Events, which people read with `kubectl describe`.

use k8s_openapi::api::core::v1::ObjectReference;
use kube::runtime::events::{Event, EventType};

use crate::context::Context;

/// Publishes an event about `regarding`. One that cannot be published is logged: nothing depends on it.
pub async fn publish(
    context: &Context,
    regarding: &ObjectReference,
    type_: EventType,
    reason: &str,
    action: &str,
    note: &str,
) {
    let event = Event {
        type_,
        reason: reason.to_owned(),
        // The API's bound on a note.
        note: Some(note.chars().take(1024).collect()),
        action: action.to_owned(),
        secondary: None,
    };
    if let Err(error) = context.recorder.publish(&event, regarding).await {
        tracing::debug!(%error, reason, "an event could not be published");
    }
}
